"""One exchange with the service: bounded in size, never redirected, and every way it can go wrong has a name.

How long it may take is not decided here: whoever calls puts a limit around the whole of it, so a body that comes in
drop by drop is cut off too (a timeout of httpx starts anew with every drop).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

import anyio
import httpx

from lastcall_client.failures import Cause, Failure, Trouble

VERSION: Final = "0.1.0"
ANSWER_LIMIT_BYTES: Final = 1024 * 1024
KINDS: Final = frozenset({"application/json", "application/jwk-set+json"})
WAY_BACK: Final = 0.9
"""The share of what is left that the service is told it may use; the rest is for the way back."""

_BY_STATUS: Final[Mapping[int, Cause]] = {
    HTTPStatus.UNAUTHORIZED: "unauthenticated",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.REQUEST_TIMEOUT: "timeout",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.TOO_MANY_REQUESTS: "throttled",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}
_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_PATH: Final = re.compile(r"[a-z0-9_.\[\]]{1,128}")
_LOST: Final = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.CloseError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is sent; the service counts each call once, by its key or by what it says, however often it arrives."""

    method: str
    path: str
    body: object = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A success: the body, read as JSON, and whether it was given before."""

    body: object
    replayed: bool


class Wire:
    """Speaks to one service with one key over kept connections."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        """Take the connections, with address and key set."""
        self._http = http

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, call: Call) -> Reply:
        """Make an exchange.

        Raises:
            Trouble: anything but a success that can be believed.
        """
        content = b"" if call.body is None else _encoded(call.body)
        response = await self._opened(call, content)
        try:
            return await self._read(response)
        finally:
            await response.aclose()

    async def _opened(self, call: Call, content: bytes) -> httpx.Response:
        """Send, and wait for the head of the answer; a kept connection that had died is replaced once."""
        try:
            return await self._http.send(self._request(call, content), stream=True)
        except _LOST:
            pass
        except httpx.HTTPError as error:
            raise _unreached(error) from error
        try:
            return await self._http.send(self._request(call, content), stream=True)
        except _LOST as error:
            raise Trouble("disconnected", type(error).__name__) from error
        except httpx.HTTPError as error:
            raise _unreached(error) from error

    def _request(self, call: Call, content: bytes) -> httpx.Request:
        left_ms = (anyio.current_effective_deadline() - anyio.current_time()) * 1000
        if left_ms <= 0:
            raise Trouble("timeout")
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if left_ms < float("inf"):
            headers["X-Request-Deadline-Ms"] = str(max(1, int(left_ms * WAY_BACK)))
        if content:
            headers["Content-Type"] = "application/json"
        if call.key is not None:
            headers["Idempotency-Key"] = call.key
        try:
            return self._http.build_request(call.method, call.path, content=content, headers=headers)
        except (ValueError, TypeError, httpx.InvalidURL) as error:
            raise Trouble("invalid_request", type(error).__name__) from error

    async def _read(self, response: httpx.Response) -> Reply:
        if not response.is_success:
            raise await _refused(response)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in KINDS or response.headers.get("content-encoding", "identity") != "identity":
            raise Trouble("wrong_type")
        replayed = response.headers.get("idempotent-replayed") == "true"
        return Reply(body=_decoded(await _bounded(response)), replayed=replayed)


async def _refused(response: httpx.Response) -> Trouble:
    """Return what an answer that is no success says, as far as it can be read."""
    status = response.status_code
    code, path = await _problem(response)
    wait = response.headers.get("retry-after", "")
    retry_after_s = int(wait) if re.fullmatch(r"[0-9]{1,6}", wait) else None
    cause = "in_progress" if code == "REQUEST_IN_PROGRESS" else _cause(response)
    failure = Failure(cause=cause, status=status, code=code, path=path, retry_after_s=retry_after_s)
    return Trouble(failure.cause, failure=failure)


def _cause(response: httpx.Response) -> Cause:
    named = _BY_STATUS.get(response.status_code)
    if named is not None:
        return named
    if response.is_server_error:
        return "server_error"
    if response.is_redirect or not response.is_client_error:
        return "redirected"
    return "rejected"


async def _problem(response: httpx.Response) -> tuple[str | None, str | None]:
    """Return code and path of a problem document (RFC 9457); a damaged one has neither."""
    try:
        body = _decoded(await _bounded(response))
    except Trouble:
        return None, None
    said = body if isinstance(body, dict) else {}
    code, path = said.get("code"), said.get("path")
    return (
        code if isinstance(code, str) and _CODE.fullmatch(code) else None,
        path if isinstance(path, str) and _PATH.fullmatch(path) else None,
    )


async def _bounded(response: httpx.Response) -> bytes:
    """Return the body as it comes, undecoded: a small compressed one cannot grow into a large one here."""
    found = bytearray()
    try:
        async for piece in response.aiter_raw():
            found += piece
            if len(found) > ANSWER_LIMIT_BYTES:
                raise Trouble("too_large")
    except httpx.HTTPError as error:
        raise Trouble("truncated", type(error).__name__) from error
    return bytes(found)


def _unreached(error: httpx.HTTPError) -> Trouble:
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return Trouble("invalid_request", type(error).__name__)
    if isinstance(error, httpx.TimeoutException):
        return Trouble("timeout", type(error).__name__)
    return Trouble("refused" if isinstance(error, httpx.ConnectError) else "disconnected", type(error).__name__)


def _decoded(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Trouble("garbled", type(error).__name__) from error


def _encoded(body: object) -> bytes:
    try:
        return json.dumps(body, default=_written, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Trouble("invalid_request", type(error).__name__) from error


def _written(value: object) -> str:
    """Write a moment; one without an offset could be any hour, and is refused."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.isoformat()
    raise TypeError
