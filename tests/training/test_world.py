"""The invented world: the same arguments give the same bytes, and what is in a history is what was asked for."""

from collections import Counter
from itertools import pairwise

import msgspec
import pytest

from features.codec import Line, LoggedEvent, LoggedHeader, LoggedLabel, LoggedScreening, decode, encode
from features.request import ScreeningRequest
from tests.training.worlds import PLACES, THIEVES, UNTIL_MS, world
from training.simulate import BASE_RATE, simulate
from training.world.personas.fraud import PERSONAS as FRAUD
from training.world.personas.genuine import PERSONAS as GENUINE

SEED = 7


def known_ms(line: Line) -> int:
    """Return when a line became known."""
    match line:
        case LoggedScreening() | LoggedEvent():
            return line.event.known_ms
        case LoggedLabel():
            return line.at_ms
        case LoggedHeader():
            return 0


def test_bytes_depend_on_the_arguments_alone() -> None:
    """The same seed gives the same history, another seed another one."""
    size = {"days": 2, "per_day": 60, "until_ms": UNTIL_MS, "atlas": PLACES}
    first, again, other = (b"".join(map(encode, simulate(seed=seed, **size))) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_lines_come_as_they_became_known_and_can_be_read_back() -> None:
    """The header first, then everything in order; a line survives being written."""
    lines = world(SEED)
    assert isinstance(lines[0], LoggedHeader)
    times = [known_ms(line) for line in lines[1:]]
    assert times == sorted(times)
    assert [decode(encode(line)) for line in lines[::50]] == list(lines[::50])
    for line in lines:
        if isinstance(line, LoggedEvent):
            assert line.event.occurred_ms <= line.event.known_ms < UNTIL_MS


def test_the_header_says_what_figures_are_to_be_told_by() -> None:
    """The share of fraud that was drawn, the rate that weights lead to, and how hard thieves made it."""
    header = world(SEED)[0]
    assert isinstance(header, LoggedHeader)
    assert (header.fraud_rate, header.seed, header.until_ms) == (0.03, SEED, UNTIL_MS)
    assert header.notes == {"difficulty": "normal", "base_rate": str(BASE_RATE)}


def test_every_request_can_be_sent() -> None:
    """A carrier could send each body as it is: plain numbers, known fields, allowed values."""
    for line in world(SEED):
        if isinstance(line, LoggedScreening):
            body = msgspec.json.encode(line.request)
            assert msgspec.json.decode(body, type=ScreeningRequest) == line.request
            assert line.request.subscriber.msisdn.startswith("+861")
            assert line.decision is None


def test_every_persona_appears_and_fraud_is_as_frequent_as_asked() -> None:
    """By share of requests; weighted, fraud is as rare as the base rate says."""
    lines = world(SEED, 40, 250)
    labels = {line.screening_id: line for line in lines if isinstance(line, LoggedLabel)}
    screenings = [line for line in lines if isinstance(line, LoggedScreening)]
    seen = Counter(label.persona for label in labels.values())
    assert set(seen) == {persona.name for persona in (*FRAUD, *GENUINE)}
    drawn = sum(count for name, count in seen.items() if name in THIEVES) / len(screenings)
    assert 0.024 < drawn < 0.033
    weights = {label.persona in THIEVES: [] for label in labels.values()}
    for line in screenings:
        if line.event.id in labels:
            weights[labels[line.event.id].persona in THIEVES].append(line.sampling)
    assert {len(set(weight)) for weight in weights.values()} == {1}
    stolen, honest = sum(weights[True]), sum(weights[False])
    # A little less than the base rate is left, because what was stopped is seldom confirmed.
    assert 0.85 * BASE_RATE < stolen / (stolen + honest) < 1.02 * BASE_RATE


def test_every_pattern_of_the_trade_has_its_persona() -> None:
    """F1 to F15, each once; at least ten kinds of honest people stand against them."""
    assert sorted(int(str(persona.pattern)[1:]) for persona in FRAUD) == list(range(1, 16))
    assert len(GENUINE) >= 13
    assert all(persona.pattern is None for persona in GENUINE)


def test_stories_go_on_for_days_and_weeks() -> None:
    """A line that is asked about twice is mostly asked about again some other day, by thieves too."""
    by_line: dict[tuple[str, bool], list[int]] = {}
    thieves = {
        line.screening_id for line in world(SEED, 40, 250) if isinstance(line, LoggedLabel) and line.persona in THIEVES
    }
    for line in world(SEED, 40, 250):
        if isinstance(line, LoggedScreening):
            key = (line.request.subscriber.msisdn, line.event.id in thieves)
            by_line.setdefault(key, []).append(line.event.known_ms)
    for truth in (True, False):
        gaps = [
            late - early for (_, stolen), times in by_line.items() if stolen is truth for early, late in pairwise(times)
        ]
        assert len(gaps) > 15
        assert max(gaps) > 5 * 86_400_000


def test_a_history_ends_when_it_is_told_to() -> None:
    """No request at or after the end; labels that come later are still told, because a simulation knows."""
    history = list(simulate(days=3, per_day=80, seed=3, until_ms=UNTIL_MS, atlas=PLACES))
    assert all(known_ms(line) < UNTIL_MS for line in history if isinstance(line, LoggedScreening | LoggedEvent))
    late = [line for line in history if isinstance(line, LoggedLabel) and line.at_ms >= UNTIL_MS]
    assert late


@pytest.mark.parametrize("hour", [0, 9, 23])
def test_a_history_may_end_at_any_hour(hour: int) -> None:
    """The last day is played as far as it goes, and the first from the same hour on."""
    until_ms = UNTIL_MS + hour * 3_600_000
    history = list(simulate(days=3, per_day=200, seed=4, until_ms=until_ms, atlas=PLACES))
    times = [line.event.known_ms for line in history if isinstance(line, LoggedScreening)]
    assert until_ms - 3 * 86_400_000 <= min(times)
    assert max(times) < until_ms
    assert 500 < len(times) < 700
