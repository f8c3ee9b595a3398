"""The dashboard's counts, on SQL: from the index of decisions over time, and from the cases.

The index holds everything that is counted, so no decision is read for a count; where the log line itself is needed
(slices, peers) only some of the newest are.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Integer, Select, and_, case, cast, func, select

from features.signal import Value
from service.adapters.packing import unpack
from service.adapters.sql_mentions import LINE, lines_in, past_of_line
from service.adapters.sql_reader import Reader
from service.adapters.sql_tables import decisions
from service.adapters.sql_tables_cases import cases, mentions
from service.ports_desk import Bucket, DecisionLine, Flow, Friction, QueueState, Rate

d: Final = decisions.c
c: Final = cases.c
m: Final = mentions.c
CHINA_MS: Final = 8 * 3_600_000
WIDTH_MS: Final[Mapping[Bucket, int]] = {"hour": 3_600_000, "day": 86_400_000}
BY_PEOPLE: Final = c.label.is_not(None)
"""A case that ended because the customer met what was asked has no label."""
MINUTE_MS: Final = 60_000
MOST_RATED: Final = 50
COUNTED: Final = func.count().label("found")


class _Slices(msgspec.Struct, frozen=True):
    age_group: str | None = None
    accessibility: bool | None = None


class _Asked(msgspec.Struct, frozen=True):
    slices: _Slices = _Slices()


class _SlicesAlone(msgspec.Struct, tag="screening", frozen=True):
    """A log line, of which only the slices are read."""

    request: _Asked


class _RowAlone(msgspec.Struct, tag="screening", frozen=True):
    """A log line, of which only the signals are read."""

    row: dict[str, Value] | None = None


_slices = msgspec.json.Decoder(_SlicesAlone)
_row = msgspec.json.Decoder(_RowAlone)


class SqlNumbers:
    """The port `Numbers` on SQL."""

    def __init__(self, reader: Reader) -> None:
        """Read with the process's reader."""
        self._reader = reader

    async def flow(self, tenant: str, since_ms: int, until_ms: int, bucket: Bucket) -> Sequence[Flow]:
        """Count decisions by outcome and span."""
        rows = await self._all(flow_of(tenant, since_ms, until_ms, bucket))
        width = WIDTH_MS[bucket]
        return [Flow(start_ms=row.at * width - CHINA_MS, decision=row.decision, count=row.found) for row in rows]

    async def friction(self, tenant: str, since_ms: int, until_ms: int) -> Sequence[Friction]:
        """Count decisions by action and by channel."""
        found: list[Friction] = []
        for by, column in (("action", d.action), ("channel", d.channel)):
            query = (
                select(column.label("name"), d.decision, COUNTED)
                .where(within(tenant, since_ms, until_ms))
                .group_by(column, d.decision)
            )
            found += _friction(by, [(row.name, row.decision, row.found) for row in await self._all(query)])
        return found

    async def slices(self, tenant: str, newest: int) -> Sequence[Friction]:
        """Count the newest decisions by slice of the public."""
        query = newest_of(tenant, newest).add_columns(d.decision, d.record)

        def look(connection: Connection) -> list[tuple[str, str, int]]:
            return [
                (name, row.decision, 1)
                for row in connection.execute(query)
                for name in _slice_names(_slices.decode(unpack(row.record)).request.slices)
            ]

        return _friction("slice", await self._reader.slow(look))

    async def queues(self, tenant: str, now_ms: int) -> Sequence[QueueState]:
        """Describe every queue that has cases."""
        is_open = c.state == "open"
        query = (
            select(
                c.queue,
                _sum(is_open).label("open"),
                _sum(c.state == "snoozed").label("snoozed"),
                _sum(and_(is_open, c.taken_until_ms > now_ms)).label("taken"),
                _sum(c.level > 0).label("escalated"),
                _sum(and_(is_open, c.due_ms < now_ms)).label("breached"),
                func.min(c.opened_ms).label("oldest_ms"),
                func.sum(c.expected_harm_fen).label("harm_fen"),
            )
            .where(c.tenant == tenant, c.state.in_(("open", "snoozed")))
            .group_by(c.queue)
            .order_by(c.queue)
        )
        return [QueueState(**{**row._asdict(), "harm_fen": int(row.harm_fen or 0)}) for row in await self._all(query)]

    async def overrides(self, tenant: str, since_ms: int) -> Sequence[Rate]:
        """Count screenings with an agent's override by agent, the most first."""
        overridden = _sum(m.kind == "screening_overridden")
        query = (
            select(m.token.label("who"), overridden.label("count"), _sum(m.kind == "screening").label("total"))
            .where(m.tenant == tenant, m.entity == "agent", m.at_ms >= since_ms)
            .group_by(m.token)
            .having(overridden > 0)
            .order_by(overridden.desc(), m.token)
            .limit(MOST_RATED)
        )
        return [Rate(**row._asdict()) for row in await self._all(query)]

    async def releases(self, tenant: str, since_ms: int) -> Sequence[Rate]:
        """Count releases by analyst, of all that they decided."""
        released = _sum(c.verdict == "release")
        query = (
            select(c.decided_by.label("who"), released.label("count"), func.count().label("total"))
            .where(c.tenant == tenant, c.decided_ms >= since_ms, BY_PEOPLE)
            .group_by(c.decided_by)
            .order_by(released.desc(), c.decided_by)
            .limit(MOST_RATED)
        )
        return [Rate(**row._asdict()) for row in await self._all(query)]

    async def outcome(self, tenant: str, since_ms: int) -> tuple[int, int, int]:
        """Return how many decided cases were fraud and not released, and the fen lost and recovered."""
        query = select(
            _sum(and_(c.label == "fraud", c.verdict != "release")).label("fraud"),
            func.coalesce(func.sum(c.loss_fen), 0).label("loss"),
            func.coalesce(func.sum(c.recovered_fen), 0).label("recovered"),
        ).where(c.tenant == tenant, c.decided_ms >= since_ms)
        row = (await self._all(query))[0]
        return int(row.fraud), int(row.loss), int(row.recovered)

    async def degraded_minutes(self, tenant: str, since_ms: int, until_ms: int) -> int:
        """Count the minutes in which some decision was degraded."""
        minutes = func.count(_whole(d.created_ms, MINUTE_MS).distinct())
        query = select(minutes.label("found")).where(within(tenant, since_ms, until_ms), d.degraded.is_(True))
        return int((await self._all(query))[0].found)

    async def above(self, tenant: str, threshold: float, since_ms: int, until_ms: int) -> tuple[int, int]:
        """Count decisions whose probability reaches a threshold, and the holds there were."""
        sums: tuple[Any, ...] = (
            _sum(d.probability >= threshold).label("above"),
            _sum(d.decision == "hold").label("held"),
        )
        query = select(*sums).where(within(tenant, since_ms, until_ms))
        row = (await self._all(query))[0]
        return int(row.above), int(row.held)

    async def minutes_per_case(self, tenant: str, since_ms: int) -> float | None:
        """Return the mean minutes between first taking and deciding a case."""
        mean = func.avg(c.decided_ms - c.first_taken_ms)
        query = select(mean.label("mean")).where(c.tenant == tenant, c.decided_ms >= since_ms, BY_PEOPLE)
        found = (await self._all(query))[0].mean
        return None if found is None else float(found) / MINUTE_MS

    async def peers(self, tenant: str, action: str, names: Sequence[str], newest: int) -> Mapping[str, list[Value]]:
        """Return the values of some signals in the newest requests for an action; those not known are None."""
        query = newest_of(tenant, newest).where(d.action == action).add_columns(d.record)

        def look(connection: Connection) -> list[dict[str, Value]]:
            return [_row.decode(unpack(row.record)).row or {} for row in connection.execute(query)]

        rows = await self._reader.slow(look)
        return {name: [row.get(name) for row in rows] for name in names}

    async def line_past(self, tenant: str, line: str, limit: int) -> Sequence[DecisionLine]:
        """Return the decisions on a line, the newest first."""
        return await self._reader.slow(lambda connection: lines_in(connection, past_of_line(tenant, line, limit)))

    async def between(self, tenant: str, since_ms: int, until_ms: int, limit: int) -> Sequence[DecisionLine]:
        """Return decisions of a span of time, in order."""
        query = LINE.where(within(tenant, since_ms, until_ms)).order_by(d.created_ms).limit(limit)
        return await self._reader.slow(lambda connection: lines_in(connection, query))

    async def _all(self, query: Select[Any]) -> Sequence[Any]:
        return await self._reader.slow(lambda connection: connection.execute(query).all())


