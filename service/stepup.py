"""The use case: a challenge goes on; its factors are done one by one, each where it can be trusted.

Factors done outside (a password, a call-back, a video agent, a store) are reported by whoever did them. Codes and faces
that we checked ourselves are in our own record, and nobody else's word counts for them (OWASP ASVS V6: a factor is
bound to the transaction and verified by the side that trusts it).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from features.clock import Clock, milliseconds, rfc3339, to_ms
from features.vocabulary import Id
from model.factors import sufficient
from service.errors import Problem, not_found
from service.ports_stepup import Challenge, Challenges, FactorDone, Result, Steps

Outside = Literal[
    "service_password", "second_confirmation", "callback_second_contact", "video_agent", "store_visit", "wait_period"
]
SHORT: Final = timedelta(minutes=30)
LONG: Final = timedelta(hours=24)
LASTS: Final[Mapping[str, timedelta]] = {
    "number_verification": SHORT,
    "otp_closing_number": SHORT,
    "otp_second_contact": SHORT,
    "service_password": SHORT,
    "second_confirmation": SHORT,
    "face_liveness": SHORT,
    "callback_second_contact": LONG,
    "video_agent": LONG,
    "store_visit": timedelta(hours=72),
    "wait_period": timedelta(hours=72),
}
"""How long a factor counts after it was done: what a phone proves wears off sooner than what a person saw."""
WAIT_AT_LEAST: Final = timedelta(hours=24)


class FactorReport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a factor went that was done outside, by whom and when."""

    factor: Outside
    result: Result
    performed_by: Id
    at: Annotated[datetime, Meta(tz=True)] | None = None
    reference: Annotated[str, Meta(max_length=128)] | None = None


class ChallengeState(Struct, frozen=True, kw_only=True):
    """How a challenge stands: what may be done, what was done, and whether a way is complete."""

    challenge_id: str
    screening_id: str
    state: Literal["open", "met", "failed", "expired"]
    any_of: tuple[tuple[str, ...], ...]
    passed: tuple[str, ...]
    expires_at: str


class StepUp:
    """Goes on with challenges."""

    def __init__(self, challenges: Challenges, clock: Clock) -> None:
        """Take the record and the clock."""
        self._challenges = challenges
        self._clock = clock

    async def state(self, tenant: str, challenge_id: str) -> ChallengeState:
        """Return how a challenge stands.

        Raises:
            Problem: 404 for another tenant's.
        """
        challenge = await challenge_of(self._challenges, tenant, challenge_id)
        now_ms = self._clock.now_ms()
        steps = await self._challenges.steps(tenant, challenge.root)
        passed = passed_now(steps, now_ms)
        return ChallengeState(
            challenge_id=challenge_id,
            screening_id=challenge.screening_id,
            state=_state(challenge, passed, now_ms),
            any_of=challenge.any_of,
            passed=tuple(sorted(passed)),
            expires_at=rfc3339(challenge.expires_ms),
        )

    async def report(self, tenant: str, challenge_id: str, said: FactorReport) -> ChallengeState:
        """Write down how a factor went that was done outside.

        Raises:
            Problem: 404 for another tenant's; 409 for a factor that was not offered, that is not done yet, or a
                challenge that has ended.
        """
        challenge = await challenge_of(self._challenges, tenant, challenge_id)
        now_ms = self._clock.now_ms()
        said_ms = now_ms if said.at is None else min(to_ms(said.at), now_ms)
        _check(challenge, said.factor, said_ms, now_ms)
        done = FactorDone(
            challenge_id=challenge_id,
            factor=said.factor,
            result=said.result,
            source="outside",
            performed_by=said.performed_by,
            reference=said.reference,
            at_ms=now_ms,
            said_ms=said_ms,
        )
        if not await self._challenges.add(tenant, done):
            raise ended()
        return await self.state(tenant, challenge_id)


async def challenge_of(challenges: Challenges, tenant: str, challenge_id: str) -> Challenge:
    """Return a challenge.

    Raises:
        Problem: 404 for another tenant's.
    """
    challenge = await challenges.challenge(tenant, challenge_id)
    if challenge is None:
        raise not_found("challenge")
    return challenge


def check_takes(challenge: Challenge, factor: str, now_ms: int) -> None:
    """Refuse a factor that would not count now.

    Raises:
        Problem: 409, it is in none of the ways that were offered, or the challenge is over.
    """
    check_offered(challenge, factor)
    if challenge.state != "open" or now_ms >= challenge.expires_ms:
        raise ended()


def passed_now(steps: Steps, now_ms: int) -> frozenset[str]:
    """Return the factors that count now: passed at their last try, not worn off, at a challenge that has not failed."""
    failed = {challenge.challenge_id for challenge in steps.challenges if challenge.state == "failed"}
    latest = {done.factor: done for done in steps.done if done.challenge_id not in failed}
    return frozenset(
        done.factor
        for done in latest.values()
        if done.result == "passed" and now_ms - done.said_ms <= milliseconds(LASTS[done.factor])
    )


def ended() -> Problem:
    """Say that a challenge has ended."""
    return Problem(HTTPStatus.CONFLICT, "CHALLENGE_ENDED", "this challenge has failed or is over; screen again")


def check_offered(challenge: Challenge, factor: str) -> None:
    """Refuse a factor that would not count.

    Raises:
        Problem: 409, it is in none of the ways that were offered.
    """
    if not any(factor in way for way in challenge.any_of):
        raise Problem(HTTPStatus.CONFLICT, "FACTOR_NOT_OFFERED", f"{factor} was not offered, so it would not count")


def _check(challenge: Challenge, factor: str, said_ms: int, now_ms: int) -> None:
    check_takes(challenge, factor, now_ms)
    if said_ms < challenge.opened_ms:
        detail = "a factor counts only after it was asked for"
        raise Problem(HTTPStatus.CONFLICT, "FACTOR_TOO_EARLY", detail, path="at")
    if factor == "wait_period" and now_ms - challenge.opened_ms < milliseconds(WAIT_AT_LEAST):
        detail = f"the wait is {WAIT_AT_LEAST // timedelta(hours=1)} hours"
        raise Problem(HTTPStatus.CONFLICT, "FACTOR_TOO_EARLY", detail)


def _state(challenge: Challenge, passed: frozenset[str], now_ms: int) -> Literal["open", "met", "failed", "expired"]:
    if challenge.state == "failed":
        return "failed"
    if any(set(way) <= passed and sufficient(way) for way in challenge.any_of):
        return "met"
    return "open" if now_ms < challenge.expires_ms else "expired"
