"""Retention on SQL: what need not be known any more is erased, a batch at a time, and the trail says how much.

The trail holds digests alone, so it still verifies when what they are of is gone. Decisions, events and labels stay: in
them are tokens and no names, and models learn from years.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, Table, delete, select, update

from service.adapters.sql_audit import Trail, digest_of
from service.adapters.sql_tables import EVERYBODY, decisions, outbox
from service.adapters.sql_tables_after import faces, liveness_sessions, otp_codes
from service.adapters.sql_writer import Writer

BATCH: Final = 500
"""Rows a step: a short transaction keeps nobody waiting."""


class Ends(Struct, frozen=True, kw_only=True):
    """Before which moments things are erased."""

    now_ms: int
    private_ms: int
    sent_ms: int
    over_ms: int


class Erased(Struct, frozen=True, kw_only=True):
    """How many of each were erased."""

    private: int = 0
    messages: int = 0
    codes: int = 0
    sessions: int = 0
    faces: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.private + self.messages + self.codes + self.sessions + self.faces


class SqlRetention:
    """Erases what has had its time."""

    def __init__(self, writer: Writer) -> None:
        """Write with the process's writer."""
        self._writer = writer

    async def erase(self, ends: Ends) -> Erased:
        """Erase a batch of each kind. Down: nothing is erased now, and the next time more is."""
        return await self._writer.write(_erase_all, ends)


def _erase_all(connection: Connection, jobs: Sequence[Ends], trail: Trail) -> list[Erased]:
    return [_erase(connection, ends, trail) for ends in jobs]


def _erase(connection: Connection, ends: Ends, trail: Trail) -> Erased:
    erased = Erased(
        private=_private(connection, ends.private_ms),
        messages=_rows(connection, outbox, outbox.c.next_ms < ends.sent_ms, outbox.c.state == "sent"),
        codes=_rows(connection, otp_codes, otp_codes.c.expires_ms < ends.over_ms),
        sessions=_rows(connection, liveness_sessions, liveness_sessions.c.expires_ms < ends.over_ms),
        faces=_rows(connection, faces, faces.c.expires_ms <= ends.now_ms),
    )
    if erased.total:
        counts = (erased.private, erased.messages, erased.codes, erased.sessions, erased.faces)
        trail.note(EVERYBODY, "erasure", ":".join(map(str, counts)), digest_of(*counts))
    return erased


def _private(connection: Connection, before_ms: int) -> int:
    d = decisions.c
    old = select(d.screening_id).where(d.private.is_not(None), d.created_ms < before_ms).limit(BATCH)
    return connection.execute(update(decisions).where(d.screening_id.in_(old)).values(private=None)).rowcount


def _rows(connection: Connection, table: Table, *which: object) -> int:
    keys = list(table.primary_key.columns)
    found = connection.execute(select(*keys).where(*which).limit(BATCH)).all()  # type: ignore[arg-type]
    for row in found:
        mine = [key == value for key, value in zip(keys, row, strict=True)]
        connection.execute(delete(table).where(*mine))
    return len(found)
