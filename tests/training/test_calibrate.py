"""The calibration: true at the true rate of fraud, rising, and refused where there is nothing to learn."""

import numpy as np
import pytest
from scipy.special import expit

from model.scorer import Curve
from training import calibrate as calibrating
from training.calibrate import calibrate
from training.dataset import Dataset, Flags, Floats
from training.log import LogError

RATE = 0.001


def rows(fraud: Flags, weight: Floats | None = None) -> Dataset:
    """Return a dataset that has nothing but its answers."""
    n = len(fraud)
    return Dataset(
        signals=(),
        x=np.zeros((n, 0)),
        fraud=fraud,
        weight=np.ones(n) if weight is None else weight,
        at_ms=np.arange(n),
        irreversible=np.ones(n, dtype=bool),
        links=np.full(n, None, dtype=object),
        facets={},
    )


def drawn(n: int, seed: int = 1) -> tuple[Floats, Flags]:
    """Return raw log-odds, and frauds drawn with odds that are those of twice the raw ones, less two."""
    dice = np.random.default_rng(seed)
    raw = dice.normal(0, 1.5, n)
    return raw, dice.random(n) < expit(2 * raw - 2)


@pytest.mark.parametrize(("n", "method"), [(1500, "platt"), (12_000, "isotonic")])
def test_few_frauds_get_a_line_and_many_a_curve(n: int, method: str) -> None:
    """Few frauds get a line and many a curve."""
    raw, fraud = drawn(n)
    assert calibrate(raw, rows(fraud), RATE).method == method


@pytest.mark.parametrize("n", [1500, 12_000])
def test_at_the_rate_of_the_sample_what_is_said_is_what_is_true(n: int) -> None:
    """At the rate of the sample what is said is what is true."""
    raw, fraud = drawn(n)
    told = Curve(calibrate(raw, rows(fraud), float(fraud.mean())))(raw)
    assert told.mean() == pytest.approx(fraud.mean(), rel=0.05)
    assert told == pytest.approx(expit(2 * raw - 2), abs=0.1)


@pytest.mark.parametrize("n", [1500, 12_000])
def test_at_the_true_rate_the_odds_are_moved_by_one_factor(n: int) -> None:
    """At the true rate the odds are moved by one factor."""
    raw, fraud = drawn(n)
    share = float(fraud.mean())
    weight = np.where(fraud, RATE / share, (1 - RATE) / (1 - share))
    told = Curve(calibrate(raw, rows(fraud, weight), RATE))(raw)
    assert np.average(told, weights=weight) == pytest.approx(RATE, rel=0.25)
    assert told.max() < 1


@pytest.mark.parametrize("n", [1500, 12_000])
def test_a_higher_answer_never_means_a_lower_probability(n: int) -> None:
    """A higher answer never means a lower probability."""
    raw, fraud = drawn(n, seed=4)
    told = Curve(calibrate(raw, rows(fraud), RATE))(np.linspace(-30, 30, 5000))
    assert (np.diff(told) >= 0).all()
    assert 0 < told.min() < told.max() < 1


def test_frauds_that_are_all_above_the_rest_do_not_make_anybody_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frauds that are all above the rest do not make anybody certain."""
    monkeypatch.setattr(calibrating, "ENOUGH_FRAUDS", 10)
    raw = np.arange(200.0)
    told = Curve(calibrate(raw, rows(raw >= 150), 0.25))(raw)
    assert 0.001 < told.min() < 0.01
    assert 0.99 < told.max() < 0.999


def test_answers_that_go_the_wrong_way_are_refused() -> None:
    """Answers that go the wrong way are refused."""
    raw, fraud = drawn(1500)
    with pytest.raises(LogError, match="cannot be learned"):
        calibrate(-raw, rows(fraud), RATE)
    raw, fraud = drawn(12_000)
    with pytest.raises(LogError, match="cannot be learned"):
        calibrate(-raw, rows(fraud), RATE)


@pytest.mark.parametrize("frauds", [0, 4, 97, 100])
def test_too_few_of_a_kind_are_refused(frauds: int) -> None:
    """Too few of a kind are refused."""
    with pytest.raises(LogError, match="too few"):
        calibrate(np.arange(100.0), rows(np.arange(100) < frauds), RATE)
