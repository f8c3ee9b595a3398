"""`lastcall import` and `lastcall export`: a history goes into the record, and out of it, in one format."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from features.clock import CHINA, to_ms
from features.codec import BrokenLineError, log_files, raw_lines, read
from service.cli.common import DataOption, fail, with_records
from service.exporting import LOG_FILE, write_log
from service.loading import Loaded, Loading
from service.wiring import Records

EVERYTHING: Final = datetime(1970, 1, 2, tzinfo=UTC)


def join(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_)
    app.command("export")(export)


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


def export(
    out: Annotated[Path, typer.Option(help="the folder to write the log into", file_okay=False)],
    since: Annotated[datetime, typer.Option(help="what became known since then, such as 2026-11-01")] = EVERYTHING,
    tenant: Annotated[str, typer.Option(help="the operator whose record it is")] = "demo",
    data: DataOption = None,
) -> None:
    """Write requests, events and labels as a log that `train`, `skew` and `import` read; it has tokens for names."""
    out.mkdir(parents=True, exist_ok=True)
    since_ms = to_ms(since.replace(tzinfo=since.tzinfo or CHINA))

    async def work(records: Records) -> int:
        with _bar() as bar:
            task = bar.add_task("writing", total=None)
            return await write_log(out, records.journal, tenant, since_ms, lambda count: bar.advance(task, count))

    typer.echo(f"{with_records(data, work)} lines in {out / LOG_FILE}")


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
