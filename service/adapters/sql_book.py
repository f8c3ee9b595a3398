"""The book: every decision once, written whole or not at all, and found again by its key, its id or its line."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, select
from sqlalchemy import insert as plain_insert

from features.clock import Clock
from features.codec import LoggedLabel, LoggedScreening
from features.event import Event
from service.adapters.sealing import Sealer
from service.adapters.sql_audit import Trail
from service.adapters.sql_before import BEFORE
from service.adapters.sql_intake import Intakes
from service.adapters.sql_lift import lift
from service.adapters.sql_reader import Reader
from service.adapters.sql_rows import (
    Row,
    answer_in,
    case_row,
    challenge_row,
    decision_digest,
    decision_row,
    message_row,
    notice_row,
    screening_in,
)
from service.adapters.sql_tables import challenges, decisions, outbox, pulse
from service.adapters.sql_tables_cases import cases
from service.adapters.sql_upsert import insert_new
from service.adapters.sql_writer import Writer
from service.ports import Asking, Before, Entry, Found, Intake, Saved

d: Final = decisions.c

SAVED: Final = select(d.fingerprint, d.answer).where(d.tenant == bindparam("tenant"), d.idem_key == bindparam("key"))
FOUND: Final = select(d.screening_id, d.tenant, d.created_ms, d.record, d.answer, d.degraded_only, d.parent)
BY_ID: Final = FOUND.where(d.tenant == bindparam("tenant"), d.screening_id == bindparam("id"))
BY_REQUEST: Final = (
    FOUND.where(d.tenant == bindparam("tenant"), d.request_id == bindparam("id"))
    .order_by(d.created_ms.desc(), d.screening_id.desc())
    .limit(1)
)
"""Newest first: a request id may be asked again under another key."""
BY_APPEAL: Final = FOUND.where(d.appeal_ref == bindparam("id")).limit(1)
PRIVATE: Final = select(d.private).where(d.tenant == bindparam("tenant"), d.screening_id == bindparam("id"))


class SqlBook:
    """The port `Book` on SQL."""

    def __init__(self, writer: Writer, reader: Reader, sealer: Sealer, clock: Clock) -> None:
        """Write with the process's writer, read with its reader, seal what is private."""
        self._writer = writer
        self._reader = reader
        self._sealer = sealer
        self._clock = clock
        self._intakes = Intakes(writer)

    async def before(self, asked: Asking) -> Before:
        """Return the saved answer of a key, and what sticks to the line or releases it. Down: 503."""
        wanted = msgspec.structs.asdict(asked)
        rows = await self._reader.quick(lambda connection: connection.execute(BEFORE, wanted).all())
        saved = next((_saved_in(row) for row in rows if row.fingerprint is not None), None)
        sticky = next((row.verdict for row in rows if row.verdict is not None), None)
        return Before(saved=saved, sticky=sticky, released=next((r.released for r in rows if r.released), None))

    async def record(self, entry: Entry) -> Saved:
        """Write a decision once; who comes second gets what the first one wrote. Down: 503, nothing allowed."""
        return await self._writer.write(_write_decisions, (entry, decision_row(entry, self._sealer)))

    async def screening(self, tenant: str, screening_id: str) -> Found | None:
        """Return a decision by its id; another tenant's is None."""
        return await self._find(BY_ID, tenant, screening_id)

    async def by_request(self, tenant: str, request_id: str) -> Found | None:
        """Return the newest decision on a request id of the caller's."""
        return await self._find(BY_REQUEST, tenant, request_id)

    async def by_appeal(self, reference: str) -> Found | None:
        """Return the decision that a customer asks about."""
        return await self._find(BY_APPEAL, "", reference)

    async def private(self, tenant: str, screening_id: str) -> dict[str, str | float]:
        """Return what was sealed with a decision; empty when there was nothing, or nothing any more.

        Raises:
            SealBrokenError: it was moved or changed, or the key is gone.
        """
        asked = {"tenant": tenant, "id": screening_id}
        sealed = await self._reader.quick(lambda connection: connection.execute(PRIVATE, asked).scalar())
        if sealed is None:
            return {}
        plain = self._sealer.open(sealed, place=f"decisions|private|{screening_id}")
        return msgspec.json.decode(plain, type=dict[str, str | float])

    async def report(self, tenant: str, events: Sequence[Event]) -> Intake:
        """Write reported events, each id once, and say which are new. Down: nothing of the batch is written."""
        return await self._intakes.events(tenant, events)

    async def label(self, tenant: str, labels: Sequence[LoggedLabel]) -> int:
        """Write labels; return how many were new."""
        return await self._intakes.labels(tenant, labels)

    async def history(self, tenant: str, screenings: Sequence[LoggedScreening]) -> int:
        """Write past screenings of an imported log, each id once; return how many were new."""
        return await self._intakes.history(tenant, screenings)

    async def ping(self) -> None:
        """Prove that a write would succeed now, by writing; down: `StoreDownError`."""
        await self._writer.write(_beat, self._clock.now_ms())

    async def _find(self, query: Any, tenant: str, key: str) -> Found | None:  # noqa: ANN401 - one of the three above
        row = await self._reader.quick(
            lambda connection: connection.execute(query, {"tenant": tenant, "id": key}).first()
        )
        return None if row is None else found_in(row)


