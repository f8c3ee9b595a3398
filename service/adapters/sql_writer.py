"""The one thread that writes: takes all that wait, writes them in one transaction, and answers after the commit.

Group commit: while one batch is being made durable the next one gathers by itself, so no timer is needed and a commit
is shared by all who wait. Whoever is answered has been written. When the database fails everybody in the batch hears it
and the thread goes on; when one job alone is at fault, the others are written without it.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from service.adapters.sql_audit import Trail
from service.adapters.sql_engine import Database, what_failed
from service.ports import StoreDownError

P = TypeVar("P")
R = TypeVar("R")

Handler = Callable[[Connection, Sequence[P], Trail], Sequence[R]]
"""Writes jobs of one kind in the open transaction, notes them in the trail, and returns one result for each."""

BATCH: Final = 256
WAITING: Final = 2048
LOST_A_RACE: Final = frozenset({"40001", "40P01"})
"""PostgreSQL: serialization failure, deadlock. The batch was a victim, its jobs are not at fault."""


@dataclass(slots=True, eq=False)
class Job(Generic[P, R]):
    """One wish of one caller, and where to answer it."""

    handler: Handler[P, R]
    payload: P
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[R]
    outcome: R | Exception | None = field(default=None)

    def answer(self) -> None:
        """Tell the caller, if it still waits; runs in the caller's loop."""
        if self.future.done():
            return
        if isinstance(self.outcome, Exception):
            self.future.set_exception(self.outcome)
        else:
            self.future.set_result(self.outcome)  # type: ignore[arg-type]  # None is a result where R is None


class Writer:
    """Writes everything that this process writes."""

    def __init__(self, database: Database, trail: Trail, *, waiting: int = WAITING) -> None:
        """Start the thread.

        Args:
            database: where to.
            trail: the audit chain of this process.
            waiting: how many jobs may wait; one more is refused at once, which is better than answered too late.
        """
        self._engine = database.writer
        self._trail = trail
        self._limit = waiting
        self._queue: SimpleQueue[Job[Any, Any] | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="sql-writer", daemon=True)
        self._thread.start()

    async def write(self, handler: Handler[P, R], payload: P) -> R:
        """Have a job written and return its result after the commit.

        A caller that gives up waiting leaves its job behind: it is written all the same, and found again by its key.

        Raises:
            StoreDownError: it is not known to be written: the database fails, or too much is waiting.
        """
        if self._closed or self._queue.qsize() >= self._limit:
            raise StoreDownError("closed" if self._closed else "too much is waiting to be written")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._queue.put(Job(handler, payload, loop, future))
        return await future

    async def close(self) -> None:
        """Write what waits, then stop."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        going_on = True
        while going_on:
            jobs, going_on = self._take()
            self._write(jobs)
            _answer(jobs)

    def _take(self) -> tuple[list[Job[Any, Any]], bool]:
        """Wait for a job, take all that wait with it, and say whether more may come."""
        jobs: list[Job[Any, Any]] = []
        job = self._queue.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == BATCH:
                break
            try:
                job = self._queue.get_nowait()
            except Empty:
                break
        return jobs, job is not None

    def _write(self, jobs: Sequence[Job[Any, Any]]) -> None:
        """Write a batch; when a job spoils it, write one by one, so that none pays for another."""
        error = self._transaction(jobs) if jobs else None
        if error is None:
            return
        if len(jobs) == 1 or _is_everybodys(error):
            for job in jobs:
                job.outcome = _told(error)
            return
        for place, job in enumerate(jobs):
            alone = self._transaction([job])
            if alone is None:
                continue
            job.outcome = _told(alone)
            if _is_everybodys(alone):
                for rest in jobs[place + 1 :]:
                    rest.outcome = _told(alone)
                return

    def _transaction(self, jobs: Sequence[Job[Any, Any]]) -> Exception | None:
        """Write jobs in one transaction with one link of the chain; return what went wrong, all of it undone."""
        kinds: dict[Handler[Any, Any], list[Job[Any, Any]]] = {}
        for job in jobs:
            kinds.setdefault(job.handler, []).append(job)
        try:
            with self._engine.begin() as connection:
                for handler, same in kinds.items():
                    results = handler(connection, [job.payload for job in same], self._trail)
                    for job, result in zip(same, results, strict=True):
                        job.outcome = result
                self._trail.link(connection)
        except Exception as error:  # noqa: BLE001 - whatever it was, the thread must live and the callers must hear it
            self._trail.undone()
            return error
        self._trail.done()
        return None


def _answer(jobs: Sequence[Job[Any, Any]]) -> None:
    """Wake each loop once for all of its callers."""
    loops: dict[asyncio.AbstractEventLoop, list[Job[Any, Any]]] = {}
    for job in jobs:
        loops.setdefault(job.loop, []).append(job)
    for loop, mine in loops.items():
        try:
            loop.call_soon_threadsafe(_answer_all, mine)
        except RuntimeError:
            # The loop is closed: nobody is left to be told, and what was written stays written.
            continue


def _answer_all(jobs: Sequence[Job[Any, Any]]) -> None:
    for job in jobs:
        job.answer()


def _is_everybodys(error: Exception) -> bool:
    """Say whether the database is in trouble, rather than one job: then trying one by one would only take longer."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlstate", None) not in LOST_A_RACE
    return isinstance(error, OSError)


def _told(error: Exception) -> Exception:
    """Return what a caller hears: trouble of the database as one kind of error, a refusal of ours as it is."""
    if isinstance(error, SQLAlchemyError | OSError):
        down = StoreDownError(what_failed(error))
        down.__cause__ = error
        return down
    return error
