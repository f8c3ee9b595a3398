"""One trained model for all end-to-end tests, and services that use it."""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn

from features.clock import SystemClock, local_hour, milliseconds
from service.app import create_app
from service.jobs.keeper import Keeper
from service.settings import Settings, load
from service.wiring import embedded_store, open_records, open_velocity, prepare
from tests.e2e.cluster import SCOPES, Caller, free_port, lastcall, serving

NIGHT = 23


@dataclass(frozen=True)
class Trained:
    """A simulated log, a bundle that was trained on it, and a data folder in which the bundle is in force."""

    log: Path
    bundle: Path
    signing_key: Path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Simulate and train once, by the commands that anybody would use."""
    from service.demo_model import World, make  # noqa: PLC0415 - after the environment is set

    folder = tmp_path_factory.mktemp("trained")
    settings = load(data=folder / "data")
    log, bundle = make(settings, folder, World(days=30, per_day=200), quiet=True)
    return Trained(log, bundle, folder / "data" / "secrets" / "demo-signing.pem")


def new_data(trained: Trained, folder: Path) -> Path:
    """Return a data folder in which the trained model is in force."""
    data = folder / "data"
    public = data / "trusted"
    public.mkdir(parents=True, mode=0o700)
    source = trained.signing_key.parents[1] / "trusted" / "demo.pem"
    (public / "demo.pem").write_bytes(source.read_bytes())
    lastcall("model", "activate", str(trained.bundle), data=data)
    return data


def key_for(data: Path, *scopes: str, tenant: str = "demo") -> str:
    """Return the secret of a new key."""
    options = [part for scope in scopes or SCOPES for part in ("--scope", scope)]
    return lastcall("keys", "create", "--name", "test", "--tenant", tenant, *options, data=data).strip()


@pytest.fixture(scope="session")
def data(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the service that most tests share."""
    return new_data(trained, tmp_path_factory.mktemp("service"))


@pytest.fixture(scope="session")
def url(data: Path) -> Iterator[str]:
    """A real service: supervisor, embedded store, jobs and an API worker."""
    with serving(data) as address:
        yield address


@pytest.fixture(scope="session")
def caller(url: str, data: Path) -> Caller:
    """A backend with a key that sees everything."""
    return Caller(url, key_for(data))


class NightClock(SystemClock):
    """The machine's clock, set forward to eleven in the evening in China."""

    def __init__(self) -> None:
        """Find out how far it is."""
        hours = (NIGHT - local_hour(super().now_ms())) % 24
        self._ahead_ms = milliseconds(timedelta(hours=hours))

    def now_ms(self) -> int:
        """Return the time, some hours from now."""
        return super().now_ms() + self._ahead_ms


@pytest.fixture
def night(trained: Trained, tmp_path: Path) -> Iterator[Caller]:
    """A service at night: the same application in this process, with another clock."""
    data = new_data(trained, tmp_path)
    key = key_for(data)
    settings = load(data=data)
    store = embedded_store(settings)
    store.start()
    prepare(settings)
    asyncio.run(_fill(settings))
    config = uvicorn.Config(create_app(settings, clock=NightClock()), port=free_port(), log_config=None, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{config.port}"
        _wait(address)
        yield Caller(address, key)
    finally:
        server.should_exit = True
        thread.join(10)
        store.stop()


async def _fill(settings: Settings) -> None:
    """Do once what the jobs process does all the time."""
    async with open_records(settings) as records:
        velocity = open_velocity(settings, timedelta(seconds=5))
        assert await Keeper(records, velocity, SystemClock(), timedelta(0)).look()
        await velocity.close()


def _wait(address: str) -> None:
    for _ in range(400):
        try:
            if httpx.get(f"{address}/readyz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    message = "the service did not become ready"
    raise AssertionError(message)
