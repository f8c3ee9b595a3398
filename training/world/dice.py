"""Chance: every draw of the simulated world comes from here, in one order, from one seed."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import exp, log
from statistics import NormalDist
from typing import Final, TypeVar

import numpy as np

T = TypeVar("T")

BUFFER: Final = 8192
STANDARD: Final = NormalDist()
EDGE: Final = 1e-9
MOST: Final = 100
"""No count is higher, however the dice fall."""


class Choices(tuple[tuple[T, float], ...]):
    """Values with weights, made once and drawn from often."""

    __slots__ = ()

    @classmethod
    def of(cls, weights: Mapping[T, float]) -> "Choices[T]":
        """Arrange values by their weights, which need not sum to one."""
        total = sum(weights.values())
        return cls(zip(weights, (edge / total for edge in accumulate(weights.values())), strict=True))

    def at(self, share: float) -> T:
        """Return the value at a share between 0 and 1."""
        for value, edge in self:
            if share < edge:
                return value
        return self[-1][0]


class Dice:
    """Draws from a seeded stream; uniform numbers are drawn many at a time, because one at a time is slow."""

    def __init__(self, seed: int) -> None:
        """Begin the stream of a seed."""
        self._stream = np.random.Generator(np.random.PCG64(seed))
        self._waiting: list[float] = []

    def share(self) -> float:
        """Return a number in [0, 1)."""
        if not self._waiting:
            self._waiting = self._stream.random(BUFFER).tolist()
        return self._waiting.pop()

    def chance(self, probability: float) -> bool:
        """Return whether something of this probability happens."""
        return self.share() < probability

    def between(self, low: float, high: float) -> float:
        """Return a number drawn evenly between two."""
        return low + (high - low) * self.share()

    def whole(self, low: int, high: int) -> int:
        """Return a whole number drawn evenly from `low` to `high`, both included."""
        return low + int((high - low + 1) * self.share())

    def normal(self, mean: float, deviation: float) -> float:
        """Return a number from a normal distribution."""
        return mean + deviation * STANDARD.inv_cdf(min(max(self.share(), EDGE), 1 - EDGE))

    def skewed(self, median: float, sigma: float) -> float:
        """Return a number from a log-normal distribution with this median."""
        return median * exp(self.normal(0, sigma))

    def waiting(self, mean: float) -> float:
        """Return a number from an exponential distribution."""
        return -mean * log(1 - self.share())

    def count(self, mean: float) -> int:
        """Return a whole number from a Poisson distribution; meant for small means."""
        edge, product, found = exp(-mean), self.share(), 0
        while product > edge and found < MOST:
            product *= self.share()
            found += 1
        return found

    def pick(self, values: Sequence[T]) -> T:
        """Return one of the values, each as likely."""
        return values[int(len(values) * self.share())]

    def one(self, choices: Choices[T]) -> T:
        """Return one of the values by their weights."""
        return choices.at(self.share())

    def name(self, kind: str) -> str:
        """Return an invented identifier that says nothing but its kind."""
        return f"{kind}-{int(2**52 * self.share()):013x}"
