"""Ports: what the use cases ask of the world, and what each answer degrades to when the world fails.

Use cases know these protocols and nothing of what is behind them; `wiring.py` alone puts adapters in their place.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from features.codec import LoggedLabel, LoggedScreening
from features.event import Event
from features.facts import Facts
from features.request import ScreeningRequest
from features.windows import Answer as WindowAnswer
from features.windows import Window
from model.outcome import Decision
from service.answer import KeptAnswer


class StoreDownError(Exception):
    """The store of record cannot be read or written: nothing may be decided, the caller gets 503."""


class VelocityDownError(Exception):
    """The velocity store cannot be trusted now; `why` is `down`, `slow`, `cold` or `refused` and is safe to log."""

    def __init__(self, why: Literal["down", "slow", "cold", "refused"]) -> None:
        """Name the trouble."""
        super().__init__(why)
        self.why = why


class Witness(Struct, frozen=True, kw_only=True):
    """What the velocity store saw: the windows just before this event, and the place it gave the event."""

    answers: dict[Window, WindowAnswer]
    stamps: dict[str, tuple[int, int]]
    repeated: bool = False


class Velocity(Protocol):
    """Remembers recent events by entity. When it fails, reversible requests are challenged and irreversible held."""

    async def witness(self, tenant: str, event: Event, beside: Sequence[Event] = ()) -> Witness:
        """Answer the windows of an event and remember it and those beside it, once however often it is retried.

        Raises:
            VelocityDownError: no answer in time, or one that cannot be trusted.
        """
        ...

    async def recall(self, tenant: str, event: Event) -> Witness:
        """Answer the windows without remembering anything: for looking again, which must not count itself."""
        ...

    async def remember(self, tenant: str, events: Sequence[Event]) -> None:
        """Remember reported events; one that is known already is not counted again."""
        ...

    async def warm(self) -> bool:
        """Say whether the store can be asked and is filled since it last started."""
        ...


class Places(Protocol):
    """Looks up where numbers and addresses belong; a failed look-up is a fact that is not known."""

    def facts(self, request: ScreeningRequest) -> Facts:
        """Return what can be looked up about a request, from its plain numbers."""
        ...


class Asking(Struct, frozen=True, kw_only=True):
    """What is asked of the book when a request comes in; without a line only the key is looked for."""

    tenant: str
    key: str
    line: str = ""
    klass: str = ""
    action: str = ""
    since_ms: int = 0
    at_ms: int = 0


class Before(Struct, frozen=True, kw_only=True):
    """What the book already knows when a request comes in."""

    saved: "Saved | None" = None
    sticky: Decision | None = None
    released: Decision | None = None


class Saved(Struct, frozen=True, kw_only=True):
    """An answer that was given before, and the fingerprint of the body that it answered."""

    fingerprint: str
    kept: KeptAnswer


class CaseOpened(Struct, frozen=True, kw_only=True):
    """A case for an analyst: one for every hold that is not merely degraded."""

    case_id: str
    queue: str
    due_ms: int
    expires_ms: int
    expected_harm_fen: int


class ChallengeOpened(Struct, frozen=True, kw_only=True):
    """A challenge that was offered, bound to what was asked."""

    challenge_id: str
    digest: str
    any_of: tuple[tuple[str, ...], ...]
    expires_ms: int


class Entry(Struct, frozen=True, kw_only=True):
    """Everything that one decision writes, in one transaction.

    Attributes:
        tenant: whose it is.
        key: the idempotency key; unique with the tenant.
        fingerprint: of the body.
        screening_id: ours.
        created_ms: the server's time.
        region: the handling province, or the home province, or "" when neither is known.
        klass: `irreversible` or `reversible`; stickiness is per line and class.
        logged: the request with tokens, its facts, its event with stamps, its row: all that training needs.
        kept: the answer.
        private: what is to be encrypted: plain number, address, position.
        degraded_only: a verdict that failures alone caused; it is not sticky and opens no case.
        case: the case that is opened, if any.
        challenge: the challenge that is offered, if any.
        appeal_ref: under which the customer may ask.
        parent: the screening that this one looks at again; it has no event of its own.
        lifts: whether earlier holds on the line do not stick any more, and the case of the first look is ended.
    """

    tenant: str
    key: str
    fingerprint: str
    screening_id: str
    created_ms: int
    region: str
    klass: Literal["irreversible", "reversible"]
    logged: LoggedScreening
    kept: KeptAnswer
    private: dict[str, str | float]
    degraded_only: bool
    appeal_ref: str
    case: CaseOpened | None = None
    challenge: ChallengeOpened | None = None
    parent: str | None = None
    lifts: bool = False


class Found(Struct, frozen=True, kw_only=True):
    """A decision that was looked up."""

    screening_id: str
    tenant: str
    created_ms: int
    logged: LoggedScreening
    kept: KeptAnswer
    degraded_only: bool = False
    parent: str | None = None

    @property
    def root(self) -> str:
        """The first look at the request; second looks hang on it."""
        return self.parent or self.screening_id


class Intake(Struct, frozen=True, kw_only=True):
    """How a batch of reported events was taken: those that are new, and the places in the batch of those known."""

    fresh: tuple[Event, ...]
    duplicates: int


class Book(Protocol):
    """The record of decisions: the authority on what was decided. When it fails nothing is answered but 503."""

    async def before(self, asked: Asking) -> Before:
        """Return the saved answer of a key, the strongest verdict that sticks to the line, and what releases it.

        Raises:
            StoreDownError: the store cannot be read.
        """
        ...

    async def record(self, entry: Entry) -> Saved:
        """Write a decision with its row, case, challenge, audit entry and outbox message, and return after the commit.

        Whoever comes second with a (tenant, key) gets what the first one wrote; compare fingerprints.

        Raises:
            StoreDownError: it is not written, so it must not be answered.
        """
        ...

    async def screening(self, tenant: str, screening_id: str) -> Found | None:
        """Return a decision by its id; another tenant's is None."""
        ...

    async def by_request(self, tenant: str, request_id: str) -> Found | None:
        """Return the newest decision on the caller's request id."""
        ...

    async def by_appeal(self, reference: str) -> Found | None:
        """Return the decision that a customer asks about."""
        ...

    async def private(self, tenant: str, screening_id: str) -> dict[str, str | float]:
        """Return what was sealed with a decision: plain number, places, contact; empty when there is nothing (more)."""
        ...

    async def report(self, tenant: str, events: Sequence[Event]) -> Intake:
        """Write reported events, each id once, and say which are new.

        Raises:
            StoreDownError: nothing of the batch is written.
        """
        ...

    async def label(self, tenant: str, labels: Sequence[LoggedLabel]) -> int:
        """Write labels; return how many were new."""
        ...

    async def history(self, tenant: str, screenings: Sequence[LoggedScreening]) -> int:
        """Write past screenings of an imported log (not decisions of ours), each id once; return how many were new."""
        ...

    async def ping(self) -> None:
        """Prove that a write would succeed now.

        Raises:
            StoreDownError: it would not.
        """
        ...


