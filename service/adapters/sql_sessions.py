"""Sessions on SQL: the digest of an id, whose it is, and the moment at which it is over, whatever the browser says."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, and_, insert, select, update

from service.adapters.sql_audit import Trail
from service.adapters.sql_reader import Reader
from service.adapters.sql_tables_people import sessions, users
from service.adapters.sql_writer import Writer
from service.permissions import Person
from service.ports_people import Session

s: Final = sessions.c
u: Final = users.c
TOUCHED_EVERY_MS: Final = 60_000
ALIVE: Final = (
    select(s.csrf, s.started_ms, s.seen_ms, s.expires_ms, u.user_id, u.tenant, u.name, u.role, u.regions)
    .join(users, u.user_id == s.user_id)
    .where(s.ended_ms.is_(None), u.state == "active")
)


class Sessions:
    """The sessions of the port `People`. Down: nobody is let in, and nobody stays."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Write with the process's writer, read with its reader."""
        self._writer = writer
        self._reader = reader

    async def begin(self, digest: bytes, user_id: str, csrf: str, *, now_ms: int, expires_ms: int) -> None:
        """Write a session."""
        times = {"started_ms": now_ms, "seen_ms": now_ms, "expires_ms": expires_ms, "ended_ms": None}
        await self._writer.write(_begin, {"digest": digest, "user_id": user_id, "csrf": csrf, **times})

    async def session(self, digest: bytes, *, now_ms: int, idle_ms: int) -> Session | None:
        """Return a session that is neither over, idle for too long nor of a user who is not active any more."""
        query = ALIVE.where(and_(s.digest == digest, s.expires_ms > now_ms, s.seen_ms > now_ms - idle_ms))
        row = await self._reader.quick(lambda connection: connection.execute(query).first())
        if row is None:
            return None
        person = Person(
            user_id=row.user_id, tenant=row.tenant, name=row.name, role=row.role, regions=tuple(row.regions.split())
        )
        return Session(person=person, started_ms=row.started_ms, expires_ms=row.expires_ms, csrf=row.csrf)

    async def touch(self, digest: bytes, now_ms: int) -> None:
        """Note that a session was used; written at most once a minute."""
        query = select(s.seen_ms).where(s.digest == digest)
        seen_ms = await self._reader.quick(lambda connection: connection.scalar(query))
        if seen_ms is not None and now_ms - seen_ms >= TOUCHED_EVERY_MS:
            await self._writer.write(_touch, (digest, now_ms))

    async def end(self, digest: bytes, now_ms: int) -> None:
        """End a session."""
        await self._writer.write(_end, (digest, now_ms))


def end_all(connection: Connection, user_id: str, now_ms: int) -> None:
    """End every session of a user, in the open transaction."""
    connection.execute(update(sessions).where(s.user_id == user_id, s.ended_ms.is_(None)).values(ended_ms=now_ms))


def _begin(connection: Connection, rows: Sequence[dict[str, Any]], trail: Trail) -> list[None]:
    for row in rows:
        connection.execute(insert(sessions), row)
        connection.execute(update(users).where(u.user_id == row["user_id"]).values(last_seen_ms=row["started_ms"]))
        tenant = connection.execute(select(u.tenant).where(u.user_id == row["user_id"])).scalar_one()
        trail.note(tenant, "sign_in", f"{row['user_id']}@{row['started_ms']}", row["digest"])
    return [None] * len(rows)


def _touch(connection: Connection, wishes: Sequence[tuple[bytes, int]], _trail: Trail) -> list[None]:
    for digest, now_ms in wishes:
        connection.execute(update(sessions).where(s.digest == digest, s.seen_ms < now_ms).values(seen_ms=now_ms))
    return [None] * len(wishes)


def _end(connection: Connection, wishes: Sequence[tuple[bytes, int]], _trail: Trail) -> list[None]:
    for digest, now_ms in wishes:
        connection.execute(update(sessions).where(s.digest == digest, s.ended_ms.is_(None)).values(ended_ms=now_ms))
    return [None] * len(wishes)
