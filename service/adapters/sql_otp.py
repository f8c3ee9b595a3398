"""Codes on SQL: budgets are counted and tries are spent where they are kept, so that nobody gets a sixth."""

import hmac
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from features.clock import milliseconds
from service.adapters.sql_audit import Trail, digest_of
from service.adapters.sql_challenges import looks
from service.adapters.sql_lock import hold
from service.adapters.sql_reader import Reader
from service.adapters.sql_tables import challenges
from service.adapters.sql_tables_after import otp_codes
from service.adapters.sql_writer import Writer
from service.ports_otp import TRIES, Attempt, Budgets, Code, Kept, Sent, Summary

o: Final = otp_codes.c
HOUR_MS: Final = milliseconds(timedelta(hours=1))
MINUTE_MS: Final = milliseconds(timedelta(minutes=1))
Guess = tuple[str, str, tuple[bytes, ...], int]


class SqlCodes:
    """The port `Codes` on SQL."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Write with the process's writer, read with its reader."""
        self._writer = writer
        self._reader = reader

    async def send(self, code: Code, budgets: Budgets) -> Sent:
        """Write a code that replaces earlier ones, unless a budget is used up. Down: 503, nothing is sent."""
        return await self._writer.write(_send_all, (code, budgets))

    async def kept(self, tenant: str, authentication_id: str) -> Kept | None:
        """Return a code; another tenant's is None."""
        names = Kept.__struct_fields__
        query = select(*(o[name] for name in names)).where(o.authentication_id == authentication_id, o.tenant == tenant)
        row = await self._reader.quick(lambda connection: connection.execute(query).first())
        return None if row is None else Kept(**row._asdict())

    async def undelivered(self, tenant: str, authentication_id: str) -> None:
        """Write that a code did not go out."""
        await self._writer.write(_undelivered, (tenant, authentication_id))

    async def attempt(self, tenant: str, authentication_id: str, digests: tuple[bytes, ...], now_ms: int) -> Attempt:
        """Spend a try, then compare. Down: 503, nothing was compared."""
        return await self._writer.write(_attempt_all, (tenant, authentication_id, digests, now_ms))

    async def summary(self, tenant: str, root: str, now_ms: int) -> Summary | None:
        """Return how the codes of a request went."""
        return await self._reader.quick(lambda connection: _summary(connection, tenant, root, now_ms))


def _send_all(connection: Connection, jobs: Sequence[tuple[Code, Budgets]], trail: Trail) -> list[Sent]:
    hold(connection, challenges.c.challenge_id, (code.challenge_id for code, _ in jobs))
    return [_send(connection, code, budgets, trail) for code, budgets in jobs]


def _send(connection: Connection, code: Code, budgets: Budgets, trail: Trail) -> Sent:
    spent = _spent(connection, code, budgets)
    if spent is not None:
        return spent
    earlier = (o.challenge_id == code.challenge_id) & (o.contact == code.contact) & (o.state == "open")
    connection.execute(update(otp_codes).where(earlier).values(state="replaced", ended_ms=code.sent_ms))
    row = {**msgspec.structs.asdict(code), "state": "open", "tries": 0, "ended_ms": None}
    connection.execute(insert(otp_codes), row)
    trail.note(code.tenant, "otp.sent", code.authentication_id, digest_of(code.challenge_id, code.contact))
    return "sent"


def _spent(connection: Connection, code: Code, budgets: Budgets) -> Sent | None:
    """Return whose budget is used up; codes that did not go out count too, since somebody asked for them."""
    mine, hour = o.tenant == code.tenant, o.sent_ms > code.sent_ms - HOUR_MS
    whose: tuple[tuple[Sent, str | None, ColumnElement[Any], int], ...] = (
        ("line", code.line, o.line, budgets.line),
        ("device", code.device, o.device, budgets.device),
        ("prefix", code.prefix, o.prefix, budgets.prefix),
    )
    for name, token, column, most in whose:
        if token is not None and _count(connection, mine, hour, column == token) >= most:
            return name
    minute = o.sent_ms > code.sent_ms - MINUTE_MS
    return "everybody" if _count(connection, minute) >= budgets.everybody else None


def _count(connection: Connection, *which: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(otp_codes).where(*which)) or 0


def _undelivered(connection: Connection, jobs: Sequence[tuple[str, str]], _trail: Trail) -> list[None]:
    for tenant, authentication_id in jobs:
        mine = (o.authentication_id == authentication_id) & (o.tenant == tenant)
        connection.execute(update(otp_codes).where(mine, o.state == "open").values(state="undelivered"))
    return [None] * len(jobs)


def _attempt_all(connection: Connection, guesses: Sequence[Guess], trail: Trail) -> list[Attempt]:
    return [_attempt(connection, guess, trail) for guess in guesses]


def _attempt(connection: Connection, guess: Guess, trail: Trail) -> Attempt:
    tenant, authentication_id, digests, now_ms = guess
    mine = (o.authentication_id == authentication_id) & (o.tenant == tenant)
    spend = (
        update(otp_codes)
        .where(mine, o.state == "open", o.tries < TRIES, o.expires_ms > now_ms)
        .values(tries=o.tries + 1)
        .returning(o.digest, o.tries)
    )
    row = connection.execute(spend).first()
    if row is None:
        return _closed(connection, mine)
    passed = any(hmac.compare_digest(row.digest, digest) for digest in digests)
    last = row.tries >= TRIES
    if passed or last:
        state = "passed" if passed else "failed"
        connection.execute(update(otp_codes).where(mine).values(state=state, ended_ms=now_ms))
    trail.note(tenant, "otp.tried", f"{authentication_id}:{row.tries}", digest_of(passed, now_ms))
    return Attempt(outcome="passed" if passed else "failed" if last else "wrong", tries=row.tries)


def _closed(connection: Connection, mine: ColumnElement[bool]) -> Attempt:
    row = connection.execute(select(o.state, o.tries).where(mine)).first()
    if row is None:
        return Attempt(outcome="unknown")
    return Attempt(outcome="failed" if row.state == "failed" else "expired", tries=row.tries)


def _summary(connection: Connection, tenant: str, root: str, now_ms: int) -> Summary | None:
    sent = select(otp_codes).where(o.challenge_id.in_(looks(tenant, root))).order_by(o.sent_ms)
    rows = connection.execute(sent).all()
    if not rows:
        return None
    newest = rows[-1]
    return Summary(
        challenge_id=newest.challenge_id,
        contact=newest.contact,
        state=newest.state,
        sends_1h=sum(row.sent_ms > now_ms - HOUR_MS for row in rows),
        failed_attempts=sum(row.tries - (row.state == "passed") for row in rows),
        sent_ms=newest.sent_ms,
        ended_ms=newest.ended_ms,
    )
