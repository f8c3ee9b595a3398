"""What a signal looked like over a history: how often it was missing, and how its values were spread."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.history import Log, moment_of
from features.replay import replay
from features.signal import Signal, Value
from features.windows import Plan

SHARES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
COMMON: Final = 8
"""So many categories are told apart; the rest is rare."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The values of a signal over some requests.

    Attributes:
        requests: how many.
        missing: in what share of them it was not known.
        quantiles: share -> value; empty for a category.
        mean: of the known numbers; None for a category, or when nothing was known.
        categories: category -> its share of what was known; empty for a number.
    """

    requests: int
    missing: float
    quantiles: Mapping[float, float]
    mean: float | None
    categories: Mapping[str, float]


def values_of(signals: Sequence[Signal], log: Log) -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield the event id of every request with the signals at its moment, computed from the history."""
    plan = Plan.of(window for signal in signals for window in signal.reads)
    for one, answers in zip(log.screenings.values(), replay(log.remembered(), plan), strict=True):
        moment = moment_of(one, answers)
        yield one.event.id, {signal.name: signal.compute(moment) for signal in signals}


def observe(signal: Signal, log: Log) -> dict[str, Spread]:
    """Return how a signal was spread over all requests, and over those that turned out to be fraud or legitimate."""
    groups: dict[str, list[Value]] = {"all": []}
    for name, row in values_of([signal], log):
        groups["all"].append(row[signal.name])
        if name in log.labels:
            groups.setdefault(log.labels[name].label, []).append(row[signal.name])
    return {name: spread(values) for name, values in groups.items()}


def spread(values: Sequence[Value]) -> Spread:
    """Return how some values are spread."""
    known = [value for value in values if value is not None]
    numbers = [value for value in known if not isinstance(value, str)]
    counted = Counter(value for value in known if isinstance(value, str))
    return Spread(
        requests=len(values),
        missing=1 - len(known) / len(values) if values else 0.0,
        quantiles=dict(zip(SHARES, np.quantile(numbers, SHARES).tolist(), strict=True)) if numbers else {},
        mean=float(np.mean(numbers)) if numbers else None,
        categories={name: count / len(known) for name, count in counted.most_common(COMMON)},
    )


def missing_rates(signals: Sequence[Signal], log: Log) -> dict[str, float]:
    """Return in what share of a history's requests each signal was not known."""
    absent: Counter[str] = Counter()
    for _, row in values_of(signals, log):
        absent.update(name for name, value in row.items() if value is None)
    return {signal.name: absent[signal.name] / max(1, len(log.screenings)) for signal in signals}
