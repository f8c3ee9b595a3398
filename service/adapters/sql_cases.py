"""The cases on SQL: at most one person works on each, each is decided once, and every change is in the trail.

On PostgreSQL a case's row is locked while it is looked at and written to, and whoever takes the next one skips those
that somebody is just taking; SQLite has one writer at a time, and SQLAlchemy leaves the words out there.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from msgspec import Struct
from sqlalchemy import Connection, Select, and_, func, or_, select, text

from service.adapters.sql_audit import Trail
from service.adapters.sql_case_changes import (
    CASE,
    case_in,
    change_one,
    close_all,
    decide_one,
    merge_one,
    take_one,
)
from service.adapters.sql_case_time import tick_one
from service.adapters.sql_reader import Reader
from service.adapters.sql_tables_cases import UNLABELLED, case_history, cases, releases
from service.adapters.sql_writer import Writer
from service.ports_cases import (
    CaseEntry,
    CaseFile,
    Change,
    Decided,
    RelatedCase,
    Release,
    Verdicts,
    Wanted,
)

P = TypeVar("P")
R = TypeVar("R")
c: Final = cases.c
MOST_COUNTED: Final = 10_000
MOST_RELATED: Final = 50
SHARED: Final = ("line", "device", "party")


class Take(Struct, frozen=True, kw_only=True):
    """A wish to take the next case, or a certain one."""

    tenant: str
    by: str
    wanted: Wanted
    now_ms: int
    until_ms: int
    case_id: str | None = None


class SqlDocket:
    """The port `Docket` on SQL."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Write with the process's writer, read with its reader."""
        self._writer = writer
        self._reader = reader

    async def page(self, tenant: str, wanted: Wanted, *, skip: int = 0, limit: int = 50) -> Sequence[CaseFile]:
        """Return cases in the order of the queue; decided ones the last decided first."""
        query = page_of(tenant, wanted).offset(skip).limit(limit)
        rows = await self._reader.slow(lambda connection: connection.execute(query).all())
        return [case_in(row) for row in rows]

    async def count(self, tenant: str, wanted: Wanted) -> int:
        """Count the cases that are wanted, up to ten thousand."""
        some = page_of(tenant, wanted).with_only_columns(c.case_id).limit(MOST_COUNTED).subquery()
        query = select(func.count()).select_from(some)
        return await self._reader.slow(lambda connection: connection.execute(query).scalar_one())

    async def case(self, tenant: str, case_id: str) -> CaseFile | None:
        """Return a case; another tenant's is None."""
        return await self._one(CASE.where(c.tenant == tenant, c.case_id == case_id))

    async def case_of(self, tenant: str, screening_id: str) -> CaseFile | None:
        """Return the case that a screening opened."""
        return await self._one(CASE.where(c.tenant == tenant, c.screening_id == screening_id))

    async def history(self, tenant: str, case_id: str) -> Sequence[CaseEntry]:
        """Return what was done with a case, in order."""
        h = case_history.c
        query = select(*(h[name] for name in CaseEntry.__struct_fields__)).where(
            h.tenant == tenant, h.case_id == case_id
        )
        rows = await self._reader.slow(lambda connection: connection.execute(query.order_by(h.n)).all())
        return [CaseEntry(**row._asdict()) for row in rows]

    async def related(self, tenant: str, case_id: str) -> Sequence[RelatedCase]:
        """Return open cases about the same line, device or party, the most pressing first."""
        return await self._reader.slow(lambda connection: _related(connection, tenant, case_id))

    async def take(self, tenant: str, by: str, wanted: Wanted, *, now_ms: int, until_ms: int) -> CaseFile | None:
        """Take and lock the first case of the queue that nobody has. Down: nobody has it."""
        wish = Take(tenant=tenant, by=by, wanted=wanted, now_ms=now_ms, until_ms=until_ms)
        return await self._writer.write(_take, wish)

    async def take_this(self, tenant: str, case_id: str, by: str, *, now_ms: int, until_ms: int) -> CaseFile:
        """Take or keep one case; taken by somebody else is refused."""
        wish = Take(tenant=tenant, by=by, wanted=Wanted(), now_ms=now_ms, until_ms=until_ms, case_id=case_id)
        taken = await self._writer.write(_take, wish)
        assert taken is not None  # noqa: S101 - a certain case is taken or refused
        return taken

    async def change(self, change: Change) -> CaseFile:
        """Write a change with its line of history."""
        return await self._writer.write(_change, change)

    async def merge(self, change: Change, into: str) -> CaseFile:
        """Let another case decide this one as well."""
        return await self._writer.write(_merge, (change, into))

    async def close_duplicates(self, tenant: str, case_ids: Sequence[str], of: str, *, by: str, now_ms: int) -> int:
        """Merge many cases into one at once; return how many were open and nobody's."""
        change = Change(tenant=tenant, case_id=of, by=by, at_ms=now_ms, act="closed", text=of, entry_id="")
        return await self._writer.write(_close, (change, tuple(case_ids)))

    async def decide(self, decided: Decided) -> Verdicts:
        """Write a verdict once, with everything that follows from it."""
        return await self._writer.write(_decide, decided)

    async def tick(self, now_ms: int, *, limit: int = 200) -> Sequence[CaseFile]:
        """Wake, escalate and end what time asks for; return what ended. Down: it is done next time."""
        return await self._writer.write(_tick, (now_ms, limit))

    async def unlabelled(self, limit: int) -> Sequence[CaseFile]:
        """Return decided cases whose label has not reached the record yet."""
        query = CASE.where(text(UNLABELLED)).order_by(c.decided_ms).limit(limit)
        rows = await self._reader.slow(lambda connection: connection.execute(query).all())
        return [case_in(row) for row in rows]

    async def mark_labelled(self, case_ids: Sequence[str], *, now_ms: int) -> None:
        """Write down that labels have reached the record; nothing of the case itself changes."""
        if case_ids:
            await self._writer.write(_mark, (tuple(sorted(case_ids)), now_ms))

    async def releases_for(self, tenant: str, line: str, klass: str, at_ms: int) -> Sequence[Release]:
        """Return the releases of a line and class that are in force. Down: 503, as with every look at the record."""
        query = releases_of(tenant, line, klass, at_ms)
        rows = await self._reader.quick(lambda connection: connection.execute(query).all())
        return [Release(**row._asdict()) for row in rows]

    async def _one(self, query: Select[Any]) -> CaseFile | None:
        row = await self._reader.quick(lambda connection: connection.execute(query).first())
        return None if row is None else case_in(row)


