"""The invented world: the same arguments give the same bytes, and no signal alone tells fraud from the rest."""

from collections import Counter

import msgspec
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from features.catalogue import catalogue, columns
from features.codec import Line, LoggedEvent, LoggedHeader, LoggedLabel, LoggedScreening, decode, encode
from features.places import Places
from features.request import ScreeningRequest
from training.dataset import build
from training.log import Log
from training.simulate import BASE_RATE, simulate
from training.world.personas.fraud import PERSONAS as FRAUD
from training.world.personas.genuine import PERSONAS as GENUINE

UNTIL_MS = 1_793_462_400_000
PLACES = Places()


def world(seed: int, days: int = 25, per_day: int = 200) -> list[Line]:
    """Return a small history."""
    return list(simulate(days=days, per_day=per_day, seed=seed, until_ms=UNTIL_MS, atlas=PLACES))


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """A history for all tests of this file."""
    return world(7)


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
    first, again, other = (b"".join(map(encode, world(seed, days=2, per_day=60))) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_lines_come_as_they_became_known_and_can_be_read_back(lines: list[Line]) -> None:
    """The header first, then everything in order; a line survives being written."""
    assert isinstance(lines[0], LoggedHeader)
    times = [known_ms(line) for line in lines[1:]]
    assert times == sorted(times)
    assert [decode(encode(line)) for line in lines[::50]] == lines[::50]
    for line in lines:
        if isinstance(line, LoggedEvent):
            assert line.event.occurred_ms <= line.event.known_ms < UNTIL_MS


def test_every_request_can_be_sent(lines: list[Line]) -> None:
    """A carrier could send each body as it is: plain numbers, known fields, allowed values."""
    for line in lines:
        if isinstance(line, LoggedScreening):
            body = msgspec.json.encode(line.request)
            assert msgspec.json.decode(body, type=ScreeningRequest) == line.request
            assert line.request.subscriber.msisdn.startswith("+861")


def test_every_persona_appears_and_fraud_is_as_frequent_as_asked(lines: list[Line]) -> None:
    """By share of requests; weighted, fraud is as rare as the base rate says."""
    labels = {line.screening_id: line for line in lines if isinstance(line, LoggedLabel)}
    screenings = [line for line in lines if isinstance(line, LoggedScreening)]
    seen = Counter(label.persona for label in labels.values())
    assert set(seen) == {persona.name for persona in (*FRAUD, *GENUINE)}
    assert len(FRAUD) >= 6
    assert len(GENUINE) >= 8
    thieves = {persona.name for persona in FRAUD}
    drawn = sum(count for name, count in seen.items() if name in thieves) / len(screenings)
    assert 0.02 < drawn < 0.05
    weight = {line.event.id: line.sampling for line in screenings}
    stolen = sum(weight[name] for name, label in labels.items() if label.persona in thieves)
    assert stolen / sum(weight.values()) == pytest.approx(BASE_RATE, rel=0.01)


def test_no_signal_alone_tells_fraud(lines: list[Line]) -> None:
    """Missing counts as a value of its own, on its best side: even so every area under the curve stays below 0.8."""
    log = Log()
    for line in lines:
        log.add(line)
    data = build(log, catalogue()).data
    worst = {}
    for index, column in enumerate(columns(data.signals)):
        values = data.x[:, index]
        filled = [
            np.where(np.isnan(values), stand_in, values) for stand_in in (np.nanmin(values) - 1, np.nanmax(values) + 1)
        ]
        areas = [roc_auc_score(data.fraud, one) for one in filled]
        worst[column.name] = max(*areas, *(1 - area for area in areas))
    assert {name: area for name, area in worst.items() if area > 0.8} == {}


def test_a_history_ends_when_it_is_told_to() -> None:
    """No request at or after the end; labels that come later are still told, because a simulation knows."""
    history = world(3, days=3, per_day=80)
    assert all(known_ms(line) < UNTIL_MS for line in history if isinstance(line, LoggedScreening | LoggedEvent))
    late = [line for line in history if isinstance(line, LoggedLabel) and line.at_ms >= UNTIL_MS]
    assert late
