"""The use case: a code is sent and tried, shaped like CAMARA OneTimePasswordSMS, and always for one thing alone.

A code is bound to the challenge and so to what was asked; its text names what is approved (what you see is what you
sign). It is kept as a keyed digest; a try is spent before it is compared (NIST SP 800-63B 5.2.2). How it went becomes
signals by itself: sends, failures and how long it took are told from our own record.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from features.clock import Clock, milliseconds
from features.event import Event
from features.request import Otp
from features.vocabulary import Action
from service.errors import Problem, not_found
from service.ids import new_id
from service.ports import Book, Found
from service.ports_otp import Budgets, Code, Codes, Contact, Gateway, GatewayDownError, Sent, Summary, Tried
from service.ports_stepup import Challenge, Challenges, FactorDone
from service.remembering import Remembering
from service.stepup import challenge_of, check_takes

DIGITS: Final = 6
LIFE: Final = timedelta(minutes=10)
FACTOR: Final[Mapping[Contact, str]] = {"closing_number": "otp_closing_number", "second_contact": "otp_second_contact"}
NAMES: Final[Mapping[Action, tuple[str, str]]] = {
    "unsubscribe": ("退订业务", "cancel a service of"),
    "suspend": ("停机", "suspend"),
    "resume": ("复机", "resume"),
    "close": ("销户", "close"),
    "close_remote": ("异地销户", "close (from another province)"),
}
REMEMBERED_BY: Final = frozenset({"line", "party", "device", "prefix"})
PREFIX: Final = "ONE_TIME_PASSWORD_SMS."


class SendCode(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a code is to go."""

    challenge_id: str
    contact: Contact


class CodeSent(Struct, frozen=True, kw_only=True):
    """The name under which a code is tried."""

    authentication_id: str


