"""The scorer: a row of signals in, a calibrated probability out, and on demand what each signal added to it.

Contributions are exact Shapley values of the trees (Lundberg et al. 2018, as LightGBM computes them): with the base
they sum to the raw log-odds. They cost many times the score, so they are computed only for what somebody will read.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from lightgbm import Booster
from numpy.typing import NDArray
from scipy.special import expit, logit

from features.catalogue import Column, columns, encode
from features.signal import Signal, Value
from features.vocabulary import Klass
from model.manifest import BANDS, Calibration, Manifest
from model.outcome import Decision, Strictness

Row = Mapping[str, Value]
Matrix = NDArray[np.float64]

ONE_THREAD: Final = {"num_threads": 1}
"""A row is too little work to share, and a pool of threads in every worker would starve the others."""


class BrokenModelError(ValueError):
    """A model's text cannot be used: it is damaged, or it was made for other columns."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one signal added to the raw log-odds of a request; above zero it points to fraud.

    Attributes:
        feature: the signal's name.
        value: what it said.
        log_odds: what it added.
        reason: the reason code that it speaks for.
    """

    feature: str
    value: Value
    log_odds: float
    reason: str


class Curve:
    """What raw log-odds mean as a probability: straight lines in log-odds, level beyond the ends."""

    def __init__(self, calibration: Calibration) -> None:
        """Take the points."""
        self._x = np.asarray(calibration.log_odds)
        self._y: Matrix = logit(np.asarray(calibration.probability))

    def __call__(self, raw: Matrix) -> Matrix:
        """Return probabilities of raw log-odds, never 0 or 1, in the same order as the raw ones."""
        told: Matrix = expit(np.interp(raw, self._x, self._y))
        return told


class Scorer:
    """A model that can be asked; nothing in it changes, so threads may share one."""

    def __init__(self, manifest: Manifest, signals: Sequence[Signal], model: str) -> None:
        """Read the trees.

        Args:
            manifest: what the model says of itself.
            signals: the signals that it names, in their order.
            model: the trees as LightGBM writes them; a damaged text may crash or hang the process, so the caller has
                verified it (`model.bundle`).

        Raises:
            BrokenModelError: the text is no model of these columns.
        """
        self.manifest: Final = manifest
        self.signals: Final = tuple(signals)
        self._layout: Final[tuple[Column, ...]] = columns(self.signals)
        self._curve: Final = Curve(manifest.calibration)
        self._trees: Final = read_trees(model, [column.name for column in self._layout])

    @property
    def version(self) -> str:
        """The model's name."""
        return self.manifest.version

    def probability(self, row: Row) -> float:
        """Return how likely fraud is, told at the manifest's base rate; strictly between 0 and 1."""
        return float(self._curve(np.asarray([self.log_odds(row)]))[0])

    def log_odds(self, row: Row) -> float:
        """Return the raw log-odds of the trees, before calibration."""
        return float(raw_scores(self._trees, self._matrix(row))[0])

    def band(self, probability: float, klass: Klass, strictness: Strictness = "normal") -> Decision:
        """Return the strongest band whose beginning is reached, `allow` when none is."""
        bands = (self.manifest.raised if strictness == "raised" else self.manifest.thresholds).of(klass)
        for band in BANDS:
            start = bands.start(band)
            if start is not None and probability >= start:
                return band
        return "allow"

    def contributions(self, row: Row) -> tuple[Contribution, ...]:
        """Return what every signal added, the weightiest first; with `base` they sum to the raw log-odds."""
        added: dict[str, float] = defaultdict(float)
        for column, part in zip(self._layout, self._shares(row), strict=False):
            added[column.signal.name] += float(part)
        found = [Contribution(s.name, row.get(s.name), added[s.name], s.reason) for s in self.signals]
        return tuple(sorted(found, key=lambda one: (-abs(one.log_odds), one.feature)))

    def base(self, row: Row) -> float:
        """Return what the trees say before they look at anything; the same for every row."""
        return float(self._shares(row)[-1])

    def _shares(self, row: Row) -> Matrix:
        """Return the share of each column in order, and last the base."""
        shares: list[Matrix] = list(self._trees.predict(self._matrix(row), pred_contrib=True, **ONE_THREAD))
        return shares[0]

    def _matrix(self, row: Row) -> Matrix:
        return np.asarray([encode(row, self._layout)], dtype=np.float64)


def read_trees(model: str, names: Sequence[str]) -> Any:  # noqa: ANN401 - LightGBM has no types
    """Return the trees of a model's text.

    Raises:
        BrokenModelError: the text is no model, or one of other columns.
    """
    try:
        trees = Booster(model_str=model)
    except Exception as error:  # LightGBM raises whatever its text reader stumbles over
        message = f"the trees cannot be read: {type(error).__name__}"
        raise BrokenModelError(message) from error
    if trees.feature_name() != list(names) or trees.num_trees() == 0 or trees.num_model_per_iteration() != 1:
        message = "the trees were made for other columns"
        raise BrokenModelError(message)
    return trees


def raw_scores(trees: Any, matrix: Matrix) -> Matrix:  # noqa: ANN401 - LightGBM has no types
    """Return the raw log-odds of rows."""
    scores: Matrix = trees.predict(matrix, raw_score=True, **ONE_THREAD)
    return scores
