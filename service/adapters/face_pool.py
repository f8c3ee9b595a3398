"""The pool of measuring children: a few, each doing one picture at a time, and a short queue before them.

The parent neither decodes a picture nor runs what a child says: an answer is a short JSON document of a known shape.
A child that dies, stalls or talks nonsense is ended and another takes its place with the next picture.
"""

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from datetime import timedelta
from typing import Final

import msgspec

from model.face import Measured
from service.adapters.face_child import LENGTH, Answer
from service.adapters.image_gate import MOST_BYTES
from service.ports_faces import FacesBusyError, FacesDownError, Refused

logger = logging.getLogger(__name__)

PROGRAM: Final = ("-I", "-B", "-m", "service.adapters.face_child")
"""Isolated: no variables, no user's packages, no current folder."""
LONGEST_ANSWER: Final = 64 * 1024
STARTING: Final = timedelta(minutes=2)
"""Loading the models takes a second or two; at the lowest priority on a busy machine, much longer."""
DYING: Final = timedelta(seconds=1)
RETRY_AFTER_S: Final = 2
BLAMED_ON_THE_PICTURE: Final = frozenset(
    -number for number in (signal.SIGXCPU, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE)
)
"""Ends that a decoder comes to by itself; any other (killed from outside, no memory in the machine) is ours."""


class _LostError(Exception):
    """The child ended, or said what cannot be read."""


class _Child:
    """One measuring process, started when it is first needed and again after it ended."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._killed = False

    @property
    def pid(self) -> int | None:
        """Its process id while it lives; one that was killed may take a moment to be gone, and is not asked again."""
        alive = self._process is not None and self._process.returncode is None and not self._killed
        return self._process.pid if self._process and alive else None

    async def stand(self) -> None:
        """Make sure that it runs and is ready.

        Raises:
            FacesDownError: it does not start.
        """
        if self.pid is not None:
            return
        self._killed = False
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *PROGRAM,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_surroundings(),
            )
            async with asyncio.timeout(STARTING.total_seconds()):
                await self._hear()
        except (OSError, TimeoutError, _LostError):
            await self.end()
            raise FacesDownError("not_started") from None
        except asyncio.CancelledError:
            self.kill()
            raise

    async def ask(self, picture: bytes) -> Answer:
        """Have a picture measured.

        Raises:
            _LostError: the child ended, or said what cannot be read.
        """
        into = self._pipes()[0]
        try:
            into.write(LENGTH.pack(len(picture)) + picture)
            await into.drain()
        except ConnectionError:
            raise _LostError from None
        return await self._hear()

    async def _hear(self) -> Answer:
        out = self._pipes()[1]
        try:
            (length,) = LENGTH.unpack(await out.readexactly(LENGTH.size))
            if length > LONGEST_ANSWER:
                raise _LostError
            return msgspec.json.decode(await out.readexactly(length), type=Answer)
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.DecodeError):
            raise _LostError from None

    def _pipes(self) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            raise _LostError
        return self._process.stdin, self._process.stdout

    def kill(self) -> None:
        """End it at once."""
        self._killed = True
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def end(self) -> int | None:
        """End it, unless it ended by itself, and return how it ended."""
        if self._process is None:
            return None
        with suppress(TimeoutError):
            # One that is dying already tells more by its own end than by ours.
            async with asyncio.timeout(DYING.total_seconds()):
                return await self._process.wait()
        self.kill()
        return await self._process.wait()


def _surroundings() -> dict[str, str]:
    """Return what a child gets of our environment: no setting, no secret, one thread."""
    passed = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return passed | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class FacePool:
    """Measures pictures in children of its own.

    Args:
        children: how many work at once; each takes about 170 MB.
        queue: how many pictures may wait besides; more are turned away at once.
        patience: how long a picture may wait for its turn.
        longest: how long one picture may take.
    """

    def __init__(
        self,
        *,
        children: int = 1,
        queue: int = 8,
        patience: timedelta = timedelta(seconds=30),
        longest: timedelta = timedelta(seconds=30),
    ) -> None:
        """Start nothing yet."""
        self._children = [_Child() for _ in range(children)]
        self._most = children + queue
        self._patience, self._longest = patience, longest
        self._inside = 0
        self._idle: asyncio.Queue[_Child] = asyncio.Queue()
        for child in self._children:
            self._idle.put_nowait(child)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the children that live."""
        return tuple(child.pid for child in self._children if child.pid is not None)

    async def measure(self, picture: bytes) -> Measured | Refused:
        """Measure one picture and forget it.

        Raises:
            FacesBusyError: the queue is full, or neither turn nor processor are to be had in time.
            FacesDownError: no child can be started, or it was ended by something that is not the picture.
        """
        if len(picture) > MOST_BYTES:
            return Refused("TOO_MANY_BYTES")
        if self._inside >= self._most:
            raise FacesBusyError(RETRY_AFTER_S)
        self._inside += 1
        try:
            child = await self._turn()
            try:
                await child.stand()
                return await self._ask(child, picture)
            finally:
                self._idle.put_nowait(child)
        finally:
            self._inside -= 1

    async def _turn(self) -> _Child:
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                return await self._idle.get()
        except TimeoutError:
            raise FacesBusyError(RETRY_AFTER_S) from None

    async def _ask(self, child: _Child, picture: bytes) -> Measured | Refused:
        try:
            async with asyncio.timeout(self._longest.total_seconds()):
                answer = await child.ask(picture)
        except TimeoutError:
            # A heavy picture is ended by its seconds of processor time: this one got none, for others come first.
            child.kill()
            raise FacesBusyError(RETRY_AFTER_S) from None
        except _LostError:
            return _blame(await child.end())
        except asyncio.CancelledError:
            # It may be in the middle of a picture: its next answer would be taken for another's.
            child.kill()
            raise
        if answer.refused is not None:
            return Refused(answer.refused)
        return answer.measured if answer.measured is not None else _blame(await child.end())

    async def ready(self) -> bool:
        """Say whether a child works or can be started."""
        try:
            child = self._idle.get_nowait()
        except asyncio.QueueEmpty:
            return True
        try:
            await child.stand()
        except FacesDownError:
            return False
        finally:
            self._idle.put_nowait(child)
        return True

    async def close(self) -> None:
        """End all children."""
        for child in self._children:
            child.kill()
            await child.end()


def _blame(ended: int | None) -> Refused:
    """Tell by how a child ended whether the picture was to blame.

    Raises:
        FacesDownError: it was not.
    """
    logger.warning("a measuring process ended and will be replaced", extra={"returncode": ended})
    if ended in BLAMED_ON_THE_PICTURE:
        return Refused("TOO_HEAVY")
    raise FacesDownError("ended")
