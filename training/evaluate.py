"""The evaluation: how the model does on people and days that nothing was fitted, calibrated or chosen on.

Every figure comes with the number of rows behind it, and is left out where there are too few to say anything. Figures
at the true base rate weigh each row by how many real requests it stands for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.metrics import average_precision_score, log_loss, precision_recall_curve, roc_auc_score

from model.manifest import Bands, Classes, Slice
from training.dataset import FACETS, Dataset, Flags, Floats
from training.thresholds import classes

FEWEST: Final = 10
"""With fewer rows of a kind a share says nothing."""
BINS: Final = 10
LEVELS: Final = ("allow", "challenge", "hold", "block")


@dataclass(frozen=True, slots=True)
class Bin:
    """Requests of about the same probability: what was said of them, and what was true."""

    said: float
    true: float
    n: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the test rows say.

    Attributes:
        metrics: name -> figure; None where there are too few rows.
        slices: figures by action, channel and persona.
        bins: probability said against share of fraud, at the true base rate.
        curve: precision and recall at the true base rate.
        levels: the band of each test row, 0 for allow to 3 for block.
    """

    metrics: dict[str, float | None]
    slices: tuple[Slice, ...]
    bins: tuple[Bin, ...]
    curve: tuple[Floats, Floats]
    levels: Floats


def evaluate(probability: Floats, data: Dataset, thresholds: Classes) -> Evaluation:
    """Return the figures on test rows."""
    levels = levels_of(probability, data, thresholds)
    precision, recall = np.asarray([]), np.asarray([])
    if data.fraud.any():
        precision, recall, _ = precision_recall_curve(data.fraud, probability, sample_weight=data.weight)
    return Evaluation(
        metrics=_ranking(probability, data) | _touched(levels, data),
        slices=tuple(_slices(levels, data)),
        bins=tuple(_bins(probability, data)),
        curve=(precision, recall),
        levels=levels,
    )


def levels_of(probability: Floats, data: Dataset, thresholds: Classes) -> Floats:
    """Return the band of each row: 0 allow, 1 challenge, 2 hold, 3 block."""
    levels = np.zeros(len(data))
    for klass, rows in classes(data):
        levels[rows] = _levels(probability[rows], thresholds.of(klass))  # type: ignore[arg-type]
    return levels


def _levels(probability: Floats, bands: Bands) -> Floats:
    starts = (bands.challenge, bands.hold, bands.block)
    reached = [np.where(probability >= at, level, 0) for level, at in enumerate(starts, 1) if at is not None]
    levels: Floats = np.max([np.zeros(len(probability)), *reached], axis=0)
    return levels


def _ranking(probability: Floats, data: Dataset) -> dict[str, float | None]:
    """Return how well frauds are ranked above the rest, and how far probabilities are off."""
    fraud, weight = data.fraud, data.weight
    counts: dict[str, float | None] = {"n": float(len(data)), "frauds": float(fraud.sum())}
    names = ("pr_auc_in_sample", "pr_auc_true_rate", "roc_auc", "log_loss_true_rate")
    if min(fraud.sum(), (~fraud).sum()) < FEWEST:
        return counts | dict.fromkeys(names)
    figures = (
        average_precision_score(fraud, probability),
        average_precision_score(fraud, probability, sample_weight=weight),
        roc_auc_score(fraud, probability),
        log_loss(fraud, probability, sample_weight=weight),
    )
    return counts | dict(zip(names, map(float, figures), strict=True))


def _touched(levels: Floats, data: Dataset) -> dict[str, float | None]:
    """Return, by class and band, the share of frauds caught and of genuine requests touched at that band or above."""
    out: dict[str, float | None] = {}
    for klass, rows in classes(data):
        for level, band in enumerate(LEVELS[1:], 1):
            hit = levels[rows] >= level
            out[f"{klass}_{band}_recall"] = _share(hit, data.fraud[rows], data.weight[rows])
            out[f"{klass}_{band}_genuine"] = _share(hit, ~data.fraud[rows], data.weight[rows])
    return out


def _share(hit: Flags, among: Flags, weight: Floats) -> float | None:
    if among.sum() < FEWEST:
        return None
    return float(weight[hit & among].sum() / weight[among].sum())


def _slices(levels: Floats, data: Dataset) -> Iterator[Slice]:
    for by in FACETS:
        for value in np.unique(data.facets[by]):
            rows = data.facets[by] == value
            genuine = ~data.fraud[rows]
            weight, level = data.weight[rows], levels[rows]
            yield Slice(
                by=by,
                value=str(value),
                n=int(rows.sum()),
                frauds=int(data.fraud[rows].sum()),
                challenged=_share(level >= 1, genuine, weight),
                held=_share(level >= 2, genuine, weight),  # noqa: PLR2004 - the level of a hold
                caught=_share(level >= 1, ~genuine, weight),
            )


def _bins(probability: Floats, data: Dataset) -> Iterator[Bin]:
    """Yield bins of equally many frauds, so that the few high ones are told apart."""
    if not data.fraud.any():
        return
    edges = np.quantile(probability[data.fraud], np.linspace(0, 1, BINS + 1))
    place = np.searchsorted(edges[1:-1], probability, side="right")
    for number in range(BINS):
        rows = place == number
        total = data.weight[rows].sum()
        if total > 0:
            said = float((data.weight * probability)[rows].sum() / total)
            yield Bin(said, float(data.weight[rows & data.fraud].sum() / total), int(rows.sum()))
