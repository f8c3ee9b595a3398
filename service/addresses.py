"""Where the record is: what an address of a database may be, said once for those who open it and those who build it."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError


class AddressError(ValueError):
    """A database's address cannot be used; the sentence says what to mend and repeats no password."""


def parse(address: str) -> URL:
    """Return a database's address as a URL with the driver that we use.

    Raises:
        AddressError: neither a SQLite file nor PostgreSQL.
    """
    try:
        url = make_url(address)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError):
        message = "not an address of a database: sqlite:////path/to/lastcall.db or postgresql://user@host/name"
        raise AddressError(message) from None
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            message = "a database in memory forgets every decision: name a file, sqlite:////path/to/lastcall.db"
            raise AddressError(message)
        return url.set(drivername="sqlite")
    if backend != "postgresql":
        message = f"{backend} is not a database that we can use: sqlite or postgresql"
        raise AddressError(message)
    return url.set(drivername="postgresql+psycopg")


def file_of(url: URL) -> Path | None:
    """Return the file of a SQLite database, None for PostgreSQL."""
    return Path(url.database or "").absolute() if url.drivername == "sqlite" else None
