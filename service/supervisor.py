"""The supervisor: `lastcall serve` as one command. It holds the data folder, and keeps its children alive.

It takes the lock on the folder, starts the embedded store, brings the database up to date, makes the demo model in a
new embedded folder, then runs the jobs process and the API workers, starting again what dies. When it is told to stop
it stops the API first, so that nothing is accepted that cannot be answered, and the store last.
"""

import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final, Protocol

logger = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.2
STOP_WITHIN_S: Final = 10.0
CALM_AFTER_S: Final = 30.0
LONGEST_PAUSE_S: Final = 10.0


class DataFolderInUseError(RuntimeError):
    """Another service holds the data folder."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the data folder for ourselves; the lock goes with the process, however it ends.

    Raises:
        DataFolderInUseError: another service holds it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            message = f"another Lastcall uses the data folder {folder}; stop it, or give another with --data"
            raise DataFolderInUseError(message) from None
        yield


@dataclass
class Child:
    """A process that is kept alive.

    Attributes:
        name: for the log.
        command: what is run.
        environment: what is added to ours.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started: float = field(default=0.0, init=False)
    pause_s: float = field(default=0.0, init=False)
    again_at: float = field(default=0.0, init=False)

    def start(self) -> None:
        """Start the process; should we die, it sees that by itself (`end_with_parent`)."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own modules
            self.command, env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL
        )

    def tend(self) -> None:
        """Start the process again when it has died: at once the first time, then after longer and longer pauses."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None:
            logger.error("a process died", extra={"child": self.name, "code": self.process.returncode})
            calm = now - self.started > CALM_AFTER_S
            self.pause_s = 0.0 if calm else min(max(2 * self.pause_s, LOOK_EVERY_S), LONGEST_PAUSE_S)
            self.again_at = now + self.pause_s
            self.process = None
        if now >= self.again_at:
            self.start()

    def stop(self) -> None:
        """Tell the process to stop, and end it when it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Tended(Protocol):
    """Something else that must be kept alive, such as the embedded store."""

    def tend(self) -> None:
        """Start it again when it has died."""
        ...


class Supervisor:
    """Runs children until it is told to stop."""

    def __init__(self, children: Sequence[Child], tend_also: Sequence[Tended] = ()) -> None:
        """Take the children, in the order in which they start; they stop in the opposite order."""
        self._children = children
        self._also = tend_also
        self._stop = threading.Event()

    def run(self) -> None:
        """Keep everything alive until SIGTERM or SIGINT, then stop the children."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told)
        try:
            while not self._stop.is_set():
                for tended in (*self._also, *self._children):
                    tended.tend()
                self._stop.wait(LOOK_EVERY_S)
        finally:
            for child in reversed(self._children):
                child.stop()

    def _told(self, _: int, __: FrameType | None) -> None:
        self._stop.set()


def end_with_parent() -> None:
    """Stop this process, as if it were told to, when the one that started it has died without a word."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def python(*arguments: str) -> list[str]:
    """Return a command that runs a module of ours with this interpreter."""
    return [sys.executable, "-m", *arguments]
