"""The supervisor: one service a folder, children that are started again, and everything stopped in the end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from service.supervisor import Child, DataFolderInUseError, Supervisor, locked, python

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]


def until(true: Callable[[], bool]) -> None:
    """Wait for something to become true; ten seconds are too long."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_folder_has_one_service(tmp_path: Path) -> None:
    """The second is told what to do; after the first has gone the folder is free."""
    with (
        locked(tmp_path / "data"),
        pytest.raises(DataFolderInUseError, match="give another with --data"),
        locked(tmp_path / "data"),
    ):
        pass
    with locked(tmp_path / "data"):
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_child_that_died_is_started_again_with_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once is too often for one that cannot live; a child that had lived long is started at once."""
    now = [1000.0]
    monkeypatch.setattr("service.supervisor.time.monotonic", lambda: now[0])
    child = Child("x", [sys.executable, "-c", "raise SystemExit(3)"], {})
    pauses = []
    for _ in range(8):
        child.tend()
        assert child.process is not None
        child.process.wait()
        child.tend()
        pauses.append(child.pause_s)
        assert child.process is None
        now[0] += child.pause_s
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    child.tend()
    assert child.process is not None
    child.process.wait()
    now[0] += 31
    child.tend()
    assert child.process is not None
    child.process.wait()


def test_a_child_is_given_its_environment(tmp_path: Path) -> None:
    """Beside ours."""
    out = tmp_path / "out"
    code = f"import os; open({str(out)!r}, 'w').write(os.environ['LASTCALL_X'] + str('PATH' in os.environ))"
    child = Child("x", [sys.executable, "-c", code], {"LASTCALL_X": "yes"})
    child.start()
    assert child.process is not None
    assert child.process.wait() == 0
    assert out.read_text() == "yesTrue"


def test_a_child_that_does_not_listen_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """After a while it is not asked any more."""
    monkeypatch.setattr("service.supervisor.STOP_WITHIN_S", 0.2)
    deaf = tmp_path / "deaf"
    code = (
        "import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"pathlib.Path({str(deaf)!r}).touch(); time.sleep(600)"
    )
    child = Child("x", [sys.executable, "-c", code], {})
    child.start()
    until(deaf.exists)
    child.stop()
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL
    child.stop()


def test_it_runs_until_told_and_stops_its_children_in_the_opposite_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API first, so that nothing is accepted that cannot be answered."""
    stopped: list[str] = []

    class Noted(Child):
        def stop(self) -> None:
            stopped.append(self.name)
            super().stop()

    class Store:
        tended = 0

        def tend(self) -> None:
            self.tended += 1

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    children, store = [Noted("jobs", SLEEPS, {}), Noted("api", SLEEPS, {})], Store()

    def killer() -> None:
        until(lambda: all(child.process is not None for child in children))
        first = children[1].process
        assert first is not None
        first.kill()
        until(lambda: children[1].process not in {None, first})
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=killer)
    thread.start()
    try:
        Supervisor(children, [store]).run()
    finally:
        thread.join()
        for number, handler in before.items():
            signal.signal(number, handler)
    assert stopped == ["api", "jobs"]
    assert store.tended > 1
    assert all(child.process is not None and child.process.poll() is not None for child in children)


def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    """A supervisor that is killed tells nobody; its children see it."""
    told, pid = tmp_path / "told", tmp_path / "pid"
    child = (
        "import os, pathlib, signal, time\n"
        "from service.supervisor import end_with_parent\n"
        f"signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path({str(told)!r}).touch(), os._exit(0)))\n"
        "end_with_parent()\n"
        f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(60)"
    )
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", parent])  # noqa: S603 - this interpreter
    try:
        until(lambda: pid.exists() and pid.read_text() != "")
    finally:
        process.kill()
        process.wait()
    until(told.exists)


def test_our_own_interpreter_is_used() -> None:
    """Not whichever `python` is on the path."""
    assert python("service.running", "api") == [sys.executable, "-m", "service.running", "api"]
