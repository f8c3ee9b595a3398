"""The use case: a request is looked at again, after a step-up, or once the cause of a degraded hold is gone.

Only what a step-up can change may change: codes, faces, the network's word on the number, identity and papers. Whatever
a device says stays as it was, so that nothing a thief's phone claims later can turn a hold into an allow. A second look
adds no event and does not count itself.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from msgspec import Struct
from msgspec.structs import replace

from features.clock import milliseconds
from features.derived import overridden
from features.request import Kyc, Liveness, Otp, ScreeningRequest
from features.vocabulary import DocumentStatus, TrueFalse
from model.matter import Offer
from model.outcome import RANK
from service.composing import Composer
from service.errors import Problem, not_found, not_recorded
from service.ids import new_key
from service.judging import Seen, judged
from service.liveness import told_liveness
from service.otp import told
from service.ports import Asking, Found, StoreDownError
from service.ports_liveness import Session, Sessions
from service.ports_otp import Codes, Summary
from service.ports_stepup import Challenges, Steps
from service.screening import Given, Looked, Rules, World, asking, entry_of, look
from service.stepup import passed_now

logger = logging.getLogger(__name__)


class NetworkWord(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the network says of the number now."""

    number_verified: TrueFalse | None = None


class Papers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the requester's papers stand now."""

    document_status: DocumentStatus | None = None


