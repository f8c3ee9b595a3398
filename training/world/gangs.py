"""The gangs: a few at a time, each with a balance account, a number for notices and phones that are used up in days."""

from dataclasses import dataclass, field
from typing import Final

from training.world.dice import Dice
from training.world.outage import DAY_MS
from training.world.people import Phone

AT_ONCE: Final = 5
LASTS_DAYS: Final = 5.0
"""Accounts and phones are burnt when somebody complains; then a gang gets new ones."""


@dataclass(slots=True)
class Gang:
    """People who share what they work with.

    Attributes:
        target: where balances go.
        contact: the number that notices go to.
        beneficiary: in whose name a precious number is registered next.
        until_ms: when all of it is burnt.
        phones: what they have used.
    """

    target: str
    contact: str
    beneficiary: str
    until_ms: int
    phones: list[Phone] = field(default_factory=list)


class Gangs:
    """The gangs that are at work."""

    def __init__(self, dice: Dice) -> None:
        """Take chance."""
        self._dice = dice
        self._at_work: list[Gang] = []

    def at(self, at_ms: int) -> Gang:
        """Return a gang that is at work at a moment."""
        dice = self._dice
        self._at_work = [gang for gang in self._at_work if gang.until_ms > at_ms]
        while len(self._at_work) < AT_ONCE:
            until_ms = at_ms + int(dice.skewed(LASTS_DAYS, 0.5) * DAY_MS)
            self._at_work.append(Gang(dice.name("b"), dice.name("c"), dice.name("y"), until_ms))
        return dice.pick(self._at_work)
