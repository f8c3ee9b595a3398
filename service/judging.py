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
from features.codec import LoggedScreening
from features.event import Event
from features.facts import Facts
from features.request import ScreeningRequest
from features.signal import Moment, Signal, Value
from features.windows import Answer, Window
from model.matter import Offer
from model.policy import Matter, Policy, Strictness, Verdict
from model.scorer import Contribution, Scorer
from service.ports import Before

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of a request when it is judged, for the first time or again.

    Attributes:
        event: its own event, with the places that the store gave it.
        request: with tokens for names.
        facts: what was looked up.
        answers: what its windows saw; None when the store could not be asked.
        failures: what failed on the way.
        before: what the book knew: an earlier verdict that sticks, and what releases the line.
        at_ms: the server's time of this look.
        strictness: how cautious to be.
        done: factors that were done since, at a challenge of ours.
        offers: what was offered before.
    """

    event: Event
    request: ScreeningRequest
    facts: Facts
    answers: Mapping[Window, Answer] | None
    failures: frozenset[str]
    before: Before
    at_ms: int
    strictness: Strictness
    done: frozenset[str] = frozenset()
    offers: tuple[Offer, ...] = ()


def judged(force: InForce, seen: Seen) -> tuple[LoggedScreening, Judgement]:
    """Compute the row, judge it, and return it as it will be logged, with all that led to the verdict."""
    # The cell is for windows alone; training takes it out of the keys as well.
    keys = {entity: token for entity, token in seen.event.keys.items() if entity != "cell"}
    row = force.row(Moment(request=seen.request, facts=seen.facts, at_ms=seen.at_ms, keys=keys, answers=seen.answers))
    matter = Matter(
        request=seen.request,
        row=row,
        failures=seen.failures,
        sticky=seen.before.sticky,
        released=seen.before.released,
        at_ms=seen.at_ms,
        strictness=seen.strictness,
        done=seen.done,
        offers=seen.offers,
    )
    judgement = judge(force, matter)
    logged = LoggedScreening(
        event=seen.event,
        request=seen.request,
        facts=seen.facts,
        failed=tuple(sorted(judgement.failures)),
        row=row,
        decision=judgement.verdict.decision,
        probability=judgement.probability,
    )
    return logged, judgement


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
