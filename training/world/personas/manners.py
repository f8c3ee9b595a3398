"""What people have in common: some asked for something weeks before, and most come back when they were stopped."""

from collections.abc import Callable, Generator
from typing import Final

from training.world.outage import DAY_MS, HOUR_MS
from training.world.people import Person
from training.world.personas import Story
from training.world.stage import Stage
from training.world.visit import Visit

ASKED_BEFORE: Final = 0.08
LONGEST_H: Final = 25 * 24.0
COMES_BACK: Final = 0.5


def earlier(stage: Stage, person: Person, at_ms: int, share: float = ASKED_BEFORE) -> Generator[Visit, str, int]:
    """Play what the owner asked for themselves some time before, if anything; return when the story goes on."""
    dice = stage.dice
    if not dice.chance(share):
        return at_ms
    wanted = dice.pick(("unsubscribe", "unsubscribe", "suspend", "resume"))
    visit = stage.visit(person, at_ms, action=wanted, channel="app" if dice.chance(0.6) else None)
    visit.owners_own = True
    yield stage.finish(visit)
    return at_ms + int(min(dice.skewed(30, 1.6), LONGEST_H) * HOUR_MS) + 60_000


def patiently(stage: Stage, at_ms: int, attempt: Callable[[int, str | None], Visit]) -> Story:
    """Ask, and when stopped come back a day or two later, at a counter with papers or once more as before.

    Args:
        stage: where it is played.
        at_ms: when.
        attempt: makes a visit at a moment and through a door; None for the usual one.
    """
    dice = stage.dice
    answer = yield stage.finish(attempt(at_ms, None))
    if answer == "allow" or not dice.chance(COMES_BACK):
        return
    door = dice.pick(("store", "hotline", None))
    visit = attempt(at_ms + int(dice.between(0.1, 2.5) * DAY_MS), door)
    if door == "store":
        visit.put("requester", document_status="verified")
    yield stage.finish(visit)
