"""What goes into a decision, and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from features.request import ScreeningRequest
from features.signal import Value
from model.eligibility import Obligation
from model.outcome import Decision, Strictness
from model.policy_file import Holds
from model.rules import Rule


@dataclass(frozen=True, slots=True)
class Offer:
    """A challenge that was offered: the answer it would meet, and the ways to meet it."""

    meets: Literal["challenge", "hold"]
    ways: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A request with everything that is known of it, ready to be decided.

    Attributes:
        request: the request, with tokens.
        row: the signals by name; None where not known.
        probability: of fraud; None when no model could be asked.
        band: what the probability comes to by the model's thresholds.
        failures: what failed, of `FAILURES`.
        sticky: an earlier verdict on the line that still holds.
        released: what a person's release of this line lowers the model and the amber rules to.
        at_ms: the server's time.
        strictness: `raised` while a lead has asked for more caution.
        done: factors that were done since, at a challenge of ours: told from our store, never from the request.
        offers: what was offered before, each with the answer that it would meet.
    """

    request: ScreeningRequest
    row: Mapping[str, Value]
    failures: frozenset[str]
    sticky: Decision | None
    at_ms: int
    strictness: Strictness
    released: Decision | None = None
    done: frozenset[str] = frozenset()
    offers: tuple[Offer, ...] = ()
    probability: float | None = None
    band: Decision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided, and all that led to it.

    Attributes:
        decision: the answer.
        degraded_only: failures alone made it harder than it would have been: it is not sticky and opens no case.
        reasons: codes of the rules and floors that speak for it, the hardest first.
        hits: every rule that was hit.
        unknown: names of rules that read a missing signal.
        evidence: what shows that the owner is asking.
        spoiled: factors that prove nothing now, and why.
        ways: the ways on that are open; empty for an allow and a block.
        hold: how long a hold lasts and how it ends; None for another answer.
        obligations: what is to be settled first; says nothing of fraud.
        next_actions: codes of what somebody can do.
    """

    decision: Decision
    degraded_only: bool
    reasons: tuple[str, ...]
    hits: tuple[Rule, ...]
    unknown: tuple[str, ...]
    evidence: frozenset[str]
    spoiled: Mapping[str, tuple[str, ...]]
    ways: tuple[tuple[str, ...], ...]
    hold: Holds | None
    obligations: tuple[Obligation, ...]
    next_actions: tuple[str, ...]

    @property
    def eligible(self) -> bool:
        """Whether nothing hinders the action beside risk."""
        return not any(obligation.hinders for obligation in self.obligations)
