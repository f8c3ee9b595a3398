"""The journal: everything that happened, in the order in which it became known, read back a page at a time.

Pages are found by where the last one ended, so no read stays open long enough to hold up the database's housekeeping,
and a log of any length needs the memory of one page.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, Table, func, literal, select, tuple_, union_all, update

from features.clock import Clock
from features.codec import LoggedEvent, LoggedLabel, LoggedScreening
from service.adapters.sql_audit import Trail
from service.adapters.sql_reader import Reader
from service.adapters.sql_rows import event_in, events_in, screening_in
from service.adapters.sql_tables import decisions, events, labels, outbox, past_screenings
from service.adapters.sql_tables_cases import cases
from service.adapters.sql_writer import Writer
from service.ports_records import Counts, Owned

PAGE: Final = 1000
SOURCES: Final = ((events, "event"), (decisions, "record"), (past_screenings, "record"))
"""Where events are, and in which column: reported ones as they are, a screening's own inside its log line."""
COUNTED: Final = {
    "decisions": select(func.count()).select_from(decisions),
    "events": select(func.count()).select_from(events),
    "events_pending": select(func.count()).select_from(events).where(events.c.applied_ms.is_(None)),
    "past_screenings": select(func.count()).select_from(past_screenings),
    "labels": select(func.count()).select_from(labels),
    "cases_open": select(func.count()).select_from(cases).where(cases.c.state == "open"),
    "messages_waiting": select(func.count()).select_from(outbox).where(outbox.c.state == "waiting"),
}


class Place(NamedTuple):
    """Where a page of events ended."""

    known_ms: int
    seq: int
    event_id: str
    tenant: str


class SqlJournal:
    """The port `Journal` on SQL."""

    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        """Write with the process's writer, read with its reader."""
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def pending(self, limit: int) -> Sequence[Owned]:
        """Return events that the velocity store has not taken in, the earliest known first."""
        e = events.c
        query = (
            select(e.tenant, e.event).where(e.applied_ms.is_(None)).order_by(e.known_ms, e.seq, e.event_id).limit(limit)
        )
        rows = await self._reader.slow(lambda connection: connection.execute(query).all())
        return [Owned(tenant=row.tenant, event=event_in(row.event)) for row in rows]

    async def mark_applied(self, tenant: str, event_ids: Sequence[str]) -> None:
        """Write down that the velocity store has taken events in. Down: they are given to it again, and count once."""
        if event_ids:
            await self._writer.write(_mark_applied, (tenant, tuple(event_ids), self._clock.now_ms()))

    async def replay_log(self, tenant: str | None = None, *, since_ms: int = 0) -> AsyncIterator[Owned]:
        """Yield every event known since then, in the order in which they became known, with whose it is."""
        async for row in self._rows(tenant, since_ms):
            for event in (event_in(row.raw),) if row.source == events.name else events_in(row.raw):
                yield Owned(tenant=row.tenant, event=event)

    async def lines(
        self, tenant: str, *, since_ms: int = 0
    ) -> AsyncIterator[LoggedScreening | LoggedEvent | LoggedLabel]:
        """Yield a tenant's log lines known since then: screenings and events in order, then labels."""
        async for row in self._rows(tenant, since_ms):
            yield LoggedEvent(event=event_in(row.raw)) if row.source == events.name else screening_in(row.raw)
        async for label in self._labels(tenant, since_ms):
            yield label

    async def counts(self) -> Counts:
        """Count what is there."""
        query = select(*(counted.scalar_subquery().label(name) for name, counted in COUNTED.items()))
        row = await self._reader.slow(lambda connection: connection.execute(query).one())
        return Counts(**row._asdict())

    async def _rows(self, tenant: str | None, since_ms: int) -> AsyncIterator[Any]:
        after: Place | None = Place(since_ms, -1, "", "")
        while after is not None:
            page = await self._page(_events_after(tenant, after))
            for row in page:
                yield row
            after = Place(*page[-1][:4]) if len(page) == PAGE else None

    async def _labels(self, tenant: str, since_ms: int) -> AsyncIterator[LoggedLabel]:
        after: tuple[int, str, str, str] | None = (since_ms, "", "", "")
        while after is not None:
            page = await self._page(_labels_after(tenant, after))
            for row in page:
                told = {name: getattr(row, name) for name in LoggedLabel.__struct_fields__}
                yield LoggedLabel(**{**told, "screening_id": row.event_id or row.screening_id})
            last = page[-1] if len(page) == PAGE else None
            after = None if last is None else (last.at_ms, last.screening_id, last.source, last.label)

    async def _page(self, query: Select[Any]) -> Sequence[Any]:
        return await self._reader.slow(lambda connection: connection.execute(query).all())


def _events_after(tenant: str | None, after: Place) -> Select[Any]:
    """Return the query of one page: each source gives at most a page from its index, then they are merged."""
    parts = union_all(*(select(_part(table, column, tenant, after).subquery()) for table, column in SOURCES)).subquery()
    order = (parts.c.known_ms, parts.c.seq, parts.c.event_id, parts.c.tenant)
    return select(parts).order_by(*order).limit(PAGE)


def _part(table: Table, column: str, tenant: str | None, after: Place) -> Select[Any]:
    t = table.c
    order = (t.known_ms, t.seq, t.event_id, t.tenant)
    query = select(*order, literal(table.name).label("source"), t[column].label("raw"))
    mine = query if tenant is None else query.where(t.tenant == tenant)
    if table is decisions:
        # A second look is no event of its own: its screening's event stands with the first.
        mine = mine.where(t.parent.is_(None))
    return mine.where(tuple_(*order) > tuple_(*map(literal, after))).order_by(*order).limit(PAGE)


def _labels_after(tenant: str, after: tuple[int, str, str, str]) -> Select[Any]:
    """Return the query of one page of labels, each with the id of its screening's event where the screening is ours."""
    said, made = labels.c, decisions.c
    ours = labels.outerjoin(decisions, (made.screening_id == said.screening_id) & (made.tenant == said.tenant))
    order = (said.at_ms, said.screening_id, said.source, said.label)
    query = select(labels, made.event_id).select_from(ours).where(said.tenant == tenant)
    return query.where(tuple_(*order) > tuple_(*map(literal, after))).order_by(*order).limit(PAGE)


def _mark_applied(
    connection: Connection, jobs: Sequence[tuple[str, tuple[str, ...], int]], _trail: Trail
) -> list[None]:
    for tenant, event_ids, now in jobs:
        mine = (events.c.tenant == tenant) & events.c.event_id.in_(event_ids)
        connection.execute(update(events).where(mine).values(applied_ms=now))
    return [None] * len(jobs)
