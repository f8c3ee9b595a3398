"""An event loop in a thread of its own, so that a call without `await` can be cut off at any point.

Blocking sockets have no limit for a whole call: looking up a name has none at all, and a body that comes in drop by
drop starts the clock anew with every drop. A task of an event loop can be cancelled wherever it is.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from threading import Lock, Thread
from typing import Final, TypeVar

from lastcall_client.wire import Wire

T = TypeVar("T")
GRACE_S: Final = 0.25
"""How much later than its deadline a call is given up when its own limit did not end it."""


class Background:
    """Runs calls on its loop. After a fork the child gets a loop and connections of its own."""

    def __init__(self, make: Callable[[], Wire]) -> None:
        """Take what makes the connections; nothing starts before the first call."""
        self._make = make
        self._lock = Lock()
        self._running: tuple[int, asyncio.AbstractEventLoop, Wire] | None = None
        self._closed = False

    def run(self, work: Callable[[Wire], Coroutine[object, object, T]], within_s: float) -> T:
        """Run a call and wait for it.

        Raises:
            TimeoutError: the loop itself did not answer in time.
            RuntimeError: the client is closed.
        """
        loop, wire = self._ready()
        future: Future[T] = asyncio.run_coroutine_threadsafe(work(wire), loop)
        try:
            return future.result(max(within_s, 0.0) + GRACE_S)
        except CancelledError:
            raise RuntimeError("closed") from None
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Close the connections and end the thread; calls that still run fail over."""
        with self._lock:
            self._closed = True
            running, self._running = self._running, None
        if running is not None and running[0] == os.getpid():
            asyncio.run_coroutine_threadsafe(_wound_up(running[2]), running[1]).add_done_callback(
                lambda _: running[1].call_soon_threadsafe(running[1].stop)
            )

    def _ready(self) -> tuple[asyncio.AbstractEventLoop, Wire]:
        with self._lock:
            if self._closed:
                raise RuntimeError("closed")
            if self._running is None or self._running[0] != os.getpid():
                loop = asyncio.new_event_loop()
                Thread(target=_turn, args=(loop,), name="lastcall-client", daemon=True).start()
                self._running = (os.getpid(), loop, self._make())
            return self._running[1], self._running[2]


async def _wound_up(wire: Wire) -> None:
    """Cancel what still runs, then close the connections."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await wire.close()


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()
