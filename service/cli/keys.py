"""`lastcall keys`: credentials of the systems that call us."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from features.clock import rfc3339
from service.cli.common import DataOption, fail, with_records
from service.ports import Credential
from service.wiring import Records

commands = typer.Typer(help="Credentials of the systems that call us.", no_args_is_help=True)


def join(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="keys")


@commands.command()
def create(
    name: Annotated[str, typer.Option(help="who will hold the key")],
    scope: Annotated[list[str], typer.Option(help="what it may do; may be given again")],
    tenant: Annotated[str, typer.Option(help="the operator it belongs to")] = "demo",
    days: Annotated[int | None, typer.Option(help="it ends by itself after so many days", min=1, max=3650)] = None,
    data: DataOption = None,
) -> None:
    """Make a key and print its secret, this once."""

    async def work(records: Records) -> tuple[Credential, str]:
        lasts = None if days is None else timedelta(days=days)
        return await records.keyring.create(tenant, name, scope, lasts=lasts)

    _, secret = with_records(data, work)
    typer.echo(secret)


@commands.command("list")
def list_(data: DataOption = None) -> None:
    """List the keys in force, without their secrets."""

    async def work(records: Records) -> Sequence[Credential]:
        return await records.keyring.credentials()

    table = Table("id", "name", "tenant", "scopes", "ends", box=None, header_style="bold")
    for key in with_records(data, work):
        ends = "" if key.expires_ms is None else rfc3339(key.expires_ms)
        table.add_row(key.key_id, key.name, key.tenant, " ".join(sorted(key.scopes)), ends)
    Console().print(table)


@commands.command()
def rotate(
    key_id: Annotated[str, typer.Argument(help="the id of the key that is replaced")],
    overlap_h: Annotated[float, typer.Option(help="for how many hours both work", min=0, max=24 * 90)] = 24,
    data: DataOption = None,
) -> None:
    """Make a key like another and print its secret, this once; the other ends by itself."""

    async def work(records: Records) -> tuple[Credential, str]:
        return await records.keyring.rotate(key_id, timedelta(hours=overlap_h))

    _, secret = with_records(data, work)
    typer.echo(secret)


@commands.command()
def revoke(key_id: Annotated[str, typer.Argument(help="the id of the key")], data: DataOption = None) -> None:
    """Revoke a key; a running service refuses it within a second."""

    async def work(records: Records) -> bool:
        return await records.keyring.revoke(key_id)

    if not with_records(data, work):
        fail(f"there is no key {key_id} in force")
    typer.echo(f"{key_id} is revoked")
