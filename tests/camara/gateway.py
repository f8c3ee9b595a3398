"""An operator's gateway made from the official specifications: it checks every request by them, and answers by them.

It can also be slow, be down, or lie: that is set for an operation by its id.
"""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.camara.specs import Operation, faults, operations

CORRELATOR = re.compile(r"^[a-zA-Z0-9-_:;.\/<>{}]{0,256}$")
Reply = bytes | None
"""An answer as bytes; None: the connection is cut."""


def http(status: int, body: Any, kind: str = "application/json", *more: str) -> bytes:
    """Return an answer as bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [
        f"HTTP/1.1 {status} Said",
        f"Content-Type: {kind}",
        f"Content-Length: {len(raw)}",
        "Connection: close",
        *more,
        "",
        "",
    ]
    return "\r\n".join(head).encode() + raw


def error(status: int, code: str) -> bytes:
    """Return an error of the standard; its message repeats a number, as a careless operator's might."""
    return http(status, {"status": status, "code": code, "message": "not so for +8613800138000"})


@dataclass
class Gateway:
    """A running gateway."""

    root: str = ""
    asked: list[tuple[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    """The scopes for which tokens were granted."""
    says: dict[str, Callable[[Any], Reply]] = field(default_factory=dict)
    """Operation -> what it answers to a body."""
    delays: dict[str, float] = field(default_factory=dict)
    """Operation, or `token` -> how many seconds it takes."""
    grant: Callable[[str], Reply] | None = None
    """Answers to a request for a token, instead of granting one."""
    revoked: set[str] = field(default_factory=set)

    def always(self, operation: str, reply: Reply) -> None:
        """Make an operation answer one thing."""
        self.says[operation] = lambda _: reply

    def right(self, operation: str, answer: Any) -> None:
        """Make an operation answer this, as a success."""
        self.always(operation, http(200, answer))

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            method, path, _ = first.split(" ")
            reply = await (self._grant(headers, body) if path == "/token" else self._call(method, path, headers, body))
            if reply is not None:
                writer.write(reply)
                await writer.drain()
        writer.close()

    async def _grant(self, headers: dict[str, str], body: bytes) -> Reply:
        await asyncio.sleep(self.delays.get("token", 0))
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        expected = "Basic " + base64.b64encode(b"lastcall:s%3Acret").decode()
        if headers.get("authorization") != expected or form.get("grant_type") != "client_credentials":
            return http(401, {"error": "invalid_client"})
        purpose, _, scope = form["scope"].partition(" ")
        if purpose != "dpv:FraudPreventionAndDetection":
            self.faults.append(f"purpose {purpose}")
        self.tokens.append(scope)
        if self.grant is not None:
            return self.grant(scope)
        token = f"{len(self.tokens)}.{scope}"
        return http(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    async def _call(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        operation = next((one for one in operations().values() if (one.method, one.path) == (method, path)), None)
        if operation is None:
            self.faults.append(f"{method} {path} is in no specification")
            return http(404, b"<html>", "text/html")
        asked = json.loads(body)
        self.asked.append((operation.name, asked))
        await asyncio.sleep(self.delays.get(operation.name, 0))
        refused = self._refused(operation, headers, asked)
        if refused is not None:
            return refused
        says = self.says.get(operation.name)
        return http(200, operation.answers[0]) if says is None else says(asked)

    def _refused(self, operation: Operation, headers: dict[str, str], asked: Any) -> Reply:
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token in self.revoked or token.partition(".")[2] not in self.tokens:
            return error(401, "UNAUTHENTICATED")
        if token.partition(".")[2] not in operation.scopes:
            return error(403, "PERMISSION_DENIED")
        wrong = faults(operation.request, asked)
        if not CORRELATOR.fullmatch(headers.get("x-correlator", "é")):
            wrong.append("x-correlator")
        self.faults += [f"{operation.name}: {fault}" for fault in wrong]
        return error(400, "INVALID_ARGUMENT") if wrong else None


@asynccontextmanager
async def gateway() -> AsyncIterator[Gateway]:
    """Run a gateway."""
    made = Gateway()
    server = await asyncio.start_server(made.attend, "127.0.0.1", 0)
    made.root = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
