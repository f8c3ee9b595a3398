"""Ports of the four eyes: what one person proposes and another must approve."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct

from service.ports_cases import Release

ProposalKind = Literal["release_block", "bulk_label", "bulk_export"]
ProposalState = Literal["open", "approved", "refused", "withdrawn", "expired", "done"]


class Proposal(Struct, frozen=True, kw_only=True):
    """What one person proposes and another must approve; `payload` is what will be done."""

    proposal_id: str
    tenant: str
    kind: ProposalKind
    subject: str
    payload: dict[str, Any]
    reason: str
    proposer: str
    proposed_ms: int
    expires_ms: int
    state: ProposalState = "open"
    decided_by: str | None = None
    decided_ms: int | None = None
    note: str = ""
    revision: int = 1


class Settling(Struct, frozen=True, kw_only=True):
    """A wish to move a proposal on."""

    tenant: str
    proposal_id: str
    state: ProposalState
    by: str
    at_ms: int
    note: str = ""


class Proposals(Protocol):
    """Four eyes. The database itself refuses an approval by the proposer."""

    async def propose(self, proposal: Proposal) -> Proposal:
        """Write a proposal."""
        ...

    async def proposals(self, tenant: str, *, state: ProposalState | None = "open") -> Sequence[Proposal]:
        """Return proposals, the newest first, at most two hundred."""
        ...

    async def proposal(self, tenant: str, proposal_id: str) -> Proposal | None:
        """Return one."""
        ...

    async def settle(self, settling: Settling) -> Proposal:
        """Approve, refuse, withdraw or finish a proposal.

        Raises:
            CaseRefusedError: `FOUR_EYES` for one's own, `PROPOSAL_CLOSED` when it is not open (or approved) any more.
        """
        ...

    async def release_block(self, release: Release) -> Release:
        """Write the release of a blocked screening with its message; line, class and action are the decision's own."""
        ...
