"""The online engine against the offline one, on a real server; and what it says when it cannot be trusted."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.event import Event
from features.replay import replay
from features.windows import Count, Distinct, First, Gaps, Last, Plan
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis_client import velocity_client
from service.adapters.redis_velocity import RedisVelocity
from service.ports import VelocityDownError

DEADLINE = timedelta(seconds=2)
HOUR = timedelta(hours=1)
PLAN = Plan.of(
    (
        Count(by="line", of=("screening",), span=HOUR),
        Count(by="device", of=("screening", "login_failed"), span=timedelta(minutes=10)),
        Distinct(what="line", by="device", of=("screening",), span=HOUR),
        First(by="line+device", of=("login_succeeded",), span=2 * HOUR),
        Last(by="line", of=("login_failed",), span=HOUR),
        Last(by="line", of=("screening",), span=HOUR, value="province"),
        Gaps(by="device", of=("screening",), span=HOUR),
    )
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A real server, for all tests of this file."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def velocity(server: EmbeddedValkey) -> AsyncIterator[RedisVelocity]:
    """An empty, warm store."""
    client = velocity_client(server.url, DEADLINE)
    await client.flushall()
    store = RedisVelocity(client, PLAN, DEADLINE)
    await store.begin_filling()
    await store.end_filling()
    yield store
    await store.close()


def screening(number: int, at_ms: int, *, line: str = "l1", device: str | None = "d1") -> Event:
    """A screening at a moment, of a line on a device."""
    keys = {"line": line} | ({"device": device} if device else {})
    return Event(
        id=f"e{number}", kind="screening", occurred_ms=at_ms, known_ms=at_ms, keys=keys, values={"province": 440000}
    )


EDGES = [0, 1, 599_999, 600_000, 600_001, 3_599_999, 3_600_000, 3_600_001, 7_200_000]
STREAMS = st.lists(
    st.tuples(
        st.sampled_from(["screening", "login_failed", "login_succeeded"]),
        st.sampled_from(["l1", "l2"]),
        st.sampled_from(["d1", "d2", None]),
        st.sampled_from(EDGES),
        st.sampled_from([0, 0, 0, 1, 600_000, 3_600_000]),
        st.booleans(),
    ),
    max_size=90,
)


@given(stream=STREAMS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_online_equals_offline(
    server: EmbeddedValkey, stream: list[tuple[str, str, str | None, int, int, bool]]
) -> None:
    """Late, repeated and simultaneous events, on the edges of windows, give one answer in both engines."""
    events: list[Event] = []
    now = 1_800_000_000_000
    for number, (kind, line, device, step, late, again) in enumerate(stream):
        now += step
        keys = {"line": line} | ({"device": device} if device else {})
        event = Event(
            id=f"e{number}",
            kind=kind,
            occurred_ms=now - late,
            known_ms=now,
            keys=keys,
            values={"province": 440000 + number},
        )
        events.extend([event, event] if again else [event])
    assert asyncio.run(_online(server, events)) == replay(events, PLAN)


async def _online(server: EmbeddedValkey, events: list[Event]) -> list[object]:
    client = velocity_client(server.url, DEADLINE)
    await client.flushall()
    store = RedisVelocity(client, PLAN, DEADLINE)
    await store.begin_filling()
    await store.end_filling()
    answers: dict[str, object] = {}
    for event in events:
        if event.kind == "screening":
            asked = (await store.witness("t", event, at_ms=event.known_ms)).answers
            assert answers.setdefault(event.id, asked) == asked
        else:
            await store.remember("t", [event], replaying=True)
    await store.close()
    return list(answers.values())


@pytest.mark.anyio
async def test_a_retry_sees_the_same_and_counts_once(velocity: RedisVelocity) -> None:
    """The same event id again: the same answer, though others came in between."""
    first = await velocity.witness("t", screening(1, 5))
    await velocity.witness("t", screening(2, 6))
    again = await velocity.witness("t", screening(1, 5))
    third = await velocity.witness("t", screening(3, 7))
    window = PLAN.shelves["line"].windows[0]
    assert again.repeated
    assert not first.repeated
    assert (again.answers, again.stamps) == (first.answers, first.stamps)
    assert third.answers[window] == 2.0


@pytest.mark.anyio
async def test_a_late_retry_does_not_count_itself(velocity: RedisVelocity, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kept answer is forgotten after a while; the first attempt is still remembered and is no second request."""
    monkeypatch.setattr("service.adapters.redis_velocity.KEEP_ANSWERS", timedelta(milliseconds=1))
    await velocity.witness("t", screening(1, 5))
    await velocity.witness("t", screening(2, 6))
    await asyncio.sleep(0.05)
    again = await velocity.witness("t", screening(1, 5))
    count = Count(by="line", of=("screening",), span=HOUR)
    assert again.repeated
    assert again.answers[count] == 1.0
    assert (await velocity.witness("t", screening(3, 7))).answers[count] == 2.0


