"""Challenges on SQL: what was offered, and every try at a factor, written while the challenge's row is locked."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Select, func, insert, or_, select, update

from service.adapters.sql_audit import Trail, digest_of
from service.adapters.sql_lock import hold
from service.adapters.sql_reader import Reader
from service.adapters.sql_tables import challenges, decisions
from service.adapters.sql_tables_after import challenge_factors
from service.adapters.sql_writer import Writer
from service.ports_stepup import TRIES, Challenge, FactorDone, Steps

c: Final = challenges.c
d: Final = decisions.c
f: Final = challenge_factors.c
ROOT: Final = func.coalesce(d.parent, d.screening_id)
FOUND: Final = select(challenges, d.decision, ROOT.label("root")).join(decisions, d.screening_id == c.screening_id)


class SqlChallenges:
    """The port `Challenges` on SQL."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Write with the process's writer, read with its reader."""
        self._writer = writer
        self._reader = reader

    async def challenge(self, tenant: str, challenge_id: str) -> Challenge | None:
        """Return a challenge; another tenant's is None."""
        query = FOUND.where(c.challenge_id == challenge_id, c.tenant == tenant)
        row = await self._reader.quick(lambda connection: connection.execute(query).first())
        return None if row is None else _challenge(row)

    async def add(self, tenant: str, done: FactorDone) -> bool:
        """Write how a factor went. Down: 503, it does not count."""
        return await self._writer.write(_add_all, (tenant, done))

    async def steps(self, tenant: str, root: str) -> Steps:
        """Return all challenges of a request and what was done at them."""
        return await self._reader.quick(lambda connection: _steps(connection, tenant, root))

    async def degraded(self, since_ms: int, limit: int) -> Sequence[tuple[str, str]]:
        """Return holds that failures alone caused and that were not looked at again, the oldest first."""
        query = (
            select(d.tenant, d.screening_id)
            .where(d.degraded_only, d.lifted_ms.is_(None), d.decision == "hold", d.created_ms >= since_ms)
            .order_by(d.created_ms)
            .limit(limit)
        )
        rows = await self._reader.slow(lambda connection: connection.execute(query).all())
        return [(row.tenant, row.screening_id) for row in rows]


def _add_all(connection: Connection, jobs: Sequence[tuple[str, FactorDone]], trail: Trail) -> list[bool]:
    hold(connection, c.challenge_id, (done.challenge_id for _, done in jobs))
    return [_add(connection, tenant, done, trail) for tenant, done in jobs]


def _add(connection: Connection, tenant: str, done: FactorDone, trail: Trail) -> bool:
    mine = (c.challenge_id == done.challenge_id) & (c.tenant == tenant)
    is_open = (c.state == "open") & (c.expires_ms > done.at_ms)
    if connection.scalar(select(c.challenge_id).where(mine, is_open)) is None:
        return False
    tries = connection.scalar(select(func.count()).where(f.challenge_id == done.challenge_id)) or 0
    connection.execute(insert(challenge_factors), {**msgspec.structs.asdict(done), "n": tries})
    failed = select(func.count()).where(f.challenge_id == done.challenge_id, f.result == "failed")
    if (connection.scalar(failed) or 0) >= TRIES:
        connection.execute(update(challenges).where(mine).values(state="failed"))
    told = (done.factor, done.result, done.source, done.performed_by, done.at_ms)
    trail.note(tenant, "factor", done.challenge_id, digest_of(*told))
    return True


def looks(tenant: str, root: str) -> Select[tuple[str]]:
    """Return the query of a request's challenges: the first look's and those of second looks."""
    mine = or_(d.screening_id == root, d.parent == root)
    return select(c.challenge_id).join(decisions, d.screening_id == c.screening_id).where(d.tenant == tenant, mine)


def _steps(connection: Connection, tenant: str, root: str) -> Steps:
    found = connection.execute(FOUND.where(c.challenge_id.in_(looks(tenant, root))).order_by(c.opened_ms)).all()
    ids = [row.challenge_id for row in found]
    done = connection.execute(select(challenge_factors).where(f.challenge_id.in_(ids)).order_by(f.at_ms)) if ids else ()
    names = FactorDone.__struct_fields__
    return Steps(
        challenges=tuple(_challenge(row) for row in found),
        done=tuple(FactorDone(**{name: getattr(row, name) for name in names}) for row in done),
    )


def _challenge(row: Any) -> Challenge:  # noqa: ANN401 - a row of `FOUND`
    names = ("challenge_id", "tenant", "screening_id", "root", "digest", "state", "opened_ms", "expires_ms")
    ways = msgspec.json.decode(row.any_of, type=tuple[tuple[str, ...], ...])
    return Challenge(**{name: getattr(row, name) for name in names}, meets=row.decision, any_of=ways)
