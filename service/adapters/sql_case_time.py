"""What time does with cases: the snoozed wake, the overdue go to a lead, and a hold ends at its limit by itself."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, TextClause, and_, or_, select, text

from service.adapters.sql_audit import Trail
from service.adapters.sql_case_changes import CASE, NOBODYS, case_in, message, write
from service.adapters.sql_rows import answer_in
from service.adapters.sql_tables import decisions
from service.adapters.sql_tables_cases import ASLEEP, GOING_ON, ON_TIME, cases
from service.ports_cases import ESCALATED, Act, CaseFile, Change

c: Final = cases.c
TIME: Final = "time"
"""Who did it, in the history, when nobody did."""
HOLD_EXPIRED: Final = "hold.expired"


def tick_one(connection: Connection, now_ms: int, limit: int, trail: Trail) -> list[CaseFile]:
    """Do what is due; return the cases that ended."""
    time = _Time(connection, now_ms, limit, trail)
    for case in time.due(c.wake_ms, text(ASLEEP)):
        time.write(case, "woken", {"state": "open", "wake_ms": None})
    free = or_(c.taken_until_ms.is_(None), c.taken_until_ms <= now_ms)
    for case in time.due(c.due_ms, and_(text(ON_TIME), free)):
        time.write(case, "escalated", {"level": ESCALATED})
    ended = []
    for case in time.due(c.expires_ms, text(GOING_ON)):
        ended.append(time.write(case, "expired", {"state": "expired", "wake_ms": None, **NOBODYS}))
        if case.origin == "hold":
            message(connection, case, HOLD_EXPIRED, now_ms, {"on_expiry": _on_expiry(connection, case)})
    return ended


@dataclass(frozen=True, slots=True)
class _Time:
    """One moment, and the transaction in which it passes."""

    connection: Connection
    now_ms: int
    limit: int
    trail: Trail

    def due(self, moment: Column[int], condition: ColumnElement[bool] | TextClause) -> list[CaseFile]:
        """Return cases whose moment has come, and hold them; those that somebody is writing to wait for next time."""
        query = CASE.where(condition, moment <= self.now_ms).order_by(moment).limit(self.limit)
        return [case_in(row) for row in self.connection.execute(query.with_for_update(skip_locked=True)).all()]

    def write(self, case: CaseFile, act: Act, values: dict[str, Any]) -> CaseFile:
        """Write what time did."""
        change = Change(
            tenant=case.tenant,
            case_id=case.case_id,
            by=TIME,
            at_ms=self.now_ms,
            act=act,
            text="",
            entry_id="",
            values=values,
        )
        return write(self.connection, change, self.trail)


def _on_expiry(connection: Connection, case: CaseFile) -> str:
    """Return how the hold ends, as it was answered; never in an allow."""
    raw = connection.scalar(select(decisions.c.answer).where(decisions.c.screening_id == case.screening_id))
    hold = None if raw is None else answer_in(raw).answer.hold
    return "store_referral" if hold is None else hold.on_expiry
