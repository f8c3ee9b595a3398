"""The demo model: made on the spot from an invented history, for a new embedded data folder and nowhere else.

Its version starts with `demo-`, and `/readyz` and every answer show it. The pair of keys that signs it is made here
too, because no other signer exists yet; a real release is signed where models are released, and hosts that serve hold
public keys alone.
"""

import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import anyio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.settings import Settings
from service.wiring import open_records, write_private

logger = logging.getLogger(__name__)

KEY_NAME: Final = "demo"


class DemoModelError(RuntimeError):
    """The demo model could not be made; says which step failed and what it printed."""


@dataclass(frozen=True)
class World:
    """How much of a world is simulated for a demo model."""

    days: int = 40
    per_day: int = 300
    seed: int = 7


def signing_key(settings: Settings) -> Path:
    """Return the file of the demo's private key, making the pair the first time; the public half becomes trusted."""
    private, public = settings.secrets_folder / "demo-signing.pem", settings.trusted_folder / f"{KEY_NAME}.pem"
    if private.exists() and public.exists():
        return private
    for folder in (private.parent, public.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = Ed25519PrivateKey.generate()
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    write_private(private, key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))
    write_private(public, key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private


def make(settings: Settings, folder: Path, world: World, *, quiet: bool) -> tuple[Path, Path]:
    """Simulate a history up to now and train a model on it; return the folders of the log and of the bundle.

    Raises:
        DemoModelError: a step failed.
    """
    log, bundle = folder / "log", folder / "bundle"
    sizes = ["--days", str(world.days), "--per-day", str(world.per_day), "--seed", str(world.seed)]
    _run(["simulate", "--out", str(log), *sizes, "--until", "now"], quiet=quiet)
    key = signing_key(settings)
    _run(["train", "--log", str(log), "--out", str(bundle), "--key", str(key), "--demo"], quiet=quiet)
    return log, bundle


def make_if_new(settings: Settings) -> None:
    """Make and activate a demo model where nothing was ever decided and no model was ever known.

    Raises:
        DemoModelError: a step failed.
    """
    if anyio.run(_in_use, settings):
        return
    logger.info("a new data folder: training a demo model on invented people")
    with TemporaryDirectory(prefix="lastcall-demo-") as folder:
        _, bundle = make(settings, Path(folder), World(), quiet=True)
        version = anyio.run(_activate, settings, bundle)
    logger.info("the demo model is in force; it knows invented people alone", extra={"model": version})


async def _in_use(settings: Settings) -> bool:
    async with open_records(settings) as records:
        counts = await records.journal.counts()
        return bool(counts.decisions or await records.registry.bundles())


async def _activate(settings: Settings, bundle: Path) -> str:
    async with open_records(settings) as records:
        return (await records.releases.activate(bundle, by="demo")).version


def _run(arguments: Sequence[str], *, quiet: bool) -> None:
    """Run one of our own commands as a process of its own, so that its memory and threads end with it."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "service.cli", *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.PIPE if quiet else None,
        text=True,
    )
    if done.returncode != 0:
        message = f"`lastcall {arguments[0]}` failed: {(done.stderr or '').strip()[-500:]}"
        raise DemoModelError(message)
