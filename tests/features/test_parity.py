"""Three engines, one answer: online on real servers, offline, and the naive judge, over streams that look for trouble.

`make parity` does the same with as many streams as one likes.
"""

from collections.abc import Iterator, Sequence
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.replay.kernels import PLAIN
from service.adapters.embedded_valkey import EmbeddedValkey
from tests.features.parity import STREAMS, Online, Step, compare, naive, offline, once, redis_server, stream

Drawn = tuple[Sequence[Step], int]
QUIET = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Online]:
    """The embedded server."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    engine = Online(server.url)
    yield engine
    engine.close()
    server.stop()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Online]:
    """The Redis of this machine."""
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        if url is None:
            pytest.skip("there is no redis-server on this machine")
        engine = Online(url)
        yield engine
        engine.close()


@given(drawn=STREAMS)
@settings(max_examples=500, deadline=None, suppress_health_check=QUIET)
def test_online_offline_and_the_judge_agree(valkey: Online, drawn: Drawn) -> None:
    """Late, repeated and simultaneous events, times on edges, full memories, one token for a line and a device."""
    events = stream(drawn)
    judged = naive(events)
    compare(offline(events), judged)
    compare(valkey(events), judged)


@given(drawn=STREAMS, dice=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
def test_the_places_of_the_store_are_enough(valkey: Online, drawn: Drawn, dice: Random) -> None:
    """A log in any order gives the same answers once the store has said where each event stands."""
    events = once(stream(drawn))
    shuffled = valkey.stamped(events)
    dice.shuffle(shuffled)
    found = zip([event.id for event in shuffled if event.kind == "screening"], offline(shuffled), strict=True)
    compare([answers for _, answers in sorted(found, key=lambda pair: int(pair[0][1:]))], naive(events))


@given(drawn=STREAMS)
@settings(max_examples=100, deadline=None, suppress_health_check=QUIET)
def test_redis_answers_as_valkey_does(redis: Online, drawn: Drawn) -> None:
    """The same script on the other server."""
    events = stream(drawn)
    compare(redis(events), naive(events))


@given(drawn=STREAMS)
@settings(max_examples=100, deadline=None, suppress_health_check=QUIET)
def test_the_loops_say_the_same_compiled_or_not(drawn: Drawn) -> None:
    """However the events are cut into stretches; to the bit."""
    events = stream(drawn)
    expected = offline(events, PLAIN)
    assert offline(events) == expected
    assert offline(events, stretch=1) == expected