def page_of(tenant: str, wanted: Wanted) -> Select[Any]:
    """Return the query of cases that are wanted, in their order."""
    query = CASE.where(c.tenant == tenant)
    if wanted.state == "decided":
        # Found by when they were decided, which only they have: so the index gives the order.
        query = query.where(c.decided_ms.is_not(None)).order_by(c.decided_ms.desc())
    else:
        query = query.where(c.state == wanted.state).order_by(c.rank_ms, c.case_id)
    if wanted.queue is not None:
        query = query.where(c.queue == wanted.queue)
    if wanted.taken_by is not None:
        query = query.where(c.taken_by == wanted.taken_by)
    if wanted.level is not None:
        query = query.where(c.level <= wanted.level)
    if len(wanted.regions) == 1:
        return query.where(c.region == wanted.regions[0])
    return query.where(c.region.in_(wanted.regions)) if wanted.regions else query


def releases_of(tenant: str, line: str, klass: str, at_ms: int) -> Select[Any]:
    """Return the query of the releases of a line that are in force at a moment."""
    r = releases.c
    query = select(*(r[name] for name in Release.__struct_fields__)).where(
        and_(r.tenant == tenant, r.line == line, r.klass == klass, r.until_ms > at_ms, r.from_ms <= at_ms)
    )
    return query.order_by(r.until_ms.desc())


def _related(connection: Connection, tenant: str, case_id: str) -> list[RelatedCase]:
    mine = connection.execute(
        select(*(c[name] for name in SHARED)).where(c.tenant == tenant, c.case_id == case_id)
    ).first()
    if mine is None:
        return []
    same = [c[name] == getattr(mine, name) for name in SHARED if getattr(mine, name) is not None]
    if not same:
        return []
    query = (
        CASE.add_columns(*(c[name] for name in SHARED))
        .where(c.tenant == tenant, or_(*same), c.case_id != case_id, c.state.in_(("open", "snoozed")))
        .order_by(c.rank_ms, c.case_id)
        .limit(MOST_RELATED)
    )
    return [
        RelatedCase(
            case=case_in(row),
            shared=tuple(name for name in SHARED if getattr(mine, name) and getattr(row, name) == getattr(mine, name)),
        )
        for row in connection.execute(query)
    ]


def _each(write: Callable[[Connection, P, Trail], R]) -> Callable[[Connection, Sequence[P], Trail], list[R]]:
    """Return the handler of a batch that writes one after the other."""

    def handler(connection: Connection, wishes: Sequence[P], trail: Trail) -> list[R]:
        return [write(connection, wish, trail) for wish in wishes]

    return handler


def _take_one(connection: Connection, wish: Take, trail: Trail) -> CaseFile | None:
    if wish.case_id is not None:
        return take_one(connection, wish, wish.case_id, trail)
    free = or_(c.taken_until_ms.is_(None), c.taken_until_ms <= wish.now_ms)
    # Written as a difference, so that no database takes the index of ends for it: the queue's own gives the order.
    goes_on = c.expires_ms - wish.now_ms > 0
    query = page_of(wish.tenant, wish.wanted).with_only_columns(c.case_id).where(free, goes_on)
    found = connection.scalar(query.limit(1).with_for_update(skip_locked=True))
    return None if found is None else take_one(connection, wish, found, trail)


def _merge_one(connection: Connection, wish: tuple[Change, str], trail: Trail) -> CaseFile:
    return merge_one(connection, wish[0], wish[1], trail)


def _close_one(connection: Connection, wish: tuple[Change, tuple[str, ...]], trail: Trail) -> int:
    return close_all(connection, wish[0], wish[1], trail)


def _tick_one(connection: Connection, wish: tuple[int, int], trail: Trail) -> list[CaseFile]:
    return tick_one(connection, wish[0], wish[1], trail)


def _mark_one(connection: Connection, wish: tuple[tuple[str, ...], int], _trail: Trail) -> None:
    connection.execute(cases.update().where(c.case_id.in_(wish[0])).values(labelled_ms=wish[1]))


_take = _each(_take_one)
_change = _each(change_one)
_merge = _each(_merge_one)
_close = _each(_close_one)
_decide = _each(decide_one)
_tick = _each(_tick_one)
_mark = _each(_mark_one)
