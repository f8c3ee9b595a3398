"""A server of raw sockets that answers whatever a test wants, also what no real server would."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Script = Callable[[socket.socket], None]


@dataclass
class Asked:
    """A request as it came in."""

    line: str
    headers: dict[str, str]
    body: Any


@dataclass
class Raw:
    """A running server: where it is, and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)


def reply(
    body: bytes, status: str = "200 OK", kind: str = "application/json", *more: str, length: int | None = None
) -> bytes:
    """Return an answer as bytes."""
    size = len(body) if length is None else length
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {size}", *more, "", ""]
    return "\r\n".join(head).encode() + body


def says(raw: bytes) -> Script:
    """Return a script that sends bytes and closes."""
    return lambda peer: peer.sendall(raw)


def drips(raw: bytes, rest: bytes = b"") -> Script:
    """Return a script that sends some bytes at once, then the rest drop by drop until nobody listens."""

    def script(peer: socket.socket) -> None:
        peer.sendall(raw)
        for _ in range(400):
            for drop in rest or b" ":
                peer.sendall(bytes([drop]))
                time.sleep(0.05)

    return script


def silent(peer: socket.socket) -> None:
    """Read whatever comes and say nothing until the other side goes."""
    while peer.recv(65536):
        pass


def read_request(peer: socket.socket) -> Asked | None:
    """Read one request."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = peer.recv(65536)
        if not piece:
            return None
        raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += peer.recv(65536)
    return Asked(first, headers, json.loads(body) if body else None)


@contextmanager
def raw_server(*scripts: Script, listens: bool = True) -> Iterator[Raw]:
    """Serve connections one after the other, each with its script; the last script serves all that follow."""
    door = socket.create_server(("127.0.0.1", 0))
    server = Raw(f"http://127.0.0.1:{door.getsockname()[1]}")
    open_peers: list[socket.socket] = []

    def attend(peer: socket.socket, script: Script) -> None:
        with suppress(OSError), peer:
            asked = read_request(peer) if listens else None
            if asked is not None:
                server.asked.append(asked)
            if asked is not None or not listens:
                script(peer)

    def accept() -> None:
        for number in range(10_000):
            try:
                peer, _ = door.accept()
            except OSError:
                return
            open_peers.append(peer)
            script = scripts[min(number, len(scripts) - 1)]
            threading.Thread(target=attend, args=(peer, script), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        with suppress(OSError):
            door.shutdown(socket.SHUT_RDWR)
        door.close()
        for peer in open_peers:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
            peer.close()
