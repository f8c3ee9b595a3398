"""The use case: analysts take cases one by one, decide them, and two of them agree where one is not enough."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from msgspec.structs import replace

from features.clock import Clock, milliseconds
from service.errors import Problem, not_found
from service.ids import new_id
from service.labelling import Label, Labels
from service.permissions import Person, may, require
from service.ports import StoreDownError
from service.ports_cases import (
    ESCALATED,
    Act,
    CaseFile,
    CaseLabel,
    CaseRefusedError,
    Change,
    Decided,
    Docket,
    Verdict,
    Verdicts,
    Wanted,
)

logger = logging.getLogger(__name__)

LOCK: Final = timedelta(minutes=15)
"""How long a case is one person's without a sign of life."""
RELEASE_LIFE: Final = timedelta(hours=24)
LONGEST_NOTE: Final = 4000
MOST_AT_ONCE: Final = 500
NOWHERE: Final = "-"
"""No region has this code."""
LABEL_OF: Final[dict[Verdict, CaseLabel]] = {"release": "legitimate", "uphold": "fraud", "step_up": "unclear"}
"""What a verdict says of a request when the analyst says nothing else."""


class Casework:
    """What a person may do with cases. Each method refuses who may not, with 403, and what cannot be, with 409."""

    def __init__(self, docket: Docket, labelling: Labels, clock: Clock) -> None:
        """Take the cases, the writer of labels, and the clock."""
        self._docket = docket
        self._labelling = labelling
        self._clock = clock

    async def queue(self, who: Person, wanted: Wanted, *, skip: int = 0, limit: int = 50) -> Sequence[CaseFile]:
        """Return cases in the order in which they should be worked, of the person's regions."""
        require(who, "cases.read")
        return await self._docket.page(who.tenant, _within(who, wanted), skip=skip, limit=min(limit, MOST_AT_ONCE))

    async def take_next(self, who: Person, *, queue: str | None = None, region: str | None = None) -> CaseFile | None:
        """Take and lock the first case that waits; None when nothing does."""
        require(who, "cases.work")
        level = ESCALATED if may(who.role, "cases.escalated") else 0
        wanted = _within(who, Wanted(queue=queue, regions=(region,) if region else (), level=level))
        now_ms = self._clock.now_ms()
        return await self._docket.take(
            who.tenant, who.name, wanted, now_ms=now_ms, until_ms=now_ms + milliseconds(LOCK)
        )

    async def take(self, who: Person, case_id: str) -> CaseFile:
        """Take one case, or keep it for longer."""
        await self._to_work_on(who, case_id)
        now_ms = self._clock.now_ms()
        with told():
            return await self._docket.take_this(
                who.tenant, case_id, who.name, now_ms=now_ms, until_ms=now_ms + milliseconds(LOCK)
            )

    async def put_back(self, who: Person, case_id: str) -> CaseFile:
        """Give a case back to the queue."""
        return await self._change(who, case_id, "put_back", "", {"taken_by": None, "taken_until_ms": None})

    async def note(self, who: Person, case_id: str, text: str) -> CaseFile:
        """Leave a note; anybody who works on cases may, whoever has it."""
        return await self._change(who, case_id, "note", said(text), whoever_has_it=True)

    async def snooze(self, who: Person, case_id: str, until_ms: int, text: str) -> CaseFile:
        """Lay a case aside until a moment; its hold still ends when it ends."""
        now_ms = self._clock.now_ms()
        case = await self._to_work_on(who, case_id)
        if not now_ms < until_ms < case.expires_ms:
            raise invalid("until", "a case sleeps until a moment after now and before it expires")
        values = {"state": "snoozed", "wake_ms": until_ms, "taken_by": None, "taken_until_ms": None}
        return await self._change(who, case_id, "snoozed", said(text), values)

    async def escalate(self, who: Person, case_id: str, text: str) -> CaseFile:
        """Hand a case to the leads."""
        values = {"level": ESCALATED, "state": "open", "wake_ms": None, "taken_by": None, "taken_until_ms": None}
        return await self._change(who, case_id, "escalated", said(text), values)

    async def merge(self, who: Person, case_id: str, into: str, text: str = "") -> CaseFile:
        """Let another case about the same line, device or party decide this one as well."""
        await self._to_work_on(who, case_id)
        if into not in {found.case.case_id for found in await self._docket.related(who.tenant, case_id)}:
            raise Problem(HTTPStatus.CONFLICT, "NOT_RELATED", "these cases share no line, device or party")
        with told():
            return await self._docket.merge(self._changed(who, case_id, "merged", text or into), into)

    async def close_duplicates(self, who: Person, of: str) -> int:
        """Merge every open case about the same line, device or party into one; return how many."""
        require(who, "cases.bulk_close")
        await self._mine(who, of)
        same = [found.case.case_id for found in await self._docket.related(who.tenant, of) if "line" in found.shared]
        with told():
            return await self._docket.close_duplicates(who.tenant, same, of, by=who.name, now_ms=self._clock.now_ms())

    async def decide(  # noqa: PLR0913 - what a verdict says
        self,
        who: Person,
        case_id: str,
        verdict: Verdict,
        note: str,
        *,
        label: CaseLabel | None = None,
        loss_fen: int | None = None,
        recovered_fen: int | None = None,
    ) -> Verdicts:
        """Write a verdict with its label; the release of a block is not this but a proposal (`FourEyes`)."""
        await self._to_work_on(who, case_id)
        now_ms = self._clock.now_ms()
        decided = Decided(
            tenant=who.tenant,
            case_id=case_id,
            by=who.name,
            at_ms=now_ms,
            entry_id=new_id("hst", now_ms),
            verdict=verdict,
            note=said(note),
            label=label or LABEL_OF[verdict],
            loss_fen=loss_fen,
            recovered_fen=recovered_fen,
            release_until_ms=None if verdict == "uphold" else now_ms + milliseconds(RELEASE_LIFE),
        )
        with told():
            written = await self._docket.decide(decided)
        await self.hand_on_labels(written.cases)
        return written

    async def hand_on_labels(self, cases: Sequence[CaseFile]) -> int:
        """Bring labels of decided cases into the record; what fails now is done by the jobs later."""
        done: list[str] = []
        try:
            for case in cases:
                await self._label(case)
                done.append(case.case_id)
        except StoreDownError:
            logger.warning("labels wait for the record", extra={"cases": len(cases) - len(done)})
        await self._docket.mark_labelled(done, now_ms=self._clock.now_ms())
        return len(done)

    async def tick(self) -> Sequence[CaseFile]:
        """Wake, escalate, end holds and bring labels in, as time asks for it; return the cases whose hold ended."""
        ended = await self._docket.tick(self._clock.now_ms())
        await self.hand_on_labels(await self._docket.unlabelled(MOST_AT_ONCE))
        return ended

    async def _label(self, case: CaseFile) -> None:
        if case.label in {"fraud", "legitimate"}:
            said = Label(label=case.label, source="analyst", loss_fen=case.loss_fen, recovered_fen=case.recovered_fen)
            await self._labelling.label(case.tenant, case.screening_id, said, by=case.decided_by or "")

    async def _mine(self, who: Person, case_id: str) -> CaseFile:
        """Return a case of the person's tenant and regions; any other is not there."""
        case = await self._docket.case(who.tenant, case_id)
        if case is None or (who.regions and case.region not in who.regions):
            raise not_found("case")
        return case

    async def _to_work_on(self, who: Person, case_id: str) -> CaseFile:
        """Return a case that a person may work on; one that was escalated is for leads."""
        require(who, "cases.work")
        case = await self._mine(who, case_id)
        if case.level >= ESCALATED:
            require(who, "cases.escalated")
        return case

    async def _change(  # noqa: PLR0913 - what a change says
        self,
        who: Person,
        case_id: str,
        act: Act,
        text: str,
        values: Mapping[str, object] | None = None,
        *,
        whoever_has_it: bool = False,
    ) -> CaseFile:
        require(who, "cases.work")
        await self._mine(who, case_id)
        change = self._changed(who, case_id, act, text)
        with told():
            return await self._docket.change(replace(change, values=dict(values or {}), whoever_has_it=whoever_has_it))

    def _changed(self, who: Person, case_id: str, act: Act, text: str) -> Change:
        now_ms = self._clock.now_ms()
        return Change(
            tenant=who.tenant,
            case_id=case_id,
            by=who.name,
            at_ms=now_ms,
            act=act,
            text=text,
            entry_id=new_id("hst", now_ms),
        )


@contextmanager
def told() -> Iterator[None]:
    """Turn a refusal of the record into the problem that is answered: 404 for what is not there, else 409."""
    try:
        yield
    except CaseRefusedError as error:
        status = HTTPStatus.NOT_FOUND if error.code == "NOT_FOUND" else HTTPStatus.CONFLICT
        raise Problem(status, error.code, str(error)) from error


def _within(who: Person, wanted: Wanted) -> Wanted:
    """Return what is wanted, narrowed to the person's regions; a region that is not theirs finds nothing."""
    if not who.regions:
        return wanted
    if not wanted.regions:
        return replace(wanted, regions=who.regions)
    return replace(wanted, regions=tuple(set(wanted.regions) & set(who.regions)) or (NOWHERE,))


def said(text: str) -> str:
    """Return a note; an empty or endless one is refused."""
    words = text.strip()
    if not 1 <= len(words) <= LONGEST_NOTE:
        raise invalid("note", f"a note has 1 to {LONGEST_NOTE} letters")
    return words


def invalid(path: str, sentence: str) -> Problem:
    """Return that a field cannot be so."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "INVALID_VALUE", sentence, path=path)
