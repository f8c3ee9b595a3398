"""The use case: reported events are checked one by one, written down, and remembered by the windows.

The record comes first: an event that is written and not yet remembered is remembered later, by its id, and counts once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from features.clock import FUTURE_TOLERANCE, Clock, milliseconds, to_ms
from features.event import Event, ReportedKind
from features.incidents import LONGEST, MINUTE_MS
from features.provinces import PROVINCES
from features.subject import reported_keys
from features.vocabulary import Id, Msisdn, Province
from service.ports import Tokeniser
from service.privacy import tokens_of
from service.remembering import Remembering

INCIDENTS: Final = frozenset({"incident_declared", "incident_cleared"})
EVERYWHERE: Final = " in "
"""Between the id of an incident and a province: no id of a caller has a space."""
DEFAULT_INCIDENT: Final = timedelta(hours=24)
"""How long an incident lasts whose `hours` are not told; `LONGEST` at most."""

Attribute = bool | int | float | Annotated[str, Meta(max_length=64)]


class ReportedEvent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A security event as a carrier reports it; `attributes` must not carry personal data.

    Of an incident, `attributes.hours` says how long it lasts, and no province means all of them.
    """

    event_id: Id
    occurred_at: datetime
    kind: ReportedKind
    msisdn: Msisdn | None = None
    party_id: Id | None = None
    device_id: Id | None = None
    ip: Annotated[str, Meta(max_length=64)] | None = None
    agent_id: Id | None = None
    store_id: Id | None = None
    contact_token: Id | None = None
    province: Province | None = None
    attributes: Annotated[dict[Annotated[str, Meta(max_length=64)], Attribute | None], Meta(max_length=16)] | None = (
        None
    )


class Batch(Struct, frozen=True, forbid_unknown_fields=True):
    """One to five hundred events."""

    events: Annotated[list[ReportedEvent], Meta(min_length=1, max_length=500)]


class Rejected(Struct, frozen=True):
    """An event that was not taken: its place in the batch, from 0, and why."""

    index: int
    code: str


class Taken(Struct, frozen=True):
    """How a batch was taken."""

    accepted: int
    duplicates: int
    rejected: tuple[Rejected, ...]


_decoder: Final = msgspec.json.Decoder(ReportedEvent)


class Intake:
    """Takes reported events."""

    def __init__(self, remembering: Remembering, tokeniser: Tokeniser, clock: Clock) -> None:
        """Take whoever writes and remembers, the maker of tokens and the clock."""
        self._remembering = remembering
        self._tokeniser = tokeniser
        self._clock = clock

    async def take(self, tenant: str, raw: Sequence[msgspec.Raw]) -> Taken:
        """Write and remember the events that are sound; the others are rejected one by one.

        Raises:
            StoreDownError: nothing of the batch is written.
        """
        now_ms = self._clock.now_ms()
        events: list[Event] = []
        rejected: list[Rejected] = []
        for index, item in enumerate(raw):
            found = self._event(tenant, item, now_ms)
            if isinstance(found, str):
                rejected.append(Rejected(index, found))
            else:
                events.append(found)
        taken = await self._remembering.take(
            tenant, [one for event in events for one in self._everywhere(tenant, event)]
        )
        intake = replace(taken, duplicates=len(events) - len({_told(event) for event in taken.fresh}))
        return Taken(accepted=len(events) - intake.duplicates, duplicates=intake.duplicates, rejected=tuple(rejected))

    def _everywhere(self, tenant: str, event: Event) -> list[Event]:
        """Return an incident that names no province as one for each of them; any other event as it is."""
        if event.kind not in INCIDENTS or "province" in event.keys:
            return [event]
        keys = ({"province": province.code} for province in PROVINCES)
        return [
            replace(event, id=f"{event.id}{EVERYWHERE}{key['province']}", keys=tokens_of(self._tokeniser, tenant, key))
            for key in keys
        ]

    def _event(self, tenant: str, raw: msgspec.Raw, now_ms: int) -> Event | str:
        """Return the event as windows see it, or the code of what is wrong with it."""
        try:
            said = _decoder.decode(raw)
        except msgspec.ValidationError as error:
            return "UNKNOWN_KIND" if "`$.kind`" in str(error) else "INVALID_EVENT"
        except msgspec.DecodeError:
            return "INVALID_EVENT"
        return _wrong_with(said, now_ms) or Event(
            id=said.event_id,
            kind=said.kind,
            occurred_ms=min(to_ms(said.occurred_at), now_ms),
            known_ms=now_ms,
            keys=tokens_of(self._tokeniser, tenant, reported_keys(said)),
            values=_values(said, now_ms),
        )


def _told(event: Event) -> str:
    return event.id.partition(EVERYWHERE)[0] if event.kind in INCIDENTS else event.id


def _values(said: ReportedEvent, now_ms: int) -> dict[str, int]:
    """Return the whole numbers that windows read of an event."""
    values = {} if said.province is None else {"province": int(said.province)}
    if said.kind == "incident_declared":
        hours = (said.attributes or {}).get("hours")
        span = timedelta(hours=float(hours)) if isinstance(hours, int | float) else DEFAULT_INCIDENT
        values["until_min"] = (now_ms + milliseconds(min(max(span, timedelta(0)), LONGEST))) // MINUTE_MS
    return values


def _wrong_with(said: ReportedEvent, now_ms: int) -> str | None:
    """Return the code of what is wrong with an event that could be read."""
    if said.occurred_at.tzinfo is None:
        return "TIME_WITHOUT_OFFSET"
    if to_ms(said.occurred_at) > now_ms + milliseconds(FUTURE_TOLERANCE):
        return "OCCURRED_IN_FUTURE"
    if said.msisdn is not None and not said.msisdn.startswith("+"):
        return "INVALID_EVENT"
    if not reported_keys(said) and said.kind not in INCIDENTS:
        return "NO_SUBJECT"
    return None
