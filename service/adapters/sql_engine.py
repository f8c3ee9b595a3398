"""How we talk to the database: SQLite in a file beside us, or PostgreSQL, with the settings that make a commit durable.

Whatever goes wrong underneath leaves here as `StoreDownError`, and that means 503 and nothing allowed.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from service.addresses import AddressError, file_of, parse
from service.ports import StoreDownError

__all__ = ["READERS", "AddressError", "Database", "store_errors", "what_failed"]

WRITE_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    # FULL: an answer that was given survives a power cut. One commit for a whole batch makes it affordable.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_size_limit = 67108864",
)
READ_PRAGMAS: Final = ("PRAGMA query_only = ON", "PRAGMA cache_size = -16384")
WRITE_WAIT_S: Final = 2.0
"""How long a write waits for another process's (the command line's) short transaction."""
READ_WAIT_S: Final = 0.1
"""A reader of a WAL database waits for nobody but a recovery; it may not stop the event loop for long."""
READERS: Final = 4
POSTGRES_OPTIONS: Final = "-c lock_timeout=2000 -c statement_timeout=30000 -c application_name=lastcall"


class Database:
    """The two ways in: `writer` for the one thread that writes, `reader` for everybody else."""

    def __init__(self, url: str) -> None:
        """Take the address. Nothing is opened yet.

        Raises:
            AddressError: neither a SQLite file nor PostgreSQL.
        """
        parsed = parse(url)
        path = file_of(parsed)
        self.embedded = path is not None
        if path is not None:
            self.writer = _sqlite(path, "rw", WRITE_WAIT_S, WRITE_PRAGMAS, pool_size=1)
            self.reader = _sqlite(path, "ro", READ_WAIT_S, READ_PRAGMAS, pool_size=READERS)
        else:
            self.writer = _postgres(parsed, pool_size=1)
            self.reader = _postgres(parsed, pool_size=READERS)

    def close(self) -> None:
        """Close every connection that is not in use."""
        self.writer.dispose()
        self.reader.dispose()


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn every trouble of the database into `StoreDownError`, which carries no data of the statement."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StoreDownError(what_failed(error)) from error


def what_failed(error: BaseException) -> str:
    """Return the kinds of an error: a database's own text may quote the row, and a row does not belong in a log."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return type(cause).__name__ + (f" {code}" if code else "")


def _sqlite(path: Path, mode: str, wait_s: float, pragmas: tuple[str, ...], *, pool_size: int) -> Engine:
    """Return an engine on a file. Its mode never creates one: a database that vanished is down, not empty."""
    address = f"file:{quote(str(path))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        # Transactions are begun by us (below), so the driver is told to begin none of its own.
        connection = sqlite3.connect(address, uri=True, timeout=wait_s, isolation_level=None, check_same_thread=False)
        for pragma in pragmas:
            connection.execute(pragma)
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=pool_size, max_overflow=0)
    _notice_other_file(engine, path)
    if mode == "rw":
        # IMMEDIATE: a writer that cannot write learns it now, not at the commit.
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _notice_other_file(engine: Engine, path: Path) -> None:
    """Drop connections to a file that was deleted or replaced: the system would let us write into the void."""

    def remember(_connection: Any, record: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own hook
        record.info["file"] = _identity(path)

    def compare(_connection: Any, record: Any, _proxy: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own hook
        if record.info["file"] != _identity(path):
            raise DisconnectionError

    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", compare)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _postgres(url: URL, *, pool_size: int) -> Engine:
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=WRITE_WAIT_S,
        connect_args={"connect_timeout": 3, "options": POSTGRES_OPTIONS},
    )
