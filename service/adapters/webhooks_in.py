"""Webhooks in: verified by the `standardwebhooks` library, each taken once.

The library checks signature and time (five minutes either way). It does not know which messages came before, and a
damaged header makes it raise this and that; here every doubt is one refusal.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from standardwebhooks import Webhook

from features.clock import Clock, milliseconds
from service.ports_webhooks import ForgedWebhookError, SeenMessages

TOLERANCE: Final = timedelta(minutes=5)
LONGEST_ID: Final = 128
HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")


class WebhookVerifier:
    """Verifies messages for one tenant's endpoint."""

    def __init__(self, tenant: str, secrets: tuple[str, ...], seen: SeenMessages, clock: Clock) -> None:
        """Take whose they are, the secrets that are good now, what remembers messages, and the clock."""
        self._tenant = tenant
        self._hooks = [Webhook(secret) for secret in secrets]
        self._seen = seen
        self._clock = clock

    async def verify(self, headers: Iterable[tuple[str, str]], body: bytes) -> str:
        """Return the id of a message that is genuine and new.

        Raises:
            ForgedWebhookError: it is forged, old, of the future, damaged, or came before.
            StoreDownError: what came before cannot be told, so it is not taken.
        """
        named = _once(headers)
        if not any(_genuine(hook, named, body) for hook in self._hooks):
            raise ForgedWebhookError
        message_id = named["webhook-id"]
        until_ms = self._clock.now_ms() + 2 * milliseconds(TOLERANCE)
        if not await self._seen.first(self._tenant, message_id, until_ms):
            raise ForgedWebhookError
        return message_id


def _once(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the three headers; one that comes twice could mean one thing to us and another to somebody else."""
    found = [(name.lower(), value) for name, value in headers if name.lower() in HEADERS]
    named = dict(found)
    if len(found) != len(HEADERS) or len(named) != len(HEADERS):
        raise ForgedWebhookError
    message_id = named["webhook-id"]
    if not message_id.isascii() or not message_id.isprintable() or not 0 < len(message_id) <= LONGEST_ID:
        raise ForgedWebhookError
    return named


def _genuine(hook: Webhook, headers: dict[str, str], body: bytes) -> bool:
    try:
        hook.verify(body, headers, json_parse=False)
    except Exception:  # noqa: BLE001 - a damaged header raises `ValueError` and more
        return False
    return True
