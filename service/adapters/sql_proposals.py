"""What one person proposes and another approves, on SQL: the database itself refuses an approval by the proposer."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, insert, select, update

from service.adapters.sql_audit import Trail, digest_of
from service.adapters.sql_case_changes import HOLD_RELEASED, release
from service.adapters.sql_reader import Reader
from service.adapters.sql_rows import outbox_row
from service.adapters.sql_tables import outbox
from service.adapters.sql_tables_cases import proposals, releases
from service.adapters.sql_writer import Writer
from service.ports_cases import CaseRefusedError, Release
from service.ports_proposals import Proposal, ProposalState, Settling

p: Final = proposals.c
MOST: Final = 200
FROM: Final[dict[str, frozenset[str]]] = {
    "approved": frozenset({"open", "approved"}),
    "done": frozenset({"approved"}),
    "refused": frozenset({"open"}),
    "withdrawn": frozenset({"open"}),
}
"""From which states a proposal may move on; approving again finishes what was broken off."""
BY_PROPOSER: Final = frozenset({"withdrawn"})
BY_ANYBODY: Final = frozenset({"done"})


class SqlProposals:
    """The port `Proposals` on SQL."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Write with the process's writer, read with its reader."""
        self._writer = writer
        self._reader = reader

    async def propose(self, proposal: Proposal) -> Proposal:
        """Write a proposal."""
        return await self._writer.write(_propose, proposal)

    async def proposals(self, tenant: str, *, state: ProposalState | None = "open") -> Sequence[Proposal]:
        """Return proposals, the newest first, at most two hundred."""
        query = select(proposals).where(p.tenant == tenant).order_by(p.proposed_ms.desc()).limit(MOST)
        asked = query if state is None else query.where(p.state == state)
        rows = await self._reader.slow(lambda connection: connection.execute(asked).all())
        return [_proposal(row) for row in rows]

    async def proposal(self, tenant: str, proposal_id: str) -> Proposal | None:
        """Return one."""
        query = select(proposals).where(p.tenant == tenant, p.proposal_id == proposal_id)
        row = await self._reader.quick(lambda connection: connection.execute(query).first())
        return None if row is None else _proposal(row)

    async def settle(self, settling: Settling) -> Proposal:
        """Move a proposal on; by whom it may be, the state decides."""
        return await self._writer.write(_settle, settling)

    async def release_block(self, release: Release) -> Release:
        """Write the release of a blocked screening once, with its message."""
        return await self._writer.write(_release, release)


def proposal_digest(row: Any) -> bytes:  # noqa: ANN401 - a row of the table
    """Return what the trail holds of a proposal's state."""
    return digest_of(*(getattr(row, column.name) for column in proposals.columns))


def proposal_ref(row: Any) -> str:  # noqa: ANN401 - a row of the table
    """Return what the trail calls a proposal's state."""
    return f"{row.proposal_id}#{row.revision}"


def _proposal(row: Any) -> Proposal:  # noqa: ANN401 - a row of the table
    fields = {name: getattr(row, name) for name in Proposal.__struct_fields__}
    return Proposal(**{**fields, "payload": msgspec.json.decode(row.payload)})


def _propose(connection: Connection, wishes: Sequence[Proposal], trail: Trail) -> list[Proposal]:
    for wish in wishes:
        payload = msgspec.json.encode(wish.payload, order="deterministic").decode()
        connection.execute(insert(proposals), {**msgspec.structs.asdict(wish), "payload": payload})
    return [_noted(connection, wish.proposal_id, trail) for wish in wishes]


def _settle(connection: Connection, wishes: Sequence[Settling], trail: Trail) -> list[Proposal]:
    return [_settle_one(connection, wish, trail) for wish in wishes]


def _settle_one(connection: Connection, wish: Settling, trail: Trail) -> Proposal:
    query = select(proposals).where(p.tenant == wish.tenant, p.proposal_id == wish.proposal_id).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        raise CaseRefusedError("NOT_FOUND", "there is no such proposal")
    late = row.state == "open" and row.expires_ms <= wish.at_ms
    if late or row.state not in FROM.get(wish.state, frozenset()):
        raise CaseRefusedError("PROPOSAL_CLOSED", "this proposal is settled or has expired")
    own = row.proposer == wish.by
    if wish.state not in BY_ANYBODY and own is not (wish.state in BY_PROPOSER):
        raise CaseRefusedError("FOUR_EYES", "one person proposes and another settles; only its proposer takes it back")
    values: dict[str, Any] = {"state": wish.state, "revision": p.revision + 1}
    if wish.state not in BY_ANYBODY:
        values |= {"decided_by": wish.by, "decided_ms": wish.at_ms, "note": wish.note}
    connection.execute(update(proposals).where(p.proposal_id == wish.proposal_id).values(values))
    return _noted(connection, wish.proposal_id, trail)


def _release(connection: Connection, wishes: Sequence[Release], trail: Trail) -> list[Release]:
    return [_release_one(connection, wish, trail) for wish in wishes]


def _release_one(connection: Connection, wish: Release, trail: Trail) -> Release:
    r = releases.c
    before = connection.execute(select(releases).where(r.release_id == wish.release_id)).first()
    if before is not None:
        return Release(**before._asdict())
    written = release(connection, wish, trail)
    if written is None:
        raise CaseRefusedError("NOT_FOUND", "there is no such screening, or it names no line")
    told = {"case_id": None, "screening_id": wish.screening_id}
    row = outbox_row(f"msg_{wish.release_id}", wish.tenant, HOLD_RELEASED, told, wish.from_ms)
    connection.execute(insert(outbox), row)
    return written


def _noted(connection: Connection, proposal_id: str, trail: Trail) -> Proposal:
    row = connection.execute(select(proposals).where(p.proposal_id == proposal_id)).one()
    trail.note(row.tenant, "proposal", proposal_ref(row), proposal_digest(row))
    return _proposal(row)
