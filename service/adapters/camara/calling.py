"""One call to an operator: token, `x-correlator`, a bounded answer, decoded as the type that the standard names."""

import logging
from http import HTTPStatus
from typing import Any, Final, TypeVar
from uuid import uuid4

import httpx
import msgspec
from msgspec import Struct

from service.adapters.camara.errors import CamaraError, read_error, unreadable
from service.adapters.camara.oauth import Tokens
from service.adapters.http_body import IDENTITY, BodyTooLargeError, bounded, says_json
from service.ports_network import SourceFailedError

logger = logging.getLogger(__name__)
T = TypeVar("T")
LARGEST: Final = 64 * 1024


class Api(Struct, frozen=True):
    """An operation of the standard: its path under the operator's root, and the scope it needs."""

    path: str
    scope: str


class Wire(Struct, frozen=True, rename="camel"):
    """An answer as it is sent; fields that we do not know are left alone, for operators add some."""


class Caller:
    """Calls one operator."""

    def __init__(self, http: httpx.AsyncClient, tokens: Tokens, root: str) -> None:
        """Take the connections, the tokens, and the operator's `apiRoot`."""
        self._http = http
        self._tokens = tokens
        self._root = root.rstrip("/")

    async def post(self, api: Api, body: dict[str, Any], kind: type[T]) -> T:
        """Return the operator's answer; a token that is refused is replaced once.

        Raises:
            CamaraError: an error of the standard.
            SourceFailedError: no answer, or one that is not of the standard.
        """
        token = await self._tokens.token(api.scope)
        try:
            return await self._asked(api, body, kind, token)
        except (CamaraError, SourceFailedError) as error:
            if getattr(error, "status", None) != HTTPStatus.UNAUTHORIZED:
                raise
        self._tokens.forget(api.scope, token)
        return await self._asked(api, body, kind, await self._tokens.token(api.scope))

    async def _asked(self, api: Api, body: dict[str, Any], kind: type[T], token: str) -> T:
        correlator = str(uuid4())
        headers = IDENTITY | {
            "Authorization": f"Bearer {token}",
            "x-correlator": correlator,
            "Accept": "application/json",
        }
        request = self._http.build_request("POST", self._root + api.path, json=body, headers=headers)
        try:
            status, is_json, raw = await self._sent(request)
            return _read(status, raw, kind, is_json=is_json)
        except (CamaraError, SourceFailedError) as error:
            # The operator finds the call by its correlator; nothing of the line is in it.
            logger.info("camara", extra={"path": api.path, "correlator": correlator, "error": str(error)})
            raise

    async def _sent(self, request: httpx.Request) -> tuple[int, bool, bytes]:
        try:
            response = await self._http.send(request, stream=True, follow_redirects=False)
            try:
                return response.status_code, says_json(response), await bounded(response, LARGEST)
            finally:
                await response.aclose()
        except httpx.TimeoutException:
            raise SourceFailedError("slow") from None
        except (httpx.HTTPError, OSError):
            raise SourceFailedError("down") from None
        except BodyTooLargeError:
            raise SourceFailedError("lying") from None


def _read(status: int, raw: bytes, kind: type[T], *, is_json: bool) -> T:
    if status != HTTPStatus.OK:
        raise read_error(status, raw) if is_json else unreadable(status)
    if not is_json:
        raise SourceFailedError("lying")
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SourceFailedError("lying") from None
