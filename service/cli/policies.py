"""`lastcall policy`: check a policy file before it is proposed."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from features.catalogue import catalogue
from model.policy import Policy, PolicyError

commands = typer.Typer(help="The rules that decide.", no_args_is_help=True)


def join(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="policy")


@commands.command()
def check(file: Annotated[Path, typer.Argument(help="a policy in TOML", exists=True, dir_okay=False)]) -> None:
    """Check every name, expression, reason and worked example of a policy; list all that is wrong."""
    console = Console()
    try:
        policy = Policy.load(file, catalogue())
    except PolicyError as error:
        console.print(str(error), style="red", highlight=False, markup=False)
        raise typer.Exit(1) from None
    console.print(f"{policy.version}: sound, {len(policy.rules)} rules, every worked example holds", style="green")
