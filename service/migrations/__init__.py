"""Migrations: how the schema came to be, step by step (Alembic).

Steps are frozen once released; `sql_tables` says where they lead, and a test holds both equal.
"""

import os
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from service.addresses import file_of, parse
from service.ports import StoreDownError

ONE_AT_A_TIME: Final = 7_276_229
"""PostgreSQL advisory lock: of several processes that start at once, one migrates and the others wait."""
PAGE_BYTES: Final = 8192
"""Of SQLite: a decision takes a little over two kilobytes, so a page of four would hold one and waste the rest."""


def migrate(address: str) -> None:
    """Bring a database to the newest schema, all of it or nothing; a SQLite file is made when there is none.

    Raises:
        AddressError: the address cannot be used.
        StoreDownError: the database cannot be reached or written.
    """
    url = parse(address)
    try:
        engine = _engine(url)
        try:
            with engine.begin() as connection:
                _upgrade(connection)
        finally:
            engine.dispose()
    except (SQLAlchemyError, OSError) as error:
        raise StoreDownError(type(error).__name__) from error


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ONE_AT_A_TIME})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _engine(url: URL) -> Engine:
    file = file_of(url)
    if file is None:
        return create_engine(url)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
    # The driver would commit before each step; with a transaction of our own a half-made schema is never seen.
    engine = create_engine(url, connect_args={"isolation_level": None, "timeout": 10})
    event.listen(engine, "connect", lambda connection, _: connection.execute(f"PRAGMA page_size = {PAGE_BYTES}"))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine
