"""A visit: one request in the making, with what happened just before it. Personas bend an ordinary visit."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from features.clock import CHINA, milliseconds, moment
from training.world.country import Spot
from training.world.past import HOUR_MS, Past
from training.world.people import Person, Phone

Body = dict[str, Any]

APP_LIKE = frozenset({"app", "chatbot", "voice_assistant"})
"""Doors inside the app: it can report the phone that it runs on."""
ONLINE = frozenset({"app", "web", "chatbot", "voice_assistant"})
ASSISTED = frozenset({"store", "hotline"})
FIVE_YEARS_H = 43_800.0


@dataclass(slots=True)
class Visit:
    """One request in the making.

    Attributes:
        person: whose line it is.
        at_ms: when it is asked.
        action: what is asked.
        channel: through which door.
        reason: the reason given.
        spot: where the requester is.
        line_spot: where the line's own SIM is; None when it is switched off or lost.
        phone: the phone in the requester's hands; None at a counter or on a hotline.
        ip: the requester's address, where there is one.
        own_sim: whether the line's SIM is in that phone.
        past: what is reported.
        owners_own: the owner asks themselves, also where the story is a thief's.
        body: the request as it will be sent.
    """

    person: Person
    at_ms: int
    action: str
    channel: str
    reason: str
    spot: Spot
    line_spot: Spot | None
    phone: Phone | None
    ip: str | None
    own_sim: bool
    past: Past
    owners_own: bool = False
    body: Body = field(default_factory=dict)

    @property
    def assisted(self) -> bool:
        """Whether a clerk handles it."""
        return self.channel in ASSISTED

    def put(self, group: str, **fields: Any) -> None:  # noqa: ANN401 - a request has fields of every kind
        """Write fields of a group; None takes a field away."""
        there = self.body.setdefault(group, {})
        there.update(fields)

    def say(self, kind: str, ago_h: float, **others: str | None) -> None:
        """Note something that happened on this visit's phone and address some hours before it, five years at most."""
        at_ms = self.at_ms - int(min(ago_h, FIVE_YEARS_H) * HOUR_MS)
        province = self.spot.province
        self.past.about(kind, self.person, at_ms, phone=self.phone, ip=self.ip, province=province, others=others)

    def sim_changed(self, ago_h: float) -> None:
        """Note that the line got a new SIM."""
        self.put("network", sim_change_age_h=booked(ago_h))
        self.say("sim_changed", ago_h)

    def line_moved_phone(self, ago_h: float) -> None:
        """Note that the line was put into another phone."""
        self.put("network", device_change_age_h=booked(ago_h))

    def contact_changed(self, ago_h: float) -> None:
        """Note that the owner's contact was changed."""
        self.put("account", contact_changed_h=booked(ago_h))
        self.say("contact_changed", ago_h)

    def password_reset(self, ago_h: float) -> None:
        """Note that the service password was reset."""
        self.put("account", password_reset_h=booked(ago_h))
        self.say("password_reset", ago_h)

    def safety_cancelled(self, ago_h: float) -> None:
        """Note that a safety service was cancelled."""
        self.put("account", safety_service_cancelled_h=booked(ago_h))
        self.say("safety_service_cancelled", ago_h)

    def forwarding_set(self, ago_h: float, kind: str = "unconditional") -> None:
        """Note that calls of the line are forwarded."""
        self.put("network", call_forwarding=kind, call_forward_set_h=booked(ago_h))
        self.say("call_forwarding_set", ago_h)

    def lock_taken_off(self, ago_h: float) -> None:
        """Note that the closure lock was taken off."""
        self.put("account", closure_lock="recently_off")
        self.say("closure_lock_changed", ago_h)

    def occurred_at(self) -> str:
        """Return the request's time as a caller sends it, with China's offset."""
        return moment(self.at_ms).astimezone(CHINA).isoformat(timespec="seconds")

    def captured_at(self, ago: timedelta) -> str:
        """Return a time shortly before the request."""
        return moment(self.at_ms - milliseconds(ago)).astimezone(CHINA).isoformat(timespec="seconds")


def booked(ago_h: float) -> float:
    """Return how long ago something was, as books say it; they reach back five years."""
    return round(min(ago_h, FIVE_YEARS_H), 2)
