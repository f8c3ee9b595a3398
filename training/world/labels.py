"""The labels: what is said of a request days later: often late, now and then wrong, and seldom of what was stopped."""

from datetime import timedelta
from typing import Final

from features.clock import milliseconds
from features.codec import LoggedLabel, LoggedScreening
from training.world.dice import Dice
from training.world.outage import DAY_MS
from training.world.personas import Persona, Truth
from training.world.practice import STOPPED

SOONEST: Final = timedelta(minutes=30)
"""Nobody knows what a request was before this."""
WRONG: Final[dict[Truth, float]] = {"fraud": 0.02, "legitimate": 0.00002}
"""Share of labels that are wrong: some fraud is never noticed, and now and then an owner forgets."""
KNOWN: Final[dict[Truth, float]] = {"fraud": 0.97, "legitimate": 0.99}
KNOWN_STOPPED: Final[dict[Truth, float]] = {"fraud": 0.4, "legitimate": 0.6}
"""Who was stopped has nothing to complain of, or goes away; only what an analyst looked at is known."""
LATE_DAYS: Final[dict[Truth, float]] = {"fraud": 4.0, "legitimate": 9.0}
VERY_LATE: Final = 0.06
VERY_LATE_DAYS: Final = 35.0
SOURCES: Final = {"fraud": ("complaint", "investigation", "not_me"), "legitimate": ("analyst", "complaint", "analyst")}
OTHER: Final[dict[Truth, Truth]] = {"fraud": "legitimate", "legitimate": "fraud"}


def label_of(dice: Dice, screening: LoggedScreening, persona: Persona, decision: str) -> LoggedLabel | None:
    """Return what is said of a request, or None when nobody ever says anything."""
    truth = persona.label
    stopped = decision in STOPPED
    if not dice.chance((KNOWN_STOPPED if stopped else KNOWN)[truth]):
        return None
    told = OTHER[truth] if dice.chance(WRONG[truth]) else truth
    days = VERY_LATE_DAYS if dice.chance(VERY_LATE) else LATE_DAYS[told]
    return LoggedLabel(
        screening_id=screening.event.id,
        label=told,
        source="analyst" if stopped else dice.pick(SOURCES[told]),
        at_ms=screening.event.known_ms + int(dice.waiting(days) * DAY_MS) + milliseconds(SOONEST),
        loss_fen=int(dice.skewed(400_000, 1.0)) if told == "fraud" and not stopped else None,
        persona=persona.name,
    )
