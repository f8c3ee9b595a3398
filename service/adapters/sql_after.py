"""What follows a decision, on SQL: one row of the decision is locked while it is looked at and written to.

So of a hundred executors one redeems, and a redemption and a withdrawal that meet are one before the other.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Table, insert, select

from service.adapters.sql_audit import Trail, digest_of
from service.adapters.sql_lock import hold
from service.adapters.sql_reader import Reader
from service.adapters.sql_rows import outbox_row
from service.adapters.sql_tables import decisions, outbox
from service.adapters.sql_tables_after import outcomes, redemptions, withdrawals
from service.adapters.sql_writer import Writer
from service.ports_after import Outcome, Progress, Redemption, Refusal, Withdrawal, Written

T = TypeVar("T", Redemption, Withdrawal, Outcome)
WITHDRAWN: Final = "screening.withdrawn"
UNREDEEMED: Final = "execution.unredeemed"


class SqlAfterwards:
    """The port `Afterwards` on SQL."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Write with the process's writer, read with its reader."""
        self._writer = writer
        self._reader = reader

    async def redeem(self, wish: Redemption) -> Written:
        """Write a redemption once. Down: 503, nothing may be executed."""
        return await self._writer.write(_redeem_all, wish)

    async def withdraw(self, wish: Withdrawal) -> Written:
        """Write that a closure is taken back. Down: 503; ask again."""
        return await self._writer.write(_withdraw_all, wish)

    async def outcome(self, told: Outcome) -> Written:
        """Write what became of a request. Down: 503; tell again."""
        return await self._writer.write(_tell_all, told)

    async def progress(self, screening_id: str) -> Progress:
        """Return how far a request has come."""
        return await self._reader.quick(lambda connection: _progress(connection, screening_id))


def _redeem_all(connection: Connection, wishes: Sequence[Redemption], trail: Trail) -> list[Written]:
    return _one_by_one(connection, wishes, lambda wish: _redeem(connection, wish, trail))


def _withdraw_all(connection: Connection, wishes: Sequence[Withdrawal], trail: Trail) -> list[Written]:
    return _one_by_one(connection, wishes, lambda wish: _withdraw(connection, wish, trail))


def _tell_all(connection: Connection, told: Sequence[Outcome], trail: Trail) -> list[Written]:
    return _one_by_one(connection, told, lambda one: _tell(connection, one, trail))


def _one_by_one(connection: Connection, wishes: Sequence[T], write: Callable[[T], Written]) -> list[Written]:
    hold(connection, decisions.c.screening_id, (wish.screening_id for wish in wishes))
    return [write(wish) for wish in wishes]


def _redeem(connection: Connection, wish: Redemption, trail: Trail) -> Written:
    r = redemptions.c
    before = connection.execute(
        select(r.idem_key, r.answer).where(r.screening_id == wish.screening_id, r.step == wish.step)
    ).first()
    if before is not None:
        same = bool(wish.key) and before.idem_key == wish.key
        return Written(again=True, answer=before.answer) if same else Written(refused="taken")
    refused = _taken_back(connection, wish.screening_id) or _too_soon_or_late(wish)
    if refused is not None:
        return Written(refused=refused)
    row = {"idem_key": wish.key, "at_ms": wish.at_ms, "by": wish.by, "answer": wish.answer}
    connection.execute(insert(redemptions), {**_whose(wish), "step": wish.step, **row})
    trail.note(wish.tenant, f"redemption.{wish.step}", wish.screening_id, digest_of(wish.by, wish.at_ms, wish.key))
    return Written(answer=wish.answer)


def _withdraw(connection: Connection, wish: Withdrawal, trail: Trail) -> Written:
    if _taken_back(connection, wish.screening_id) is not None:
        return Written(again=True)
    if wish.why == "withdrawn":
        if "close" in _progress(connection, wish.screening_id).redeemed:
            return Written(refused="closed")
        if wish.until_ms is None or wish.at_ms >= wish.until_ms:
            return Written(refused="over")
    connection.execute(insert(withdrawals), {**_whose(wish), "at_ms": wish.at_ms, "by": wish.by, "why": wish.why})
    _message(connection, wish, WITHDRAWN, {"screening_id": wish.screening_id, "why": wish.why})
    trail.note(wish.tenant, f"withdrawal.{wish.why}", wish.screening_id, digest_of(wish.by, wish.at_ms))
    return Written()


def _tell(connection: Connection, told: Outcome, trail: Trail) -> Written:
    o = outcomes.c
    before = connection.execute(
        select(o.redeemed).where(o.screening_id == told.screening_id, o.outcome == told.outcome)
    ).first()
    if before is not None:
        return Written(again=True, redeemed=before.redeemed)
    redeemed = told.outcome != "executed" or bool(_progress(connection, told.screening_id).redeemed)
    row = {"outcome": told.outcome, "at_ms": told.at_ms, "said_ms": told.said_ms, "by": told.by, "redeemed": redeemed}
    connection.execute(insert(outcomes), {**_whose(told), **row})
    if not redeemed:
        _message(connection, told, UNREDEEMED, {"screening_id": told.screening_id})
    trail.note(told.tenant, f"outcome.{told.outcome}", told.screening_id, digest_of(told.by, told.at_ms, redeemed))
    return Written(redeemed=redeemed)


def _too_soon_or_late(wish: Redemption) -> Refusal | None:
    if wish.at_ms < wish.from_ms:
        return "too_early"
    return "expired" if wish.at_ms >= wish.until_ms else None


def _taken_back(connection: Connection, screening_id: str) -> Refusal | None:
    found = connection.scalar(select(withdrawals.c.why).where(withdrawals.c.screening_id == screening_id))
    return None if found is None else "withdrawn"


def _progress(connection: Connection, screening_id: str) -> Progress:
    def of(table: Table, column: str) -> tuple[Any, ...]:
        query = select(table.c[column]).where(table.c.screening_id == screening_id)
        return tuple(connection.scalars(query.order_by(table.c.at_ms)))

    return Progress(
        redeemed=of(redemptions, "step"),
        withdrawn=bool(of(withdrawals, "why")),
        outcomes=of(outcomes, "outcome"),
    )


def _whose(wish: Redemption | Withdrawal | Outcome) -> dict[str, str]:
    return {"screening_id": wish.screening_id, "tenant": wish.tenant}


def _message(connection: Connection, wish: Withdrawal | Outcome, kind: str, told: dict[str, str]) -> None:
    message_id = f"msg_{kind.rpartition('.')[2]}_{wish.screening_id}"
    connection.execute(insert(outbox), outbox_row(message_id, wish.tenant, kind, told, wish.at_ms))
