"""Parity at length: as many streams of events as one likes, answered by the store, by the replay and by the judge.

Writes what was compared into `reports/parity.md`, or stops at the first stream on which two of them differ.

    python -m bench.parity --streams 100000
"""

import argparse
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import typer
from hypothesis import HealthCheck, Phase, given, seed, settings
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from features.clock import SystemClock, moment
from service.adapters.embedded_valkey import EmbeddedValkey
from tests.features.parity import PLAN, STREAMS, Online, compare, naive, offline, redis_server, stream

REPORT: Final = Path(__file__).parents[1] / "reports" / "parity.md"


def run(streams: int, chance: int) -> Counter[str]:
    """Compare streams and return how much was compared.

    Raises:
        AssertionError: two engines differ; names the window and what each says.
    """
    done: Counter[str] = Counter()
    with ExitStack() as stack, TemporaryDirectory() as folder:
        engines = _engines(stack, Path(folder))
        bar = stack.enter_context(_bar())
        task = bar.add_task("streams", total=streams)

        @seed(chance)
        @given(drawn=STREAMS)
        @settings(
            max_examples=streams,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        def check(drawn: Any) -> None:  # noqa: ANN401 - a stream as it was drawn
            events = stream(drawn)
            judged = naive(events)
            for engine in engines.values():
                compare(engine(events), judged)
            done.update(streams=1, events=len(events), requests=len(judged), answers=len(judged) * len(PLAN.windows))
            bar.advance(task)

        check()
    done.update({f"engine: {name}": 1 for name in engines})
    return done


def _engines(stack: ExitStack, folder: Path) -> dict[str, Any]:
    server = EmbeddedValkey(folder / "valkey")
    server.start()
    stack.callback(server.stop)
    engines: dict[str, Any] = {"offline": offline, "online, Valkey": Online(server.url)}
    url = stack.enter_context(redis_server(folder))
    if url is not None:
        engines["online, Redis"] = Online(url)
    for engine in list(engines.values())[1:]:
        stack.callback(engine.close)
    return engines


def report(done: Counter[str], chance: int, minutes: float) -> str:
    """Return the report."""
    day = moment(SystemClock().now_ms()).date()
    engines = ", ".join(name.partition(": ")[2] for name in done if name.startswith("engine"))
    return f"""# Parity of the window engines

{day}: {done["streams"]:,} streams of events, {done["events"]:,} events, {done["requests"]:,} requests,
{done["answers"]:,} answers of {len(PLAN.windows)} windows compared with the naive judge (`tests/features/naive.py`).
**No answer differed.** Engines: {engines}. Seed {chance}; {minutes:.0f} minutes.

Streams are drawn by Hypothesis (`tests/features/parity.py`): events late, repeated, out of order and at one instant,
times on the edges of windows and a millisecond to either side, memories filled to their caps, one token naming a line,
a device and an address at once. That the check can fail is shown by mutants (`tests/features/test_parity_mutants.py`).

Again, with as many streams as you like: `make parity STREAMS=100000`.
"""


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def main() -> None:
    """Compare, and write the report."""
    parser = argparse.ArgumentParser(description="the engines of the windows against a naive judge")
    parser.add_argument("--streams", type=int, default=100_000, help="how many streams")
    parser.add_argument("--seed", type=int, default=20261125, help="the same seed draws the same streams")
    told = parser.parse_args()
    began = time.monotonic()
    done = run(told.streams, told.seed)
    REPORT.parent.mkdir(exist_ok=True)
    text = report(done, told.seed, (time.monotonic() - began) / 60)
    REPORT.write_text(text, encoding="utf-8")
    typer.echo(text)


if __name__ == "__main__":
    main()
