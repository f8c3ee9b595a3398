"""Who gets in: the session is asked for at every request, every socket and every event; headers are set on all.

An event from the browser is handed on only while the session lives, so a disabled user's next click does nothing.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlsplit
from weakref import WeakKeyDictionary

from fastapi import Request
from nicegui import Client, core
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.clock import milliseconds
from service.console.context import PATH, Here, console, here_of
from service.people import TOUCH
from service.ports import StoreDownError
from service.ports_people import Session

COOKIE: Final = "lastcall_session"
HOST_COOKIE: Final = f"__Host-{COOKIE}"
"""Over HTTPS; the prefix makes the browser hold it to this host, the whole path and secure transport (RFC 6265bis)."""
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
OPEN: Final = ("/sign-in", "/enrol", "/look.css", "/favicon.ico")
DOOR: Final = "/sign-in"
SIGN_IN: Final = f"{PATH}{DOOR}"
_LOCKS: Final[WeakKeyDictionary[Client, asyncio.Lock]] = WeakKeyDictionary()
_TOUCHED: Final[WeakKeyDictionary[Client, int]] = WeakKeyDictionary()


def token_of(cookies: MutableMapping[str, str] | dict[str, str]) -> str:
    """Return the session's id from a request's cookies, or nothing."""
    return cookies.get(HOST_COOKIE) or cookies.get(COOKIE) or ""


def policy_of(nonce: str) -> str:
    """Return the content security policy: everything from here, scripts only ours.

    `unsafe-eval` is what NiceGUI's client needs to compile its templates; scripts in markup run with the nonce alone.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


class Guard:
    """ASGI middleware around the whole console."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the console."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request or socket in that has a live session; anybody may come to the door itself."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        answer = _dressed(send) if scope["type"] == "http" else send
        path = str(scope["path"]).removeprefix(PATH)
        if not _from_here(Headers(scope=scope)):
            await PlainTextResponse("another site's request", HTTPStatus.FORBIDDEN)(scope, receive, answer)
        elif path in OPEN:
            await self._app(scope, receive, answer)
        else:
            await self._with_session(scope, receive, answer, path)

    async def _with_session(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        try:
            session = await console().accounts.who(token_of(HTTPConnection(scope).cookies))
        except StoreDownError:
            await PlainTextResponse("the record cannot be reached", HTTPStatus.SERVICE_UNAVAILABLE)(
                scope, receive, send
            )
            return
        if session is not None:
            scope.setdefault("state", {})["session"] = session
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and not path.startswith("/_nicegui"):
            target = f"{SIGN_IN}?next={quote(path)}" if path.strip("/") else SIGN_IN
            await RedirectResponse(target, HTTPStatus.SEE_OTHER)(scope, receive, send)
        else:
            await PlainTextResponse("sign in", HTTPStatus.UNAUTHORIZED)(scope, receive, send)


def _from_here(headers: Headers) -> bool:
    """Refuse what another site's page sends: sockets carry an origin always, forms and fetches nearly always."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _dressed(send: Send) -> Send:
    """Return a `send` that adds the headers, and the nonce to the scripts of a page."""
    nonce = secrets.token_urlsafe(16)
    begun: list[Message] = []
    body = bytearray()

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            _secure(headers, nonce)
            begun.append(message)
            if not headers.get("content-type", "").startswith("text/html"):
                await send(begun[0])
            return
        if message["type"] != "http.response.body" or not _is_page(begun[0]):
            await send(message)
            return
        body.extend(message.get("body", b""))
        if not message.get("more_body", False):
            whole = bytes(body).replace(b"<script", f'<script nonce="{nonce}"'.encode())
            MutableHeaders(scope=begun[0])["content-length"] = str(len(whole))
            await send(begun[0])
            await send({"type": "http.response.body", "body": whole})

    return dressed


def _is_page(start: Message) -> bool:
    return MutableHeaders(scope=start).get("content-type", "").startswith("text/html")


def _secure(headers: MutableHeaders, nonce: str) -> None:
    headers["Content-Security-Policy"] = policy_of(nonce)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"


def session_of(request: Request) -> Session:
    """Return the session that the guard found for a page's request."""
    found: Session = request.state.session
    return found


async def alive(page: Here) -> bool:
    """Ask again whether a page's session lives, and take up the role of this moment."""
    try:
        session = await page.console.accounts.who(page.token)
    except StoreDownError:
        return False
    if session is not None:
        page.session = session
    return session is not None


async def on_event(sid: str, message: dict[str, Any]) -> None:
    """Hand an event of the browser on, in order, while the session of its page and of its socket lives."""
    client = Client.instances.get(message["client_id"])
    if client is None or not client.has_socket_connection:
        return
    async with _LOCKS.setdefault(client, asyncio.Lock()):
        page = here_of(client)
        if page is not None and _token_of_socket(sid) == page.token and await alive(page):
            await _touch(page)
            client.handle_event(message)
        else:
            client.open(DOOR)
            await asyncio.shield(_closed(sid))


async def _closed(sid: str) -> None:
    await asyncio.sleep(0.2)
    await core.sio.disconnect(sid)


async def _touch(page: Here) -> None:
    """Keep the session from falling idle: a person did something."""
    now_ms = page.console.clock.now_ms()
    if now_ms - _TOUCHED.get(page.client, 0) >= milliseconds(TOUCH):
        _TOUCHED[page.client] = now_ms
        await page.console.accounts.touch(page.token)


def _token_of_socket(sid: str) -> str:
    environ = core.sio.get_environ(sid) or {}
    return token_of(cookie_parser(environ.get("HTTP_COOKIE", "")))


Handler = Callable[..., Awaitable[None]]


def watch_events() -> None:
    """Put our handler of events in the place of NiceGUI's, which asks for no session."""
    core.sio.on("event", on_event)