@pytest.mark.anyio
async def test_concurrent_screenings_each_get_their_own_place(velocity: RedisVelocity) -> None:
    """Sixty-four at once on one device: the counts are 0 to 63, each once, and the places differ."""
    seen = await asyncio.gather(*(velocity.witness("t", screening(n, 5, line=f"l{n}")) for n in range(64)))
    window = Distinct(what="line", by="device", of=("screening",), span=HOUR)
    assert sorted(float(s.answers[window] or 0) for s in seen) == [float(n) for n in range(64)]
    places = sorted(s.stamps["device"][1] for s in seen)
    assert all(later > earlier for earlier, later in pairwise(places))


@pytest.mark.anyio
async def test_recall_remembers_nothing(velocity: RedisVelocity) -> None:
    """Looking again must not count itself."""
    await velocity.recall("t", screening(1, 5))
    seen = await velocity.witness("t", screening(2, 6))
    assert seen.answers[Count(by="line", of=("screening",), span=HOUR)] == 0.0


@pytest.mark.anyio
async def test_tenants_do_not_see_each_other(velocity: RedisVelocity) -> None:
    """One operator's screenings are not another's velocity."""
    await velocity.witness("a", screening(1, 5))
    seen = await velocity.witness("b", screening(2, 6))
    assert seen.answers[Count(by="line", of=("screening",), span=HOUR)] == 0.0


@pytest.mark.anyio
async def test_a_flushed_store_is_cold(velocity: RedisVelocity, server: EmbeddedValkey) -> None:
    """Somebody empties the store: the next request is told so, instead of counting from nothing."""
    client = velocity_client(server.url, DEADLINE)
    await client.flushall()
    await client.aclose()
    with pytest.raises(VelocityDownError, match="cold"):
        await velocity.witness("t", screening(1, 5))
    assert not await velocity.warm()


@pytest.mark.anyio
async def test_a_restarted_store_is_cold_until_filled(tmp_path: Path) -> None:
    """The file brings the mark back, perhaps not the last events: the forgotten script gives the restart away."""
    server = EmbeddedValkey(tmp_path)
    server.start()
    store = RedisVelocity(velocity_client(server.url, DEADLINE), PLAN, DEADLINE)
    try:
        await store.begin_filling()
        await store.end_filling()
        await store.witness("t", screening(1, 5))
        server.stop()
        with pytest.raises(VelocityDownError, match="down"):
            await store.witness("t", screening(2, 6))
        server.start()
        with pytest.raises(VelocityDownError, match="cold"):
            await store.witness("t", screening(3, 7))
        await store.begin_filling()
        assert await store.fill(_log(screening(1, 5), screening(2, 6))) == 2
        await store.end_filling()
        assert await store.warm()
        await store.witness("t", screening(4, 8))
    finally:
        await store.close()
        server.stop()


async def _log(*events: Event) -> AsyncIterator[tuple[str, Event]]:
    for event in events:
        yield "t", event
