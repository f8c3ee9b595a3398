"""What thieves have in common: whom they choose, when they work, where they hide, how they come back when stopped."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final

from features.facts import IpKind
from features.vocabulary import IRREVERSIBLE
from training.world.dice import Choices
from training.world.gangs import Gang
from training.world.outage import DAY_MS, HOUR_MS
from training.world.people import Person, Phone
from training.world.personas.manners import earlier
from training.world.stage import Stage
from training.world.visit import Visit

NIGHTLY: Final = Choices.of({hour: 1.0 if hour < 6 or hour >= 21 else 0.8 for hour in range(24)})
OFFICE: Final = Choices.of({hour: 1.0 if 9 <= hour < 18 else 0.08 for hour in range(24)})
LATE: Final = Choices.of({hour: 1.0 if 10 <= hour < 18 else 0.8 if 18 <= hour < 24 else 0.02 for hour in range(24)})
PROXIES: Final[Choices[IpKind]] = Choices.of({"datacenter": 0.3, "broadband": 0.45, "mobile": 0.25})
DOORS: Final = ("hotline", "store", "web", "chatbot", "voice_assistant", "partner_api", "app")
MINUTE_MS: Final = 60_000


@dataclass(slots=True)
class Thief:
    """One thief at one victim: what they work with, and what they change when they are stopped.

    Attributes:
        stage: where it is played.
        gang: whom they work for.
        phone: the phone in their hands.
        ip: the address they come from; None for the victim's own surroundings.
        channel: the door they try next; None for the usual one.
        quiet: they drop what the app reports of the phone.
        smaller: they ask for less first.
        care: how often they leave a trace, beside others of their kind.
    """

    stage: Stage
    gang: Gang
    phone: Phone | None = None
    ip: str | None = None
    channel: str | None = None
    quiet: bool = False
    smaller: bool = False
    care: float = 1.0

    def slips(self, probability: float) -> bool:
        """Return whether this thief leaves a trace."""
        return self.stage.slips(probability * self.care)

    def learns(self, victim: Person, answer: str) -> None:
        """Change tactics: the answer is all that a thief learns of us."""
        dice, stage = self.stage.dice, self.stage
        self.care *= 0.8
        self.smaller = answer != "challenge" and dice.chance(0.25)
        tactic = dice.whole(0, 3)
        if tactic == 0 or answer == "block":
            self.channel = dice.pick(DOORS)
        if tactic == 1 and self.phone is not None:
            self.phone = stage.newcomer(6)
        if tactic == 2:
            self.ip = stage.register.address(victim.home.province, "broadband")
        self.quiet = tactic == 3

    def disguise(self, visit: Visit) -> Visit:
        """Leave the traces that most thieves leave, and drop those that this one has learned to drop."""
        stranger(visit, self)
        if self.quiet:
            for group in ("device", "confirmation", "location"):
                visit.body.pop(group, None)
        if self.smaller and visit.action in IRREVERSIBLE:
            visit.action = self.stage.dice.pick(("suspend", "unsubscribe", "resume"))
        return self.stage.finish(visit)


def victim(stage: Stage, at_ms: int, *, premium: int | None = None, tenure_days: float = 900) -> Person:
    """Return somebody who knows of nothing, with the ordinary past of a line in use."""
    person = stage.register.person(premium=premium, tenure_days=tenure_days)
    stage.history(person, at_ms)
    return person


def thief(stage: Stage, at_ms: int, phone_h: float | None = None, *, away: bool = True) -> Thief:
    """Return a thief of a gang, with a phone that is new, or that others of the gang used before."""
    gang, dice = stage.gangs.at(at_ms), stage.dice
    phone = None
    if phone_h is not None:
        phone = dice.pick(gang.phones) if gang.phones and dice.chance(0.15) else stage.newcomer(phone_h)
        gang.phones.append(phone)
    return Thief(stage, gang, phone, hidden(stage) if away else None)


def persist(
    one: Thief, person: Person, at_ms: int, attempt: Callable[[int], Visit], *, first: bool = True
) -> Generator[Visit, str, int]:
    """Try, and when stopped come back another way some hours or days later, until it works or is given up.

    Args:
        one: the thief.
        person: the victim; with `first`, they may have asked for something themselves before.
        at_ms: when it begins.
        attempt: makes a visit at a moment, by the thief's present tactics.
        first: whether this is where the story begins.

    Returns:
        When it ended.
    """
    stage, wait_ms = one.stage, 0
    if first:
        at_ms = yield from earlier(stage, person, at_ms)
    for _ in range(1 + stage.difficulty.tries):
        at_ms += wait_ms
        smaller = one.smaller
        answer = yield one.disguise(attempt(at_ms))
        if (answer == "allow" and not smaller) or not stage.dice.chance(stage.difficulty.again):
            break
        one.learns(person, answer)
        wait_ms = int(min(stage.dice.skewed(7, 1.2) * HOUR_MS, 10 * DAY_MS)) + MINUTE_MS
    return at_ms


def hidden(stage: Stage) -> str:
    """Return an address from which a thief comes."""
    if stage.dice.chance(0.07):
        return stage.country.abroad()
    return stage.register.address(stage.country.birthplace(), stage.dice.one(PROXIES))


def stranger(visit: Visit, one: Thief) -> None:
    """The contact that is left is not the owner's, and the balance goes elsewhere; careful thieves leave neither."""
    dice = one.stage.dice
    if one.slips(0.4):
        left = one.stage.form.supplied("no" if dice.chance(0.6) else "unknown")
        visit.body["contacts"] = [left | {"token": one.gang.contact} if dice.chance(0.4) else left]
    if visit.action in IRREVERSIBLE and one.slips(0.35):
        target = one.gang.target if dice.chance(0.4) else dice.name("b")
        visit.put("balance_transfer", target_token=target, same_owner="no")