class Tokeniser(Protocol):
    """Turns plain identifiers into tokens: keyed, one way, different for each tenant and kind."""

    def token(self, tenant: str, kind: str, plain: str) -> str:
        """Return the token; a token is returned as it is."""
        ...


class NotAReceiptError(Exception):
    """What was shown is not a receipt that we signed."""


class Receipts(Protocol):
    """Signs what an executor must show before a line is closed."""

    def issue(self, claims: Mapping[str, str | int]) -> str:
        """Return a compact JWS (Ed25519)."""
        ...

    def claims(self, receipt: str) -> Mapping[str, str | int]:
        """Return what a receipt of ours says.

        Raises:
            NotAReceiptError: we did not sign it.
        """
        ...

    def jwks(self) -> Mapping[str, object]:
        """Return the public keys with which anybody can verify a receipt."""
        ...


class Credential(Struct, frozen=True, kw_only=True):
    """Who calls: a key of a tenant, with its scopes."""

    key_id: str
    tenant: str
    name: str
    scopes: frozenset[str]
    expires_ms: int | None = None


class Keyring(Protocol):
    """The service keys. When it cannot be read nobody is let in: 503."""

    async def credential(self, secret: str) -> Credential | None:
        """Return who holds a secret, None when nobody does or the key was revoked (within a second)."""
        ...
