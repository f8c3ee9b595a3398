"""The application in this process: a real record, a real store and the small model, so that tests may reach into it."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import anyio
import httpx
import uvicorn
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from features.clock import SystemClock
from service.app import create_app
from service.jobs.keeper import Keeper
from service.settings import Settings, load
from service.wiring import embedded_store, open_records, open_velocity, prepare
from tests.e2e.cluster import free_port
from tests.model.bundles import KEY, written

ALL_SCOPES = ("screen", "events", "risk:read")


def data_folder(folder: Path, *, model: bool = True) -> Settings:
    """Return the settings of a new data folder, in which the small model is in force."""
    settings = load(data=folder / "data", demo_model="never")
    prepare(settings)
    if model:
        public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (settings.trusted_folder / "tests.pem").write_bytes(public)
        anyio.run(_activate, settings, written(folder))
    return settings


async def _activate(settings: Settings, bundle: Path) -> None:
    async with open_records(settings) as records:
        await records.releases.activate(bundle, by="tests")


def key_of(settings: Settings, *scopes: str, tenant: str = "north") -> str:
    """Return the secret of a new key."""
    return anyio.run(_key, settings, scopes or ALL_SCOPES, tenant)


async def _key(settings: Settings, scopes: Sequence[str], tenant: str) -> str:
    async with open_records(settings) as records:
        return (await records.keyring.create(tenant, "tests", scopes))[1]


async def look_once(settings: Settings) -> bool:
    """Do once what the jobs process does all the time."""
    async with open_records(settings) as records:
        velocity = open_velocity(settings, timedelta(seconds=5))
        try:
            return await Keeper(records, velocity, SystemClock(), timedelta(0)).look()
        finally:
            await velocity.close()


@contextmanager
def served(settings: Settings) -> Iterator[httpx.Client]:
    """Run the application with a warm store until the block ends."""
    store = embedded_store(settings)
    store.start()
    try:
        assert anyio.run(look_once, settings)
        config = uvicorn.Config(create_app(settings), port=free_port(), log_config=None, lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{config.port}", timeout=10) as client:
            _wait_until_ready(client)
            yield client
        server.should_exit = True
        thread.join(10)
    finally:
        store.stop()


def _wait_until_ready(client: httpx.Client) -> None:
    for _ in range(200):
        try:
            if client.get("/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    message = "the application did not become ready"
    raise AssertionError(message)
