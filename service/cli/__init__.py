"""The command line: one file for each family of commands. Commands of other packages join by entry point."""

from importlib.metadata import entry_points

import typer

from service.cli import demo, doctor, features, keys, loading, models, policies, serving, users

app = typer.Typer(
    name="lastcall",
    help="The last check before a phone number is closed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (demo, serving, keys, users, loading, models, policies, features, doctor):
    module.join(app)


def main() -> None:
    """Run the command line, with the commands that other packages registered under `lastcall.commands`."""
    for entry in entry_points(group="lastcall.commands"):
        found = entry.load()
        for command in found.registered_commands:
            app.registered_commands.append(command)
    app()
