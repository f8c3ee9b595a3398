"""Cases for the systems of an operator that have a console of their own: list, take the next, decide, snooze, note."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from features.clock import rfc3339, to_ms
from features.vocabulary import Action, Fen
from service.api.access import needs
from service.api.answered import answered
from service.api.body import decoded, read
from service.api.schema import answers_with, takes
from service.permissions import Person
from service.ports import Credential
from service.ports_cases import CaseFile, CaseLabel, CaseState, Release, Verdict, Wanted

router = APIRouter(prefix="/v1/cases", tags=["cases"])
Worker = Annotated[Credential, Depends(needs("cases"))]
Province = Annotated[str | None, Query(pattern="^[1-9][0-9]{5}$")]
Note = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
OK: Final = HTTPStatus.OK


class NextWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From which queue the next case is wanted; nothing for any."""

    queue: Action | None = None
    region: Annotated[str, msgspec.Meta(pattern="^[1-9][0-9]{5}$")] | None = None


class VerdictGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verdict with its note; without a label a release says legitimate, an uphold fraud, a step-up neither."""

    verdict: Verdict
    note: Note
    label: CaseLabel | None = None
    loss_fen: Fen | None = None
    recovered_fen: Fen | None = None


class SnoozeWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Until when a case is laid aside, and why."""

    until: Annotated[datetime, msgspec.Meta(tz=True)]
    note: Note


class NoteLeft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note."""

    note: Note


class CaseSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A case as a caller sees it."""

    case_id: str
    screening_id: str
    state: CaseState
    queue: str
    region: str
    origin: str
    escalated: bool
    opened_at: str
    due_at: str
    expires_at: str
    expected_harm_fen: int
    taken_by: str | None
    taken_until: str | None
    snoozed_until: str | None
    merged_into: str | None
    verdict: Verdict | None
    label: CaseLabel | None
    decided_by: str | None


class CasesSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Cases in the order in which they should be worked."""

    cases: tuple[CaseSeen, ...]


class ReleaseSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What a release or a step-up lets the line do: with one action, until a moment, at the most."""

    release_id: str
    action: str
    lowers_to: Literal["allow", "challenge"]
    until: str


class VerdictTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What a verdict wrote; `also` are the cases that were merged into it."""

    case: CaseSeen
    also: tuple[str, ...]
    releases: tuple[ReleaseSeen, ...]


_next: Final = msgspec.json.Decoder(NextWanted)
_verdict: Final = msgspec.json.Decoder(VerdictGiven)
_snooze: Final = msgspec.json.Decoder(SnoozeWanted)
_note: Final = msgspec.json.Decoder(NoteLeft)


@router.get("", openapi_extra=answers_with(CasesSeen, OK))
async def queue(  # noqa: PLR0913 - one query parameter each
    request: Request,
    who: Worker,
    action: Annotated[Action | None, Query(alias="queue")] = None,
    region: Province = None,
    state: Annotated[CaseState, Query()] = "open",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """List cases: open ones the most pressing first, decided ones the last decided first."""
    wanted = Wanted(queue=action, regions=(region,) if region else (), state=state)
    found = await request.app.state.service.casework.queue(acting(who), wanted, limit=limit)
    return answered(CasesSeen(cases=tuple(seen(case) for case in found)))


@router.post("/next", openapi_extra=takes(NextWanted) | answers_with(CaseSeen, OK))
async def take_next(request: Request, who: Worker) -> Response:
    """Take and lock the most pressing case that nobody has; 204 when there is none. A body may name a queue."""
    empty = request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
    wish = NextWanted() if empty else decoded(await _body(request), _next)
    case = await request.app.state.service.casework.take_next(acting(who), queue=wish.queue, region=wish.region)
    return Response(status_code=HTTPStatus.NO_CONTENT) if case is None else answered(seen(case))


@router.post("/{case_id}/decision", openapi_extra=takes(VerdictGiven) | answers_with(VerdictTaken, OK))
async def decide(request: Request, who: Worker, case_id: str) -> Response:
    """Decide a case, and those merged into it, once: release, uphold or step up."""
    said = decoded(await _body(request), _verdict)
    written = await request.app.state.service.casework.decide(
        acting(who),
        case_id,
        said.verdict,
        said.note,
        label=said.label,
        loss_fen=said.loss_fen,
        recovered_fen=said.recovered_fen,
    )
    first, *others = written.cases
    return answered(
        VerdictTaken(
            case=seen(first),
            also=tuple(case.case_id for case in others),
            releases=tuple(_release(release) for release in written.releases),
        )
    )


@router.post("/{case_id}/snooze", openapi_extra=takes(SnoozeWanted) | answers_with(CaseSeen, OK))
async def snooze(request: Request, who: Worker, case_id: str) -> Response:
    """Lay a case aside until a moment before its hold ends; it comes back to the queue by itself."""
    said = decoded(await _body(request), _snooze)
    casework = request.app.state.service.casework
    return answered(seen(await casework.snooze(acting(who), case_id, to_ms(said.until), said.note)))


@router.post("/{case_id}/notes", openapi_extra=takes(NoteLeft) | answers_with(CaseSeen, OK))
async def note(request: Request, who: Worker, case_id: str) -> Response:
    """Leave a note on a case, whoever works on it."""
    said = decoded(await _body(request), _note)
    return answered(seen(await request.app.state.service.casework.note(acting(who), case_id, said.note)))


def acting(who: Credential) -> Person:
    """Return a key as whoever acts: an analyst by the key's name."""
    return Person(user_id=f"key:{who.key_id}", tenant=who.tenant, name=who.name, role="analyst")


def seen(case: CaseFile) -> CaseSeen:
    """Return a case as a caller sees it."""
    return CaseSeen(
        **{name: getattr(case, name) for name in SAME},
        escalated=case.level > 0,
        opened_at=rfc3339(case.opened_ms),
        due_at=rfc3339(case.due_ms),
        expires_at=rfc3339(case.expires_ms),
        taken_until=_moment(case.taken_until_ms),
        snoozed_until=_moment(case.wake_ms),
    )


SAME: Final = tuple(name for name in CaseSeen.__struct_fields__ if name in CaseFile.__struct_fields__)
"""What a caller sees as it is kept."""


def _release(release: Release) -> ReleaseSeen:
    return ReleaseSeen(
        release_id=release.release_id,
        action=release.action,
        lowers_to=release.lowers_to,
        until=rfc3339(release.until_ms),
    )


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else rfc3339(at_ms)


async def _body(request: Request) -> bytes:
    return await read(request, request.app.state.service.settings.body_limit_bytes)
