"""Reading: where it is quick enough it happens at once, else in a few threads of its own.

SQLite in WAL mode: a reader waits for no writer, and an indexed look-up takes less time than handing it to a thread and
back, so it is done in place, on read-only connections. PostgreSQL is a round trip over a socket and goes to a thread.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from service.adapters.sql_engine import READERS, Database, store_errors

R = TypeVar("R")


class Reader:
    """Runs questions on read-only connections; the database's trouble comes out as `StoreDownError`."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._engine = database.reader
        self._in_place = database.embedded
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="sql-reader")

    async def quick(self, question: Callable[[Connection], R]) -> R:
        """Answer an indexed look-up of a few rows.

        Raises:
            StoreDownError: the database cannot be read.
        """
        return self.now(question) if self._in_place else await self.slow(question)

    async def slow(self, question: Callable[[Connection], R]) -> R:
        """Answer a question that may take long, without holding up the event loop.

        Raises:
            StoreDownError: the database cannot be read.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.now, question)

    def now(self, question: Callable[[Connection], R]) -> R:
        """Answer a question in this thread."""
        with store_errors(), self._engine.connect() as connection:
            return question(connection)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown()
