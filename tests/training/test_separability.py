"""Separability: no field, no signal and no pair of them tells fraud from the rest, or the simulated world is too easy.

How it is measured: every field of the request as it is sent, every look-up, how often each kind of event was reported
of the line and of the phone before, and every column of the model's row is cut into at most eleven bins (tenths, or the
words themselves; absent is a bin). For each pair the bins make a table of at most 121 cells. On one half of the rows
each cell gets its share of fraud (smoothed), and the other half is scored by it; then the halves change places
(cross-fitting). So a pair is given every chance, curved and joint, and gains nothing from luck. All rows and all pairs
are used; counting is one product of matrices.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from features.catalogue import columns
from tests.training.worlds import binned, fields_of, judged, pasts_of, rows, table, world

Floats = NDArray[np.float64]
SIZE = {"days": 30, "per_day": 250, "fraud_rate": 0.12}
CELLS = 11
SMOOTHING = 4.0
SINGLE, PAIR = 0.80, 0.90


class Separability:
    """Areas under the curve of every single column and every pair, cross-fitted."""

    def __init__(self, names: list[str], codes: NDArray[np.int64], fraud: NDArray[np.bool_]) -> None:
        """Take columns as codes below `CELLS`, and the truth."""
        self.names = names
        self._halves = [self._counts(codes[start::2], fraud[start::2]) for start in (0, 1)]

    def _counts(self, codes: NDArray[np.int64], fraud: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Return, for frauds and for the rest, how many rows fall into each pair of bins."""
        hot = np.zeros((len(codes), codes.shape[1] * CELLS), dtype=np.float32)
        places = codes + np.arange(codes.shape[1]) * CELLS
        hot[np.arange(len(codes))[:, None], places] = 1
        return tuple(np.asarray(hot[rows].T @ hot[rows], dtype=np.float64) for rows in (fraud, ~fraud))  # type: ignore[return-value]

    def of(self, one: int) -> Floats:
        """Return the areas of a column with itself, which is that of the column alone, and with each later one."""
        areas = []
        for learn, score in (self._halves, self._halves[::-1]):
            (bad, good), (hits, misses) = ([self._cells(counts, one) for counts in half] for half in (learn, score))
            base = bad[0].sum() / (bad[0].sum() + good[0].sum())
            rate = (bad + SMOOTHING * base) / (bad + good + SMOOTHING)
            order = np.argsort(rate, axis=1)
            hits, misses = (np.take_along_axis(side, order, axis=1) for side in (hits, misses))
            below = np.cumsum(misses, axis=1) - misses / 2
            areas.append((hits * below).sum(axis=1) / (hits.sum(axis=1) * misses.sum(axis=1)))
        return np.asarray(np.mean(areas, axis=0))

    def _cells(self, counts: Floats, one: int) -> Floats:
        later = len(self.names) - one
        block = counts[one * CELLS : (one + 1) * CELLS, one * CELLS :].reshape(CELLS, later, CELLS)
        return block.transpose(1, 0, 2).reshape(later, CELLS * CELLS)


@pytest.fixture(scope="module", params=[11, 12])
def areas(request: pytest.FixtureRequest) -> dict[tuple[str, str], float]:
    """The areas of all single columns and pairs of a history; a single one is its pair with itself."""
    seed: int = request.param
    known = list(judged(world(seed, **SIZE)))
    pasts = pasts_of(world(seed, **SIZE))
    data = rows(seed, **SIZE)
    assert len(data) == len(known)
    names, codes = table([fields_of(line) | past for (line, _), past in zip(known, pasts, strict=True)])
    layout = [column.name for column in columns(data.signals)]
    signals = np.stack([binned(data.x[:, index]) for index in range(len(layout))], axis=1)
    thief = np.asarray([by_thief for _, by_thief in known])
    told = Separability([*names, *layout], np.concatenate([codes, signals], axis=1), thief)
    found = {}
    for one, name in enumerate(told.names):
        for other, area in zip(told.names[one:], told.of(one), strict=True):
            found[name, other] = float(area)
    return found


def test_no_field_and_no_signal_alone_tells_fraud(areas: dict[tuple[str, str], float]) -> None:
    """At most 0.80, whichever way it bends, missing included."""
    assert {one: area for (one, other), area in areas.items() if one == other and area > SINGLE} == {}


def test_no_two_of_them_tell_fraud(areas: dict[tuple[str, str], float]) -> None:
    """At most 0.90 for every pair."""
    assert len(areas) > 20_000
    assert {pair: area for pair, area in areas.items() if area > PAIR} == {}


def test_the_measure_finds_what_is_there() -> None:
    """A column that tells all is seen alone; two that tell only together are seen as a pair; noise tells nothing."""
    chance = np.random.default_rng(5)
    left, right, noise = (chance.integers(0, 2, 4000) for _ in range(3))
    told = Separability(["left", "right", "noise"], np.stack([left, right, noise], axis=1), left != right)
    assert [round(float(told.of(one)[0]), 1) for one in range(3)] == [0.5, 0.5, 0.5]
    assert told.of(0)[1] == pytest.approx(1.0)
    assert told.of(0)[2] == pytest.approx(0.5, abs=0.04)
