"""The stage: sets up an ordinary visit, which a persona then bends, and takes the finished visits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from training.world.country import Atlas, Country, Spot
from training.world.dice import Choices, Dice
from training.world.evidence import Evidence
from training.world.form import Form
from training.world.past import Past
from training.world.people import Person, Phone, Register
from training.world.visit import APP_LIKE, Visit

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
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
SHOPS_PER_PROVINCE: Final = 6
CLERKS_PER_SHOP: Final = 3


@dataclass(frozen=True, slots=True)
class Clerk:
    """Somebody at a counter or on a hotline."""

    id: str
    store: str


class Stage:
    """Makes ordinary visits; everything on it is drawn from one seed."""

    def __init__(self, dice: Dice, atlas: Atlas) -> None:
        """Take chance and the look-ups."""
        self.dice = dice
        self.country = Country(dice, atlas)
        self.register = Register(dice, self.country)
        self.past = Past(dice)
        self.form = Form(dice)
        self.evidence = Evidence(dice)
        self.done: list[Visit] = []
        self._clerks: dict[str, list[Clerk]] = {}

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
        self.form.fill(visit)
        if visit.assisted:
            self.handled_by(visit, self.clerk(spot.province))
        if fill is not None:
            fill(visit)
        self.evidence.fill(visit)
        return visit

    def finish(self, visit: Visit) -> None:
        """Take a finished visit; most requests name the reason they were made for."""
        visit.body["action"] = visit.action
        visit.body["channel"] = visit.channel
        if self.dice.chance(0.9):
            visit.body["reason"] = visit.reason
        self.done.append(visit)

    def handled_by(self, visit: Visit, clerk: Clerk) -> None:
        """Name the clerk; now and then one has to skip a check, and somebody else benefits by name."""
        dice = self.dice
        visit.put("agent", id=clerk.id, store_id=clerk.store, override=dice.chance(0.04) if dice.chance(0.8) else None)
        if dice.chance(0.05):
            visit.put("agent", beneficiary_token=dice.name("y"))
        if dice.chance(0.6):
            visit.say("record_viewed_by_agent", dice.between(0.01, 0.3), agent=clerk.id)

    def clerk(self, province: str) -> Clerk:
        """Return a clerk of a province."""
        clerks = self._clerks.setdefault(province, [])
        if len(clerks) < SHOPS_PER_PROVINCE * CLERKS_PER_SHOP:
            shop = self.dice.name("s") if len(clerks) % CLERKS_PER_SHOP == 0 else clerks[-1].store
            clerks.append(Clerk(self.dice.name("a"), shop))
            return clerks[-1]
        return self.dice.pick(clerks)

    def history(self, person: Person, at_ms: int, *, logins: float = 3.5) -> None:
        """Note the ordinary past of a person and their phone before a request."""
        self.past.of_phone(person, person.phone, at_ms, logins=logins)
        self.past.of_person(person, at_ms)

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
