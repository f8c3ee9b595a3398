"""Events: things that happened to a line, a person, a device; and the entities by which they are remembered.

Everything that windows look at is an `Event`: a reported login as much as a screening. It carries tokens, never plain
numbers, so a log of events can be stored, shipped and replayed.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final, Literal, get_args

from msgspec import Struct

Entity = Literal[
    "line", "party", "device", "ip", "agent", "store", "contact", "target", "beneficiary", "prefix", "province", "cell"
]
"""Who or what an event is remembered by. `target` is where a balance goes, `prefix` the first digits of a number."""

ReportedKind = Literal[
    "login_succeeded",
    "login_failed",
    "password_reset",
    "contact_changed",
    "sim_changed",
    "device_enrolled",
    "call_forwarding_set",
    "otp_sent",
    "otp_passed",
    "otp_failed",
    "safety_service_cancelled",
    "closure_lock_changed",
    "number_reregistered",
    "record_viewed_by_agent",
    "sync_state_changed",
    "incident_declared",
    "incident_cleared",
]
"""What a carrier reports at `POST /v1/events`."""

Kind = ReportedKind | Literal["screening", "screening_overridden", "labelled_fraud"]
"""Reported events, and those that we make: a screening, one with an agent's override, a confirmed fraud."""

KINDS: Final[tuple[str, ...]] = (*get_args(ReportedKind), "screening", "screening_overridden", "labelled_fraud")
ENTITIES: Final[tuple[str, ...]] = get_args(Entity)

WITNESSED: Final = frozenset({"screening", "screening_overridden"})
"""Kinds that the store sees happen; the others are told to it."""

CAPS: Final[Mapping[str, int]] = {"ip": 256, "agent": 256, "store": 256, "prefix": 256, "province": 256}
"""How many newest events of a kind an entity remembers, where it is not `DEFAULT_CAP`; part of what a window means."""
DEFAULT_CAP: Final = 64


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened, as windows see it.

    Attributes:
        id: unique per tenant; an event that comes twice counts once.
        kind: one of `KINDS`.
        occurred_ms: when it happened, clamped to `known_ms`.
        known_ms: when we learned of it.
        keys: entity -> token.
        values: other whole numbers a window may tell apart or give back: `province` (GB/T 2260), `cell` (H3),
            `until_min` (when a declared incident ends, in minutes since 1970).
        stamps: by -> (milliseconds, sequence) that the store gave; absent in a history that no store has seen.
    """

    id: str
    kind: str
    occurred_ms: int
    known_ms: int
    keys: dict[str, str]
    values: dict[str, int] = {}
    stamps: dict[str, tuple[int, int]] = {}


def key_of(keys: Mapping[str, str], by: str) -> str | None:
    """Return the token of an entity (`"line"`) or of a pair (`"line+device"`); None when a part of it is not known."""
    if "+" not in by:
        return keys.get(by)
    parts = [keys.get(entity) for entity in by.split("+")]
    return None if None in parts else "|".join(part for part in parts if part is not None)


def column_value(event: Event, column: str) -> int:
    """Return what an event shows in a column: a value as it is, a token as a number of 63 bits, 0 for neither."""
    value = event.values.get(column)
    if value is not None:
        return value
    token = event.keys.get(column)
    return 0 if token is None else number_of(token)


def sequence_of(event: Event, by: str) -> int:
    """Return the event's place in the order of an entity: the store's sequence, else when it became known.

    The store's sequence is a hybrid logical clock (Kulkarni et al. 2014): the time in milliseconds, or one more than
    the last when that is not later. So places given by the store and times of a log that no store has seen compare.
    """
    stamp = event.stamps.get(by)
    return event.known_ms if stamp is None else stamp[1]


def time_of(event: Event, by: str) -> int:
    """Return the time that the store of an entity gave the event, else when it became known."""
    stamp = event.stamps.get(by)
    return event.known_ms if stamp is None else stamp[0]


def occurred_of(event: Event, by: str) -> int:
    """Return when the event happened, as the store of an entity has it: what it sees itself happens at its time."""
    stamp = event.stamps.get(by)
    return event.occurred_ms if stamp is None or event.kind not in WITNESSED else stamp[0]


def number_of(token: str) -> int:
    """Return a token as a positive whole number of 63 bits: what distinct counts compare, online and offline alike."""
    return int.from_bytes(blake2b(token.encode(), digest_size=8).digest(), "little") >> 1 or 1


def cap_of(by: str) -> int:
    """Return how many newest events of one kind are remembered by an entity or a pair."""
    return CAPS.get(by, DEFAULT_CAP)
