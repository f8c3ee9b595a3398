"""Leaving evidence out is no way round, and worse evidence never looks better: on the model that was trained."""

import random
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from features.catalogue import catalogue
from features.codec import LoggedScreening
from features.replay import replay
from features.signal import Signal, Value
from model.bundle import load_bundle
from model.outcome import RANK
from model.policy import Matter, Policy
from service.judging import InForce, judge
from tests.e2e.conftest import Trained
from training.dataset import moment_of
from training.log import read_log

REQUESTS = 1000
Row = dict[str, Value]
Asked = tuple[LoggedScreening, Row]


@pytest.fixture(scope="module")
def force(trained: Trained) -> InForce:
    """The trained model and the shipped policy."""
    public = trained.signing_key.parents[1] / "trusted" / "demo.pem"
    keys = {"demo": load_pem_public_key(public.read_bytes())}
    scorer = load_bundle(trained.bundle, keys, catalogue())  # type: ignore[arg-type]  # the demo signs with Ed25519
    return InForce(catalogue(), Policy.load(None, catalogue()), scorer)


@pytest.fixture(scope="module")
def asked(trained: Trained, force: InForce) -> list[Asked]:
    """A thousand simulated requests with their rows, of genuine people and of thieves."""
    log = read_log(trained.log)
    answers = replay(log.remembered(), catalogue().plan)
    known = list(zip(log.screenings.values(), answers, strict=True))
    chance = random.Random(11)  # noqa: S311 - the same requests in every run
    return [(one, force.row(moment_of(one, seen))) for one, seen in chance.sample(known, REQUESTS)]


def outcome(force: InForce, one: LoggedScreening, row: Mapping[str, Value]) -> tuple[int, float]:
    """Return how hard a row is judged, and how likely fraud is."""
    matter = Matter(
        request=one.request, row=row, failures=frozenset(), sticky=None, at_ms=one.event.known_ms, strictness="normal"
    )
    judged = judge(force, matter)
    assert judged.probability is not None
    return RANK[judged.verdict.decision], judged.probability


def of_a_device(force: InForce) -> dict[str, list[Signal]]:
    """Return the signals that a device's owner may leave out, by the group they stand in."""
    found: dict[str, list[Signal]] = {}
    for signal in force.signals:
        if signal.origin == "device":
            found.setdefault(signal.group, []).append(signal)
    return found


def test_dropping_what_a_device_says_never_helps(force: InForce, asked: list[Asked]) -> None:
    """Any subset of its groups: left out, the outcome is no milder and fraud no less likely than stated harmless."""
    groups = of_a_device(force)
    assert {"device", "velocity"} <= set(groups)
    chance = random.Random(5)  # noqa: S311 - the same subsets in every run
    for one, row in asked:
        names = chance.sample(sorted(groups), chance.randint(1, len(groups)))
        chosen = [signal for name in names for signal in groups[name]]
        harmless = row | {signal.name: signal.benign for signal in chosen}
        dropped = row | {signal.name: None for signal in chosen}
        stated, left_out = outcome(force, one, harmless), outcome(force, one, dropped)
        assert left_out[0] >= stated[0], (one.event.id, names)
        assert left_out[1] >= stated[1] - 1e-12, (one.event.id, names)


def test_worse_evidence_never_lowers_the_score(force: InForce, asked: list[Asked]) -> None:
    """Every signal with a direction, moved the way of risk: the probability does not fall."""
    assert force.scorer is not None
    directed = [signal for signal in force.scorer.signals if signal.risk in {"rises", "falls"}]
    chance = random.Random(6)  # noqa: S311 - the same moves in every run
    moved = 0
    for one, row in asked:
        for signal in chance.sample(directed, 12):
            value = row[signal.name]
            if not isinstance(value, float):
                continue
            step = abs(value) * chance.random() + chance.choice([0.1, 1.0, 50.0])
            worse = value + step if signal.risk == "rises" else value - step
            before, after = force.scorer.probability(row), force.scorer.probability(row | {signal.name: worse})
            assert after >= before - 1e-12, (one.event.id, signal.name, value, worse)
            moved += 1
    assert moved > REQUESTS
