"""`lastcall webhooks`: where an operator's backend hears of decisions."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from service.cli.common import DataOption, fail, with_records
from service.ports_outbox import Address
from service.wiring import Records

commands = typer.Typer(help="Where an operator's backend hears of decisions.", no_args_is_help=True)


def join(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="webhooks")


@commands.command()
def add(
    url: Annotated[str, typer.Option(help="https://... of the backend")],
    tenant: Annotated[str, typer.Option(help="the operator it belongs to")] = "demo",
    data: DataOption = None,
) -> None:
    """Register an endpoint and print its signing secret, this once (Standard Webhooks)."""
    if not url.startswith(("https://", "http://")):
        fail("an endpoint is an https:// address")

    async def work(records: Records) -> tuple[Address, str]:
        return await records.addresses.add(tenant, url)

    _, secret = with_records(data, work)
    typer.echo(secret)


@commands.command("list")
def list_(data: DataOption = None) -> None:
    """List the endpoints, without their secrets."""

    async def work(records: Records) -> Sequence[Address]:
        return await records.addresses.all()

    table = Table("id", "tenant", "address", "state", box=None, header_style="bold")
    for one in with_records(data, work):
        table.add_row(one.endpoint_id, one.tenant, one.url, one.state)
    Console().print(table)


@commands.command()
def rotate(endpoint_id: Annotated[str, typer.Argument(help="the id of the endpoint")], data: DataOption = None) -> None:
    """Give an endpoint a new secret and print it, this once; messages are signed with both until the next time."""

    async def work(records: Records) -> str | None:
        return await records.addresses.rotate(endpoint_id)

    secret = with_records(data, work)
    if secret is None:
        fail(f"there is no open endpoint {endpoint_id}")
    typer.echo(secret)


@commands.command()
def remove(endpoint_id: Annotated[str, typer.Argument(help="the id of the endpoint")], data: DataOption = None) -> None:
    """Send nothing to an endpoint any more."""

    async def work(records: Records) -> bool:
        return await records.addresses.close(endpoint_id, "removed")

    if not with_records(data, work):
        fail(f"there is no open endpoint {endpoint_id}")
    typer.echo(f"{endpoint_id} is removed")
