"""`lastcall doctor`: looks at every setting and dependency, and says what to mend."""

import os
import shutil
import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Final

import anyio
import typer
from rich.console import Console

from features.catalogue import catalogue
from model.policy import Policy, PolicyError
from service.cli.common import DataOption, settings_for
from service.ports import StoreDownError
from service.settings import Settings
from service.wiring import SecretsError, open_records, open_velocity

LIBRARIES: Final = ("lightgbm", "sklearn", "zen", "redis", "sqlalchemy", "h3", "phone", "ip2region")
LEAST_FREE_BYTES: Final = 1 << 30


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is well, and what it says or how to mend it."""

    what: str
    fine: bool
    says: str


def join(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(data: DataOption = None) -> None:
    """Check the configuration and every dependency; exits with 1 when something must be mended."""
    settings = settings_for(data)
    findings = [_python(), *_libraries(), _policy(settings), *_folder(settings), *_kept(settings)]
    console = Console()
    for finding in findings:
        mark = "[green]ok  [/green]" if finding.fine else "[red]mend[/red]"
        console.print(f"{mark} {finding.what:<12} ", end="")
        console.print(finding.says, markup=False, highlight=False)
    if not all(finding.fine for finding in findings):
        raise typer.Exit(1)


def _python() -> Finding:
    fine = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Finding("python", fine, f"{sys.version.split()[0]}{'' if fine else '; use 3.11, 3.12 or 3.13'}")


def _libraries() -> list[Finding]:
    return [_library(name) for name in LIBRARIES]


def _library(name: str) -> Finding:
    try:
        import_module(name)
    except (ImportError, OSError) as error:
        hint = "; install libgomp1" if "libgomp" in str(error) else "; run `make setup`"
        return Finding(name, fine=False, says=f"{error}{hint}")
    distribution = {"sklearn": "scikit-learn", "zen": "zen-engine", "ip2region": "py-ip2region"}.get(name, name)
    return Finding(name, fine=True, says=version(distribution))


def _policy(settings: Settings) -> Finding:
    try:
        policy = Policy.load(settings.policy, catalogue())
    except (PolicyError, OSError) as error:
        return Finding("policy", fine=False, says=str(error))
    return Finding("policy", fine=True, says=f"{policy.version}, every worked example holds")


def _folder(settings: Settings) -> list[Finding]:
    folder = settings.data
    if not folder.exists():
        return [Finding("data", fine=True, says=f"{folder} does not exist yet; `lastcall serve` makes it")]
    writable = os.access(folder, os.W_OK)
    free = shutil.disk_usage(folder).free
    return [
        Finding("data", writable, f"{folder}" + ("" if writable else " cannot be written; change its owner")),
        Finding("disk", free > LEAST_FREE_BYTES, f"{free >> 20} MiB free"),
    ]


def _kept(settings: Settings) -> list[Finding]:
    if settings.sqlite and not (settings.data / "lastcall.db").exists():
        return [Finding("stores", fine=True, says="nothing is kept yet; `lastcall serve` starts everything")]
    return anyio.run(_stores, settings)


async def _stores(settings: Settings) -> list[Finding]:
    found: list[Finding] = []
    try:
        async with open_records(settings) as records:
            await records.book.ping()
            counts = await records.journal.counts()
            bundle = await records.registry.active()
            found.append(Finding("database", fine=True, says=f"{counts.decisions} decisions, {counts.events} events"))
            found.append(
                Finding("model", bundle is not None, bundle.version if bundle else "none; `lastcall model activate`")
            )
    except (StoreDownError, SecretsError) as error:
        found.append(Finding("database", fine=False, says=f"{error or 'cannot be used'}"))
    velocity = open_velocity(settings)
    warm = await velocity.warm()
    await velocity.close()
    says = "warm" if warm else "down or cold; is `lastcall serve` running? irreversible requests are held meanwhile"
    return [*found, Finding("velocity", warm, says)]
