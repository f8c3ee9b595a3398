"""The use case: one request is screened, in ten steps, and answered only once the answer is written down.

1 authenticated and 2 decoded by the web layer; here: 3 a saved answer, or a lease on the key; 4 what the request's
entities did before; 5 look-ups; 6 the row; 7 the score; 8 the policy; 9 one transaction; 10 the answer. There is no
retry on this path: a retry is the caller's, with the same key, and finds what was written.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

import msgspec

from features.clock import Clock, milliseconds
from features.codec import LoggedScreening
from features.derived import overridden
from features.event import Event
from features.facts import Facts
from features.request import ScreeningRequest
from features.signal import Moment
from features.subject import event_of, keys_of
from features.windows import Answer as WindowAnswer
from features.windows import Window
from model.policy import Matter, Strictness
from service.answer import KeptAnswer
from service.composing import Composer, Composition
from service.errors import key_reused, not_recorded, still_running
from service.judging import InForce, Judgement, judge
from service.ports import Asking, Book, Entry, Places, Saved, StoreDownError, Tokeniser, Velocity, VelocityDownError
from service.privacy import private_parts, tokens_of, without_names

logger = logging.getLogger(__name__)

LEAST_BUDGET: Final = timedelta(milliseconds=20)
"""With less time left than this the velocity store is not asked at all: the answer would come too late."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: who asks what, under which key, and how long they will wait."""

    tenant: str
    key: str
    request: ScreeningRequest
    budget: timedelta


@dataclass(frozen=True, slots=True)
class Given:
    """What is answered, and whether it was answered before."""

    kept: KeptAnswer
    replayed: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known of a request when it is judged."""

    event: Event
    facts: Facts
    answers: Mapping[Window, WindowAnswer] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a screening needs of the world, each behind its port."""

    book: Book
    velocity: Velocity
    places: Places
    tokeniser: Tokeniser
    clock: Clock
    in_force: Callable[[], InForce]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The settings that a screening obeys."""

    velocity_deadline: timedelta
    sticky: timedelta
    strictness: Strictness


class Screening:
    """Screens requests."""

    def __init__(self, world: World, rules: Rules, composer: Composer) -> None:
        """Take the world, the settings and the writer of answers."""
        self._world = world
        self._rules = rules
        self._composer = composer
        self._running: set[tuple[str, str]] = set()

    async def screen(self, asked: Asked) -> Given:
        """Answer a request once: a key that comes again gets the saved answer.

        Raises:
            Problem: 409 while the same key is being answered, 422 for a key that was used for another body, 503 when
                nothing can be written down.
        """
        lease = (asked.tenant, asked.key)
        if lease in self._running:
            raise still_running()
        self._running.add(lease)
        try:
            async with asyncio.timeout(asked.budget.total_seconds()):
                return await self._screen(asked)
        except (StoreDownError, TimeoutError) as error:
            logger.warning("not recorded", extra={"error": type(error).__name__})
            raise not_recorded() from error
        finally:
            self._running.discard(lease)

    async def _screen(self, asked: Asked) -> Given:
        world, request = self._world, asked.request
        at_ms = world.clock.now_ms()
        keys = tokens_of(world.tokeniser, asked.tenant, keys_of(request))
        print_of = fingerprint(asked)
        since_ms = at_ms - milliseconds(self._rules.sticky)
        before = await world.book.before(
            Asking(
                tenant=asked.tenant,
                key=asked.key,
                line=keys["line"],
                klass=request.klass,
                action=request.action,
                since_ms=since_ms,
                at_ms=at_ms,
            )
        )
        if before.saved is not None:
            return _again(before.saved, print_of)
        facts = world.places.facts(request)
        kept_request = without_names(request, keys, world.tokeniser, asked.tenant)
        event = event_of(kept_request, facts, keys, event_id=f"scr:{asked.key}", at_ms=at_ms)
        seen, failures = await self._look(asked, event, facts)
        force = world.in_force()
        moment = Moment(request=kept_request, facts=facts, at_ms=at_ms, keys=keys, answers=seen.answers)
        row = force.row(moment)
        judgement = judge(
            force,
            Matter(
                request=kept_request,
                row=row,
                failures=failures,
                sticky=before.sticky,
                released=before.released,
                at_ms=at_ms,
                strictness=self._rules.strictness,
            ),
        )
        logged = LoggedScreening(
            event=seen.event,
            request=kept_request,
            facts=facts,
            failed=tuple(sorted(judgement.failures)),
            row=row,
            decision=judgement.verdict.decision,
            probability=judgement.probability,
        )
        composition = self._composer.compose(asked.tenant, at_ms, logged, judgement, force)
        entry = self._entry(asked, at_ms, print_of, logged, composition, judgement)
        saved = await world.book.record(entry)
        if saved.kept is not composition.kept:
            return _again(saved, print_of)
        return Given(composition.kept, replayed=False)

    async def _look(self, asked: Asked, event: Event, facts: Facts) -> tuple[_Seen, frozenset[str]]:
        """Ask the velocity store, within its deadline; a store that cannot be trusted is a failure and no more."""
        if asked.budget < LEAST_BUDGET:
            return _Seen(event, facts, None), frozenset({"velocity"})
        beside = [overridden(event)] if asked.request.agent.override else []
        try:
            witness = await self._world.velocity.witness(asked.tenant, event, beside)
        except VelocityDownError as error:
            logger.warning("velocity not available", extra={"why": error.why})
            return _Seen(event, facts, None), frozenset({"velocity"})
        stamped = msgspec.structs.replace(event, stamps=witness.stamps)
        return _Seen(stamped, facts, witness.answers), frozenset()

    def _entry(  # noqa: PLR0913 - what one decision writes comes from as many steps
        self,
        asked: Asked,
        at_ms: int,
        print_of: str,
        logged: LoggedScreening,
        composition: Composition,
        judgement: Judgement,
    ) -> Entry:
        request = asked.request
        return Entry(
            tenant=asked.tenant,
            key=asked.key,
            fingerprint=print_of,
            screening_id=composition.kept.answer.screening_id,
            created_ms=at_ms,
            region=request.subscriber.handling_province or request.subscriber.home_province or "",
            klass=request.klass,
            logged=msgspec.structs.replace(logged, versions=composition.versions),
            kept=composition.kept,
            private=private_parts(request),
            degraded_only=judgement.verdict.degraded_only,
            appeal_ref=composition.kept.answer.customer.appeal_ref,
            case=composition.case,
            challenge=composition.challenge,
        )


def fingerprint(asked: Asked) -> str:
    """Return what tells one body from another: a digest of the request as understood, its tenant and its route.

    Two bodies that differ in white space, in order or in written-out nulls ask the same and have one fingerprint.
    """
    body = msgspec.json.encode(asked.request, order="deterministic")
    return sha256(b"\x00".join((b"screenings", asked.tenant.encode(), body))).hexdigest()


def _again(saved: Saved, print_of: str) -> Given:
    if saved.fingerprint != print_of:
        raise key_reused()
    return Given(saved.kept, replayed=True)
