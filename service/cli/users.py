"""`lastcall users`: people who use the console. No password is ever typed here: a new user enrols in the browser."""

from collections.abc import Awaitable, Callable, Sequence
from getpass import getuser
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from features.clock import SystemClock, rfc3339
from service.cli.common import DataOption, with_records
from service.people import Accounts
from service.ports_people import User
from service.wiring import Records

T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="the name of the user")]

commands = typer.Typer(help="People who use the console.", no_args_is_help=True)


def join(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="users")


@commands.command()
def create(
    name: Annotated[str, typer.Option(help="small letters and digits, as they will sign in")],
    role: Annotated[str, typer.Option(help="analyst, lead, builder, auditor or admin")],
    region: Annotated[list[str] | None, typer.Option(help="a province (GB/T 2260) whose cases they work on")] = None,
    tenant: Annotated[str, typer.Option(help="the operator they belong to")] = "demo",
    data: DataOption = None,
) -> None:
    """Make a user and print the one-time secret with which they enrol at /console within three days."""

    async def work(accounts: Accounts) -> tuple[User, str]:
        return await accounts.create(name, role, tenant=tenant, by=_operator(), regions=region or ())

    _, secret = _with_accounts(data, work)
    typer.echo(secret)


@commands.command("list")
def list_(data: DataOption = None) -> None:
    """List the users, with nothing by which they are recognised."""

    async def work(accounts: Accounts) -> Sequence[User]:
        return await accounts.users()

    table = Table("name", "role", "state", "tenant", "regions", "last seen", box=None, header_style="bold")
    for user in _with_accounts(data, work):
        seen = "" if user.last_seen_ms is None else rfc3339(user.last_seen_ms)
        table.add_row(user.name, user.role, user.state, user.tenant, " ".join(user.regions), seen)
    Console().print(table)


@commands.command()
def disable(name: Name, data: DataOption = None) -> None:
    """Disable a user; every session of theirs is over at once."""

    async def work(accounts: Accounts) -> User:
        return await accounts.disable(name, by=_operator())

    typer.echo(f"{_with_accounts(data, work).name} is disabled")


@commands.command()
def enable(name: Name, data: DataOption = None) -> None:
    """Let a disabled user sign in again."""

    async def work(accounts: Accounts) -> User:
        return await accounts.enable(name, by=_operator())

    typer.echo(f"{_with_accounts(data, work).name} may sign in")


@commands.command()
def reset(name: Name, data: DataOption = None) -> None:
    """Take password and code generator away and print a new one-time secret."""

    async def work(accounts: Accounts) -> str:
        return await accounts.reset(name, by=_operator())

    typer.echo(_with_accounts(data, work))


def _with_accounts(data: Path | None, work: Callable[[Accounts], Awaitable[T]]) -> T:
    async def on(records: Records) -> T:
        return await work(Accounts(records.people, records.tokeniser, SystemClock()))

    return with_records(data, on)


def _operator() -> str:
    """Return who is at the machine, for the audit trail."""
    return f"cli:{getuser()}"
