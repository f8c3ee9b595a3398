"""More ports, of the record: the registry of models, the journal that stores and logs are rebuilt from, keys.

`StoreDownError` means here what it means in `service.ports`: nothing may be decided, the caller gets 503.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Final, Literal, NamedTuple, Protocol

from msgspec import Struct

from features.codec import LoggedEvent, LoggedLabel, LoggedScreening
from features.event import Event
from service.ports import Credential

BundleState = Literal["candidate", "shadow", "active", "retired"]

SCOPES: Final = ("screen", "events", "challenge", "redeem", "label", "risk:read", "cases", "admin")
"""What a service key may be allowed to do."""


class RefusedError(Exception):
    """The record refuses a change; the sentence says why and may be shown."""


class Bundle(Struct, frozen=True, kw_only=True):
    """A model bundle as the registry knows it.

    Attributes:
        version: its name.
        path: its folder, as it was given.
        digest: of its `SHA256SUMS`; whoever loads it compares.
        state: only one is `active`.
        changed_ms: when the state last changed.
        changed_by: who changed it.
    """

    version: str
    path: str
    digest: str
    state: BundleState
    changed_ms: int
    changed_by: str


class Registry(Protocol):
    """Which model is in force. When it cannot be read the one that is loaded keeps answering."""

    async def active(self) -> Bundle | None:
        """Return the bundle in force, None when there is none."""
        ...

    async def bundles(self) -> Sequence[Bundle]:
        """Return all bundles, the last changed first."""
        ...

    async def register(self, version: str, path: str, digest: str, *, by: str) -> Bundle:
        """Write down a bundle as a candidate; the same one again stays as it is.

        Raises:
            RefusedError: the version is taken by other contents.
        """
        ...

    async def move(self, version: str, state: BundleState, *, by: str) -> Bundle:
        """Change the state of a bundle; activating one retires the one before, in the same transaction.

        Raises:
            RefusedError: there is no such bundle.
        """
        ...


class Owned(NamedTuple):
    """An event, and whose it is."""

    tenant: str
    event: Event


class Counts(Struct, frozen=True, kw_only=True):
    """How much the record holds."""

    decisions: int
    events: int
    events_pending: int
    past_screenings: int
    labels: int
    cases_open: int
    messages_waiting: int


class Journal(Protocol):
    """The retained log: what the velocity store is filled from, and what training reads."""

    async def pending(self, limit: int) -> Sequence[Owned]:
        """Return events that the velocity store has not taken in, the earliest known first."""
        ...

    async def mark_applied(self, tenant: str, event_ids: Sequence[str]) -> None:
        """Write down that the velocity store has taken events in."""
        ...

    def replay_log(self, tenant: str | None = None, *, since_ms: int = 0) -> AsyncIterator[Owned]:
        """Yield every event known since then (all tenants without one), in the order in which they became known.

        Reported, imported and the screenings' own. Events of one millisecond come in the order of their highest place;
        where the exact order per entity matters, `event.stamps` has it.
        """
        ...

    def lines(self, tenant: str, *, since_ms: int = 0) -> AsyncIterator[LoggedScreening | LoggedEvent | LoggedLabel]:
        """Yield the log lines of a tenant known since then: screenings and events in order, then labels.

        A label names its screening by the id of the screening's event, as a log does.
        """
        ...

    async def counts(self) -> Counts:
        """Count what is there."""
        ...


class KeyDesk(Protocol):
    """Makes and withdraws service keys."""

    async def create(
        self, tenant: str, name: str, scopes: Sequence[str], *, lasts: timedelta | None = None
    ) -> tuple[Credential, str]:
        """Make a key; the secret is returned this once and kept nowhere. It ends by itself after `lasts`.

        Raises:
            RefusedError: no scope, or one that does not exist.
        """
        ...

    async def rotate(self, key_id: str, overlap: timedelta) -> tuple[Credential, str]:
        """Make a key like another, which ends by itself after the overlap; both work until then.

        Raises:
            RefusedError: there is no such key in force.
        """
        ...

    async def credentials(self, tenant: str | None = None) -> Sequence[Credential]:
        """Return the keys in force."""
        ...

    async def revoke(self, key_id: str) -> bool:
        """Withdraw a key, within a second everywhere; return whether it was in force."""
        ...
