"""Ports of what goes out: messages that were promised in a transaction, and the addresses that operators gave."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, Protocol

from msgspec import Struct

from service.ports_webhooks import Endpoint

NOTICE = "notice.closure"
"""The owner is told at once, on every contact but the closing number alone, that their line will be closed."""


class Promised(Struct, frozen=True, kw_only=True):
    """A message that waits to go out."""

    message_id: str
    tenant: str
    kind: str
    payload: str
    attempts: int


class Address(Struct, frozen=True, kw_only=True):
    """An endpoint as an operator sees it: without its secrets."""

    endpoint_id: str
    tenant: str
    url: str
    state: Literal["open", "gone", "removed"]


class Outbox(Protocol):
    """The messages that wait. While the record is down they wait longer; none is lost and none is made up."""

    async def due(self, now_ms: int, limit: int) -> Sequence[Promised]:
        """Return messages whose time has come, the longest waiting first."""
        ...

    async def sent(self, message_id: str) -> None:
        """Write that a message went out, or that nobody wants it."""
        ...

    async def later(self, message_id: str, next_ms: int | None) -> None:
        """Write that an attempt failed, and when the next comes; None: it is a dead letter."""
        ...

    async def dead(self) -> int:
        """Count the dead letters."""
        ...


class Addresses(Protocol):
    """The register of endpoints; their secrets are kept sealed and shown once."""

    async def add(self, tenant: str, url: str) -> tuple[Address, str]:
        """Register an endpoint; return its secret, this once."""
        ...

    async def rotate(self, endpoint_id: str) -> str | None:
        """Give an endpoint a new secret; the last one goes on signing beside it. None: there is no such endpoint."""
        ...

    async def close(self, endpoint_id: str, state: Literal["gone", "removed"]) -> bool:
        """Send nothing to an endpoint any more."""
        ...

    async def all(self, tenant: str | None = None) -> Sequence[Address]:
        """Return the endpoints."""
        ...

    async def endpoints(self, tenant: str) -> Sequence[tuple[str, Endpoint]]:
        """Return the open endpoints of a tenant, with their secrets."""
        ...


class Links(Protocol):
    """Signs links that are sent to owners: whoever holds one may say `this is not me`, and nothing else."""

    def sign(self, tenant: str, screening_id: str, lasts: timedelta) -> str:
        """Return a token for a link."""
        ...

    def read(self, token: str) -> tuple[str, str] | None:
        """Return (tenant, screening) of a token of ours that has not run out, None otherwise."""
        ...