class StepUpResult(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a step-up can change; what is left out stays as it was."""

    otp: Otp | None = None
    liveness: Liveness | None = None
    network: NetworkWord | None = None
    kyc: Kyc | None = None
    requester: Papers | None = None


@dataclass(frozen=True, slots=True)
class DoneWithUs:
    """The record of step-ups: challenges, codes and face checks."""

    challenges: Challenges
    codes: Codes
    sessions: Sessions


class Rescreening:
    """Looks at requests again."""

    def __init__(self, world: World, rules: Rules, composer: Composer, done: DoneWithUs) -> None:
        """Take what a screening takes, and what our own record says of step-ups."""
        self._world = world
        self._rules = rules
        self._composer = composer
        self._challenges = done.challenges
        self._codes = done.codes
        self._sessions = done.sessions

    async def rescreen(
        self, tenant: str, screening_id: str, said: StepUpResult, *, key: str | None, budget: timedelta
    ) -> Given:
        """Look again after a step-up; a key that comes again gets the saved answer.

        Raises:
            Problem: 404 for another tenant's; 409 for what is allowed already, too old, or contradicts our own record.
        """
        try:
            async with asyncio.timeout(budget.total_seconds()):
                return await self._rescreen(tenant, screening_id, said, key, budget)
        except (StoreDownError, TimeoutError) as error:
            logger.warning("not recorded", extra={"error": type(error).__name__})
            raise not_recorded() from error

    async def again(self, tenant: str, screening_id: str) -> Given | None:
        """Look again at a hold that failures alone caused; None, and nothing is written, while something still fails.

        Raises:
            StoreDownError: nothing was written; try again later.
        """
        found = await self._world.book.screening(tenant, screening_id)
        if found is None or not found.degraded_only:
            return None
        second = _Second(tenant, found, found.logged.request, Steps(), f" again:{screening_id}")
        return await self._decide(second, self._rules.velocity_deadline * 20, only_sound=True)

    async def _rescreen(
        self, tenant: str, screening_id: str, said: StepUpResult, key: str | None, budget: timedelta
    ) -> Given:
        found = await self._world.book.screening(tenant, screening_id)
        if found is None:
            raise not_found("screening")
        # No key of a caller has a space, so none can be taken for one of these.
        name = f" again:{screening_id}:{key or new_key()}"
        saved = (await self._world.book.before(Asking(tenant=tenant, key=name))).saved
        if saved is not None:
            return Given(saved.kept, replayed=True)
        self._check(found)
        steps = await self._challenges.steps(tenant, found.root)
        ours = await self._ours(tenant, found)
        request = _changed(found.logged.request, said, ours)
        given = await self._decide(_Second(tenant, found, request, steps, name), budget)
        if given is None:
            raise not_recorded()
        return given

    async def _ours(self, tenant: str, found: Found) -> "_Ours":
        code = await self._codes.summary(tenant, found.root, self._world.clock.now_ms())
        return _Ours(code, await self._sessions.newest(tenant, found.root))

    def _check(self, found: Found) -> None:
        if found.kept.answer.decision == "allow":
            raise Problem(HTTPStatus.CONFLICT, "ALREADY_ALLOWED", "there is nothing to step up")
        if self._world.clock.now_ms() - found.created_ms > milliseconds(self._rules.sticky):
            raise Problem(HTTPStatus.CONFLICT, "SCREENING_TOO_OLD", "screen anew: too much may have changed since")

    async def _decide(self, second: "_Second", budget: timedelta, *, only_sound: bool = False) -> Given | None:
        world, found = self._world, second.found
        at_ms, force = world.clock.now_ms(), world.in_force()
        looked = await self._looked(second, budget)
        line = looked.event.keys["line"]
        before = await world.book.before(
            asking(second.tenant, second.key, line, second.request, at_ms, self._rules.sticky)
        )
        logged, judgement = judged(
            force,
            Seen(
                event=looked.event,
                request=second.request,
                facts=found.logged.facts,
                answers=looked.answers,
                failures=looked.failures,
                before=before,
                at_ms=at_ms,
                strictness=self._rules.strictness,
                done=passed_now(second.steps, at_ms),
                offers=_offers(second.steps),
            ),
        )
        if only_sound and judgement.failures:
            return None
        composition = self._composer.compose(
            second.tenant, at_ms, logged, judgement, force, standing=found.kept.answer.hold
        )
        milder = RANK[judgement.verdict.decision] < RANK["hold"]
        # A degraded hold is done with once it was looked at with nothing failing, whatever came of it.
        lifts = milder or (found.degraded_only and not judgement.failures)
        entry = entry_of(second.tenant, second.key, at_ms, logged, composition, judgement)
        saved = await world.book.record(replace(entry, parent=found.root, lifts=lifts))
        return Given(saved.kept, replayed=saved.kept is not composition.kept)

    async def _looked(self, second: "_Second", budget: timedelta) -> Looked:
        """Ask the windows again; what was never remembered, because the store was down, is remembered now."""
        event, velocity = second.found.logged.event, self._world.velocity
        if "velocity" in second.found.logged.failed:
            beside = [overridden(event)] if second.request.agent.override else []
            return await look(event, budget, lambda: velocity.witness(second.tenant, event, beside))
        # Its place in the order stays the first one: a second look is no event of its own.
        return (await look(event, budget, lambda: velocity.recall(second.tenant, event)))._replace(event=event)


class _Ours(Struct, frozen=True):
    """What our own record says of a request's codes and face checks."""

    code: Summary | None
    face: Session | None


class _Second(Struct, frozen=True):
    """A second look: whose, at what, with which changes, after which steps, under which key."""

    tenant: str
    found: Found
    request: ScreeningRequest
    steps: Steps
    key: str


def _changed(request: ScreeningRequest, said: StepUpResult, ours: "_Ours") -> ScreeningRequest:
    """Return the request with what the step-up changed.

    Raises:
        Problem: 409 where it contradicts what our own record says of a code or a face.
    """
    for part, known in (("otp", ours.code), ("liveness", ours.face)):
        if getattr(said, part) is not None and known is not None:
            detail = f"our own record says how {part} went; leave it out"
            raise Problem(HTTPStatus.CONFLICT, "CONTRADICTS_OUR_RECORD", detail, path=part)
    otp = said.otp if ours.code is None else told(ours.code, request.otp)
    face = said.liveness if ours.face is None else told_liveness(ours.face)
    parts: dict[str, Struct | None] = {"otp": otp, "kyc": said.kyc, "liveness": face}
    if said.network is not None and said.network.number_verified is not None:
        parts["network"] = replace(request.network, number_verified=said.network.number_verified)
    if said.requester is not None and said.requester.document_status is not None:
        parts["requester"] = replace(request.requester, document_status=said.requester.document_status)
    return replace(request, **{name: part for name, part in parts.items() if part is not None})


def _offers(steps: Steps) -> tuple[Offer, ...]:
    return tuple(
        Offer(meets=challenge.meets, ways=challenge.any_of)
        for challenge in steps.challenges
        if challenge.meets in {"challenge", "hold"} and challenge.state == "open"
    )
