"""The use case: finding what belongs together, seeing a full number for a reason, and taking decisions out.

Every look is written down before anything is shown; when it cannot be written, nothing is shown.
"""

import csv
import io
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, Protocol

from msgspec import Struct, to_builtins

from features.clock import Clock, rfc3339
from service.casework import said, told
from service.errors import Problem, not_found
from service.ids import new_id
from service.pages import Happening
from service.permissions import Person, may, require
from service.ports import Book, Found, Tokeniser
from service.ports_desk import Access, Accesses, DecisionLine, Mentions, Numbers, Subject
from service.ports_proposals import Proposals, Settling

MOST_FOUND: Final = 200
REVEALS_AN_HOUR: Final = 30
HOUR_MS: Final = 3_600_000
LARGEST_EXPORT: Final = 100_000
SEALED: Final = ("msisdn", "party_id", "ip", "device_id", "latitude", "longitude", "line_latitude", "line_longitude")
FOR_ALL: Final = (
    "screening_id",
    "created_ms",
    "action",
    "channel",
    "region",
    "decision",
    "degraded",
    "model",
    "policy",
)
WITH_TOKENS: Final = ("request_id", "line", "party", "device")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run by spreadsheets (OWASP, CSV injection)."""


class Private(Protocol):
    """Opens what was sealed with a decision."""

    async def private(self, tenant: str, screening_id: str) -> dict[str, str | float]:
        """Return the plain parts; empty when there are none any more."""
        ...


class FoundOut(Struct, frozen=True, kw_only=True):
    """What a search found: the token that was asked for, what happened to it, the decisions that name it."""

    entity: str
    token: str
    frauds: int
    happenings: tuple[Happening, ...]
    decisions: tuple[DecisionLine, ...]


class Explorer:
    """Search, reveal and exports."""

    def __init__(  # noqa: PLR0913 - each is a port of its own
        self,
        book: Book,
        private: Private,
        mentions: Mentions,
        numbers: Numbers,
        accesses: Accesses,
        proposals: Proposals,
        tokeniser: Tokeniser,
        clock: Clock,
    ) -> None:
        """Take the record, what opens its sealed part, the index, the counts, and the record of accesses."""
        self._book = book
        self._private = private
        self._mentions = mentions
        self._numbers = numbers
        self._accesses = accesses
        self._proposals = proposals
        self._tokeniser = tokeniser
        self._clock = clock

    async def search(self, who: Person, entity: Subject, what: str) -> FoundOut:
        """Find what is known of a line, device, party or agent, by token or by the plain identifier."""
        require(who, "explore")
        token = self._tokeniser.token(who.tenant, entity, what)
        await self._note(who, "search", f"{entity}:{token}", "")
        mentions = await self._mentions.of(who.tenant, [token], each=MOST_FOUND)
        return FoundOut(
            entity=entity,
            token=token,
            frauds=(await self._mentions.frauds(who.tenant, [token])).get(token, 0),
            happenings=tuple(Happening(at_ms=found.at_ms, kind=found.kind) for found in mentions),
            decisions=tuple(
                _seen_by(who, found)
                for found in await self._mentions.decisions(who.tenant, entity, token, limit=MOST_FOUND)
            ),
        )

    async def reveal(self, who: Person, screening_id: str, field: str, reason: str) -> str | float | None:
        """Return one plain value of a request, for a reason that is kept; so many an hour and no more.

        Raises:
            Problem: 403 for who may not, 429 for who asked too often, 404 for a foreign screening.
        """
        require(who, "reveal")
        if field not in SEALED:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "INVALID_VALUE", "this field is not sealed", path="field")
        await self._found(who, screening_id)
        await self._note(who, "reveal", f"{screening_id}:{field}", said(reason), limit=REVEALS_AN_HOUR)
        return (await self._private.private(who.tenant, screening_id)).get(field)

    async def export_decisions(self, who: Person, proposal_id: str) -> str:
        """Return the CSV of an export that somebody else approved; it is fetched once, by whoever proposed it."""
        require(who, "export.decisions")
        proposal = await self._proposals.proposal(who.tenant, proposal_id)
        if proposal is None or proposal.kind != "bulk_export":
            raise not_found("export")
        if proposal.state != "approved" or proposal.proposer != who.name:
            raise Problem(HTTPStatus.CONFLICT, "NOT_APPROVED", "an export is fetched once, by its proposer, approved")
        await self._note(who, "export", proposal_id, proposal.reason)
        with told():
            await self._proposals.settle(self._fetched(who, proposal_id))
        span = (int(proposal.payload["since_ms"]), int(proposal.payload["until_ms"]))
        return as_csv(who, await self._numbers.between(who.tenant, *span, LARGEST_EXPORT))

    async def subject_data(self, who: Person, entity: Subject, what: str, reason: str) -> dict[str, Any]:
        """Return everything that is kept of one subject, plain parts included: what they may ask for (PIPL Art. 45)."""
        require(who, "export.subject")
        token = self._tokeniser.token(who.tenant, entity, what)
        await self._note(who, "subject", f"{entity}:{token}", said(reason))
        lines = await self._mentions.decisions(who.tenant, entity, token, limit=MOST_FOUND)
        return {
            "subject": {"kind": entity, "token": token},
            "events": [
                {"at": rfc3339(found.at_ms), "kind": found.kind}
                for found in await self._mentions.of(who.tenant, [token], each=MOST_FOUND)
            ],
            "screenings": [await self._of_subject(who, line.screening_id) for line in lines],
        }

    async def accesses(self, who: Person, *, by: str | None = None) -> Sequence[Access]:
        """Return who looked at what, the newest first."""
        require(who, "audit.read")
        return await self._accesses.accesses(who.tenant, by=by)

    def _fetched(self, who: Person, proposal_id: str) -> Settling:
        now_ms = self._clock.now_ms()
        return Settling(tenant=who.tenant, proposal_id=proposal_id, state="done", by=who.name, at_ms=now_ms)

    async def _of_subject(self, who: Person, screening_id: str) -> dict[str, Any]:
        found = await self._found(who, screening_id)
        answer = found.kept.answer
        return {
            "screening_id": screening_id,
            "at": answer.created_at,
            "decision": answer.decision,
            "reasons": to_builtins(found.kept.public_reasons),
            "request": to_builtins(found.logged.request),
            "plain": await self._private.private(who.tenant, screening_id),
        }

    async def _found(self, who: Person, screening_id: str) -> Found:
        found = await self._book.screening(who.tenant, screening_id)
        if found is None:
            raise not_found("screening")
        return found

    async def _note(self, who: Person, what: Any, subject: str, reason: str, *, limit: int | None = None) -> None:  # noqa: ANN401 - one of the kinds of access
        now_ms = self._clock.now_ms()
        access = Access(
            access_id=new_id("acc", now_ms),
            tenant=who.tenant,
            at_ms=now_ms,
            by=who.name,
            what=what,
            subject=subject,
            reason=reason,
        )
        if not await self._accesses.note(access, limit=limit, window_ms=HOUR_MS):
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS, "TOO_MANY_REVEALS", "too many full values in an hour", retry_after_s=3600
            )


def as_csv(who: Person, decisions: Sequence[DecisionLine]) -> str:
    """Return decisions as CSV (RFC 4180), with the columns that a role may take out."""
    names = [*FOR_ALL, *(WITH_TOKENS if may(who.role, "explore") else ())]
    names += ["probability"] if may(who.role, "export.scores") else []
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["created_at" if name == "created_ms" else name for name in names])
    for line in decisions:
        writer.writerow([_cell(name, getattr(line, name)) for name in names])
    return out.getvalue()


def _cell(name: str, value: object) -> str:
    text = rfc3339(value) if name == "created_ms" and isinstance(value, int) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _seen_by(who: Person, line: DecisionLine) -> DecisionLine:
    fields = {name: getattr(line, name) for name in line.__struct_fields__}
    return line if may(who.role, "risk.read") else DecisionLine(**{**fields, "probability": None})
