"""`lastcall demo`: the whole story on one machine with nothing set up, from an invented past to a blocked closure."""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import msgspec
import typer
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from features.clock import SystemClock
from features.codec import Line, LoggedLabel, LoggedScreening, log_files, raw_lines, read
from service.cli.common import fail, settings_for, with_records
from service.cli.stories import past_of, stranger, student
from service.demo_model import DemoModelError, World, make
from service.loading import Loading
from service.people import Accounts
from service.settings import Settings
from service.wiring import Records

ANALYST: Final = "analyst"
"""Who signs in to the demo's console; a lead, who sees most of it."""
READY_WITHIN_S: Final = 60
COLOURS: Final = {"allow": "green", "challenge": "yellow", "hold": "dark_orange", "block": "red"}
SCOPES: Final = ("screen", "events", "risk:read", "label")


@dataclass
class Tally:
    """What the replay came to: decisions by what was true, and by action."""

    by_truth: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_action: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, truth: str, action: str, decision: str) -> None:
        """Count one decision."""
        self.by_truth[truth, decision] += 1
        self.by_action[action, decision] += 1

    def count(self, truth: str, *decisions: str) -> int:
        """Return how many requests of a kind got one of the decisions, or any."""
        return sum(n for (t, d), n in self.by_truth.items() if t == truth and (not decisions or d in decisions))


def join(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(  # noqa: PLR0913 - the options of the contract
    data: Annotated[
        Path | None, typer.Option(help="keep everything here; by default a folder that is thrown away")
    ] = None,
    port: Annotated[int, typer.Option(help="port to listen on", min=1, max=65_535)] = 8080,
    requests: Annotated[int, typer.Option(help="how many requests are replayed", min=10, max=2000)] = 80,
    days: Annotated[int, typer.Option(help="days of history", min=14, max=400)] = 40,
    per_day: Annotated[int, typer.Option(help="requests a day in the history", min=50, max=5000)] = 300,
    exit_after: Annotated[bool, typer.Option("--exit-after", help="stop when the replay ends")] = False,  # noqa: FBT002
) -> None:
    """Simulate a history, train, serve, replay mixed traffic, and show every decision with its reasons."""
    console = Console()
    with _folder(data) as folder:
        settings = settings_for(folder)
        if (folder / "lastcall.db").exists():
            fail(f"{folder} is in use already; the demo wants a new folder")
        console.print(
            Panel("simulated people, lines and fraud: nothing here says how real fraud looks", title="Lastcall demo")
        )
        try:
            log, bundle = make(settings, folder, World(days=days, per_day=per_day), quiet=False)
        except DemoModelError as error:
            fail(str(error))
        past, live, truth = _divided(log, requests)
        key, invitation = _filled(settings, bundle, past)
        with _serving(folder, port, console):
            _told(f"http://127.0.0.1:{port}", key, console)
            tally = _replayed(f"http://127.0.0.1:{port}", key, live, truth)
            _summary(tally, console)
            console.print(f"\nserving on http://127.0.0.1:{port} (try /docs), key: {key}", highlight=False)
            console.print(
                f"the analysts' console: http://127.0.0.1:{port}/console/enrol\n"
                f"  name: {ANALYST}, one-time code: {invitation} (choose a password, add the key to a code generator)",
                highlight=False,
            )
            if not exit_after:
                console.print("Ctrl-C stops it")
                with _until_interrupted():
                    signal.pause()


def _divided(log: Path, requests: int) -> tuple[list[Line], list[LoggedScreening], dict[str, LoggedLabel]]:
    """Divide a log: what becomes history, what is replayed (the newest requests), and what was true of them."""
    lines = [line for file in log_files(log) for line in read(raw_lines(file))]
    truth = {line.screening_id: line for line in lines if isinstance(line, LoggedLabel)}
    newest = [line for line in lines if isinstance(line, LoggedScreening) and line.event.id in truth][-20 * requests :]
    fraud = [line for line in newest if truth[line.event.id].label == "fraud"][-requests // 3 :]
    genuine = [line for line in newest if truth[line.event.id].label == "legitimate"][-(requests - len(fraud)) :]
    chosen = {line.event.id for line in (*fraud, *genuine)}
    past = [line for line in lines if _id_of(line) not in chosen]
    return past, [line for line in newest if line.event.id in chosen], truth


def _id_of(line: Line) -> str | None:
    if isinstance(line, LoggedScreening):
        return line.event.id
    return line.screening_id if isinstance(line, LoggedLabel) else None


def _filled(settings: Settings, bundle: Path, past: Sequence[Line]) -> tuple[str, str]:
    """Put the model in force, load the history, and return a key and a one-time code for the console."""

    async def work(records: Records) -> tuple[str, str]:
        await records.releases.activate(bundle, by="demo")
        with _bar() as bar:
            task = bar.add_task("loading the history", total=len(past))
            await Loading(records.book, records.tokeniser).load("demo", past, lambda count: bar.advance(task, count))
        _, secret = await records.keyring.create("demo", "demo", SCOPES)
        accounts = Accounts(records.people, records.tokeniser, SystemClock())
        _, invitation = await accounts.create(ANALYST, "lead", tenant="demo", by="demo")
        return secret, invitation

    return with_records(settings.data, work)


@contextmanager
def _serving(folder: Path, port: int, console: Console) -> Iterator[None]:
    """Run `lastcall serve` as a child until the block ends."""
    log = folder / "service.log"
    command = [sys.executable, "-m", "service.cli", "serve", "--data", str(folder), "--port", str(port)]
    with log.open("wb") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)  # noqa: S603 - our own module
        try:
            with console.status("starting the service and filling the velocity store"):
                _wait_until_ready(child, port, log)
            yield
        finally:
            child.terminate()
            child.wait(READY_WITHIN_S)


def _wait_until_ready(child: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and child.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    fail(f"the service did not become ready; its log ends with:\n{log.read_text(errors='replace')[-1500:]}")


def _told(url: str, key: str, console: Console) -> None:
    """Tell the two stories that everything is about: whose remote closure goes through, and whose does not."""
    now_ms = SystemClock().now_ms()
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=10) as client:
        for title, body, device, province in (
            (
                "a student closes the number of her university town from her new city",
                student(),
                "d-demo-student",
                "310000",
            ),
            ("a stranger in that city closes a number whose owner is at home", stranger(), "d-demo-owner", "440000"),
        ):
            client.post("/v1/events", json={"events": past_of(body, device, province, now_ms)}).raise_for_status()
            answer = client.post("/v1/screenings", json=body)
            answer.raise_for_status()
            found = answer.json()
            colour = COLOURS[found["decision"]]
            console.print(f"\n[bold {colour}]{found['decision'].upper()}[/]  {title}", highlight=False)
            for reason in found["reasons"]:
                console.print(f"  {reason['zh']} / {reason['en']}", highlight=False, markup=False)
            console.print(f"  → {found['customer']['zh']} / {found['customer']['en']}", style="dim", highlight=False)
    console.print()


def _replayed(url: str, key: str, live: Sequence[LoggedScreening], truth: dict[str, LoggedLabel]) -> Tally:
    """Send every chosen request over HTTP and print what came back."""
    tally = Tally()
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=10) as client, _bar() as bar:
        task = bar.add_task("replaying", total=len(live))
        for line in live:
            start = time.perf_counter()
            body = to_wire(line)
            answer = client.post("/v1/screenings", content=body, headers={"Content-Type": "application/json"})
            answer.raise_for_status()
            label = truth[line.event.id]
            tally.add(label.label, line.request.action, answer.json()["decision"])
            _show(bar.console, line, answer.json(), label, 1000 * (time.perf_counter() - start))
            bar.advance(task)
    return tally


