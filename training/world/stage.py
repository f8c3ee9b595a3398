"""The stage: sets up an ordinary visit, which a persona then bends, and takes the finished visits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from training.world.country import Atlas, Country, Spot
from training.world.dice import Choices, Dice
from training.world.evidence import Evidence
from training.world.form import Form
from training.world.gangs import Gangs
from training.world.outage import DAY_MS, HOUR_MS, Outage, Outages
from training.world.past import Past
from training.world.people import Person, Phone, Register
from training.world.shops import Clerk, Shops
from training.world.visit import APP_LIKE, Visit

CHANNELS: Final = Choices.of(
    {
        "app": 0.55,
        "web": 0.12,
        "hotline": 0.13,
        "store": 0.13,
        "chatbot": 0.03,
        "voice_assistant": 0.02,
        "partner_api": 0.02,
    }
)
ACTIONS: Final = Choices.of({"close": 0.44, "unsubscribe": 0.28, "suspend": 0.18, "resume": 0.1})
REASONS: Final = Choices.of(
    {
        "not_needed": 0.36,
        "moved": 0.14,
        "cost": 0.2,
        "arrears": 0.05,
        "number_change": 0.1,
        "security_risk": 0.03,
        "lost_stolen": 0.03,
        "port_out": 0.04,
        "identity_misuse": 0.005,
        "deceased": 0.005,
        "other": 0.04,
    }
)
HOURS: Final = Choices.of(
    dict(enumerate((6, 4, 3, 2, 2, 3, 6, 14, 30, 45, 50, 46, 36, 38, 44, 46, 44, 40, 34, 32, 32, 28, 20, 12)))
)
CHINA_MS: Final = 8 * HOUR_MS
ENROLLED: Final = 0.5
"""How often a phone that is not the usual one was enrolled on the line before it asks, and reported."""


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How hard thieves make it.

    Attributes:
        tells: how much more or less often they leave a trace than by default.
        tries: how many times they come back at most when they are stopped.
        again: how likely they come back.
    """

    tells: float
    tries: int
    again: float


DIFFICULTIES: Final = {
    "easy": Difficulty(tells=1.5, tries=1, again=0.3),
    "normal": Difficulty(tells=1.25, tries=3, again=0.6),
    "hard": Difficulty(tells=0.8, tries=5, again=0.8),
}
NORMAL: Final = DIFFICULTIES["normal"]


def midnight_before(at_ms: int) -> int:
    """Return when the day of a moment began in China."""
    return (at_ms + CHINA_MS) // DAY_MS * DAY_MS - CHINA_MS


