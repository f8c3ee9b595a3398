"""The writer: who is answered has been written; who is at fault pays alone; a database in trouble is 503."""

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect
from sqlalchemy import create_engine as engine_for

from service.adapters.secrets_folder import SecretsFolder
from service.adapters.sql_audit import Trail
from service.adapters.sql_engine import AddressError, Database
from service.adapters.sql_tables import metadata
from service.migrations import migrate
from service.ports import StoreDownError
from service.ports_records import RefusedError
from tests.service.sql.records import MovingClock, Record, asking, entry

pytestmark = pytest.mark.anyio


async def test_one_at_fault_pays_alone(record: Record) -> None:
    """The others of the batch are written."""

    def picky(_: Connection, jobs: Sequence[int], __: Trail) -> list[int]:
        if 13 in jobs:
            message = "not thirteen"
            raise RefusedError(message)
        return list(jobs)

    def asked(number: int) -> "asyncio.Future[int]":
        return asyncio.ensure_future(record.writer.write(picky, number))

    found = await asyncio.gather(*(asked(n) for n in range(30)), return_exceptions=True)
    assert isinstance(found[13], RefusedError)
    assert [one for one in found if not isinstance(one, Exception)] == [n for n in range(30) if n != 13]


async def test_the_thread_lives_through_any_error(record: Record) -> None:
    """A defect in one job is that caller's; the next is written."""

    def broken(_: Connection, __: Sequence[int], ___: Trail) -> list[int]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await record.writer.write(broken, 1)
    await record.book.record(entry("1"))
    assert (await record.audit.verify()).broken is None


async def test_a_failed_batch_leaves_nothing_and_no_gap(record: Record) -> None:
    """The link that was not committed is not missed by the chain."""

    def half(connection: Connection, jobs: Sequence[int], trail: Trail) -> list[int]:
        trail.note("north", "decision", "never", b"")
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")
        return list(jobs)

    await record.book.record(entry("1"))
    with pytest.raises(StoreDownError):
        await record.writer.write(half, 1)
    await record.book.record(entry("2"))
    verdict = await record.audit.verify()
    assert (verdict.broken, verdict.links) == (None, 2)


async def test_too_much_waiting_is_refused_at_once(url: str, secrets: SecretsFolder, clock: MovingClock) -> None:
    """Better than an answer that comes too late; what waits is written before it closes."""
    record, gate, begun = Record(url, secrets, clock, waiting=3), threading.Event(), threading.Event()

    def slow(_: Connection, jobs: Sequence[int], __: Trail) -> list[int]:
        begun.set()
        gate.wait(10)
        return list(jobs)

    first = asyncio.ensure_future(record.writer.write(slow, 0))
    assert await asyncio.to_thread(begun.wait, 10)
    waiting = [asyncio.ensure_future(record.writer.write(slow, n)) for n in (1, 2, 3)]
    await asyncio.sleep(0)
    with pytest.raises(StoreDownError, match="too much"):
        await record.writer.write(slow, 4)
    gate.set()
    await record.close()
    assert await asyncio.gather(first, *waiting) == [0, 1, 2, 3]
    with pytest.raises(StoreDownError, match="closed"):
        await record.writer.write(slow, 5)


async def test_a_caller_who_gives_up_leaves_the_job_behind(record: Record) -> None:
    """It is written all the same, and found again by its key."""
    task = asyncio.ensure_future(record.book.record(entry("1")))
    await asyncio.sleep(0)
    task.cancel()
    await record.book.record(entry("2"))
    assert record.count("decisions") == 2


async def test_a_locked_database_is_down_until_it_is_free(
    sqlite_url: str, secrets: SecretsFolder, clock: MovingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody hears it, and afterwards all goes on."""
    monkeypatch.setattr("service.adapters.sql_engine.WRITE_WAIT_S", 0.05)
    record = Record(sqlite_url, secrets, clock)
    lock = sqlite3.connect(tmp_path / "lastcall.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreDownError, match="SQLITE_BUSY"):
        await record.book.ping()
    lock.execute("ROLLBACK")
    lock.close()
    await record.book.ping()
    await record.close()


async def test_a_database_that_vanished_is_down_and_not_empty(
    sqlite_url: str, secrets: SecretsFolder, clock: MovingClock, tmp_path: Path
) -> None:
    """Its file was deleted: the system would let us write into the void."""
    record = Record(sqlite_url, secrets, clock)
    await record.book.record(entry("1"))
    _delete(tmp_path)
    with pytest.raises(StoreDownError):
        await record.book.record(entry("2"))
    with pytest.raises(StoreDownError):
        await record.book.before(asking("north", "key-1", "", "", 0))
    assert _delete(tmp_path) == []
    await record.close()


def _delete(folder: Path) -> list[str]:
    """Delete the database and return the names of its files that were there."""
    there = sorted(folder.glob("lastcall.db*"))
    for file in there:
        file.unlink()
    return [file.name for file in there]


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/n", "nonsense", ""])
def test_an_address_that_cannot_be_used_is_refused(address: str) -> None:
    """With what to write instead, and no password."""
    with pytest.raises(AddressError, match="sqlite") as caught:
        Database(address)
    assert "secret" not in str(caught.value)


def test_the_migrations_lead_to_the_tables(url: str) -> None:
    """What the steps build is what the code expects; taking them again changes nothing."""
    migrate(url)
    engine = engine_for(url)
    found = inspect(engine)
    assert set(found.get_table_names()) - {"alembic_version"} == set(metadata.tables)
    for name, table in metadata.tables.items():
        columns = {column["name"]: column["nullable"] for column in found.get_columns(name)}
        assert columns == {column.name: bool(column.nullable) for column in table.columns}, name
        assert found.get_pk_constraint(name)["constrained_columns"] == [c.name for c in table.primary_key.columns]
        assert {index["name"] for index in found.get_indexes(name)} >= {str(i.name) for i in table.indexes}, name
    engine.dispose()
