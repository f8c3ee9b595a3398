"""The catalogue: every signal of every group file, found, checked and turned into rows.

A new entry in a file of `groups/` is in the catalogue at once. It changes no decision until a model that was trained
with it is activated, or a policy that reads it.
"""

import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from importlib import import_module
from math import nan
from typing import Final, Literal

from features import groups
from features.signal import Moment, Signal, Use, Value
from features.windows import Plan

MONOTONE: Final[Mapping[str, int]] = {"rises": 1, "falls": -1, "either": 0, "none": 0}
UNKNOWN_CATEGORY: Final = nan


class UnknownSignalError(LookupError):
    """A bundle or a policy names a signal, or a version of one, that this catalogue does not have."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the model's row: a signal's value, or whether a device left it out.

    `monotone` is 1 where risk rises with the column, -1 where it falls, 0 where the model is free.
    """

    signal: Signal
    part: Literal["value", "missing"]

    @property
    def name(self) -> str:
        """`device.rooted@1`, or `device.rooted@1?` for its missing-indicator."""
        return self.signal.versioned + ("?" if self.part == "missing" else "")

    @property
    def monotone(self) -> int:
        """Missing never scores better than benign; the value follows the signal's direction."""
        return 1 if self.part == "missing" else MONOTONE[self.signal.risk]

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories, in the order of their codes; empty for a number."""
        return self.signal.categories

    def encode(self, value: Value) -> float:
        """Return the value as the model reads it: a number, a category's code, NaN when not known.

        A device's missing value is shown as an honest device's, and the indicator beside it says that it was missing.
        """
        if self.part == "missing":
            return float(value is None)
        if value is None:
            return nan if self.signal.benign is None else self.signal.benign
        if isinstance(value, str):
            return float(self.categories.index(value)) if value in self.categories else UNKNOWN_CATEGORY
        return value


class Catalogue:
    """All signals, by name."""

    def __init__(self, signals: Iterable[Signal]) -> None:
        """Take the signals.

        Raises:
            ValueError: two entries have one name.
        """
        ordered = sorted(signals, key=lambda signal: signal.name)
        self.signals: Mapping[str, Signal] = {signal.name: signal for signal in ordered}
        if len(self.signals) != len(ordered):
            names = [signal.name for signal in ordered]
            message = f"named twice: {sorted({name for name in names if names.count(name) > 1})}"
            raise ValueError(message)

    def named(self, versioned: Iterable[str]) -> tuple[Signal, ...]:
        """Return the signals of the names, each `name@version`.

        Raises:
            UnknownSignalError: a name, or that version of it, is not here.
        """
        found = []
        for name in versioned:
            signal = self.signals.get(name.partition("@")[0])
            if signal is None or signal.versioned != name:
                message = f"this catalogue has no signal {name}"
                raise UnknownSignalError(message)
            found.append(signal)
        return tuple(found)

    def used_by(self, use: Use) -> tuple[Signal, ...]:
        """Return the signals that may be read for a use."""
        return tuple(signal for signal in self.signals.values() if use in signal.use)

    @cached_property
    def plan(self) -> Plan:
        """The windows that all signals read."""
        return Plan.of(window for signal in self.signals.values() for window in signal.reads)

    @cached_property
    def digest(self) -> str:
        """Changes with any name, version, direction or window."""
        lines = (
            f"{signal.versioned} {signal.risk} {signal.benign} {','.join(signal.categories)} "
            + " ".join(window.name for window in signal.reads)
            for signal in self.signals.values()
        )
        return sha256("\n".join(lines).encode()).hexdigest()[:16]

    def row(self, moment: Moment, signals: Iterable[Signal] | None = None) -> dict[str, Value]:
        """Compute signals (all of them by default) at a request's moment, by name."""
        chosen = self.signals.values() if signals is None else signals
        return {signal.name: signal.compute(moment) for signal in chosen}


def columns(signals: Iterable[Signal]) -> tuple[Column, ...]:
    """Return the model's columns: one a signal, and a missing-indicator beside each of a device's."""
    out: list[Column] = []
    for signal in signals:
        out.append(Column(signal, "value"))
        if signal.origin == "device":
            out.append(Column(signal, "missing"))
    return tuple(out)


def encode(row: Mapping[str, Value], layout: Sequence[Column]) -> list[float]:
    """Return a row as the model reads it, in the order of the columns."""
    return [column.encode(row.get(column.signal.name)) for column in layout]


@cache
def catalogue() -> Catalogue:
    """Return the catalogue of every group file."""
    found: list[Signal] = []
    for module in pkgutil.iter_modules(groups.__path__):
        found.extend(import_module(f"{groups.__name__}.{module.name}").SIGNALS)
    return Catalogue(found)
