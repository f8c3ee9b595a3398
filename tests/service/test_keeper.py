"""The keeper: a cold store is filled from the record before anybody trusts it, and gets what it missed."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from features.clock import SystemClock
from features.event import Event
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis_client import velocity_client
from service.adapters.redis_velocity import RedisVelocity
from service.jobs.keeper import Keeper
from service.ports import VelocityDownError
from service.wiring import Records, catalogue_plan, open_records, prepare
from tests.service.served import data_folder
from tests.service.sql.records import TENANT, entry, logged

pytestmark = pytest.mark.anyio
NOW = SystemClock().now_ms()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A real store."""
    made = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
async def velocity(server: EmbeddedValkey) -> AsyncIterator[RedisVelocity]:
    """An empty, cold store."""
    client = velocity_client(server.url, timedelta(seconds=2))
    await client.flushall()
    store = RedisVelocity(client, catalogue_plan(), timedelta(seconds=2))
    yield store
    await store.close()


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    """An open record."""
    settings = data_folder(tmp_path, model=False)
    prepare(settings)
    async with open_records(settings) as opened:
        yield opened


def login(number: int, ago_ms: int) -> Event:
    """A login on a line and a device."""
    at_ms = NOW - ago_ms
    keys = {"line": "l", "device": "d"}
    return Event(id=f"e-{number}", kind="login_failed", occurred_ms=at_ms, known_ms=at_ms, keys=keys)


def question() -> Event:
    """A screening that asks what the store remembers."""
    keys = {"line": "l", "device": "d"}
    return Event(id="q", kind="screening", occurred_ms=NOW, known_ms=NOW, keys=keys)


async def failures(velocity: RedisVelocity) -> float:
    """Return how many failed logins of the line the store knows."""
    answers = (await velocity.recall(TENANT, question())).answers
    window = next(w for w in answers if w.by == "line" and "login_failed" in w.of)
    return float(answers[window] or 0)


async def test_a_cold_store_is_filled_from_the_record(records: Records, velocity: RedisVelocity) -> None:
    """Reported events and decisions; until then everybody is told that it is cold."""
    await records.book.report(TENANT, [login(n, 60_000 * n) for n in range(1, 4)])
    own = msgspec.structs.replace(logged("1").event, known_ms=NOW, occurred_ms=NOW, keys={"line": "l"}, stamps={})
    await records.book.record(entry("1", logged=msgspec.structs.replace(logged("1"), event=own)))
    with pytest.raises(VelocityDownError, match="cold"):
        await velocity.recall(TENANT, question())
    keeper = Keeper(records, velocity, SystemClock(), timedelta(0))
    assert await keeper.look()
    assert await velocity.warm()
    assert await failures(velocity) == 3
    assert [one.event.id for one in await records.journal.pending(9)] == []


async def test_filling_again_counts_once(records: Records, velocity: RedisVelocity, server: EmbeddedValkey) -> None:
    """A store that lost its mark still has its records."""
    await records.book.report(TENANT, [login(1, 1000)])
    keeper = Keeper(records, velocity, SystemClock(), timedelta(0))
    await keeper.look()
    await velocity.begin_filling()
    assert not await velocity.warm()
    assert await keeper.look()
    assert await failures(velocity) == 1


async def test_events_that_it_missed_are_handed_over(records: Records, velocity: RedisVelocity) -> None:
    """Written while the store was away; each counts once, at the time when it became known."""
    keeper = Keeper(records, velocity, SystemClock(), timedelta(0))
    await keeper.look()
    await records.book.report(TENANT, [login(1, 1000), login(2, 500)])
    assert await failures(velocity) == 0
    assert await keeper.look()
    assert await failures(velocity) == 2
    assert await records.journal.pending(9) == []
    await keeper.look()
    assert await failures(velocity) == 2


async def test_a_store_that_is_down_is_no_end(records: Records, tmp_path: Path) -> None:
    """It says that it is not warm, and looks again the next time."""
    client = velocity_client(f"unix://{tmp_path}/nobody.sock", timedelta(seconds=1))
    away = RedisVelocity(client, catalogue_plan(), timedelta(seconds=1))
    assert not await Keeper(records, away, SystemClock(), timedelta(0)).look()
    await away.close()