class ValidateCode(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A try."""

    authentication_id: Annotated[str, Meta(max_length=36)]
    code: Annotated[str, Meta(max_length=10)]


class OneTimePasswords:
    """Sends and tries codes."""

    def __init__(  # noqa: PLR0913 - a code touches as much
        self,
        book: Book,
        challenges: Challenges,
        codes: Codes,
        gateway: Gateway,
        remembering: Remembering,
        clock: Clock,
        keys: Sequence[bytes],
        per_minute: int,
    ) -> None:
        """Take the record, the gateway, whoever lets windows remember, the clock and the ring of keys, oldest first."""
        self._book = book
        self._challenges = challenges
        self._codes = codes
        self._gateway = gateway
        self._remembering = remembering
        self._clock = clock
        self._keys = keys
        self._budgets = Budgets(line=5, device=10, prefix=60, everybody=per_minute)

    async def send(self, tenant: str, said: SendCode) -> CodeSent:
        """Send a new code; an earlier one to the same contact is worth nothing from now on.

        Raises:
            Problem: 404 for another tenant's; 409 for what was not offered or has ended; 429 when a budget is used up;
                503 when the gateway takes nothing.
        """
        challenge = await challenge_of(self._challenges, tenant, said.challenge_id)
        now_ms = self._clock.now_ms()
        check_takes(challenge, FACTOR[said.contact], now_ms)
        found = await self._book.screening(tenant, challenge.root)
        if found is None:
            raise not_found("challenge")
        digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        code = self._code(challenge, found, said.contact, digits, now_ms)
        sent = await self._codes.send(code, self._budgets)
        if sent != "sent":
            raise _too_many(sent)
        await self._hand_over(found, code, digits)
        await self._tell(tenant, found, "otp_sent", code.authentication_id, now_ms)
        return CodeSent(authentication_id=code.authentication_id)

    async def validate(self, tenant: str, said: ValidateCode) -> None:
        """Try a code: returns when it passes.

        Raises:
            Problem: 400 with CAMARA's code: `.INVALID_OTP` may be tried again, `.VERIFICATION_FAILED` was the last try,
                `.VERIFICATION_EXPIRED` is over, used or replaced; 404 for another tenant's.
        """
        kept = await self._codes.kept(tenant, said.authentication_id)
        if kept is None:
            raise not_found("authentication")
        challenge = await challenge_of(self._challenges, tenant, kept.challenge_id)
        found = await self._book.screening(tenant, challenge.root)
        if found is None:
            raise not_found("authentication")
        now_ms = self._clock.now_ms()
        digests = tuple(_digest(key, said.authentication_id, challenge.digest, said.code) for key in self._keys)
        attempt = await self._codes.attempt(tenant, said.authentication_id, digests, now_ms)
        if attempt.outcome in {"passed", "failed"} and attempt.tries:
            await self._done(challenge, kept.contact, attempt.outcome, now_ms)
        name = f"{said.authentication_id}:{attempt.tries}"
        if attempt.outcome in {"passed", "wrong", "failed"}:
            await self._tell(tenant, found, "otp_passed" if attempt.outcome == "passed" else "otp_failed", name, now_ms)
        _check(attempt.outcome)

    def _code(self, challenge: Challenge, found: Found, contact: Contact, digits: str, now_ms: int) -> Code:
        name, keys = new_id("otp", now_ms), found.logged.event.keys
        return Code(
            authentication_id=name,
            tenant=challenge.tenant,
            challenge_id=challenge.challenge_id,
            contact=contact,
            line=keys["line"],
            device=keys.get("device"),
            prefix=keys.get("prefix"),
            digest=_digest(self._keys[-1], name, challenge.digest, digits),
            sent_ms=now_ms,
            expires_ms=now_ms + milliseconds(LIFE),
        )

    async def _hand_over(self, found: Found, code: Code, digits: str) -> None:
        private = await self._book.private(found.tenant, found.screening_id)
        number = str(private.get("msisdn", ""))
        to = number if code.contact == "closing_number" else str(private.get("second_contact", ""))
        try:
            await self._gateway.send(to=to, text=text_of(found.logged.request.action, number, digits), purpose="otp")
        except GatewayDownError:
            await self._codes.undelivered(found.tenant, code.authentication_id)
            detail = "no code could be sent; another way on may be taken"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "GATEWAY_UNAVAILABLE", detail, retry_after_s=30) from None

    async def _done(self, challenge: Challenge, contact: Contact, outcome: Tried, now_ms: int) -> None:
        """Write how the factor went: at our own word, and nobody else's."""
        await self._challenges.add(
            challenge.tenant,
            FactorDone(
                challenge_id=challenge.challenge_id,
                factor=FACTOR[contact],
                result="passed" if outcome == "passed" else "failed",
                source="ours",
                performed_by="lastcall",
                reference=None,
                at_ms=now_ms,
                said_ms=now_ms,
            ),
        )

    async def _tell(self, tenant: str, found: Found, kind: str, name: str, now_ms: int) -> None:
        """Let windows remember it by the line and the phone of the request."""
        asked = found.logged.event.keys
        keys = {entity: token for entity, token in asked.items() if entity in REMEMBERED_BY}
        event = Event(id=f"{kind} {name}", kind=kind, occurred_ms=now_ms, known_ms=now_ms, keys=keys)
        await self._remembering.take(tenant, [event])


def told(summary: Summary, before: Otp) -> Otp:
    """Return how our own codes went as the signals of a request; what only others know stays as it was."""
    passed = summary.state == "passed"
    statuses: dict[str, Literal["passed", "failed", "not_sent"]] = {"undelivered": "not_sent", "passed": "passed"}
    statuses["failed"] = "failed"
    took_s = None if summary.ended_ms is None else (summary.ended_ms - summary.sent_ms) / 1000
    return Otp(
        challenge_id=summary.challenge_id,
        status=statuses.get(summary.state, "expired"),
        channel="sms",
        destination_is_closing_number=summary.contact == "closing_number",
        sends_1h=summary.sends_1h,
        failed_attempts=summary.failed_attempts,
        entry_latency_s=took_s if passed else None,
        bank_code_storm_1h=before.bank_code_storm_1h,
        bound_to_request=True,
    )


def text_of(action: Action, number: str, digits: str) -> str:
    """Return the message: what is approved, for which line by its last four digits, and to tell nobody."""
    zh, en = NAMES[action]
    last = number[-4:]
    return (
        f"【销户核验】您正在为尾号{last}的号码办理{zh}，验证码{digits}，10分钟内有效。如非本人操作，请勿告知任何人。"
        f" Code {digits} to {en} the number ending {last}. Tell nobody."
    )


def _digest(key: bytes, name: str, bound: str, digits: str) -> bytes:
    return hmac.digest(key, f"{name}\x00{bound}\x00{digits}".encode(), sha256)


def _too_many(whose: Sent) -> Problem:
    minute = whose == "everybody"
    detail = "too many codes were sent just now" if minute else f"too many codes were sent for this {whose}"
    code = f"{PREFIX}MAX_OTP_CODES_EXCEEDED"
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, code, detail, retry_after_s=60 if minute else 3600)


def _check(outcome: Tried) -> None:
    """Raise CAMARA's error for a try that did not pass."""
    if outcome == "passed":
        return
    code, detail = {
        "wrong": ("INVALID_OTP", "the code is wrong; it may be tried again"),
        "failed": ("VERIFICATION_FAILED", "too many wrong tries; send a new code"),
        "expired": ("VERIFICATION_EXPIRED", "the code has run out, was used, or was replaced by a newer one"),
        "unknown": ("VERIFICATION_EXPIRED", "there is no such code"),
    }[outcome]
    raise Problem(HTTPStatus.BAD_REQUEST, PREFIX + code, detail)
