"""The command line: one file for each family of commands. Commands of other packages join by entry point."""

from importlib.metadata import entry_points

import typer

from service.cli import demo, doctor, features, keys, loading, models, policies, serving, users, webhooks

app = typer.Typer(
    name="lastcall",
    help="The last check before a phone number is closed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (demo, serving, keys, webhooks, users, loading, models, policies, features, doctor):
    module.join(app)


def main() -> None:
    """Run the command line, with the commands that other packages registered under `lastcall.commands`."""
    for entry in entry_points(group="lastcall.commands"):
        take_in(app, entry.load())
    app()


def take_in(ours: typer.Typer, found: typer.Typer) -> None:
    """Add commands and families of commands of another package; a family of the same name is one family."""
    ours.registered_commands.extend(found.registered_commands)
    families = {family.name: family for family in ours.registered_groups}
    for family in found.registered_groups:
        same = families.get(family.name)
        if same is None:
            ours.registered_groups.append(family)
        elif same.typer_instance is not None and family.typer_instance is not None:
            take_in(same.typer_instance, family.typer_instance)
