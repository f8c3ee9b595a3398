"""Intake: reported events, imported screenings and labels, each written once however often it comes.

What came in one call is one intake; the trail holds one digest of it, so a hundred thousand imported rows do not need a
hundred thousand lines.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Table

from features.codec import LoggedLabel, LoggedScreening
from features.event import Event
from service.adapters.sql_audit import Atom, Trail
from service.adapters.sql_rows import Row, event_row, intake_digest, label_row, past_row
from service.adapters.sql_tables import events, labels, past_screenings
from service.adapters.sql_upsert import insert_new
from service.adapters.sql_writer import Writer
from service.ports import Intake

T = TypeVar("T")
LABEL_KEY: Final = ("tenant", "screening_id", "source", "label")
EVENT_KEY: Final = ("tenant", "event_id")
HELD_FAST: Final[Mapping[str, tuple[str, ...]]] = {
    "events": ("tenant", "event_id", "kind", "known_ms", "seq", "event"),
    "past_screenings": ("tenant", "event_id", "known_ms", "seq", "record"),
    "labels": (*LABEL_KEY, "at_ms", "loss_fen", "recovered_fen", "persona", "said_ms"),
}
"""What the trail holds fast of each table's rows; `applied_ms` changes."""
KEYS: Final[Mapping[str, tuple[str, ...]]] = {"events": EVENT_KEY, "past_screenings": EVENT_KEY, "labels": LABEL_KEY}


class Intakes:
    """Writes what comes in many at a time."""

    def __init__(self, writer: Writer) -> None:
        """Write with the process's writer."""
        self._writer = writer

    async def events(self, tenant: str, reported: Sequence[Event]) -> Intake:
        """Write events; return those that are new, in their order, and how many were known or came twice."""
        new = await self._writer.write(_write_events, _rows("events", event_row, tenant, reported))
        fresh: dict[str, Event] = {}
        for event in reported:
            if event.id in new:
                fresh.setdefault(event.id, event)
        return Intake(fresh=tuple(fresh.values()), duplicates=len(reported) - len(fresh))

    async def history(self, tenant: str, past: Sequence[LoggedScreening]) -> int:
        """Write past screenings; return how many were new."""
        return len(await self._writer.write(_write_history, _rows("past_screenings", past_row, tenant, past)))

    async def labels(self, tenant: str, said: Sequence[LoggedLabel]) -> int:
        """Write labels; return how many were new."""
        return len(await self._writer.write(_write_labels, _rows("labels", label_row, tenant, said)))


def held_fast(table: str, row: Mapping[str, Any]) -> tuple[Atom, ...]:
    """Return what the trail's digest covers of a row of an intake."""
    return tuple(row[name] for name in HELD_FAST[table])


def in_order(table: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return by what the rows of an intake are ordered for its digest."""
    return tuple(row[name] for name in KEYS[table])


def _rows(table: str, lay: Callable[[str, T, str], Row], tenant: str, things: Sequence[T]) -> list[Row]:
    """Lay out the rows of one intake, in the order of their keys; of two with one key the first counts."""
    intake = secrets.token_urlsafe(9)
    rows = (lay(tenant, thing, intake) for thing in reversed(things))
    by_key = {in_order(table, row): row for row in rows}
    # One order for all processes, so that two batches with the same keys wait for each other and never in a circle.
    return [by_key[key] for key in sorted(by_key)]


def _write_events(connection: Connection, jobs: Sequence[list[Row]], trail: Trail) -> list[set[str]]:
    return [{row["event_id"] for row in _write_new(connection, events, rows, trail)} for rows in jobs]


def _write_history(connection: Connection, jobs: Sequence[list[Row]], trail: Trail) -> list[list[Row]]:
    return [_write_new(connection, past_screenings, rows, trail) for rows in jobs]


def _write_labels(connection: Connection, jobs: Sequence[list[Row]], trail: Trail) -> list[list[Row]]:
    return [_write_new(connection, labels, rows, trail) for rows in jobs]


def _write_new(connection: Connection, table: Table, rows: list[Row], trail: Trail) -> list[Row]:
    """Write the rows that are new, note them as one intake, and return them."""
    if not rows:
        return []
    columns = KEYS[table.name]
    statement = insert_new(connection, table, *columns).returning(*(table.c[name] for name in columns))
    written = {tuple(found) for found in connection.execute(statement, rows)}
    fresh = [row for row in rows if in_order(table.name, row) in written]
    if fresh:
        digest = intake_digest(held_fast(table.name, row) for row in fresh)
        trail.note(fresh[0]["tenant"], table.name, fresh[0]["intake"], digest)
    return fresh
