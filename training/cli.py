"""`lastcall simulate`, `train`, `features build`, `skew`: a history invented, learned from, laid out, compared."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, NoReturn

import typer
import zstandard
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from features.catalogue import catalogue
from features.clock import SystemClock, moment, to_ms
from features.codec import Line, LoggedLabel, LoggedScreening, encode
from training.engines import EngineError, EngineName
from training.log import Log, LogError, read_lines, read_log
from training.quarantine import Quarantine

if TYPE_CHECKING:
    from training.skew import Skew

app = typer.Typer(no_args_is_help=True, add_completion=False)
features = typer.Typer(help="The signals that are looked at.", no_args_is_help=True)
app.add_typer(features, name="features")

Difficulty = Literal["easy", "normal", "hard"]
HISTORY: Final = "history.jsonl.zst"
LEVEL: Final = 3
UNTIL: Final = "2026-11-01T00:00:00+08:00"
"""Where a simulated history ends unless told: fixed, so that the same arguments give the same bytes on any day."""


@app.command()
def simulate(  # noqa: PLR0913 - the options of the contract
    out: Annotated[Path, typer.Option(help="the folder for the log; it must not hold one yet", file_okay=False)],
    days: Annotated[int, typer.Option(help="days of history", min=1, max=3650)] = 40,
    per_day: Annotated[int, typer.Option(help="requests a day", min=1, max=1_000_000)] = 300,
    seed: Annotated[int, typer.Option(help="the same seed gives the same history", min=0)] = 7,
    fraud_rate: Annotated[float, typer.Option(help="share of fraud that is drawn", min=0.0, max=0.5)] = 0.03,
    difficulty: Annotated[
        Difficulty, typer.Option(help="how well thieves hide, and how often they come back")
    ] = "normal",
    until: Annotated[str, typer.Option(help="when it ends: a time with offset, or `now`")] = UNTIL,
) -> None:
    """Invent a history of people, lines and fraud, and write it as a log."""
    from training.simulate import simulate as invent  # noqa: PLC0415 - the world is only read in when it is wanted

    until_ms = _moment(until)
    if out.exists() and any(out.glob("*.jsonl*")):
        _fail(f"there is a log in {out} already")
    out.mkdir(parents=True, exist_ok=True)
    with _bar() as bar:
        task = bar.add_task("simulating days", total=days)
        lines = invent(
            days=days,
            per_day=per_day,
            seed=seed,
            fraud_rate=fraud_rate,
            difficulty=difficulty,
            until_ms=until_ms,
            progress=lambda done: bar.update(task, completed=done),
        )
        counted = _write(out / HISTORY, lines)
    typer.echo(f"{out / HISTORY}: {counted}, until {moment(until_ms).isoformat(timespec='seconds')}; all invented")


@app.command()
def train(
    log: Annotated[Path, typer.Option(help="a folder of log files", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Option(help="the folder for the bundle; it must be new or empty", file_okay=False)],
    key: Annotated[
        Path, typer.Option(help="the private Ed25519 key that signs it, as PEM", exists=True, dir_okay=False)
    ],
    demo: Annotated[bool, typer.Option("--demo", help="mark the version as a demonstration's")] = False,  # noqa: FBT002
) -> None:
    """Learn a model from a log, and write it as a signed bundle with its report."""
    from training.train import Order, write  # noqa: PLC0415 - the learning libraries take a second to read in
    from training.train import train as learn  # noqa: PLC0415

    signer = _signer(key)
    if out.exists() and any(out.iterdir()):
        _fail(f"{out} is not empty")
    try:
        with _bar() as bar:
            task = bar.add_task("reading the log", total=None)
            told = _read(log, bar, task)
            order = Order(created_ms=SystemClock().now_ms(), demo=demo)
            trained = learn(told, catalogue(), order, _steps(bar, task))
        write(trained, out, signer)
    except LogError as error:
        _fail(str(error))
    manifest = trained.parts.manifest
    typer.echo(f"{manifest.version}: {manifest.data.requests} requests, {manifest.data.frauds} frauds, in {out}")
    _print_figures(trained.found.metrics, simulated=manifest.simulated)


@features.command()
def build(
    log: Annotated[Path, typer.Option(help="a folder of log files", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Option(help="the Parquet file to write", dir_okay=False)],
    engine: Annotated[EngineName, typer.Option(help="where the windows are computed")] = "local",
) -> None:
    """Compute every signal at every request's own moment, from a log, and write the rows as Parquet."""
    from training.dataset import answered  # noqa: PLC0415
    from training.rows import write_rows  # noqa: PLC0415 - the libraries of files and arrays take a second to read in

    try:
        with _bar() as bar:
            task = bar.add_task("reading the log", total=None)
            told = _read(log, bar, task)
            found = answered(told, catalogue().plan, _steps(bar, task), engine)
            count = write_rows(out, told, found, catalogue())
    except (LogError, EngineError, OSError) as error:
        _fail(str(error))
    typer.echo(f"{out}: {count} rows, {len(catalogue().signals)} signals, catalogue {catalogue().digest}")


