"""A world in memory behind the ports: it does what they promise, fails when told to, and shows what it was asked."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from features.catalogue import catalogue
from features.clock import FixedClock
from features.codec import LoggedLabel, LoggedScreening
from features.event import Event
from features.facts import Facts
from features.replay import replay
from features.request import ScreeningRequest
from model.outcome import Decision
from model.policy import Policy
from model.scorer import Scorer
from service.composing import Composer
from service.judging import InForce
from service.ports import Asking, Before, Entry, Found, Intake, Saved, StoreDownError, VelocityDownError, Witness
from service.screening import Asked, Rules, Screening, World
from tests.builders import Body
from tests.model.bundles import scorer
from tests.service.sql.records import NOW_MS

TENANT = "north"
LONG = timedelta(seconds=30)


class PlainNames:
    """Tokens that can be read: an identifier stands for itself, with its kind before it."""

    def token(self, tenant: str, kind: str, plain: str) -> str:
        """Return the token; a token is returned as it is."""
        return plain if plain.startswith("~") else f"~{kind}:{plain}"


@dataclass
class FakeBook:
    """A record in memory.

    Attributes:
        entries: what was written, in order.
        rival: an entry of another process, which wins the key of the next one that is written.
        reads_down: reading fails.
        writes_down: writing fails.
        gate: when set, writing waits until it is opened.
    """

    entries: list[Entry] = field(default_factory=list)
    sticky: Decision | None = None
    rival: Entry | None = None
    reads_down: bool = False
    writes_down: bool = False
    gate: asyncio.Event | None = None
    reported: dict[str, Event] = field(default_factory=dict)
    labels: dict[tuple[str, str], LoggedLabel] = field(default_factory=dict)
    past: dict[str, LoggedScreening] = field(default_factory=dict)

    async def before(self, asked: Asking) -> Before:
        """Return the saved answer of a key, and the verdict that was set to stick."""
        if self.reads_down:
            raise StoreDownError("reads")
        found = next((e for e in self.entries if (e.tenant, e.key) == (asked.tenant, asked.key)), None)
        saved = None if found is None else Saved(fingerprint=found.fingerprint, kept=found.kept)
        return Before(saved=saved, sticky=self.sticky)

    async def record(self, entry: Entry) -> Saved:
        """Write an entry, unless a rival has the key."""
        if self.gate is not None:
            await self.gate.wait()
        if self.writes_down:
            raise StoreDownError("writes")
        if self.rival is not None:
            return Saved(fingerprint=self.rival.fingerprint, kept=self.rival.kept)
        self.entries.append(entry)
        return Saved(fingerprint=entry.fingerprint, kept=entry.kept)

    async def screening(self, tenant: str, screening_id: str) -> Found | None:
        """Nobody asks."""
        raise NotImplementedError

    async def by_request(self, tenant: str, request_id: str) -> Found | None:
        """Nobody asks."""
        raise NotImplementedError

    async def report(self, tenant: str, events: Sequence[Event]) -> Intake:
        """Write events, each id once."""
        if self.writes_down:
            raise StoreDownError("writes")
        fresh = tuple({e.id: e for e in events if e.id not in self.reported}.values())
        self.reported |= {event.id: event for event in fresh}
        return Intake(fresh=fresh, duplicates=len(events) - len(fresh))

    async def label(self, tenant: str, labels: Sequence[LoggedLabel]) -> int:
        """Write labels, each once."""
        before = len(self.labels)
        self.labels |= {(label.screening_id, label.source): label for label in labels}
        return len(self.labels) - before

    async def history(self, tenant: str, screenings: Sequence[LoggedScreening]) -> int:
        """Write past screenings, each once."""
        before = len(self.past)
        self.past |= {past.event.id: past for past in screenings}
        return len(self.past) - before

    async def ping(self) -> None:
        """Say whether writing would succeed."""
        if self.writes_down:
            raise StoreDownError("writes")


@dataclass
class FakeVelocity:
    """Windows in memory, by the offline engine.

    Attributes:
        past: what it remembers.
        down: why it fails, when it does.
        asked: the events that were to be witnessed, failures included.
    """

    past: list[Event] = field(default_factory=list)
    down: str | None = None
    asked: list[Event] = field(default_factory=list)

    async def witness(self, tenant: str, event: Event, beside: Sequence[Event] = ()) -> Witness:
        """Answer the windows of an event and remember it."""
        self.asked.append(event)
        self._check()
        seen = await self.recall(tenant, event)
        self.past += [new for new in (event, *beside) if new.id not in {past.id for past in self.past}]
        return seen

    async def recall(self, tenant: str, event: Event) -> Witness:
        """Answer the windows of an event."""
        before = [past for past in self.past if past.id != event.id]
        answers = replay([*before, event], catalogue().plan)[-1]
        return Witness(answers=answers, stamps=dict.fromkeys(event.keys, (event.known_ms, event.known_ms)))

    async def remember(self, tenant: str, events: Sequence[Event]) -> None:
        """Remember events."""
        self._check()
        self.past += events

    async def warm(self) -> bool:
        """Say whether it can be asked."""
        return self.down is None

    def _check(self) -> None:
        if self.down is not None:
            raise VelocityDownError(self.down)  # type: ignore[arg-type]  # a test names one of the four


@dataclass
class FakeJournal:
    """Notes what the velocity store has taken."""

    applied: list[str] = field(default_factory=list)

    async def mark_applied(self, tenant: str, event_ids: Sequence[str]) -> None:
        """Note ids."""
        self.applied += event_ids


class NoPlaces:
    """Knows no place."""

    def facts(self, request: ScreeningRequest) -> Facts:
        """Return that nothing is known."""
        return Facts()


class OpenReceipts:
    """Receipts that can be read."""

    def issue(self, claims: Mapping[str, str | int]) -> str:
        """Return the claims as they are."""
        return msgspec.json.encode(claims).decode()

    def jwks(self) -> Mapping[str, object]:
        """Return no keys."""
        return {"keys": []}


@dataclass
class Desk:
    """A screening with its world in memory."""

    book: FakeBook = field(default_factory=FakeBook)
    velocity: FakeVelocity = field(default_factory=FakeVelocity)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW_MS))
    scorer: Scorer | None = field(default_factory=scorer)
    strictness: Any = "normal"
    enforced: bool = True

    def screening(self) -> Screening:
        """Put the use case together."""
        force = InForce(catalogue(), Policy.load(None, catalogue()), self.scorer)
        world = World(
            book=self.book,
            velocity=self.velocity,
            places=NoPlaces(),
            tokeniser=PlainNames(),
            clock=self.clock,
            in_force=lambda: force,
        )
        rules = Rules(
            velocity_deadline=timedelta(milliseconds=50), sticky=timedelta(hours=24), strictness=self.strictness
        )
        return Screening(world, rules, Composer(OpenReceipts(), timedelta(seconds=300), enforced=self.enforced))

    def know(self, body: Body) -> Body:
        """Remember that the phone of a request has used its line for months, and return the request."""
        keys = {
            "line": f"~line:{body['subscriber']['msisdn']}",
            "party": f"~party:{body['subscriber']['party_id']}",
            "device": f"~device:{body['device']['id']}",
        }
        for number, days in enumerate((85, 60, 20, 1)):
            at_ms = self.clock.now_ms() - days * 86_400_000
            seen = {"kind": "login_succeeded", "occurred_ms": at_ms, "known_ms": at_ms, "keys": keys}
            self.velocity.past.append(Event(id=f"{body['request_id']}-{number}", **seen))
        return body


def asked(body: Body, key: str | None = None, *, tenant: str = TENANT, budget: timedelta = LONG) -> Asked:
    """Return a call with a body."""
    said = msgspec.convert(body, ScreeningRequest)
    return Asked(tenant, key or said.request_id, said, budget)
