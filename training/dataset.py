"""The dataset: a row for every labelled request, as it looked at the request's own moment and never later.

Windows are answered by the offline engine over the whole log, signals by the same functions that serve. What became
known after a request, its own label first of all, is not in its row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.catalogue import Catalogue, columns, encode
from features.codec import LoggedLabel, LoggedScreening
from features.history import moment_of
from features.replay import Answers, log_of
from features.signal import Signal, Value
from features.windows import Plan
from training.engines import ENGINES, EngineName, Progress
from training.log import Log, LogError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]

LINKS: Final = ("party", "line", "device", "target")
"""Entities that tie requests together: those who share one belong on the same side of a split."""
FACETS: Final = ("action", "channel", "persona")
KEPT_ROWS: Final = 64
REPORT_EVERY: Final = 500


@dataclass(frozen=True)
class Dataset:
    """Rows with their answers.

    Attributes:
        signals: in the order of the columns.
        x: the columns, one row a request.
        fraud: what turned out to be true.
        weight: how many real requests each one stands for.
        at_ms: when each was asked.
        irreversible: whether its action cannot be taken back.
        links: the entities of each, for the split.
        facets: `action`, `channel`, `persona` -> its value for each; for slices of the report, not for learning.
        left_out: requests without a label, of which nobody knows what they were.
    """

    signals: tuple[Signal, ...]
    x: Floats
    fraud: Flags
    weight: Floats
    at_ms: Indices
    irreversible: Flags
    links: NDArray[np.object_]
    facets: Mapping[str, NDArray[np.str_]]
    left_out: int = 0

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.fraud)

    def take(self, rows: Indices | Flags) -> "Dataset":
        """Return some of the rows."""
        picked: dict[str, Any] = {
            one.name: getattr(self, one.name)[rows]
            for one in fields(self)
            if isinstance(getattr(self, one.name), np.ndarray)
        }
        facets = {name: values[rows] for name, values in self.facets.items()}
        return Dataset(**picked, signals=self.signals, facets=facets, left_out=self.left_out)

    @property
    def base_rate(self) -> float:
        """The share of fraud among the real requests that the rows stand for."""
        return float(self.weight[self.fraud].sum() / self.weight.sum())


@dataclass(frozen=True, slots=True)
class Table:
    """A dataset, and a few of its rows as signals, for a bundle's golden answers."""

    data: Dataset
    rows: Sequence[Mapping[str, Value]]


def build(log: Log, catalogue: Catalogue, progress: Progress = lambda *_: None) -> Table:
    """Return the rows of a log's labelled requests.

    Raises:
        LogError: there are no labels.
    """
    signals = catalogue.used_by("model")
    plan = Plan.of(window for signal in signals for window in signal.reads)
    known = [
        (one, log.labels[one.event.id], seen)
        for one, seen in answered(log, plan, progress)
        if one.event.id in log.labels
    ]
    if not known:
        message = "there are no labels in the log: nobody says which requests were fraud"
        raise LogError(message)
    x, rows = _rows(known, catalogue, signals, progress)
    return Table(_dataset(known, signals, x, len(log.screenings) - len(known)), rows)


def answered(
    log: Log, plan: Plan, progress: Progress = lambda *_: None, engine: EngineName = "local"
) -> Iterator[tuple[LoggedScreening, Answers]]:
    """Yield every request of a log with what the windows of a plan say at its moment, by an engine.

    Raises:
        EngineError: the engine is not there.
    """
    replayed = ENGINES[engine](log_of(log.remembered(), plan), plan, progress)
    return zip(log.screenings.values(), replayed.rows(), strict=True)


Known = tuple[LoggedScreening, LoggedLabel, Answers]


def _rows(
    known: Sequence[Known], catalogue: Catalogue, signals: tuple[Signal, ...], progress: Progress
) -> tuple[Floats, list[Mapping[str, Value]]]:
    layout = columns(signals)
    x = np.empty((len(known), len(layout)))
    step = max(1, len(known) // KEPT_ROWS)
    kept: list[Mapping[str, Value]] = []
    for index, (one, _, answers) in enumerate(known):
        row = catalogue.row(moment_of(one, answers), signals)
        x[index] = encode(row, layout)
        if index % step == 0 and len(kept) < KEPT_ROWS:
            kept.append(row)
        if index % REPORT_EVERY == 0:
            progress("computing signals", index, len(known))
    progress("computing signals", len(known), len(known))
    return x, kept


def _dataset(known: Sequence[Known], signals: tuple[Signal, ...], x: Floats, left_out: int) -> Dataset:
    links = np.empty(len(known), dtype=object)
    links[:] = [_links(one) for one, _, _ in known]
    facets = {
        "action": [one.request.action for one, _, _ in known],
        "channel": [one.request.channel for one, _, _ in known],
        "persona": [label.persona or "not known" for _, label, _ in known],
    }
    return Dataset(
        signals=signals,
        x=x,
        fraud=np.asarray([label.label == "fraud" for _, label, _ in known]),
        weight=np.asarray([one.sampling for one, _, _ in known], dtype=np.float64),
        at_ms=np.asarray([one.event.known_ms for one, _, _ in known], dtype=np.int64),
        irreversible=np.asarray([one.request.irreversible for one, _, _ in known]),
        links=links,
        facets={name: np.asarray(values) for name, values in facets.items()},
        left_out=left_out,
    )


def _links(one: LoggedScreening) -> tuple[str, ...]:
    keys = one.event.keys
    return tuple(f"{entity}:{keys[entity]}" for entity in LINKS if entity in keys)
