"""`lastcall import`: load a history into the record."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from features.codec import BrokenLineError, log_files, raw_lines, read
from service.cli.common import DataOption, fail, with_records
from service.loading import Loaded, Loading
from service.wiring import Records


def join(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_)


def import_(
    log: Annotated[Path, typer.Option(help="a folder of log files", exists=True, file_okay=False)],
    tenant: Annotated[str, typer.Option(help="the operator whose history it is")] = "demo",
    data: DataOption = None,
) -> None:
    """Load events, past requests and labels; the same log again changes nothing, and broken lines are named."""
    files = log_files(log)
    if not files:
        fail(f"there is no log in {log}: no file ends in .jsonl.zst or .jsonl")
    broken: list[BrokenLineError] = []

    async def work(records: Records) -> Loaded:
        with _bar() as bar:
            task = bar.add_task("loading", total=None)
            loading = Loading(records.book, records.tokeniser)
            lines = (line for file in files for line in read(raw_lines(file), broken=broken))
            return await loading.load(tenant, lines, lambda count: bar.advance(task, count))

    loaded = with_records(data, work)
    for trouble in broken[:20]:
        typer.secho(str(trouble), fg="yellow", err=True)
    typer.echo(
        f"new: {loaded.events} events, {loaded.screenings} screenings, {loaded.labels} labels; "
        f"broken lines: {len(broken)}"
    )


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
