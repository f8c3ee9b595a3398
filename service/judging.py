"""What is in force: the active model (or none), the policy, and the catalogue they were checked against.

Held as one value and swapped as one value, so that a request is judged by one model and one policy from end to end.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import log
from typing import Final

from features.catalogue import Catalogue
from features.signal import Moment, Signal, Value
from model.policy import Matter, Policy, Verdict
from model.scorer import Contribution, Scorer

logger = logging.getLogger(__name__)

POINTS_TO_DOUBLE: Final = 30
"""The score adds thirty points when the odds double, and is 600 at even odds: the usual scale of credit scores."""
EVEN_ODDS_SCORE: Final = 600
HIGHEST_SCORE: Final = 1000


@dataclass(frozen=True)
class InForce:
    """A model and a policy that judge together.

    Attributes:
        catalogue: whose signals both name.
        policy: decides.
        scorer: the active model; None when none is active or it was refused.
    """

    catalogue: Catalogue
    policy: Policy
    scorer: Scorer | None

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """The union of what the model and the policy read, and what eligibility is told from."""
        named = {signal.name: signal for signal in self.catalogue.named(self.policy.signals)}
        if self.scorer is not None:
            named.update({signal.name: signal for signal in self.scorer.signals})
        return tuple(named.values())

    def row(self, moment: Moment) -> dict[str, Value]:
        """Compute the signals in force at a request's moment."""
        return self.catalogue.row(moment, self.signals)

    @property
    def model_version(self) -> str | None:
        """The active model's version."""
        return None if self.scorer is None else self.scorer.version


@dataclass(frozen=True, slots=True)
class Judgement:
    """What model and policy made of a row."""

    verdict: Verdict
    probability: float | None
    contributions: Sequence[Contribution]
    failures: frozenset[str]


def judge(force: InForce, matter: Matter) -> Judgement:
    """Score a row and let the policy decide; the matter comes without probability and band, which are found here.

    A model that fails is a failure like any other: the policy alone decides, and never to allow. Contributions cost
    many times the score, so they are computed only for a verdict that somebody will want explained.
    """
    probability = _probability(force, matter.row)
    failures = matter.failures | (frozenset({"model"}) if probability is None else frozenset())
    band = None
    if force.scorer is not None and probability is not None:
        band = force.scorer.band(probability, matter.request.klass, matter.strictness)
    verdict = force.policy.judge(replace(matter, probability=probability, band=band, failures=failures))
    explain = force.scorer is not None and probability is not None and verdict.decision != "allow"
    contributions = force.scorer.contributions(matter.row) if explain and force.scorer else ()
    return Judgement(verdict=verdict, probability=probability, contributions=contributions, failures=failures)


def _probability(force: InForce, row: Mapping[str, Value]) -> float | None:
    """Return the model's probability, None when there is no model or it failed."""
    if force.scorer is None:
        return None
    try:
        return force.scorer.probability(row)
    except (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        logger.error("the model failed", extra={"error": type(error).__name__})  # noqa: TRY400 - values stay out of logs
        return None


def score_of(probability: float | None) -> int | None:
    """Return a probability on the scale that analysts know: 0 to 1000, higher is riskier."""
    if probability is None:
        return None
    clipped = min(max(probability, 1e-9), 1 - 1e-9)
    points = EVEN_ODDS_SCORE + POINTS_TO_DOUBLE * log(clipped / (1 - clipped)) / log(2)
    return round(min(max(points, 0), HIGHEST_SCORE))
