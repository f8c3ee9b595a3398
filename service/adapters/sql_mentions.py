"""Who is named where, on SQL: an index made from the journal, by which the console finds what belongs together.

It is read behind the decisions, not written with them, so that a screening does not wait for it. A reader may be
broken off and may read twice: a mention is written once.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, func, insert, select, text, update

from service.adapters.sql_audit import Trail
from service.adapters.sql_journal import SqlJournal
from service.adapters.sql_reader import Reader
from service.adapters.sql_tables import decisions
from service.adapters.sql_tables_cases import OF_FRAUD, cursors, mentions
from service.adapters.sql_upsert import insert_new
from service.adapters.sql_writer import Writer
from service.ports_desk import DecisionLine, Mention
from service.ports_records import Owned

m: Final = mentions.c
d: Final = decisions.c
SUBJECTS: Final = ("line", "party", "device", "agent", "store", "contact", "target", "beneficiary")
"""What an analyst looks for; prefixes, provinces and addresses are named by too many to tell anything."""
CURSOR: Final = "mentions"
OVERLAP_MS: Final = 30_000
"""A decision may become visible this long after its time: the longest that a statement may run."""
BATCH: Final = 500
MOST_AT_ONCE: Final = 20_000
KEY: Final = tuple(column.name for column in mentions.primary_key.columns)
MENTION: Final = select(*(m[name] for name in Mention.__struct_fields__))
LINE: Final = select(*(d[name] for name in DecisionLine.__struct_fields__))
SCREENING: Final = "scr:"
"""How the id of a screening's event begins; then comes its idempotency key."""

Rows = list[dict[str, Any]]


class SqlMentions:
    """The port `Mentions` on SQL."""

    def __init__(self, writer: Writer, reader: Reader, journal: SqlJournal) -> None:
        """Write with the process's writer, read with its reader and the journal."""
        self._writer = writer
        self._reader = reader
        self._journal = journal

    async def catch_up(self, now_ms: int) -> int:
        """Read what is new in the journal, a part at a time; return how many mentions were. Down: next time."""
        reached = select(cursors.c.at_ms).where(cursors.c.name == CURSOR)
        since_ms = await self._reader.slow(lambda connection: connection.scalar(reached)) or 0
        new, read, batch = 0, 0, list[Owned]()
        async for owned in self._journal.replay_log(since_ms=max(0, since_ms - OVERLAP_MS)):
            batch.append(owned)
            if len(batch) == BATCH:
                new += await self._write(batch, owned.event.known_ms)
                read, batch = read + BATCH, []
                if read >= MOST_AT_ONCE and owned.event.known_ms > since_ms:
                    return new
        return new + await self._write(batch, now_ms)

    async def of(self, tenant: str, tokens: Sequence[str], *, each: int) -> Sequence[Mention]:
        """Return the newest mentions of each token."""

        def look(connection: Connection) -> list[Mention]:
            rows = [row for token in tokens for row in connection.execute(mentions_of(tenant, token, each))]
            return [Mention(**row._asdict()) for row in rows]

        return await self._reader.slow(look)

    async def beside(self, tenant: str, event_ids: Sequence[str]) -> Sequence[Mention]:
        """Return everything that these events name."""
        query = beside_of(tenant, event_ids)
        rows = await self._reader.slow(lambda connection: connection.execute(query).all())
        return [Mention(**row._asdict()) for row in rows]

    async def frauds(self, tenant: str, tokens: Sequence[str]) -> Mapping[str, int]:
        """Count the confirmed frauds that each token was part of."""
        query = frauds_of(tenant, tokens)
        rows = await self._reader.slow(lambda connection: connection.execute(query).all())
        return {row.token: row.found for row in rows}

    async def decisions(self, tenant: str, entity: str, token: str, *, limit: int) -> Sequence[DecisionLine]:
        """Return the decisions that name a token, the newest first; those on a line at once, others with the index."""

        def look(connection: Connection) -> list[DecisionLine]:
            if entity == "line":
                return lines_in(connection, past_of_line(tenant, token, limit))
            named = connection.execute(mentions_of(tenant, token, limit).where(m.kind == "screening")).all()
            keys = [row.event_id.removeprefix(SCREENING) for row in named if row.event_id.startswith(SCREENING)]
            return lines_in(connection, keyed(tenant, keys).limit(limit))

        return await self._reader.slow(look)

    async def _write(self, batch: Sequence[Owned], reached_ms: int) -> int:
        rows = [
            {
                "tenant": owned.tenant,
                "entity": entity,
                "token": owned.event.keys[entity],
                "at_ms": owned.event.known_ms,
                "kind": owned.event.kind,
                "event_id": owned.event.id,
            }
            for owned in batch
            for entity in SUBJECTS
            if entity in owned.event.keys
        ]
        return await self._writer.write(_index, (rows, reached_ms))


def mentions_of(tenant: str, token: str, limit: int) -> Select[Any]:
    """Return the query of the newest mentions of a token."""
    return MENTION.where(m.tenant == tenant, m.token == token).order_by(m.at_ms.desc()).limit(limit)


def beside_of(tenant: str, event_ids: Sequence[str]) -> Select[Any]:
    """Return the query of all that some events name."""
    return MENTION.where(m.tenant == tenant, m.event_id.in_(event_ids)).order_by(m.at_ms.desc())


def frauds_of(tenant: str, tokens: Sequence[str]) -> Select[Any]:
    """Return the query that counts frauds by token."""
    named = and_(m.tenant == tenant, m.token.in_(tokens), text(OF_FRAUD))
    return select(m.token, func.count(m.event_id.distinct()).label("found")).where(named).group_by(m.token)


def past_of_line(tenant: str, line: str, limit: int) -> Select[Any]:
    """Return the query of the decisions on a line."""
    return LINE.where(d.tenant == tenant, d.line == line).order_by(d.created_ms.desc()).limit(limit)


def keyed(tenant: str, keys: Sequence[str]) -> Select[Any]:
    """Return the query of decisions by their idempotency keys."""
    return LINE.where(d.tenant == tenant, d.idem_key.in_(keys)).order_by(d.created_ms.desc())


def lines_in(connection: Connection, query: Select[Any]) -> list[DecisionLine]:
    """Return the decisions that a query finds."""
    return [DecisionLine(**row._asdict()) for row in connection.execute(query)]


def _index(connection: Connection, jobs: Sequence[tuple[Rows, int]], _trail: Trail) -> list[int]:
    return [_index_one(connection, rows, reached_ms) for rows, reached_ms in jobs]


def _index_one(connection: Connection, rows: Rows, reached_ms: int) -> int:
    new = 0
    if rows:
        ordered = sorted(rows, key=lambda row: tuple(row[name] for name in KEY))
        new = len(connection.execute(insert_new(connection, mentions, *KEY).returning(m.token), ordered).all())
    mine = cursors.c.name == CURSOR
    if connection.execute(update(cursors).where(mine).values(at_ms=reached_ms)).rowcount == 0:
        connection.execute(insert(cursors), {"name": CURSOR, "at_ms": reached_ms})
    return new
