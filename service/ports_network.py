"""Ports to the networks: what a carrier's network can tell of a line, as CAMARA names it.

Every answer may be None: *the network cannot tell*, which is neither a yes nor a no (the line is on Wi-Fi, the operator
does not keep it, the number is another's). A network that was asked and gave no answer that can be trusted is another
thing: `SourceFailedError`.
"""

from datetime import date, datetime
from typing import Final, Literal, Protocol, get_args

from msgspec import Struct

from features.request import ScreeningRequest
from features.vocabulary import AccessRisk

SourceName = Literal[
    "sim_swap",
    "device_swap",
    "number_verification",
    "location_verification",
    "call_forwarding_signal",
    "kyc_match",
    "tenure",
    "number_recycling",
    "subscription_status",
    "reachability",
    "roaming",
]
SOURCES: Final[tuple[SourceName, ...]] = get_args(SourceName)

Why = Literal["slow", "down", "refused", "quota", "misused", "lying", "resting"]
"""`refused`: our credentials; `misused`: our request; `lying`: not what the standard says; `resting`: not asked now."""


class SourceFailedError(Exception):
    """A source was asked and gave no answer that can be trusted; safe to log."""

    def __init__(self, why: Why, code: str | None = None) -> None:
        """Say what was wrong, and the code that the source gave."""
        super().__init__(why if code is None else f"{why} {code}")
        self.why = why
        self.code = code


class Change(Struct, frozen=True, kw_only=True):
    """When a SIM or a device last changed; with no `at`, not within `monitored_days` (a lower bound)."""

    at: datetime | None = None
    monitored_days: int | None = None


class Circle(Struct, frozen=True, kw_only=True):
    """An area that a line is said to be in."""

    latitude: float
    longitude: float
    radius_m: int


class Located(Struct, frozen=True, kw_only=True):
    """Whether a line is in an area, or which part of where it may be lies in it (per cent)."""

    result: Literal["TRUE", "FALSE", "PARTIAL"]
    match_rate: int | None = None


class Identity(Struct, frozen=True, kw_only=True):
    """Who somebody says to be, in the plain: it is compared and not kept."""

    name: str | None = None
    document: str | None = None

    def __repr__(self) -> str:
        """Show nothing: this must not end up in a log."""
        return "Identity(...)"


class Match(Struct, frozen=True, kw_only=True):
    """How an identity fits the operator's own books; a plain no to a name is a score of 0."""

    name_score: int | None = None
    document: Literal["true", "false"] | None = None


Forwarding = Literal["inactive", "conditional", "unconditional"]
Subscription = Literal["active", "suspended", "throttled"]


class Network(Protocol):
    """What one operator's network tells of a line; `number` is E.164.

    All raise `SourceFailedError`, and then the request is screened without: more than two failed sources raise it to a
    challenge or a hold.
    """

    async def sim_change(self, number: str) -> Change | None:
        """Say when the SIM last changed."""
        ...

    async def device_change(self, number: str) -> Change | None:
        """Say when the SIM was last put into another device."""
        ...

    async def number_verified(self, number: str) -> bool | None:
        """Say whether the request comes from this line; None on Wi-Fi."""
        ...

    async def located(self, number: str, area: Circle) -> Located | None:
        """Say whether the line is in an area."""
        ...

    async def call_forwarding(self, number: str) -> Forwarding | None:
        """Say whether calls go elsewhere."""
        ...

    async def kyc_match(self, number: str, identity: Identity) -> Match | None:
        """Compare an identity with the operator's own books."""
        ...

    async def tenure_days(self, number: str) -> int | None:
        """Say how long the line has been its owner's, at least."""
        ...

    async def recycled(self, number: str, since: date) -> bool | None:
        """Say whether the number got another owner since a day."""
        ...

    async def subscription(self, number: str) -> Subscription | None:
        """Say whether the line works."""
        ...

    async def reachable(self, number: str) -> bool | None:
        """Say whether the line can be reached."""
        ...

    async def roaming(self, number: str) -> bool | None:
        """Say whether the line is abroad."""
        ...


class Identities(Protocol):
    """The carrier's register of people. When it fails, identities are not compared."""

    async def identity(self, tenant: str, party_id: str) -> Identity | None:
        """Return who a party said to be; None when that is not known.

        Raises:
            SourceFailedError: the register gave no answer.
        """
        ...


class NoIdentities:
    """A register that knows nobody: identities are not compared."""

    async def identity(self, tenant: str, party_id: str) -> Identity | None:  # noqa: ARG002 - the port's
        """Know nobody."""
        return None


class Attested(Struct, frozen=True, kw_only=True):
    """What a device's maker vouches for, verified by us; `error`: nothing could be verified, which says nothing."""

    verdict: Literal["strong", "device", "basic", "fail", "error"]
    app_recognition: Literal["recognized", "unrecognized", "unevaluated"] | None = None
    age_s: float | None = None
    access_risk: tuple[AccessRisk, ...] | None = None


class Attestor(Protocol):
    """Verifies attestation tokens. A token that cannot be verified is an `error`, and never a fail."""

    async def verify(self, tenant: str, request: ScreeningRequest) -> Attested | None:
        """Verify a request's token; None when there is none, or nothing to verify it with: that is neutral."""
        ...


class AttestedKey(Struct, frozen=True, kw_only=True):
    """A key in a device that its maker vouched for once (App Attest), as DER."""

    public_key: bytes
    counter: int = 0


class AttestedKeys(Protocol):
    """Keeps keys that were attested. When it fails (`StoreDownError`), the token cannot be verified."""

    async def key(self, tenant: str, key_id: str) -> AttestedKey | None:
        """Return a key."""
        ...

    async def enrol(self, tenant: str, key_id: str, key: AttestedKey) -> bool:
        """Keep a new key; false when it is kept already: its counter must not start again."""
        ...

    async def advance(self, tenant: str, key_id: str, counter: int) -> bool:
        """Set the counter if it is higher than the one that is kept, in one step; else false: it was used before."""
        ...
