"""Ports of what follows a decision: redeeming a receipt, taking a closure back, and what became of it."""

from typing import Literal, Protocol

from msgspec import Struct

Step = Literal["act", "close"]
"""`act` at once; `close` when the cooling-off is over."""
Became = Literal["executed", "abandoned", "withdrawn", "reversed"]
Refusal = Literal["taken", "withdrawn", "too_early", "expired", "closed", "over"]
"""Why not: redeemed already, taken back, not yet, no longer, closed already, the cooling-off is over."""


class Redemption(Struct, frozen=True, kw_only=True):
    """An executor's wish to carry a step out.

    Attributes:
        tenant: whose.
        screening_id: of the decision.
        step: which step.
        key: the executor's idempotency key; the same one gets the same answer again. Empty: none.
        at_ms: now.
        from_ms: before this it is too early.
        until_ms: after this it is too late.
        by: the key that asks.
        answer: what is answered, and given again to the same key.
    """

    tenant: str
    screening_id: str
    step: Step
    key: str
    at_ms: int
    from_ms: int
    until_ms: int
    by: str
    answer: str


class Withdrawal(Struct, frozen=True, kw_only=True):
    """A closure is taken back; after `until_ms` it is too late for the customer, never for `not_me` or `fraud`."""

    tenant: str
    screening_id: str
    at_ms: int
    until_ms: int | None
    by: str
    why: Literal["withdrawn", "not_me", "fraud"]


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of a request, as its executor says."""

    tenant: str
    screening_id: str
    outcome: Became
    at_ms: int
    said_ms: int
    by: str


class Written(Struct, frozen=True, kw_only=True):
    """How a wish was written down.

    Attributes:
        refused: why it was not; None when it was.
        again: it was written before.
        answer: of a redemption, what was answered the first time.
        redeemed: of an outcome, whether the step had been redeemed.
    """

    refused: Refusal | None = None
    again: bool = False
    answer: str = ""
    redeemed: bool = True


class Progress(Struct, frozen=True, kw_only=True):
    """How far a request has come, for whoever asks about it."""

    redeemed: tuple[Step, ...] = ()
    withdrawn: bool = False
    outcomes: tuple[Became, ...] = ()


class Afterwards(Protocol):
    """The record of what follows a decision. When it fails nothing may be executed: 503."""

    async def redeem(self, wish: Redemption) -> Written:
        """Write a redemption, each step once, unless it was taken back; all in one transaction.

        Raises:
            StoreDownError: it is not written, so it must not be answered.
        """
        ...

    async def withdraw(self, wish: Withdrawal) -> Written:
        """Write that a closure is taken back; whatever was not redeemed yet never will be."""
        ...

    async def outcome(self, told: Outcome) -> Written:
        """Write what became of a request, each outcome once."""
        ...

    async def progress(self, screening_id: str) -> Progress:
        """Return how far a request has come."""
        ...
