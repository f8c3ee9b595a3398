"""The parity check can fail: engines with the mistakes that are easiest to make are told from the judge."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha1
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from features.clock import oldest_ms
from features.event import Event
from features.replay.kernels import PLAIN
from features.replay.log import EventLog, Placed
from features.windows import Plan
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis_velocity import RedisVelocity
from tests.features.parity import PLAN, STREAMS, Answers, Online, compare, naive, offline, stream
from training.engines import compiled

DAY_MS = 86_400_000
Engine = Callable[[Sequence[Event]], list[Answers]]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for all mutants."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server.url
    server.stop()


def agrees(engine: Engine) -> bool:
    """Say whether an engine passes the parity check, over streams that are the same each time."""

    @given(drawn=STREAMS)
    @settings(
        max_examples=300,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    def check(drawn: Any) -> None:
        events = stream(drawn)
        compare(engine(events), naive(events))

    try:
        check()
    except (AssertionError, ValueError):
        # An answer that differs, or memories of two things mixed so that they cannot be read.
        return False
    return True


def left_edge_open(at_ms: Any, span_ms: int) -> Any:
    """The rule of time without the event that is exactly as old as the span."""
    return oldest_ms(at_ms, span_ms) + 1


def one_short(*given: Any) -> Any:
    """What a request finds remembered, without the newest of each kind."""
    members = compiled().reach(*given)
    low, high = given[-2:]
    high[:] = np.maximum(low, high - 1)
    return members


@contextmanager
def online(url: str, *engine: Any) -> Iterator[Online]:
    """Run an engine on the server for a while."""
    made = Online(url, *engine)
    try:
        yield made
    finally:
        made.close()


def test_an_engine_without_a_mistake_passes() -> None:
    """What tells mutants from engines passes the engine; `test_parity` has the other, and more streams."""
    assert agrees(offline)


def test_an_open_left_edge_is_found_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """One millisecond is enough."""
    monkeypatch.setattr("features.replay.sweep.oldest_ms", left_edge_open)
    assert not agrees(offline)


def test_an_open_left_edge_is_found_online(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """One millisecond is enough."""
    monkeypatch.setattr("features.windows.oldest_ms", left_edge_open)
    with online(url) as engine:
        assert not agrees(engine)


def test_a_range_that_is_one_short_is_found() -> None:
    """The newest event goes uncounted."""
    assert not agrees(lambda events: offline(events, compiled()._replace(reach=one_short)))


class WithoutKind(RedisVelocity):
    """A store whose keys do not say what kind of thing a token names."""

    def _command(self, mode: str, tenant: str, event: Event, shelf: Any, at_ms: int | None = None) -> Any:
        command = super()._command(mode, tenant, event, shelf, at_ms)
        for place in (2, 3):
            named = command[place]
            assert isinstance(named, str)
            assert f"{{{shelf.by}:" in named
            command[place] = named.replace(f"{{{shelf.by}:", "{")
        return command


def test_keys_without_their_kind_are_found(url: str) -> None:
    """A line and a device of the same token are not one."""
    with online(url, WithoutKind) as engine:
        assert not agrees(engine)


def test_late_events_that_count_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorted by when they occurred, events count for requests that could not know them."""
    monkeypatch.setattr(EventLog, "placed", lambda log, _: Placed(log.known, log.occurred, log.occurred))
    assert not agrees(offline)


def test_a_cap_that_is_ignored_is_found() -> None:
    """The sixty-fifth event pushes out the first."""
    assert not agrees(lambda events: offline(events, caps=lambda _: 1 << 20))


def test_a_retention_that_is_a_day_short_is_found(url: str) -> None:
    """The longest window needs its last day."""
    short = Plan(PLAN.windows)
    shelves = dict(PLAN.shelves) | {
        by: replace(shelf, retention_ms=shelf.retention_ms - DAY_MS)
        for by, shelf in PLAN.shelves.items()
        if shelf.retention_ms > DAY_MS
    }
    vars(short)["shelves"] = shelves
    with online(url, RedisVelocity, short) as engine:
        assert not agrees(engine)


class CountsRetries(RedisVelocity):
    """A store that does not know an event again."""

    def __init__(self, *given: Any) -> None:
        """Take the two checks out of the script."""
        super().__init__(*given)
        for line in ("#kept > 0", "string.find(blob, id, 1, true)"):
            assert line in self._source
            self._source = self._source.replace(line, "false")
        self._sha = sha1(self._source.encode(), usedforsecurity=False).hexdigest()


def test_a_retry_that_is_counted_twice_is_found_online(url: str) -> None:
    """A second time of the same id is no second event."""
    with online(url, CountsRetries) as engine:
        assert not agrees(engine)


def test_a_retry_that_is_counted_twice_is_found_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Likewise in a log."""
    monkeypatch.setattr("features.replay.log.once", lambda events: events)
    assert not agrees(offline)


@pytest.mark.parametrize("kernel", sorted({*PLAIN._fields} - {"arrange", "reach"}))
def test_every_loop_is_held_to_the_judge(kernel: str) -> None:
    """A loop that looks at too much, or answers nothing, is found."""

    def lame(*given: Any) -> None:
        given[-1][...] = 0

    assert not agrees(lambda events: offline(events, compiled()._replace(**{kernel: lame})))
