"""`lastcall features`: the catalogue of signals, to be read by people."""

from difflib import get_close_matches
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from features.catalogue import catalogue
from features.signal import Example, Signal

commands = typer.Typer(help="The signals that are looked at.", no_args_is_help=True)


def join(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="features")


@commands.command("list")
def list_(group: Annotated[str | None, typer.Option(help="one group alone")] = None) -> None:
    """List every signal: who it comes from, which way risk moves, who reads it."""
    console = Console()
    table = Table("signal", "名称", "origin", "risk", "read by", "windows", box=None, header_style="bold")
    found = [signal for signal in catalogue().signals.values() if group in {None, signal.group}]
    for signal in found:
        table.add_row(
            signal.versioned,
            signal.zh,
            signal.origin,
            signal.risk,
            " ".join(sorted(signal.use)),
            str(len(signal.reads) or ""),
        )
    console.print(table)
    console.print(f"{len(found)} signals, catalogue {catalogue().digest}")


@commands.command()
def explain(name: Annotated[str, typer.Argument(help="a signal's name, such as device.rooted")]) -> None:
    """Explain one signal: why it is looked at, what missing means, its windows and its worked examples."""
    console = Console()
    signal = catalogue().signals.get(name.partition("@")[0])
    if signal is None:
        close = get_close_matches(name, catalogue().signals)
        console.print(f"there is no signal {name}" + (f"; did you mean {', '.join(close)}?" if close else ""))
        raise typer.Exit(1)
    for label, text in _lines(signal):
        console.print(f"[bold]{label:>10}[/bold]  ", end="")
        console.print(text, markup=False, highlight=False)


def _lines(signal: Signal) -> list[tuple[str, str]]:
    lines = [
        ("signal", signal.versioned),
        ("名称", signal.zh),
        ("why", signal.why),
        ("origin", signal.origin),
        ("risk", f"{signal.risk} with the value"),
        ("missing", signal.missing),
        ("reason", signal.reason),
        ("read by", ", ".join(sorted(signal.use))),
    ]
    lines += [("window", window.name) for window in signal.reads]
    return [*lines, ("fires", _example(signal.fires)), ("quiet", _example(signal.quiet))]


def _example(example: Example) -> str:
    past = "; ".join(f"{item.times} x {item.kind} {item.ago} before" for item in example.past)
    parts = [str(dict(part)) for part in (example.request, example.facts) if part] + ([past] if past else [])
    return f"{example.gives} from {', '.join(parts) or 'a plain request'}"