class Stage:
    """Makes ordinary visits; everything on it is drawn from one seed."""

    def __init__(self, dice: Dice, atlas: Atlas, span: tuple[int, int], difficulty: Difficulty = NORMAL) -> None:
        """Take chance, the look-ups, when the history begins and ends, and how hard thieves make it."""
        self.dice = dice
        self.country = Country(dice, atlas)
        self.register = Register(dice, self.country)
        self.past = Past(dice)
        self.form = Form(dice, self.country)
        self.evidence = Evidence(dice)
        self.shops = Shops(dice, self.register)
        self.outages = Outages(dice, self.country.people, *span)
        self.gangs = Gangs(dice)
        self.difficulty = difficulty
        self.past.events += self.outages.events

    def visit(  # noqa: PLR0913 - what personas differ in
        self,
        person: Person,
        at_ms: int,
        *,
        action: str | None = None,
        channel: str | None = None,
        reason: str | None = None,
        phone: Phone | None = None,
        spot: Spot | None = None,
        line_spot: Spot | None = None,
        line_off: bool = False,
        ip: str | None = None,
        own_sim: bool = True,
        fill: Callable[[Visit], None] | None = None,
    ) -> Visit:
        """Return a visit as an ordinary customer makes it; personas bend it afterwards.

        Args:
            person: whose line it is.
            at_ms: when.
            action: what is asked, drawn when not given; closing away from the line's province is `close_remote`.
            channel: through which door, drawn when not given.
            reason: why, drawn when not given.
            phone: the phone in the requester's hands; the person's own when not given.
            spot: where the requester is; the person's home when not given.
            line_spot: where the line's own SIM is; with the requester when not given.
            line_off: the SIM is switched off or lost.
            ip: the requester's address; the person's own when not given.
            own_sim: whether the line's SIM is in that phone.
            fill: called after the carrier's part and before the evidence.
        """
        dice = self.dice
        channel = channel or dice.one(CHANNELS)
        spot = spot or person.home
        wanted = action or dice.one(ACTIONS)
        online = channel in {"app", "web", "chatbot", "voice_assistant"}
        visit = Visit(
            person=person,
            at_ms=at_ms,
            action="close_remote" if wanted == "close" and spot.province != person.line.home else wanted,
            channel=channel,
            reason=reason or dice.one(REASONS),
            spot=spot,
            line_spot=None if line_off else line_spot or spot,
            phone=(phone or person.phone) if online else None,
            ip=(ip or (person.mobile if dice.chance(0.45) else person.broadband)) if online else None,
            own_sim=own_sim and not line_off,
            past=self.past,
        )
        if visit.phone is not None and phone is not None and dice.chance(ENROLLED):
            self.past.enrolled(person, phone, at_ms)
        self.form.fill(visit)
        if visit.assisted:
            self.handled_by(visit, self.shops.clerk(spot.province))
        if fill is not None:
            fill(visit)
        self.evidence.fill(visit)
        return visit

    def _disturbed(self, visit: Visit, outage: Outage) -> None:
        """Bend a visit by what does not work in its province at this hour."""
        dice = self.dice
        if outage.kind == "codes" and "otp" in visit.body:
            visit.body["otp"] = {"status": dice.pick(("not_sent", "expired", "not_possible"))}
        elif outage.kind == "logins" and visit.phone is not None:
            for _ in range(dice.whole(1, 5)):
                visit.say("login_failed", dice.between(0.02, 2))
        elif outage.kind == "books":
            visit.put("sync", state=dice.pick(("failed", "lagging")), lag_s=round(dice.between(600, 9000), 1))
            if "cross_province" in visit.body:
                visit.put("cross_province", **dict.fromkeys(("bill", "balance", "arrears"), "unavailable"))

    def finish(self, visit: Visit) -> Visit:
        """Return a finished visit, with what happened not to work; most requests name the reason they were made for."""
        outage = self.outages.at(visit.spot.province, visit.at_ms)
        if outage is not None:
            self._disturbed(visit, outage)
        visit.body["action"] = visit.action
        visit.body["channel"] = visit.channel
        if self.dice.chance(0.9):
            visit.body["reason"] = visit.reason
        return visit

    def slips(self, probability: float) -> bool:
        """Return whether a thief leaves a trace that others of the kind leave so often."""
        return self.dice.chance(probability * self.difficulty.tells)

    def handled_by(self, visit: Visit, clerk: Clerk) -> None:
        """Name the clerk; now and then one has to skip a check, and somebody else benefits by name."""
        dice = self.dice
        skipped = dice.chance(clerk.careless) if dice.chance(0.8) else None
        visit.put("agent", id=clerk.id, store_id=clerk.store, override=skipped)
        if dice.chance(0.06):
            visit.put("agent", beneficiary_token=self.shops.beneficiary(clerk))
        for _ in range(dice.count(clerk.curious)):
            visit.say("record_viewed_by_agent", dice.between(0.01, 3), agent=clerk.id, store=clerk.store)

    def history(self, person: Person, at_ms: int, *, logins: float = 3.5) -> None:
        """Note the ordinary past of a person and their phone before a request."""
        self.past.of_phone(person, person.phone, at_ms, logins=logins)
        self.past.of_person(person, at_ms)

    def later(self, at_ms: int, days: int, hours: "Choices[int]" = HOURS) -> int:
        """Return a moment some days after another."""
        return self.moment(midnight_before(at_ms) + days * DAY_MS, hours)

    def moment(self, day_ms: int, hours: "Choices[int]" = HOURS) -> int:
        """Return a moment of a day that begins at midnight in China."""
        return day_ms + self.dice.one(hours) * HOUR_MS + self.dice.whole(0, HOUR_MS - 1)

    def newcomer(self, age_h: float = 1.5) -> Phone:
        """Return a phone that is hardly known."""
        return self.register.phone(age_h, 1.2)

    def app(self, *others: str) -> str:
        """Return a door inside the app, or one of others."""
        return self.dice.pick(("app", "app", "app", *others)) if others else "app"


__all__ = ["APP_LIKE", "DAY_MS", "HOURS", "HOUR_MS", "Clerk", "Stage"]
