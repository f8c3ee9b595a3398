"""`lastcall serve`: the supervisor, and the API worker and jobs process that it runs."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from service.cli.common import DataOption, fail, settings_for
from service.demo_model import DemoModelError
from service.running import StartError, serve_forever
from service.settings import described
from service.supervisor import DataFolderInUseError
from service.wiring import AddressError, EmbeddedValkeyError


def join(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(  # noqa: PLR0913 - the options of the contract
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on", min=1, max=65_535)] = 8080,
    workers: Annotated[int, typer.Option(help="API processes; more than one needs PostgreSQL", min=1, max=64)] = 1,
    data: DataOption = None,
    console: Annotated[
        bool | None, typer.Option("--console/--no-console", help="serve the analysts' console under /console")
    ] = None,
    print_settings: Annotated[bool, typer.Option(help="show every setting and stop")] = False,  # noqa: FBT002
) -> None:
    """Answer requests until told to stop."""
    if print_settings:
        _print_settings()
        return
    settings = settings_for(data, console=console)
    try:
        serve_forever(settings, host=host, port=port, workers=workers)
    except (StartError, DataFolderInUseError, DemoModelError, AddressError, EmbeddedValkeyError) as error:
        fail(str(error))


def _print_settings() -> None:
    table = Table("variable", "default", "meaning", box=None, header_style="bold")
    for row in described():
        table.add_row(*row)
    Console().print(table)
