"""What happens when the service itself is killed, or stopped before it has begun."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.builders import request
from tests.e2e.cluster import Caller, free_port, serving, wait_until_ready
from tests.e2e.conftest import Trained, key_for, new_data


def processes(data: Path) -> list[int]:
    """Return the processes of a data folder: supervisor, store, jobs and API."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                said = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if str(data).encode() in said and int(process.name) != os.getpid():
                found.append(int(process.name))
    return found


def until(true: Callable[[], bool]) -> None:
    """Wait for something to become true; half a minute is too long."""
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def served(data: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start a service that nobody waits for."""
    command = [sys.executable, "-m", "service.cli", "serve", "--data", str(data), "--port", str(port)]
    with (data / "service.log").open("ab") as out:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)  # noqa: S603 - our own


def test_a_killed_service_leaves_nobody_and_starts_again(trained: Trained, tmp_path: Path) -> None:
    """Its children end, its store makes way for the next one, and what was answered is there."""
    data, port = new_data(trained, tmp_path), free_port()
    key = key_for(data)
    service = served(data, port)
    wait_until_ready(f"http://127.0.0.1:{port}", service, data / "service.log")
    answer = Caller(f"http://127.0.0.1:{port}", key).screen(request())
    service.kill()
    service.wait()
    until(lambda: len(processes(data)) <= 1)
    with serving(data) as url:
        again = Caller(url, key).client.get(f"/v1/screenings/{answer['screening_id']}")
        assert again.json() == answer
    until(lambda: processes(data) == [])


def test_a_new_folder_gets_a_model_that_says_what_it_is(tmp_path: Path) -> None:
    """Nothing set up at all: it trains, says so, and every answer shows that the model is a demo."""
    data = tmp_path / "data"
    data.mkdir()
    with serving(data, "--no-console") as url:
        ready = httpx.get(f"{url}/readyz").json()
        assert ready["parts"]["model"]["detail"].startswith("demo-")
        answer = Caller(url, key_for(data)).screen(request())
        assert answer["versions"]["model"] == ready["parts"]["model"]["detail"]
    assert "it knows invented people alone" in (data / "service.log").read_text()


def test_stopped_while_it_trains_it_leaves_nobody(tmp_path: Path) -> None:
    """Neither the store nor the training goes on."""
    data = tmp_path / "data"
    data.mkdir()
    service = served(data, free_port())
    until(lambda: "training a demo model" in (data / "service.log").read_text())
    service.send_signal(signal.SIGTERM)
    assert service.wait(20) == 128 + signal.SIGTERM
    until(lambda: processes(data) == [])
