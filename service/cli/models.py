"""`lastcall model`: the registry of models."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from features.clock import moment
from model.manifest import Manifest
from service.cli.common import DataOption, with_records
from service.ports_records import Bundle
from service.wiring import Records

commands = typer.Typer(help="The models that may be in force.", no_args_is_help=True)
BundleArgument = Annotated[Path, typer.Argument(help="the folder of a bundle", exists=True, file_okay=False)]


def join(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="model")


@commands.command("list")
def list_(data: DataOption = None) -> None:
    """List the models that were taken in, and which is in force."""

    async def work(records: Records) -> Sequence[Bundle]:
        return await records.registry.bundles()

    table = Table("version", "state", "since", "by", box=None, header_style="bold")
    for bundle in with_records(data, work):
        since = moment(bundle.changed_ms).isoformat(timespec="seconds")
        table.add_row(bundle.version, bundle.state, since, bundle.changed_by)
    Console().print(table)


@commands.command()
def verify(bundle: BundleArgument, data: DataOption = None) -> None:
    """Check a bundle: signature, digests, names, and its golden rows in a child process."""

    async def work(records: Records) -> Manifest:
        return records.releases.verify(bundle)

    manifest = with_records(data, work)
    Console().print(f"{manifest.version}: sound, {len(manifest.signals)} signals", style="green")


@commands.command()
def activate(bundle: BundleArgument, data: DataOption = None) -> None:
    """Put a bundle in force; a running service takes it up within a second, and a refused one changes nothing."""

    async def work(records: Records) -> Manifest:
        return await records.releases.activate(bundle, by="command line")

    Console().print(f"{with_records(data, work).version} is in force", style="green")
