"""One attempt to send a message, with the real adapter."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from features.clock import SystemClock
from service.adapters.webhooks import HttpWebhooks, Reach
from service.ports_webhooks import (
    Delivery,
    Endpoint,
    message,
    new_secret,
)
from tests.client.raw import Raw, says

OLD, NEW = new_secret(), new_secret()
LOCAL = Reach(allowed=("127.0.0.1/32",), plain_http=True, limit=timedelta(seconds=20))
TOLD = message("msg_1", "screening.decided", 1_795_000_000_000, {"screening_id": "scr_1", "decision": "allow"})
OK = says(b"HTTP/1.1 204 No Content\r\n\r\n")


def resolving(*addresses: str) -> Callable[[str, int], Any]:
    """Return a resolver that knows one answer."""

    async def resolve(_: str, __: int) -> Sequence[str]:
        return addresses

    return resolve


def sent(url: str, reach: Reach = LOCAL, secrets: tuple[str, ...] = (NEW,), resolve: Any = None) -> Delivery:
    """Make one attempt."""

    async def run() -> Delivery:
        sender = HttpWebhooks(SystemClock(), reach, resolve)
        try:
            return await sender.send(Endpoint(url=url, secrets=secrets), TOLD)
        finally:
            await sender.close()

    return asyncio.run(run())


def received(server: Raw) -> dict[str, str]:
    """Return the headers of the one request that came."""
    [asked] = server.asked
    return asked.headers