def _write_decisions(connection: Connection, jobs: Sequence[tuple[Entry, Row]], trail: Trail) -> list[Saved]:
    """Write decisions, one a key; whoever lost the key, here or to another process, gets the winner's answer."""
    # One order for all processes, so that two batches with the same keys wait for each other and never in a circle.
    ordered = sorted(jobs, key=lambda job: (job[0].tenant, job[0].key))
    statement = insert_new(connection, decisions, "tenant", "idem_key").returning(d.screening_id)
    won = set(connection.scalars(statement, [row for _, row in ordered]))
    winners = [(entry, row) for entry, row in ordered if entry.screening_id in won]
    _write_all(connection, cases, [case_row(entry) for entry, _ in winners])
    _write_all(connection, challenges, [challenge_row(entry) for entry, _ in winners])
    _write_all(connection, outbox, [row(entry) for entry, _ in winners for row in (message_row, notice_row)])
    for entry, _ in winners:
        if entry.lifts:
            lift(connection, entry, trail)
    for entry, row in winners:
        trail.note(entry.tenant, "decision", entry.screening_id, decision_digest(row))
    return [
        Saved(fingerprint=entry.fingerprint, kept=entry.kept)
        if entry.screening_id in won
        else _winner(connection, entry)
        for entry, _ in jobs
    ]


def _write_all(connection: Connection, table: Any, rows: Sequence[Row | None]) -> None:  # noqa: ANN401 - a Table
    present = [row for row in rows if row is not None]
    if present:
        connection.execute(plain_insert(table), present)


def _winner(connection: Connection, entry: Entry) -> Saved:
    return _saved_in(connection.execute(SAVED, {"tenant": entry.tenant, "key": entry.key}).one())


def found_in(row: Any) -> Found:  # noqa: ANN401 - a row of `FOUND`
    """Return the decision of a row."""
    plain = {name: getattr(row, name) for name in ("screening_id", "tenant", "created_ms", "degraded_only", "parent")}
    return Found(**plain, logged=screening_in(row.record), kept=answer_in(row.answer))


def _saved_in(row: Any) -> Saved:  # noqa: ANN401 - a row with a fingerprint and an answer
    return Saved(fingerprint=row.fingerprint, kept=answer_in(row.answer))


def _beat(connection: Connection, moments: Sequence[int], trail: Trail) -> list[None]:
    row = {"process": trail.chain, "beat_ms": max(moments)}
    changed = connection.execute(pulse.update().where(pulse.c.process == trail.chain).values(row))
    if changed.rowcount == 0:
        connection.execute(plain_insert(pulse), row)
    return [None] * len(moments)