def to_wire(line: LoggedScreening) -> bytes:
    """Return the body that a carrier would send for a simulated request."""
    return msgspec.json.encode(line.request)


def _show(console: Console, line: LoggedScreening, answer: dict[str, Any], label: LoggedLabel, took_ms: float) -> None:
    decision, request = answer["decision"], line.request
    route = f"{request.subscriber.home_province or '?'}→{request.subscriber.handling_province or '?'}"
    was = f"{'fraud' if label.label == 'fraud' else 'genuine'}: {label.persona or '?'}"
    score = answer["risk"]["score"]
    console.print(
        f"[bold {COLOURS[decision]}]{decision.upper():<9}[/]  {request.action:<12} {request.channel:<8} {route}"
        f"  score {score}  {took_ms:.0f} ms  [dim]({was})[/dim]",
        highlight=False,
    )
    if decision == "allow":
        return
    for reason in answer["reasons"][:3]:
        console.print(f"           {reason['zh']} / {reason['en']}", style="dim", highlight=False, markup=False)
    ways = " · ".join(" + ".join(way) for way in (answer["challenge"] or {}).get("any_of", []))
    if ways:
        console.print(f"           ways on: {ways}", style="dim", highlight=False)


def _summary(tally: Tally, console: Console) -> None:
    fraud, genuine = tally.count("fraud"), tally.count("legitimate")
    stopped = tally.count("fraud", "hold", "block")
    challenged = tally.count("fraud", "challenge")
    touched = tally.count("legitimate", "challenge")
    halted = tally.count("legitimate", "hold", "block")
    console.print(
        f"\n[bold]fraud stopped[/bold]: {stopped} of {fraud} held or blocked, {challenged} more challenged"
        f"\n[bold]genuine people touched[/bold]: {halted} of {genuine} held or blocked, {touched} challenged",
        highlight=False,
    )
    table = Table("action", *COLOURS, box=None, header_style="bold")
    for action in sorted({action for action, _ in tally.by_action}):
        table.add_row(action, *(str(tally.by_action[action, decision] or "") for decision in COLOURS))
    console.print(table)


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """Yield the folder that was asked for, or one of our own that goes when we go."""
    if data is not None:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield data
        return
    folder = Path(tempfile.mkdtemp(prefix="lastcall-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _until_interrupted() -> Iterator[None]:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        return


def _bar() -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, transient=True)
