"""Lifting: what a second look has met does not stick any more, and the case of the first look needs nobody."""

from typing import Final

from sqlalchemy import Connection, and_, or_, select, update

from service.adapters.sql_audit import Trail
from service.adapters.sql_case_changes import WORKABLE, write
from service.adapters.sql_tables import decisions
from service.adapters.sql_tables_cases import cases
from service.ports import Entry
from service.ports_cases import Change

d: Final = decisions.c
BY: Final = "step-up"
"""Whose word it was: nobody's in particular, the requester showed who they are."""


def lift(connection: Connection, entry: Entry, trail: Trail) -> None:
    """Take away the stickiness of the line's earlier holds of the same class, and close the case of the first look."""
    root = or_(d.screening_id == entry.parent, d.parent == entry.parent)
    earlier = and_(d.line == entry.logged.event.keys["line"], d.klass == entry.klass, d.decision == "hold")
    held = and_(d.tenant == entry.tenant, d.lifted_ms.is_(None), d.screening_id != entry.screening_id)
    connection.execute(update(decisions).where(held, or_(root, earlier)).values(lifted_ms=entry.created_ms))
    looked_at = select(d.screening_id).where(d.tenant == entry.tenant, root)
    waiting = select(cases.c.case_id).where(cases.c.screening_id.in_(looked_at), cases.c.state.in_(WORKABLE))
    for case_id in connection.scalars(waiting.order_by(cases.c.case_id)).all():
        write(connection, _closed(entry, case_id), trail)


def _closed(entry: Entry, case_id: str) -> Change:
    at_ms = entry.created_ms
    return Change(
        tenant=entry.tenant,
        case_id=case_id,
        by=BY,
        at_ms=at_ms,
        act="closed",
        text="",
        entry_id="",
        # Nobody looked at it, so it says nothing of fraud: no label comes of it.
        values={"state": "decided", "verdict": "step_up", "decided_ms": at_ms, "decided_by": BY, "labelled_ms": at_ms},
    )
