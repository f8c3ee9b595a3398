"""The use case: one request is screened, in ten steps, and answered only once the answer is written down.

1 authenticated and 2 decoded by the web layer; here: 3 a saved answer, or a lease on the key; 4 what the request's
entities did before; 5 look-ups; 6 the row; 7 the score; 8 the policy; 9 one transaction; 10 the answer. There is no
retry on this path: a retry is the caller's, with the same key, and finds what was written.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from features.clock import Clock, milliseconds
from features.codec import LoggedScreening
from features.derived import overridden
from features.event import Event
from features.request import ScreeningRequest
from features.subject import event_of, keys_of
from features.windows import Answer as WindowAnswer
from features.windows import Window
from model.policy import Strictness
from service.answer import KeptAnswer
from service.composing import Composer, Composition
from service.errors import key_reused, not_recorded, still_running
from service.judging import InForce, Judgement, Seen, judged
from service.ports import (
    Asking,
    Book,
    Entry,
    Places,
    Saved,
    StoreDownError,
    Tokeniser,
    Velocity,
    VelocityDownError,
    Witness,
)
from service.privacy import private_parts, tokens_of, without_names

logger = logging.getLogger(__name__)

LEAST_BUDGET: Final = timedelta(milliseconds=20)
"""With less time left than this the velocity store is not asked at all: the answer would come too late."""
VELOCITY_FAILED: Final = frozenset({"velocity"})


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


class Looked(NamedTuple):
    """What the windows saw: the event with its places, their answers, and what failed."""

    event: Event
    answers: Mapping[Window, WindowAnswer] | None
    failures: frozenset[str]


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
        before = await world.book.before(
            asking(asked.tenant, asked.key, keys["line"], request, at_ms, self._rules.sticky)
        )
        if before.saved is not None:
            return _again(before.saved, print_of)
        facts = world.places.facts(request)
        kept_request = without_names(request, keys, world.tokeniser, asked.tenant)
        event = event_of(kept_request, facts, keys, event_id=f"scr:{asked.key}", at_ms=at_ms)
        beside = [overridden(event)] if request.agent.override else []
        looked = await look(event, asked.budget, lambda: world.velocity.witness(asked.tenant, event, beside))
        force = world.in_force()
        logged, judgement = judged(
            force,
            Seen(
                event=looked.event,
                request=kept_request,
                facts=facts,
                answers=looked.answers,
                failures=looked.failures,
                before=before,
                at_ms=at_ms,
                strictness=self._rules.strictness,
            ),
        )
        composition = self._composer.compose(asked.tenant, at_ms, logged, judgement, force)
        entry = entry_of(asked.tenant, asked.key, at_ms, logged, composition, judgement)
        whole = msgspec.structs.replace(entry, fingerprint=print_of, private=private_parts(request))
        saved = await world.book.record(whole)
        if saved.kept is not composition.kept:
            return _again(saved, print_of)
        return Given(composition.kept, replayed=False)


def asking(  # noqa: PLR0913 - whose, under which key, about what, and since when
    tenant: str, key: str, line: str, request: ScreeningRequest, at_ms: int, sticky: timedelta
) -> Asking:
    """Return what the book is asked of a request."""
    return Asking(
        tenant=tenant,
        key=key,
        line=line,
        klass=request.klass,
        action=request.action,
        since_ms=at_ms - milliseconds(sticky),
        at_ms=at_ms,
    )


async def look(event: Event, budget: timedelta, ask: Callable[[], Awaitable[Witness]]) -> Looked:
    """Ask the velocity store, within its deadline; a store that cannot be trusted is a failure and no more."""
    if budget < LEAST_BUDGET:
        return Looked(event, None, VELOCITY_FAILED)
    try:
        witness = await ask()
    except VelocityDownError as error:
        logger.warning("velocity not available", extra={"why": error.why})
        return Looked(event, None, VELOCITY_FAILED)
    return Looked(msgspec.structs.replace(event, stamps=witness.stamps), witness.answers, frozenset())


def entry_of(  # noqa: PLR0913 - what one decision writes comes from as many steps
    tenant: str, key: str, at_ms: int, logged: LoggedScreening, composition: Composition, judgement: Judgement
) -> Entry:
    """Return what one decision writes; its fingerprint and what is sealed with it are the caller's to say."""
    request, answer = logged.request, composition.kept.answer
    return Entry(
        tenant=tenant,
        key=key,
        fingerprint=key,
        screening_id=answer.screening_id,
        created_ms=at_ms,
        region=request.subscriber.handling_province or request.subscriber.home_province or "",
        klass=request.klass,
        logged=msgspec.structs.replace(logged, versions=composition.versions),
        kept=composition.kept,
        private={},
        degraded_only=judgement.verdict.degraded_only,
        appeal_ref=answer.customer.appeal_ref,
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
