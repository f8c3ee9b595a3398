"""Ports of one-time passwords: codes that are kept as digests, and the gateway that sends them."""

from typing import Final, Literal, Protocol

from msgspec import Struct

Contact = Literal["closing_number", "second_contact"]
Sent = Literal["sent", "line", "device", "prefix", "everybody"]
"""`sent`, or whose budget is used up."""
Tried = Literal["passed", "wrong", "failed", "expired", "unknown"]
"""`wrong` may be tried again, `failed` was the last try; a code that was used or replaced is `expired`."""
TRIES: Final = 5


class Code(Struct, frozen=True, kw_only=True):
    """A code that is about to be sent; of itself a keyed digest alone.

    Attributes:
        authentication_id: its name.
        tenant: whose.
        challenge_id: the challenge it belongs to.
        contact: where it goes.
        line: the token of the line, for its budget.
        device: the token of the phone, for its budget; None when there is none.
        prefix: the token of the block of numbers, for its budget.
        digest: HMAC of the code, bound to its name and to what was asked.
        sent_ms: now.
        expires_ms: until when it can be used.
    """

    authentication_id: str
    tenant: str
    challenge_id: str
    contact: Contact
    line: str
    device: str | None
    prefix: str | None
    digest: bytes
    sent_ms: int
    expires_ms: int


class Budgets(Struct, frozen=True, kw_only=True):
    """How many codes may be sent: in an hour for a line, a phone and a block, in a minute for everybody."""

    line: int
    device: int
    prefix: int
    everybody: int


class Kept(Struct, frozen=True, kw_only=True):
    """A code as it is kept, for whoever compares."""

    authentication_id: str
    tenant: str
    challenge_id: str
    contact: Contact
    sent_ms: int


class Attempt(Struct, frozen=True, kw_only=True):
    """How a try went."""

    outcome: Tried
    tries: int = 0


class Summary(Struct, frozen=True, kw_only=True):
    """How the codes of a request went, told as signals; the newest code counts."""

    challenge_id: str
    contact: Contact
    state: Literal["open", "passed", "failed", "replaced", "undelivered"]
    sends_1h: int
    failed_attempts: int
    sent_ms: int
    ended_ms: int | None


class Codes(Protocol):
    """The record of codes. When it fails nothing is sent and nothing is compared: 503."""

    async def send(self, code: Code, budgets: Budgets) -> Sent:
        """Write a code that replaces earlier ones to the same contact, unless a budget is used up."""
        ...

    async def kept(self, tenant: str, authentication_id: str) -> Kept | None:
        """Return a code; another tenant's is None."""
        ...

    async def undelivered(self, tenant: str, authentication_id: str) -> None:
        """Write that a code did not go out: it cannot be used."""
        ...

    async def attempt(self, tenant: str, authentication_id: str, digests: tuple[bytes, ...], now_ms: int) -> Attempt:
        """Spend a try, then compare, in one transaction: of any number of guesses at most five are compared."""
        ...

    async def summary(self, tenant: str, root: str, now_ms: int) -> Summary | None:
        """Return how the codes of a request went, over all its looks; None when none was sent."""
        ...


class GatewayDownError(Exception):
    """A message could not be handed over; it is not known to have gone out."""


class Gateway(Protocol):
    """Hands short messages to the carrier. When it fails no code can be used; other ways on stay open."""

    async def send(self, *, to: str, text: str, purpose: Literal["otp", "notice"]) -> None:
        """Hand a message over: `to` is a number, or the carrier's own token of a contact, which it resolves.

        Raises:
            GatewayDownError: it was not taken.
        """
        ...
