"""Who looked at what, on SQL: written before anything is shown, and counted where there is a limit."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import asdict
from sqlalchemy import Connection, func, insert, select

from service.adapters.sql_audit import Trail, digest_of
from service.adapters.sql_reader import Reader
from service.adapters.sql_tables_cases import accesses
from service.adapters.sql_writer import Writer
from service.ports_desk import Access

a: Final = accesses.c


class SqlAccesses:
    """The port `Accesses` on SQL."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Write with the process's writer, read with its reader."""
        self._writer = writer
        self._reader = reader

    async def note(self, access: Access, *, limit: int | None = None, window_ms: int = 0) -> bool:
        """Write an access, or nothing when the person had as many as the limit. Down: nothing is shown."""
        return await self._writer.write(_note, (access, limit, window_ms))

    async def accesses(self, tenant: str, *, by: str | None = None, limit: int = 200) -> Sequence[Access]:
        """Return accesses, the newest first."""
        query = select(accesses).where(a.tenant == tenant).order_by(a.at_ms.desc()).limit(limit)
        asked = query if by is None else query.where(a.by == by)
        rows = await self._reader.slow(lambda connection: connection.execute(asked).all())
        return [Access(**row._asdict()) for row in rows]


def access_digest(row: Any) -> bytes:  # noqa: ANN401 - a row or an access
    """Return what the trail holds of an access."""
    return digest_of(*(getattr(row, name) for name in Access.__struct_fields__))


def _note(connection: Connection, wishes: Sequence[tuple[Access, int | None, int]], trail: Trail) -> list[bool]:
    return [_note_one(connection, *wish, trail=trail) for wish in wishes]


def _note_one(connection: Connection, access: Access, limit: int | None, window_ms: int, *, trail: Trail) -> bool:
    if limit is not None:
        mine = (a.tenant == access.tenant) & (a.by == access.by) & (a.what == access.what)
        recent = select(func.count()).where(mine, a.at_ms > access.at_ms - window_ms)
        if connection.execute(recent).scalar_one() >= limit:
            return False
    connection.execute(insert(accesses), asdict(access))
    trail.note(access.tenant, "access", access.access_id, access_digest(access))
    return True