def within(tenant: str, since_ms: int, until_ms: int) -> ColumnElement[bool]:
    """Return the condition of a tenant's decisions of a span of time."""
    return and_(d.tenant == tenant, d.created_ms >= since_ms, d.created_ms < until_ms)


def flow_of(tenant: str, since_ms: int, until_ms: int, bucket: Bucket) -> Select[Any]:
    """Return the query that counts decisions by outcome and span."""
    at = _whole(d.created_ms + CHINA_MS, WIDTH_MS[bucket]).label("at")
    query = select(at, d.decision, COUNTED).where(within(tenant, since_ms, until_ms))
    return query.group_by("at", d.decision).order_by(at, d.decision)


def newest_of(tenant: str, newest: int) -> Select[Any]:
    """Return the query of the newest decisions."""
    return select(d.created_ms).where(d.tenant == tenant).order_by(d.created_ms.desc()).limit(newest)


def _friction(by: str, counted: Sequence[tuple[str, str, int]]) -> list[Friction]:
    totals: dict[str, dict[str, int]] = {}
    for name, decision, count in counted:
        of = totals.setdefault(name, {})
        of[decision] = of.get(decision, 0) + count
    return [
        Friction(
            by=by,
            name=name,
            total=sum(of.values()),
            challenged=of.get("challenge", 0),
            held=of.get("hold", 0),
            blocked=of.get("block", 0),
        )
        for name, of in sorted(totals.items())
    ]


def _slice_names(slices: _Slices) -> list[str]:
    """Return the slices that a request belongs to: by age, and by the need of assistance."""
    names = [f"age_group:{slices.age_group or 'unknown'}"]
    return [*names, "accessibility:yes"] if slices.accessibility else names


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Count rows for which a condition holds; none is zero."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _whole(column: Any, by: int) -> ColumnElement[int]:  # noqa: ANN401 - a column or a sum of one
    """Divide whole numbers, the same way on both databases."""
    return cast(func.floor(column / by), Integer)
