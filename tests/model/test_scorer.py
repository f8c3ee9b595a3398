"""The scorer: calibrated, strictly inside 0 and 1, monotone, and honest about what each signal added."""

import numpy as np
import pytest

from features.catalogue import columns
from features.signal import Signal
from model.manifest import Bands, Calibration
from model.scorer import BrokenModelError, Curve, Scorer
from tests.model.bundles import NAMES, manifest, random_row, scorer, seeded, signals, trees

SCORER = scorer()
ROWS = [random_row(seeded(seed)) for seed in range(120)]


def worse(signal: Signal, value: float) -> float:
    """Return a value that is riskier than another."""
    return value + 3 if signal.risk == "rises" else value / 2


def test_a_probability_is_never_certain() -> None:
    """A probability is never certain."""
    told = [SCORER.probability(row) for row in ROWS]
    assert all(0 < p < 1 for p in told)
    assert max(told) > 10 * min(told), "the rows must differ for this to say anything"


def test_contributions_and_the_base_sum_to_the_raw_log_odds() -> None:
    """Contributions and the base sum to the raw log odds."""
    for row in ROWS:
        found = SCORER.contributions(row)
        assert sum(one.log_odds for one in found) + SCORER.base(row) == pytest.approx(SCORER.log_odds(row), abs=1e-9)


def test_contributions_name_each_signal_once_the_weightiest_first() -> None:
    """Contributions name each signal once the weightiest first."""
    found = SCORER.contributions(ROWS[0])
    assert sorted(one.feature for one in found) == sorted(NAMES)
    weights = [abs(one.log_odds) for one in found]
    assert weights == sorted(weights, reverse=True)
    by_name = {signal.name: signal for signal in signals()}
    assert all(one.reason == by_name[one.feature].reason for one in found)
    assert all(one.value == ROWS[0][one.feature] for one in found)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "request.action"])
def test_a_riskier_value_never_lowers_the_probability(name: str) -> None:
    """A riskier value never lowers the probability."""
    signal = {signal.name: signal for signal in signals()}[name]
    known = [row for row in ROWS if isinstance(row[name], float)]
    moved = [
        (SCORER.probability(row), SCORER.probability(row | {name: worse(signal, row[name])}))  # type: ignore[operator]
        for row in known
    ]
    assert all(after >= before for before, after in moved)
    assert any(after > before for before, after in moved), "the model must read the signal for this to say anything"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("device.")])
def test_leaving_a_device_signal_out_never_helps(name: str) -> None:
    """Leaving a device signal out never helps."""
    signal = {signal.name: signal for signal in signals()}[name]
    for row in ROWS:
        assert SCORER.probability(row | {name: None}) >= SCORER.probability(row | {name: signal.benign})


def test_a_row_in_which_nothing_is_known_is_scored() -> None:
    """A row in which nothing is known is scored."""
    assert 0 < SCORER.probability({}) < 1
    assert SCORER.probability({}) == SCORER.probability(dict.fromkeys(NAMES))


def test_a_category_that_is_not_known_is_a_missing_one() -> None:
    """A category that is not known is a missing one."""
    assert SCORER.probability({"request.action": "juggle"}) == SCORER.probability({})


@pytest.mark.parametrize(
    ("probability", "klass", "strictness", "band"),
    [
        (0.0099, "irreversible", "normal", "allow"),
        (0.01, "irreversible", "normal", "challenge"),
        (0.0999, "irreversible", "normal", "challenge"),
        (0.1, "irreversible", "normal", "hold"),
        (0.9, "irreversible", "normal", "block"),
        (0.0099, "irreversible", "raised", "challenge"),
        (0.05, "irreversible", "raised", "hold"),
        (0.1, "reversible", "normal", "allow"),
        (0.999999, "reversible", "normal", "hold"),
    ],
)
def test_the_strongest_band_that_is_reached(probability: float, klass: str, strictness: str, band: str) -> None:
    """The strongest band that is reached."""
    assert SCORER.band(probability, klass, strictness) == band  # type: ignore[arg-type]


def test_the_curve_goes_through_its_points_and_is_level_beyond_them() -> None:
    """The curve goes through its points and is level beyond them."""
    curve = Curve(Calibration(method="isotonic", log_odds=(-1.0, 0.0, 2.0), probability=(0.1, 0.1, 0.5)))
    told = curve(np.asarray([-50.0, -1.0, -0.5, 0.0, 2.0, 50.0]))
    assert told == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.5, 0.5])
    between = curve(np.linspace(0, 2, 50))
    assert (np.diff(between) > 0).all()


@pytest.mark.parametrize(
    ("log_odds", "probability"),
    [
        ((0.0, 1.0), (0.5, 0.4)),
        ((1.0, 0.0), (0.1, 0.2)),
        ((0.0, 0.0), (0.1, 0.2)),
        ((0.0,), (0.1,)),
        ((0.0, 1.0), (0.1,)),
        ((0.0, float("inf")), (0.1, 0.2)),
        ((0.0, float("nan")), (0.1, 0.2)),
    ],
)
def test_points_that_are_no_rising_curve_are_refused(log_odds: tuple[float], probability: tuple[float]) -> None:
    """Points that are no rising curve are refused."""
    with pytest.raises(ValueError, match="curve"):
        Calibration(method="platt", log_odds=log_odds, probability=probability)


def test_bands_out_of_order_are_refused() -> None:
    """Bands out of order are refused."""
    with pytest.raises(ValueError, match="stronger band"):
        Bands(challenge=0.5, hold=0.1, block=None)
    with pytest.raises(ValueError, match="stronger band"):
        Bands(challenge=0.5, hold=None, block=0.4)


def test_raised_strictness_that_is_milder_is_refused() -> None:
    """Raised strictness that is milder is refused."""
    said = manifest()
    with pytest.raises(ValueError, match="milder"):
        manifest(thresholds=said.raised, raised=said.thresholds)


def test_a_model_of_other_columns_is_refused() -> None:
    """A model of other columns is refused."""
    with pytest.raises(BrokenModelError, match="columns"):
        Scorer(manifest(), signals()[:-1], trees())
    with pytest.raises(BrokenModelError):
        Scorer(manifest(), signals(), "not a model")


def test_the_columns_show_each_device_signal_and_whether_it_is_missing() -> None:
    """The columns show each device signal and whether it is missing."""
    names = [column.name for column in columns(signals())]
    assert names[:4] == [
        "device.known_on_line_for_h@1",
        "device.known_on_line_for_h@1?",
        "device.lines_30d@1",
        "device.lines_30d@1?",
    ]
