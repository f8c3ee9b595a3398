"""A real service for end-to-end tests: processes of its own on a free port, in a folder of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

READY_WITHIN_S = 120
"""A new folder trains a model first, on a machine that may be busy with other tests."""
SCOPES = ("screen", "events", "risk:read", "label")


def lastcall(*arguments: str, data: Path | None = None, expect: int = 0) -> str:
    """Run a command of ours and return what it printed; anything but the expected exit fails the test."""
    where = {} if data is None else {"LASTCALL_DATA": str(data)}
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "service.cli", *arguments],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1", **where},
    )
    assert done.returncode == expect, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout if expect == 0 else done.stdout + done.stderr


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Caller:
    """A carrier's backend with a key."""

    def __init__(self, url: str, key: str) -> None:
        """Call this address with this key."""
        self.client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=10)

    def screen(self, body: Mapping[str, Any], **headers: str) -> dict[str, Any]:
        """Ask for a decision, which must be made."""
        answer = self.client.post("/v1/screenings", json=body, headers=headers)
        assert answer.status_code in {200, 201}, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def report(self, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Report events, which must all be taken."""
        answer = self.client.post("/v1/events", json={"events": list(events)})
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        assert found["rejected"] == [], found
        return found


@contextmanager
def serving(data: Path, *arguments: str, ready: str | None = None, **environment: str) -> Iterator[str]:
    """Run `lastcall serve` until the block ends; yields its address once all of it, or one part, is ready."""
    port = free_port()
    log = data / "service.log"
    command = [sys.executable, "-m", "service.cli", "serve", "--data", str(data), "--port", str(port), *arguments]
    with log.open("ab") as out:
        child = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **environment}
        )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", child, log, ready)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait(30)


def wait_until_ready(url: str, child: "subprocess.Popen[bytes]", log: Path, part: str | None = None) -> None:
    """Wait until every part of a service, or the one that is named, can be used."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and child.poll() is None:
        try:
            answer = httpx.get(f"{url}/readyz", timeout=2).json()
            if answer["ready"] or (part is not None and answer["parts"][part]["ok"]):
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    message = f"not ready; its log:\n{log.read_text(errors='replace')[-3000:]}"
    raise AssertionError(message)
