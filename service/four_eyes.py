"""The use case: what one person may not do alone. One proposes, another approves, and the database holds them apart."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, Literal

from msgspec import Struct, convert

from features.clock import Clock, milliseconds
from service.casework import RELEASE_LIFE, invalid, said, told
from service.errors import not_found
from service.ids import new_id
from service.labelling import Label, Labels
from service.permissions import Person, require
from service.ports import Book
from service.ports_cases import Release
from service.ports_proposals import Proposal, ProposalKind, Proposals, ProposalState, Settling

OPEN_FOR: Final = timedelta(hours=24)
MOST_LABELS: Final = 1000


class LabelWish(Struct, frozen=True, kw_only=True):
    """A label of a bulk, as it is proposed."""

    screening_ids: tuple[str, ...]
    label: Literal["fraud", "legitimate"]


class FourEyes:
    """Proposals, and what follows once they are approved."""

    def __init__(self, proposals: Proposals, book: Book, labelling: Labels, clock: Clock) -> None:
        """Take the proposals, the record, the writer of labels, and the clock."""
        self._proposals = proposals
        self._book = book
        self._labelling = labelling
        self._clock = clock

    async def proposals(self, who: Person, *, state: ProposalState | None = "open") -> Sequence[Proposal]:
        """Return what is proposed, the newest first; None for all."""
        require(who, "cases.read")
        return await self._proposals.proposals(who.tenant, state=state)

    async def propose_release(self, who: Person, screening_id: str, reason: str) -> Proposal:
        """Propose to let a blocked line go on with its action for a day."""
        found = await self._book.screening(who.tenant, screening_id)
        if found is None:
            raise not_found("screening")
        if found.kept.answer.decision != "block":
            raise invalid("screening_id", "this screening is not blocked; a hold is released in its case")
        return await self._propose(who, "release_block", screening_id, {}, reason)

    async def propose_labels(self, who: Person, screening_ids: Sequence[str], label: str, reason: str) -> Proposal:
        """Propose to label many screenings at once."""
        if label not in {"fraud", "legitimate"} or not 1 <= len(screening_ids) <= MOST_LABELS:
            raise invalid("label", f"a bulk labels 1 to {MOST_LABELS} screenings as fraud or legitimate")
        payload = {"screening_ids": list(screening_ids), "label": label}
        return await self._propose(who, "bulk_label", f"{len(screening_ids)} {label}", payload, reason)

    async def propose_export(self, who: Person, since_ms: int, until_ms: int, reason: str) -> Proposal:
        """Propose to export the decisions of a span of time."""
        require(who, "export.decisions")
        if not since_ms < until_ms:
            raise invalid("until", "an export ends after it begins")
        payload = {"since_ms": since_ms, "until_ms": until_ms}
        return await self._propose(who, "bulk_export", f"{since_ms}..{until_ms}", payload, reason)

    async def approve(self, who: Person, proposal_id: str, note: str = "") -> Proposal:
        """Approve what somebody else proposed, and do it; an export is then fetched by its proposer.

        Approving again finishes what was broken off in between.
        """
        require(who, "proposals.approve")
        with told():
            approved = await self._settled(who, proposal_id, "approved", note)
        if approved.kind == "release_block":
            await self._release(who, approved)
        elif approved.kind == "bulk_label":
            await self._label(approved)
        else:
            return approved
        with told():
            return await self._settled(who, proposal_id, "done", note)

    async def refuse(self, who: Person, proposal_id: str, note: str) -> Proposal:
        """Refuse what somebody else proposed."""
        require(who, "proposals.approve")
        with told():
            return await self._settled(who, proposal_id, "refused", said(note))

    async def withdraw(self, who: Person, proposal_id: str) -> Proposal:
        """Take one's own proposal back."""
        require(who, "proposals.propose")
        with told():
            return await self._settled(who, proposal_id, "withdrawn", "")

    async def _release(self, who: Person, approved: Proposal) -> None:
        now_ms = self._clock.now_ms()
        release = Release(
            release_id=f"rel_{approved.proposal_id.removeprefix('prp_')}",
            tenant=who.tenant,
            line="",
            klass="",
            action="",
            lowers_to="allow",
            screening_id=approved.subject,
            from_ms=now_ms,
            until_ms=now_ms + milliseconds(RELEASE_LIFE),
            released_by=approved.proposer,
            approved_by=who.name,
        )
        await self._proposals.release_block(release)

    async def _label(self, approved: Proposal) -> None:
        wish = convert(approved.payload, LabelWish)
        for screening_id in wish.screening_ids:
            await self._labelling.label(
                approved.tenant, screening_id, Label(label=wish.label, source="analyst"), by=approved.proposer
            )

    async def _propose(
        self, who: Person, kind: ProposalKind, subject: str, payload: dict[str, Any], reason: str
    ) -> Proposal:
        require(who, "proposals.propose")
        now_ms = self._clock.now_ms()
        return await self._proposals.propose(
            Proposal(
                proposal_id=new_id("prp", now_ms),
                tenant=who.tenant,
                kind=kind,
                subject=subject,
                payload=payload,
                reason=said(reason),
                proposer=who.name,
                proposed_ms=now_ms,
                expires_ms=now_ms + milliseconds(OPEN_FOR),
            )
        )

    async def _settled(self, who: Person, proposal_id: str, state: ProposalState, note: str) -> Proposal:
        now_ms = self._clock.now_ms()
        settling = Settling(
            tenant=who.tenant, proposal_id=proposal_id, state=state, by=who.name, at_ms=now_ms, note=note
        )
        return await self._proposals.settle(settling)
