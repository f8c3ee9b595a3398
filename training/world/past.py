"""The past: what happened to a line, a person and a phone in the weeks before a request, as a carrier reports it."""

from collections.abc import Mapping
from typing import Final

from features.event import Event
from features.subject import prefix_of
from training.world.dice import Dice
from training.world.people import Person, Phone

HOUR_MS: Final = 3_600_000
DAY_H: Final = 24.0
REACH_H: Final = 400 * DAY_H
"""How far back a carrier's reports go before the first request of a log."""
REPORTED: Final = 0.93
"""Not everything that happens is reported."""


class Past:
    """Collects events; each is about a person's line and becomes known some time after it happened."""

    def __init__(self, dice: Dice) -> None:
        """Take chance."""
        self._dice = dice
        self.events: list[Event] = []

    def happened(self, kind: str, at_ms: int, keys: dict[str, str], *, sure: bool = False) -> None:
        """Note something that happened; now and then nobody reports it, or late."""
        dice = self._dice
        if not sure and not dice.chance(REPORTED):
            return
        late_ms = int(dice.waiting(2000)) if dice.chance(0.97) else int(dice.waiting(HOUR_MS))
        province = keys.get("province")
        self.events.append(
            Event(
                id=dice.name("e"),
                kind=kind,
                occurred_ms=at_ms,
                known_ms=at_ms + late_ms,
                keys=keys,
                values={} if province is None else {"province": int(province)},
            )
        )

    def about(  # noqa: PLR0913 - the entities an event may name
        self,
        kind: str,
        person: Person,
        at_ms: int,
        *,
        phone: Phone | None = None,
        ip: str | None = None,
        province: str | None = None,
        sure: bool = False,
        others: Mapping[str, str | None] | None = None,
    ) -> None:
        """Note something that happened to a person's line.

        Args:
            kind: what happened.
            person: to whom.
            at_ms: when.
            phone: the phone that was used.
            ip: the address it came from.
            province: where it happened.
            sure: it is always reported.
            others: further entities, such as `agent`.
        """
        found = {
            "line": person.line.msisdn,
            "party": person.party,
            "device": None if phone is None else phone.id,
            "ip": ip,
            **(others or {}),
            "prefix": prefix_of(person.line.msisdn),
            "province": province,
        }
        self.happened(kind, at_ms, {name: key for name, key in found.items() if key is not None}, sure=sure)

    def of_phone(self, person: Person, phone: Phone, at_ms: int, *, logins: float = 3.5) -> None:
        """Note the life of a phone on a line: when it was enrolled, and logins since, most of them lately."""
        dice = self._dice
        province = person.home.province
        age_ms = int(min(phone.age_h, REACH_H) * HOUR_MS)
        if phone.age_h < REACH_H:
            self.about("device_enrolled", person, at_ms - age_ms, phone=phone, province=province)
        else:
            self.about("login_succeeded", person, at_ms - age_ms, phone=phone, province=province)
        for _ in range(dice.count(logins)):
            ago_ms = int(age_ms * dice.share() ** 3)
            ip = person.broadband if dice.chance(0.6) else person.mobile
            self.about("login_succeeded", person, at_ms - ago_ms, phone=phone, ip=ip, province=province)

    def enrolled(self, person: Person, phone: Phone, at_ms: int) -> None:
        """Note that a phone was enrolled on a line, about when it came into the hands that hold it now."""
        ago_h = min(phone.age_h, REACH_H) * self._dice.between(0.2, 1)
        self.about("device_enrolled", person, at_ms - int(ago_h * HOUR_MS), phone=phone)

    def of_person(self, person: Person, at_ms: int) -> None:
        """Note the small troubles that anybody has: forgotten and mistyped passwords, a code that was asked for."""
        dice = self._dice
        for _ in range(dice.count(0.35)):
            ago_ms = int(60 * DAY_H * HOUR_MS * dice.share() ** 2)
            self.about("login_failed", person, at_ms - ago_ms, phone=person.phone, province=person.home.province)
        if dice.chance(0.025):
            # The password is forgotten, and tried again and again before somebody asks.
            for _ in range(dice.whole(2, 6)):
                ago_ms = int(dice.between(0.05, 12) * HOUR_MS)
                self.about("login_failed", person, at_ms - ago_ms, phone=person.phone, province=person.home.province)
        if dice.chance(0.08):
            self.about("otp_sent", person, at_ms - int(dice.waiting(20 * DAY_H) * HOUR_MS))
