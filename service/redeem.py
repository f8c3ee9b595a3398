"""The use case: what an executor may do with an allow, once; how a closure is taken back; what became of it.

A receipt that verifies offline is never enough to execute: it is redeemed here, in one transaction with everything that
may have taken it back. A closure with a cooling-off is redeemed as a suspension, with a second receipt for later.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import msgspec
from msgspec import Struct

from features.clock import Clock, milliseconds, rfc3339, to_ms
from features.vocabulary import Action, Msisdn
from service.composing import digest_of
from service.errors import Problem, not_found
from service.ports import Book, Found, NotAReceiptError, Receipts, Tokeniser
from service.ports_after import Afterwards, Became, Outcome, Redemption, Refusal, Step, Withdrawal, Written

logger = logging.getLogger(__name__)

CLOSE_WITHIN: Final = timedelta(days=30)
"""How long after the cooling-off the second receipt may be redeemed: billing runs once a month."""
REFUSALS: Final[Mapping[Refusal, tuple[str, str]]] = {
    "taken": ("ALREADY_REDEEMED", "this step was redeemed before, under another key"),
    "withdrawn": ("WITHDRAWN", "the owner took this closure back, or it was found to be fraud"),
    "too_early": ("COOLING_OFF", "the cooling-off is not over"),
    "expired": ("RECEIPT_EXPIRED", "the receipt may not be redeemed any more; screen again"),
    "closed": ("ALREADY_CLOSED", "the line is closed; ask for it to be reversed"),
    "over": ("COOLING_OFF_OVER", "there is no cooling-off, or it is over"),
}


class Shown(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an executor shows."""

    receipt: str
    action: Action
    msisdn: Msisdn


class Permission(Struct, frozen=True, kw_only=True):
    """What an executor may do now, and with which receipt the rest later."""

    screening_id: str
    do: str
    redeemed_at: str
    close_receipt: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Executor:
    """Who asks: a key of a tenant, with the idempotency key of the call (empty: none)."""

    tenant: str
    key_id: str
    idempotency_key: str = ""


class Redeeming:
    """Redeems receipts."""

    def __init__(
        self, book: Book, afterwards: Afterwards, receipts: Receipts, tokeniser: Tokeniser, clock: Clock
    ) -> None:
        """Take the record, the signer, the maker of tokens and the clock."""
        self._book = book
        self._after = afterwards
        self._receipts = receipts
        self._tokeniser = tokeniser
        self._clock = clock

    async def redeem(self, who: Executor, screening_id: str, shown: Shown) -> bytes:
        """Return the permission, as JSON: the same bytes to the same key.

        Raises:
            Problem: 404 for another tenant's, 422 for a receipt that does not fit (nothing is used up), 409 for one
                that cannot be redeemed any more, or not yet.
        """
        found = await self._found(who.tenant, screening_id)
        claims = self._claims(found, shown)
        step: Step = "close" if claims.get("stp") == "close" else "act"
        at_ms = self._clock.now_ms()
        written = await self._after.redeem(
            Redemption(
                tenant=who.tenant,
                screening_id=screening_id,
                step=step,
                key=who.idempotency_key,
                at_ms=at_ms,
                from_ms=1000 * int(claims.get("nbf", 0)),
                until_ms=1000 * int(claims["exp"]),
                by=who.key_id,
                answer=msgspec.json.encode(self._permission(found, step, claims, at_ms)).decode(),
            )
        )
        _check(written)
        return written.answer.encode()

    async def withdraw(self, who: Executor, screening_id: str) -> None:
        """Take a closure back while it cools off; again is fine.

        Raises:
            Problem: 404 for another tenant's, 409 when it is too late.
        """
        found = await self._found(who.tenant, screening_id)
        cooling = found.kept.answer.cooling_off
        until_ms = None if cooling is None else to_ms(datetime.fromisoformat(cooling.until))
        wish = Withdrawal(
            tenant=who.tenant,
            screening_id=screening_id,
            at_ms=self._clock.now_ms(),
            until_ms=until_ms,
            by=who.key_id,
            why="withdrawn",
        )
        _check(await self._after.withdraw(wish))

    async def not_me(self, tenant: str, screening_id: str) -> None:
        """Take a closure back because its owner says that it was not them; at any time, and again is fine."""
        wish = Withdrawal(
            tenant=tenant,
            screening_id=screening_id,
            at_ms=self._clock.now_ms(),
            until_ms=None,
            by="owner",
            why="not_me",
        )
        _check(await self._after.withdraw(wish))

    async def outcome(self, who: Executor, screening_id: str, outcome: Became, at: datetime | None) -> Written:
        """Write down what became of a request; one that was carried out without us is an alarm.

        Raises:
            Problem: 404 for another tenant's.
        """
        found = await self._found(who.tenant, screening_id)
        now_ms = self._clock.now_ms()
        said_ms = now_ms if at is None else min(to_ms(at), now_ms)
        told = Outcome(
            tenant=who.tenant,
            screening_id=found.screening_id,
            outcome=outcome,
            at_ms=now_ms,
            said_ms=max(said_ms, found.created_ms),
            by=who.key_id,
        )
        written = await self._after.outcome(told)
        if not written.redeemed:
            logger.error("carried out without being redeemed", extra={"screening": screening_id})
        return written

    async def _found(self, tenant: str, screening_id: str) -> Found:
        found = await self._book.screening(tenant, screening_id)
        if found is None:
            raise not_found("screening")
        return found

    def _claims(self, found: Found, shown: Shown) -> Mapping[str, str | int]:
        """Return what a receipt says, once it is sure that it speaks of this decision, this line and this action."""
        try:
            claims = self._receipts.claims(shown.receipt)
        except NotAReceiptError:
            raise _unfit("RECEIPT_INVALID", "this is not a receipt of ours") from None
        expected = {
            "aud": found.tenant,
            "jti": found.screening_id,
            "sub": self._tokeniser.token(found.tenant, "line", shown.msisdn),
            "act": shown.action,
            "dig": digest_of(found.logged.request),
        }
        if any(claims.get(name) != value for name, value in expected.items()):
            raise _unfit("RECEIPT_MISMATCH", "the receipt is for another request, line or action")
        return claims

    def _permission(self, found: Found, step: Step, claims: Mapping[str, str | int], at_ms: int) -> Permission:
        answer = found.kept.answer
        act = "close" if found.logged.request.irreversible else found.logged.request.action
        plain = Permission(screening_id=found.screening_id, do=act, redeemed_at=rfc3339(at_ms))
        if step == "close" or answer.cooling_off is None:
            return plain
        until_s = -(-to_ms(datetime.fromisoformat(answer.cooling_off.until)) // 1000)
        later = {**claims, "stp": "close", "nbf": until_s, "iat": at_ms // 1000}
        later["exp"] = until_s + milliseconds(CLOSE_WITHIN) // 1000
        return msgspec.structs.replace(
            plain, do="suspend", close_receipt=self._receipts.issue(later), until=answer.cooling_off.until
        )


def _check(written: Written) -> None:
    if written.refused is not None:
        code, detail = REFUSALS[written.refused]
        raise Problem(HTTPStatus.CONFLICT, code, detail)


def _unfit(code: str, detail: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, code, detail)
