"""What thieves have in common: whom they choose, when they work, where they hide, and what they leave behind."""

from typing import Final

from features.facts import IpKind
from training.world.dice import Choices
from training.world.people import Person
from training.world.stage import Stage
from training.world.visit import Visit

NIGHTLY: Final = Choices.of({hour: 1.0 if hour < 6 or hour >= 21 else 0.8 for hour in range(24)})
OFFICE: Final = Choices.of({hour: 1.0 if 9 <= hour < 18 else 0.08 for hour in range(24)})
LATE: Final = Choices.of({hour: 1.0 if 10 <= hour < 18 else 0.8 if 18 <= hour < 24 else 0.02 for hour in range(24)})
PROXIES: Final[Choices[IpKind]] = Choices.of({"datacenter": 0.3, "broadband": 0.45, "mobile": 0.25})


def victim(stage: Stage, at_ms: int, *, premium: int | None = None) -> Person:
    """Return somebody who knows of nothing, with the ordinary past of a line in use."""
    person = stage.register.person(premium=premium)
    stage.history(person, at_ms)
    return person


def hidden(stage: Stage) -> str:
    """Return an address from which a thief comes."""
    return stage.register.address(stage.country.birthplace(), stage.dice.one(PROXIES))


def stranger(visit: Visit, stage: Stage) -> None:
    """The contact that is left is not the owner's, and the balance goes elsewhere; careful thieves leave neither."""
    if stage.dice.chance(0.4):
        visit.body["contacts"] = [stage.form.supplied("no" if stage.dice.chance(0.6) else "unknown")]
    if visit.action in {"close", "close_remote"} and stage.dice.chance(0.35):
        visit.put("balance_transfer", target_token=stage.dice.name("b"), same_owner="no")
