"""Outages: hours in which a province sends no codes, takes no passwords or keeps no books; most are declared."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final, Literal

from features.event import Event
from training.world.dice import Choices, Dice

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
KINDS: Final[Choices[Literal["codes", "logins", "books"]]] = Choices.of({"codes": 0.4, "logins": 0.3, "books": 0.3})
A_DAY: Final = 0.5
"""Outages a day, in the whole country."""
DECLARED: Final = 0.85


@dataclass(frozen=True, slots=True)
class Outage:
    """Some hours in which something of a province does not work, for honest people and thieves alike."""

    province: str
    kind: Literal["codes", "logins", "books"]
    since_ms: int
    until_ms: int


class Outages:
    """Draws all outages of a history before it begins, and the incidents that were declared for them."""

    def __init__(self, dice: Dice, provinces: Choices[str], since_ms: int, until_ms: int) -> None:
        """Take chance, where people live, and the span of the history."""
        self._dice = dice
        self._by_province: dict[str, list[Outage]] = defaultdict(list)
        self.events: list[Event] = []
        at_ms = since_ms
        while (at_ms := at_ms + max(HOUR_MS, int(dice.waiting(1 / A_DAY) * DAY_MS))) < until_ms:
            hours = min(30.0, dice.skewed(5, 0.6))
            self._add(Outage(dice.one(provinces), dice.one(KINDS), at_ms, at_ms + int(hours * HOUR_MS)))

    def _add(self, outage: Outage) -> None:
        self._by_province[outage.province].append(outage)
        if self._dice.chance(DECLARED):
            self._tell("incident_declared", outage, outage.since_ms + int(self._dice.between(0.2, 1) * HOUR_MS))
            self._tell("incident_cleared", outage, outage.until_ms + int(self._dice.between(0.1, 1) * HOUR_MS))
        if outage.kind == "books":
            self._tell("sync_state_changed", outage, outage.since_ms)
            self._tell("sync_state_changed", outage, outage.until_ms)

    def _tell(self, kind: str, outage: Outage, at_ms: int) -> None:
        province = outage.province
        values = {"province": int(province)}
        event = Event(
            id=self._dice.name("e"),
            kind=kind,
            occurred_ms=at_ms,
            known_ms=at_ms,
            keys={"province": province},
            values=values,
        )
        self.events.append(event)

    def at(self, province: str, at_ms: int) -> Outage | None:
        """Return what does not work in a province at a moment; None when all is well."""
        found = self._by_province.get(province, ())
        return next((outage for outage in found if outage.since_ms <= at_ms < outage.until_ms), None)
