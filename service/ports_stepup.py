"""Ports of the step-up: challenges that were offered, and how each of their factors went."""

from collections.abc import Sequence
from typing import Final, Literal, Protocol

from msgspec import Struct

from model.outcome import Decision

Result = Literal["passed", "failed"]
Source = Literal["ours", "outside"]
TRIES: Final = 5
"""So many failed factors end a challenge."""


class Challenge(Struct, frozen=True, kw_only=True):
    """A challenge as it was offered.

    Attributes:
        challenge_id: its name.
        tenant: whose.
        screening_id: of the decision that offered it.
        root: the first screening of the request; second looks hang on it.
        meets: the decision that it was offered for.
        digest: of what was asked: action, line and target of the balance.
        any_of: any of these ways, all factors of it.
        state: `open`, or `failed` when too much went wrong.
        opened_ms: since when.
        expires_ms: until when factors count.
    """

    challenge_id: str
    tenant: str
    screening_id: str
    root: str
    meets: Decision
    digest: str
    any_of: tuple[tuple[str, ...], ...]
    state: str
    opened_ms: int
    expires_ms: int


class FactorDone(Struct, frozen=True, kw_only=True):
    """How a factor went: once for every try. `at_ms` is when we learned of it, `said_ms` when it was done."""

    challenge_id: str
    factor: str
    result: Result
    source: Source
    performed_by: str
    reference: str | None
    at_ms: int
    said_ms: int


class Steps(Struct, frozen=True, kw_only=True):
    """All challenges of a request, the first screening's and those of second looks, with what was done at them."""

    challenges: tuple[Challenge, ...] = ()
    done: tuple[FactorDone, ...] = ()


class Challenges(Protocol):
    """The record of challenges. When it fails nothing counts as done: 503."""

    async def challenge(self, tenant: str, challenge_id: str) -> Challenge | None:
        """Return a challenge; another tenant's is None."""
        ...

    async def add(self, tenant: str, done: FactorDone) -> bool:
        """Write how a factor went; False when the challenge has failed or ended meanwhile.

        Raises:
            StoreDownError: it is not written, so it does not count.
        """
        ...

    async def steps(self, tenant: str, root: str) -> Steps:
        """Return all challenges of a request and what was done at them."""
        ...

    async def degraded(self, since_ms: int, limit: int) -> Sequence[tuple[str, str]]:
        """Return (tenant, screening) of holds that failures alone caused and that were not looked at again."""
        ...