@app.command()
def skew(
    log: Annotated[Path, typer.Option(help="a folder of log files", exists=True, file_okay=False)],
    as_json: Annotated[bool, typer.Option("--json", help="figures for programs")] = False,  # noqa: FBT002
) -> None:
    """Compute logged rows again from the log, and report where they differ; ends with 1 when any value does."""
    from training.skew import skew as compare  # noqa: PLC0415 - the learning libraries take a second to read in

    try:
        with _bar() as bar:
            task = bar.add_task("reading the log", total=None)
            quarantine = Quarantine(SystemClock().now_ms())
            told = _read(log, bar, task, quarantine)
            found = compare(told, catalogue(), _steps(bar, task))
    except LogError as error:
        _fail(str(error))
    if as_json:
        typer.echo(json.dumps(found.as_json() | {"set_aside": dict(quarantine.counts)}, ensure_ascii=False))
    else:
        _print_skew(found)
    if found.total("differing"):
        raise typer.Exit(1)


def _read(log: Path, bar: Progress, task: TaskID, quarantine: Quarantine | None = None) -> Log:
    """Read a log, and say on the side which of its lines do not count."""
    kept = quarantine or Quarantine(SystemClock().now_ms())
    told = read_log(log, _counted(read_lines(log, kept), bar, task))
    for line in [*map(str, kept.lines), kept.summary()]:
        if line:
            bar.console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
    return told


def _steps(bar: Progress, task: TaskID) -> Callable[[str, int, int], None]:
    return lambda name, done, total: bar.update(task, description=name, completed=done, total=total)


def _print_skew(found: "Skew") -> None:
    told = f"{found.rows} rows, {found.total('compared')} values compared"
    told += "".join(
        f", {found.total(name)} {name.replace('_', ' ')}" for name in ("mismatch", "missing", "extra", "not_comparable")
    )
    typer.echo(told)
    if found.other_catalogue:
        typer.echo(
            f"{found.other_catalogue} rows were logged under another catalogue; their signals may differ for that"
        )
    worst = sorted(found.signals.items(), key=lambda pair: -pair[1].differing)
    for name, tally in worst:
        if tally.differing:
            one = tally.examples[0]
            typer.echo(
                f"{name}: {tally.mismatch} mismatch, {tally.missing} missing, {tally.extra} extra of {tally.compared};"
                f" {one.screening} logged {one.logged}, computed {one.computed}"
            )


def _moment(text: str) -> int:
    if text == "now":
        return SystemClock().now_ms()
    try:
        return to_ms(datetime.fromisoformat(text))
    except ValueError:
        _fail(f"--until takes a time with an offset such as {UNTIL}, or `now`, and not {text!r}")


def _write(file: Path, lines: Iterable[Line]) -> str:
    """Write a log; it appears whole or not at all. Return what is in it, in words."""
    draft = file.with_suffix(".draft")
    screenings = frauds = total = 0
    with draft.open("wb") as raw, zstandard.ZstdCompressor(level=LEVEL).stream_writer(raw) as packed:
        for line in lines:
            packed.write(encode(line))
            total += 1
            screenings += isinstance(line, LoggedScreening)
            frauds += isinstance(line, LoggedLabel) and line.label == "fraud"
    draft.replace(file)
    return f"{total} lines, {screenings} requests, {frauds} frauds"


def _signer(file: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        _fail(f"{file} holds no Ed25519 private key in PEM without a password")
    return key


def _counted(lines: Iterable[Line], bar: Progress, task: TaskID) -> Iterator[Line]:
    for count, line in enumerate(lines, 1):
        if count % 1000 == 0:
            bar.update(task, completed=count)
        yield line


def _print_figures(metrics: dict[str, float | None], *, simulated: bool) -> None:
    table = Table("figure on test requests" + (" (simulated)" if simulated else ""), "", box=None, header_style="bold")
    for name, figure in metrics.items():
        table.add_row(name.replace("_", " "), "too few to say" if figure is None else f"{figure:.4g}")
    Console().print(table)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _fail(sentence: str) -> NoReturn:
    typer.secho(sentence, fg="red", err=True)
    raise typer.Exit(1)
