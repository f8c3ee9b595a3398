"""`lastcall features`: the catalogue of signals, to be read by people."""

from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from features.catalogue import catalogue
from features.codec import BrokenLineError, log_files, raw_lines, read
from features.history import Log
from features.observed import Spread, missing_rates, observe
from features.signal import Example, Past, Signal
from features.windows import Window
from service.cli.common import fail

commands = typer.Typer(help="The signals that are looked at.", no_args_is_help=True)
LogOption = Annotated[
    Path | None,
    typer.Option(help="a folder of log files: how often is it missing there?", exists=True, file_okay=False),
]
RISK = {
    "rises": "the higher, the riskier",
    "falls": "the lower, the riskier",
    "either": "both ends can be risky, or it is a category",
    "none": "says nothing about risk",
}
ORIGIN = {
    "device": "the requester's device, which a thief may forge or silence",
    "carrier": "the carrier's own systems",
    "ours": "what we have seen ourselves",
}
UNITS = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)


def join(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="features")


@commands.command("list")
def list_(
    group: Annotated[str | None, typer.Option(help="one group alone")] = None,
    log: LogOption = None,
) -> None:
    """List every signal: who it comes from, which way risk moves, who reads it; with a log, how often it is missing."""
    console = Console()
    found = [signal for signal in catalogue().signals.values() if group in {None, signal.group}]
    if not found:
        groups = sorted({signal.group for signal in catalogue().signals.values()})
        fail(f"there is no group {group}; there are {', '.join(groups)}")
    rates = None if log is None else missing_rates(found, _history(log))
    last = "windows" if rates is None else "missing"
    table = Table("signal", "名称", "origin", "risk", "read by", last, box=None, header_style="bold")
    for signal in found:
        about = str(len(signal.reads) or "") if rates is None else f"{rates[signal.name]:.1%}"
        table.add_row(signal.versioned, signal.zh, signal.origin, signal.risk, " ".join(sorted(signal.use)), about)
    console.print(table)
    console.print(f"{len(found)} signals, catalogue {catalogue().digest}")


@commands.command()
def explain(
    name: Annotated[str, typer.Argument(help="a signal's name, such as device.rooted")], log: LogOption = None
) -> None:
    """Explain one signal: why it is looked at, what missing means, its windows and examples; with a log, its values."""
    signal = catalogue().signals.get(name.partition("@")[0])
    if signal is None:
        close = get_close_matches(name, catalogue().signals)
        fail(f"there is no signal {name}" + (f"; did you mean {', '.join(close)}?" if close else ""))
    console = Console()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in _lines(signal):
        grid.add_row(label, Text(text))
    console.print(grid)
    if log is not None:
        console.print()
        console.print(_spreads(observe(signal, _history(log))))


def _lines(signal: Signal) -> list[tuple[str, str]]:
    lines = [
        ("signal", signal.versioned),
        ("名称", signal.zh),
        ("why", signal.why),
        ("origin", ORIGIN[signal.origin]),
        ("risk", RISK[signal.risk]),
        ("missing", signal.missing),
        ("reason", signal.reason),
        ("read by", ", ".join(sorted(signal.use))),
    ]
    if signal.categories:
        lines.append(("one of", ", ".join(signal.categories)))
    lines += [("window", window_in_words(window)) for window in signal.reads]
    return [*lines, ("fires", _example(signal.fires)), ("quiet", _example(signal.quiet))]


def window_in_words(window: Window) -> str:
    """Return a window as a sentence: what is computed, over which events, of whom, and how far back."""
    column = f" of {window.column}" if window.column else ""
    events = " or ".join(kind.replace("_", " ") for kind in window.of)
    return (
        f"{type(window).__name__.lower()}{column} over {events} of the same"
        f" {window.by.replace('+', ' and ')}, {span_in_words(window.span)} back"
    )


def span_in_words(span: timedelta) -> str:
    """Return a span in its largest whole unit."""
    name, unit = next((name, unit) for name, unit in UNITS if span % unit == timedelta(0) or unit == UNITS[-1][1])
    return f"{span // unit} {name}"


def _example(example: Example) -> str:
    parts = [_fields(part) for part in (example.request, example.facts) if part]
    said = "; ".join([*parts, *(_past(past) for past in example.past)])
    gives = "nothing (missing)" if example.gives is None else str(example.gives)
    return f"{gives} from {said or 'a plain request'}"


def _fields(part: Mapping[str, object], before: str = "") -> str:
    """Return fields with their groups, as a request has them."""
    return ", ".join(
        _fields(value, f"{before}{name}.") if isinstance(value, Mapping) else f"{before}{name} = {value}"
        for name, value in part.items()
    )


def _past(past: Past) -> str:
    other = f", other {' and '.join(past.other)}" if past.other else ""
    return f"{past.times} x {past.kind.replace('_', ' ')} {span_in_words(past.ago)} before{other}"


def _history(folder: Path) -> Log:
    """Read a log; lines that cannot be read are named and left out."""
    log, broken = Log(), list[BrokenLineError]()
    for file in log_files(folder):
        for line in read(raw_lines(file), broken=broken):
            log.add(line)
    for trouble in broken[:5]:
        typer.secho(str(trouble), fg="yellow", err=True)
    if not log.screenings:
        fail(f"there are no requests in the log {folder}")
    return log


def _spreads(spreads: Mapping[str, Spread]) -> Table:
    """Return how values are spread, a row for each group of requests."""
    shares = next(iter(spreads.values())).quantiles
    names = list(spreads["all"].categories) or [f"{share:.0%} below" for share in shares]
    table = Table("in the log", "requests", "missing", *names, "mean", box=None, header_style="bold")
    for name, one in spreads.items():
        shown = [f"{one.categories.get(category, 0):.1%}" for category in spreads["all"].categories]
        figures = shown or [f"{value:.4g}" for value in one.quantiles.values()] or [""] * len(names)
        mean = "" if one.mean is None else f"{one.mean:.4g}"
        table.add_row(name, f"{one.requests:,}", f"{one.missing:.1%}", *figures, mean)
    return table
