"""Port to webhooks: what is told to whom, how it went, and when it is tried again (Standard Webhooks)."""

import secrets
from base64 import b64encode
from datetime import timedelta
from typing import Any, Final, Literal, Protocol

import msgspec
from msgspec import Struct

from features.clock import rfc3339

Kind = Literal[
    "screening.decided", "case.decided", "hold.expired", "hold.released", "screening.withdrawn", "sync.failed"
]
LARGEST_BODY: Final = 20 * 1024
"""Messages are thin: they name what happened, and whoever wants more asks."""

SCHEDULE: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long after each failed attempt the next one comes; after the last, about three days in, nothing does."""
JITTER: Final = 0.2
LONGEST_WAIT: Final = timedelta(hours=24)


class MessageTooLargeError(Exception):
    """A message carries more than a webhook should."""


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where messages go, and the secrets they are signed with, newest first: during a rotation there are two."""

    url: str
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        """Show the address alone."""
        return f"Endpoint({self.url!r})"


class Message(Struct, frozen=True, kw_only=True):
    """A message; its id stays the same however often it is sent, so that a receiver can count it once."""

    id: str
    body: bytes


Why = Literal["address", "connection", "slow", "redirect", "status", "secret"]


class Delivery(Struct, frozen=True, kw_only=True):
    """How an attempt went.

    Attributes:
        outcome: `delivered`; `failed`, to be tried again; `gone`: the receiver wants no more (410), ever.
        why: what went wrong; safe to log and to show.
        status: the receiver's HTTP status.
        retry_after: when the receiver asked us to come again.
    """

    outcome: Literal["delivered", "failed", "gone"]
    why: Why | None = None
    status: int | None = None
    retry_after: timedelta | None = None


class WebhookSender(Protocol):
    """Sends messages. It raises nothing: what fails is tried again by the schedule, and then set aside."""

    async def send(self, endpoint: Endpoint, message: Message) -> Delivery:
        """Make one attempt."""
        ...


def message(message_id: str, kind: Kind, at_ms: int, data: dict[str, Any]) -> Message:
    """Return a message in the form of Standard Webhooks: type, time and data, which names things and no people.

    Raises:
        MessageTooLargeError: over `LARGEST_BODY`.
    """
    body = msgspec.json.encode({"type": kind, "timestamp": rfc3339(at_ms), "data": data})
    if len(body) > LARGEST_BODY:
        raise MessageTooLargeError
    return Message(id=message_id, body=body)


def wait_before(attempts: int, chance: float, retry_after: timedelta | None = None) -> timedelta | None:
    """Return how long to wait after so many failed attempts; None: no more, the message is a dead letter.

    Args:
        attempts: how many were made, from 1.
        chance: from 0 to 1, spreads attempts by a fifth either way, so that receivers who come back are not run over.
        retry_after: what the receiver asked for; honoured as a minimum, up to a day.
    """
    if attempts > len(SCHEDULE):
        return None
    planned = SCHEDULE[attempts - 1] * (1 - JITTER + 2 * JITTER * chance)
    return max(planned, min(retry_after or timedelta(0), LONGEST_WAIT))


def new_secret() -> str:
    """Return a new secret of an endpoint: 32 bytes of chance, written as the standard says."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


class ForgedWebhookError(Exception):
    """A message that came in is not genuine, not of now, or came before; says no more, to help nobody."""


class SeenMessages(Protocol):
    """Remembers which messages came in. When it fails (`StoreDownError`) none is taken, and the sender tries again."""

    async def first(self, tenant: str, message_id: str, until_ms: int) -> bool:
        """Note a message until a moment; false when it was noted before, also by another process."""
        ...
