"""Gateways for short messages: the carrier's over HTTP, a folder for development, and none."""

import json
import logging
from pathlib import Path
from typing import Final, Literal

import httpx
from anyio import to_thread

from service.adapters.secrets_folder import write_private
from service.ids import new_key
from service.ports_otp import GatewayDownError

logger = logging.getLogger(__name__)

TIMEOUT_S: Final = 3.0
Purpose = Literal["otp", "notice"]


class HttpGateway:
    """Posts `{"to", "text", "purpose"}` to the carrier's gateway, with a bearer token; takes any 2xx for an answer.

    There is no retry: a code that comes twice confuses, and the requester can ask for another.
    """

    def __init__(self, url: str, token: str | None, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Take the address and the token; `transport` is for tests."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._url = url
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT_S, headers=headers, follow_redirects=False, transport=transport
        )

    async def send(self, *, to: str, text: str, purpose: Purpose) -> None:
        """Hand a message over; `GatewayDownError` when it was not taken."""
        if not to:
            raise GatewayDownError
        try:
            answer = await self._client.post(self._url, json={"to": to, "text": text, "purpose": purpose})
        except httpx.HTTPError as error:
            logger.warning("the gateway took no message", extra={"error": type(error).__name__})
            raise GatewayDownError from error
        if not answer.is_success:
            logger.warning("the gateway took no message", extra={"status": answer.status_code})
            raise GatewayDownError

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.aclose()


class OutboxGateway:
    """Writes each message into a folder that only we can read: for development, where somebody looks it up."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made when the first message comes."""
        self._folder = folder

    async def send(self, *, to: str, text: str, purpose: Purpose) -> None:
        """Write a message; `GatewayDownError` when the folder cannot be written."""
        if not to:
            raise GatewayDownError
        content = json.dumps({"to": to, "text": text, "purpose": purpose}, ensure_ascii=False).encode()
        try:
            await to_thread.run_sync(self._write, content)
        except OSError as error:
            raise GatewayDownError from error

    def _write(self, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._folder / f"{new_key()}.json", content)

    async def close(self) -> None:
        """There is nothing to give back."""


class NoGateway:
    """Takes nothing: codes of ours are not sent, other ways on stay open."""

    async def send(self, *, to: str, text: str, purpose: Purpose) -> None:  # noqa: ARG002 - the port's shape
        """Refuse."""
        raise GatewayDownError

    async def close(self) -> None:
        """There is nothing to give back."""
