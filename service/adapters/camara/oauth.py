"""OAuth 2.0 client credentials (RFC 6749, section 4.4): a token per scope, kept until shortly before it ends.

A new token is fetched by a task of its own, one at a time for a scope: requests wait for it within their own time, and
one that gives up does not take the token away from those that come after it.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import anyio
import httpx
import msgspec
from msgspec import Struct

from service.adapters.http_body import IDENTITY, BodyTooLargeError, bounded, says_json
from service.ports_network import SourceFailedError

logger = logging.getLogger(__name__)

PURPOSE: Final = "dpv:FraudPreventionAndDetection"
"""Why we ask, in the words that CAMARA's identity and consent rules take (W3C Data Privacy Vocabulary)."""
FETCH_LIMIT: Final = timedelta(seconds=5)
LARGEST: Final = 64 * 1024
_SPARE: Final = 0.95
"""How much of a token's life we use; the rest is for the way, and for clocks that differ."""
_RENEW: Final = 0.75
"""After this much of it a new one is fetched while the old one still serves."""
_UNSAID_S: Final = 60.0
"""How long a token is kept that does not say how long it lives."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are at an operator's; the secret is never shown."""

    token_url: str
    client_id: str
    secret: str = field(repr=False)


class Granted(Struct, frozen=True):
    """A token as it is granted (RFC 6749, section 5.1)."""

    access_token: str
    token_type: str
    expires_in: int | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str = field(repr=False)
    renew_s: float
    until_s: float


class Tokens:
    """Gives the token of a scope."""

    def __init__(self, http: httpx.AsyncClient, credentials: Credentials, limit: timedelta = FETCH_LIMIT) -> None:
        """Take the connections, who we are, and how long fetching a token may take."""
        self._http = http
        self._credentials = credentials
        self._limit_s = limit.total_seconds()
        self._kept: dict[str, _Kept] = {}
        self._fetching: dict[str, asyncio.Task[_Kept | SourceFailedError]] = {}

    async def token(self, scope: str) -> str:
        """Return a token that is good for a while yet.

        Raises:
            SourceFailedError: none was granted.
        """
        kept, now_s = self._kept.get(scope), anyio.current_time()
        if kept is not None and now_s < kept.renew_s:
            return kept.token
        task = self._task(scope)
        if kept is not None and now_s < kept.until_s:
            return kept.token
        found = await asyncio.shield(task)
        if isinstance(found, SourceFailedError):
            raise SourceFailedError(found.why, found.code)
        return found.token

    def forget(self, scope: str, token: str) -> None:
        """Drop a token that was refused, unless a newer one is kept already."""
        kept = self._kept.get(scope)
        if kept is not None and kept.token == token:
            del self._kept[scope]

    def _task(self, scope: str) -> "asyncio.Task[_Kept | SourceFailedError]":
        """Return the task that fetches a scope's token: the one that runs, or a new one."""
        task = self._fetching.get(scope)
        if task is None:
            task = asyncio.create_task(self._fetch(scope))
            self._fetching[scope] = task
            task.add_done_callback(lambda _: self._fetching.pop(scope, None))
        return task

    async def _fetch(self, scope: str) -> _Kept | SourceFailedError:
        try:
            with anyio.fail_after(self._limit_s):
                granted = await self._asked(scope)
        except SourceFailedError as failure:
            return failure
        except TimeoutError:
            return SourceFailedError("slow", "TOKEN")
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return SourceFailedError("down", "TOKEN")
        now_s = anyio.current_time()
        lives_s = _UNSAID_S if granted.expires_in is None else max(0, granted.expires_in)
        kept = _Kept(granted.access_token, now_s + lives_s * _RENEW, now_s + lives_s * _SPARE)
        self._kept[scope] = kept
        return kept

    async def _asked(self, scope: str) -> Granted:
        # The two parts of the Basic header are form-encoded first (RFC 6749, section 2.3.1).
        who = httpx.BasicAuth(quote(self._credentials.client_id, safe=""), quote(self._credentials.secret, safe=""))
        form = {"grant_type": "client_credentials", "scope": f"{PURPOSE} {scope}"}
        request = self._http.build_request("POST", self._credentials.token_url, data=form, headers=IDENTITY)
        response = await self._http.send(request, auth=who, stream=True, follow_redirects=False)
        try:
            if response.status_code != HTTPStatus.OK:
                down = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
                raise SourceFailedError("down" if down else "refused", "TOKEN")
            return _granted(response, await bounded(response, LARGEST))
        except BodyTooLargeError:
            raise SourceFailedError("lying", "TOKEN") from None
        finally:
            await response.aclose()


def _granted(response: httpx.Response, body: bytes) -> Granted:
    try:
        granted = msgspec.json.decode(body, type=Granted)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SourceFailedError("lying", "TOKEN") from None
    sane = granted.access_token.isascii() and granted.access_token.isprintable() and granted.access_token
    if not says_json(response) or granted.token_type.lower() != "bearer" or not sane:
        raise SourceFailedError("lying", "TOKEN")
    return granted
