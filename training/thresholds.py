"""The thresholds: from which probability on a request is challenged, held or blocked.

Each band begins where it is worth its cost: the harm that it is expected to prevent against the trouble that it gives
to a genuine customer. Then caps: nobody's queue is endless, and a block of a genuine customer must be all but unheard
of, proven on rows, or the model may not block at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import beta

from model.manifest import Bands, Classes
from training.dataset import Dataset, Flags, Floats

SURE: Final = 0.95
JUST_ABOVE: Final = 1 + 1e-9
HIGHEST: Final = 1 - 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What it costs, in yuan: assumptions of ours, to be replaced by an operator's own figures.

    Attributes:
        harm: what a fraud that goes through costs.
        challenge: what a challenge costs a genuine customer and us; `hold` and `block` likewise.
        stopped_by_challenge: the share of frauds that fail a challenge; a hold stops `stopped_by_hold`, a block all.
    """

    harm: float
    challenge: float = 2.0
    hold: float = 40.0
    block: float = 2000.0
    stopped_by_challenge: float = 0.7
    stopped_by_hold: float = 0.95

    def start(self, gain: float, trouble: float) -> float:
        """Return the probability from which on preventing `gain` of the harm is worth `trouble` more to the genuine."""
        return trouble / (trouble + gain * self.harm)

    @property
    def starts(self) -> tuple[float, float, float]:
        """Where challenge, hold and block begin to be worth their cost, each against the band below it."""
        return (
            self.start(self.stopped_by_challenge, self.challenge),
            self.start(self.stopped_by_hold - self.stopped_by_challenge, self.hold - self.challenge),
            self.start(1 - self.stopped_by_hold, self.block - self.hold),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most that may be touched: shares of all requests, and of genuine ones for a block."""

    challenge: float = 0.12
    hold: float = 0.02
    block: float = 1e-4

    def doubled(self) -> "Caps":
        """Return the caps while strictness is raised; what must be proven of a block stays."""
        return Caps(challenge=2 * self.challenge, hold=2 * self.hold, block=self.block)


COSTS: Final = {"irreversible": Costs(harm=3000.0), "reversible": Costs(harm=300.0)}
CAPS: Final = Caps()


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of blocking genuine customers: how many there were, how many are blocked, the 95 % bound."""

    genuine: int
    blocked: int
    bound: float


@dataclass(frozen=True, slots=True)
class Chosen:
    """The thresholds, and for each class of actions what is known of its block."""

    normal: Classes
    raised: Classes
    proofs: dict[str, Proof]


def choose(probability: Floats, data: Dataset) -> Chosen:
    """Choose the thresholds on rows that the model was neither fitted nor calibrated on."""
    normal, raised, proofs = {}, {}, {}
    for klass, rows in classes(data):
        told, part = probability[rows], data.take(rows)
        normal[klass], proofs[klass] = bands(told, part, COSTS[klass], CAPS)
        stricter, _ = bands(told, part, COSTS[klass], CAPS.doubled(), impatience=0.5)
        raised[klass] = _never_milder(stricter, normal[klass])
    return Chosen(Classes(**normal), Classes(**raised), proofs)


def classes(data: Dataset) -> Iterator[tuple[str, Flags]]:
    """Yield each class of actions with its rows."""
    yield "irreversible", data.irreversible
    yield "reversible", ~data.irreversible


def bands(probability: Floats, data: Dataset, costs: Costs, caps: Caps, impatience: float = 1.0) -> tuple[Bands, Proof]:
    """Return where bands begin for one class of actions, and the proof for its block.

    Args:
        probability: what the model says of each row.
        data: the rows.
        costs: what things cost.
        caps: what may be touched at most.
        impatience: below 1, the trouble given to genuine customers counts for less.
    """
    odds = [start * impatience / (1 - start + start * impatience) for start in costs.starts[:2]]
    challenge = max(odds[0], capped(probability, data.weight, caps.challenge))
    hold = max(odds[1], challenge, capped(probability, data.weight, caps.hold))
    block, proof = proven(probability[~data.fraud], max(costs.starts[2], hold), caps.block)
    return Bands(challenge=min(challenge, HIGHEST), hold=min(hold, HIGHEST), block=block), proof


def capped(probability: Floats, weight: Floats, share: float) -> float:
    """Return the lowest probability from which on at most a share of all requests is touched."""
    if not len(probability):
        return 0.0
    values, place = np.unique(probability, return_inverse=True)
    mass = np.bincount(place, weights=weight)
    reached = mass[::-1].cumsum()[::-1] / mass.sum()
    allowed = np.flatnonzero(reached <= share)
    return float(values[allowed[0]]) if len(allowed) else float(values[-1]) * JUST_ABOVE


def proven(genuine: Floats, lowest: float, most: float) -> tuple[float | None, Proof]:
    """Return the lowest threshold at which too many blocks of genuine customers are ruled out; None without proof."""
    n = len(genuine)
    if upper_bound(0, n) > most:
        return None, Proof(n, 0, upper_bound(0, n))
    allowed = next((hits for hits in range(n) if upper_bound(hits + 1, n) > most), n)
    above = np.sort(genuine[genuine >= lowest])
    start = lowest if len(above) <= allowed else float(above[-allowed - 1]) * JUST_ABOVE
    blocked = int((genuine >= start).sum())
    proof = Proof(n, blocked, upper_bound(blocked, n))
    return (start if start < 1 else None), proof


def upper_bound(hits: int, n: int) -> float:
    """Return what a share is at most, with 95 % confidence (Clopper and Pearson 1934); 1 when there are no rows."""
    return 1.0 if hits >= n else float(beta.ppf(SURE, hits + 1, n - hits))


def _never_milder(raised: Bands, normal: Bands) -> Bands:
    """Return raised bands of which none begins later than the usual one."""
    least = [_earlier(getattr(raised, band), getattr(normal, band)) for band in ("challenge", "hold", "block")]
    return Bands(challenge=least[0], hold=least[1], block=least[2])


def _earlier(one: float | None, other: float | None) -> float | None:
    return min((at for at in (one, other) if at is not None), default=None)
