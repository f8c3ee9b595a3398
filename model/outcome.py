"""The four answers, their order, and the one function in which everything that speaks for an answer meets.

The order of the meeting is fixed by the public contract (section 3) and tested case by case; no other place compares
or changes decisions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

Decision = Literal["allow", "challenge", "hold", "block"]
Strictness = Literal["normal", "raised"]
"""`raised` while a lead has asked for more caution."""

DECISIONS: Final[tuple[Decision, ...]] = get_args(Decision)
"""From the mildest to the hardest."""
RANK: Final[Mapping[str, int]] = {decision: rank for rank, decision in enumerate(DECISIONS)}


def strongest(*decisions: Decision | None) -> Decision:
    """Return the hardest of some decisions; None says nothing, and nothing at all is an allow."""
    return max((decision for decision in decisions if decision is not None), key=RANK.__getitem__, default="allow")


def weakest(first: Decision, second: Decision) -> Decision:
    """Return the milder of two decisions."""
    return min(first, second, key=RANK.__getitem__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """Everything that speaks for an answer.

    Attributes:
        red: a rule that nobody overrides was hit.
        band: what the model's probability comes to; None when no model could be asked.
        amber: the hardest amber rule that was hit.
        exception: what an override or an allow-list entry lowers the model and the amber rules to.
        floors: what failures and missing evidence raise the answer to, at least.
        sticky: an earlier verdict on the line that still holds.
        stepped_up: the hardest answer that a completed step-up has met; it lowers what stands at or below it, and
            takes such an earlier verdict away. A block is never met.
        protective: the owner asks to suspend a lost or endangered line.
    """

    red: bool = False
    band: Decision | None = None
    amber: Decision | None = None
    exception: Decision | None = None
    floors: tuple[Decision, ...] = ()
    sticky: Decision | None = None
    stepped_up: Literal["challenge", "hold"] | None = None
    protective: bool = False


def settle(voices: Voices) -> Decision:
    """Return the answer.

    1. A red rule blocks. 2. Otherwise the stronger of the model's band and the amber rules; an exception, or a step-up
    that met it, may lower this step alone. 3. Floors and an earlier verdict raise it. 4. A protective suspension is
    capped at challenge.
    """
    if voices.red:
        return "block"
    judged = strongest(voices.band, voices.amber)
    if voices.exception is not None:
        judged = weakest(judged, voices.exception)
    if _met(judged, voices):
        judged = "allow"
    raised = strongest(judged, *voices.floors, None if _met(voices.sticky, voices) else voices.sticky)
    return weakest(raised, "challenge") if voices.protective else raised


def _met(decision: Decision | None, voices: Voices) -> bool:
    """Say whether a completed step-up has met a decision."""
    met = voices.stepped_up
    return decision is not None and met is not None and RANK[decision] <= RANK[met]
