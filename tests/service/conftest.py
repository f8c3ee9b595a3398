"""What tests of the service share: one event loop, and a record of its own for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from features.clock import FixedClock
from service.adapters.secrets_folder import SecretsFolder
from service.migrations import migrate
from tests.service.sql.records import NOW_MS, Record


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as the service does."""
    return "asyncio"


@pytest.fixture
def clock() -> FixedClock:
    """A clock that moves only when told to."""
    return FixedClock(NOW_MS)


@pytest.fixture
async def small_record(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Record]:
    """A record on SQLite, where a test needs a real one and the database does not matter."""
    address = f"sqlite:///{tmp_path}/lastcall.db"
    migrate(address)
    opened = Record(address, SecretsFolder(tmp_path / "secrets", {}), clock)
    yield opened
    await opened.close()
