"""The split: what is learned from, what is calibrated on, where thresholds are chosen, and what all is tested on.

By time, as in life: a model is always asked about days that it has not seen. And by person: requests that share a
party, a line, a device or a transfer target stay together, so that no part knows somebody from another part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

import numpy as np

from training.dataset import Dataset, Flags, Indices

SHARES: Final = {"train": 0.5, "calibrate": 0.15, "threshold": 0.15, "test": 0.2}


@dataclass(frozen=True, slots=True)
class Split:
    """A dataset in four parts, in the order of time; `dropped` requests are in none: their people would be in two."""

    train: Dataset
    calibrate: Dataset
    threshold: Dataset
    test: Dataset
    dropped: int


def split(data: Dataset) -> Split:
    """Divide a dataset.

    Each group of linked requests belongs to the period of its first one; those in a later period are dropped.
    """
    periods = periods_of(data.at_ms)
    groups = groups_of(data.links)
    home = np.full(len(data), len(SHARES))
    np.minimum.at(home, groups, periods)
    kept: Flags = home[groups] == periods
    parts = {name: data.take(kept & (periods == number)) for number, name in enumerate(SHARES)}
    return Split(**parts, dropped=int((~kept).sum()))


def periods_of(at_ms: Indices) -> Indices:
    """Return the number of the period of each row; requests of one instant are never divided."""
    ordered = np.sort(at_ms)
    edges = [round(share * len(ordered)) for share in accumulate(SHARES.values())][:-1]
    cuts = ordered[np.minimum(edges, len(ordered) - 1)]
    periods: Indices = np.searchsorted(cuts, at_ms, side="right").astype(np.int64)
    return periods


def groups_of(links: Sequence[Sequence[str]] | np.ndarray[tuple[int], np.dtype[np.object_]]) -> Indices:
    """Return a number for each row, the same for rows that share an entity, directly or through others."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        top = name
        while (above := parent.setdefault(top, top)) != top:
            top = above
        while name != top:
            parent[name], name = top, parent[name]
        return top

    for names in links:
        for one, other in pairwise(names):
            parent[root(one)] = root(other)
    numbers: dict[str, int] = {}
    # A request that names nobody is a group of its own.
    keys = [root(names[0]) if len(names) else f"#{row}" for row, names in enumerate(links)]
    return np.asarray([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
