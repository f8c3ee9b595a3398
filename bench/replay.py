"""What the offline engine costs beside polars and DuckDB: the same twelve windows over the same events, in one run.

Each engine runs in a process of its own and is asked for its processor time, which other programs on the machine
disturb little; what is compared is the ratio. Counts, sums and numbers of different lines over hours and days are
asked of device, address and clerk, whose events are shared out unevenly, as in life. All three engines are given whole
numbers for names, in the order of time, no two events at one instant (then the left edge is the only edge), and no cap.
Their answers are compared before any figure is printed. Our loops are compiled beforehand.

    python -m bench.replay [--quick | --large] [--json]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import typer
from numpy.typing import NDArray

from features.replay.log import Coded, Column, EventLog
from features.windows import Count, Distinct, Plan, Sum, Window
from training.engines import compiled, local

ENTITIES: Final = ("device", "ip", "agent")
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
MONTH_MS: Final = 30 * 86_400_000
ENGINES: Final = ("ours", "polars", "duckdb")
QUICK, USUAL, LARGE = 100_000, 1_000_000, 5_000_000
OF: Final = ("screening",)
WINDOWS: Final[Mapping[str, Window]] = {
    f"{by}_{name}": window
    for by in ENTITIES
    for name, window in {
        "count_1h": Count(by=by, of=OF, span=HOUR),
        "count_24h": Count(by=by, of=OF, span=DAY),
        "distinct_24h": Distinct(what="line", by=by, of=OF, span=DAY),
        "sum_7d": Sum(what="fen", by=by, of=OF, span=WEEK),
    }.items()
}
Numbers = NDArray[Any]
Columns = Mapping[str, Numbers]
Answers = Mapping[str, Numbers]


def invent(size: int) -> Columns:
    """Return events of thirty days: few devices and addresses with many events, many with few."""
    dice = np.random.default_rng(7)
    spare = np.unique(dice.integers(0, MONTH_MS, size + size // 2))
    t = np.sort(dice.choice(spare, size, replace=False))

    def names(count: int) -> Numbers:
        weights = 1 / np.arange(1, count + 1) ** 0.6
        return dice.choice(count, size, p=weights / weights.sum()).astype(np.int32)

    keys = {"device": names(size // 8), "ip": names(size // 20), "agent": names(size // 200)}
    return {"t": t, **keys, "line": names(size // 3), "fen": dice.integers(0, 100_000, size)}


def ours(columns: Columns) -> Callable[[], Answers]:
    """Return our engine, ready to run."""
    t = columns["t"]
    coded = {name: Coded(columns[name], int(columns[name].max()) + 1) for name in (*ENTITIES, "line")}
    # A number of a line is a value like any other, but 0 says that there is none.
    lines = Column(columns["line"].astype(np.int64) + 1, columns["line"] + np.int32(1), coded["line"].size + 1)
    log = EventLog(
        kinds=np.zeros(t.size, np.int8),
        names=OF,
        occurred=t,
        known=t,
        keys=coded,
        columns={"line": lines, "fen": Column(columns["fen"], np.empty(0, np.int32), 0)},
    )
    plan = Plan.of(WINDOWS.values())
    _warm(plan)

    def run() -> Answers:
        found = local(log, plan, kernels=compiled(), caps=lambda _: t.size)
        return {name: found.columns[window] for name, window in WINDOWS.items()}

    return run


def _warm(plan: Plan) -> None:
    """Compile every loop, on a handful of events."""
    few = np.arange(3, dtype=np.int64)
    keys = {name: Coded(few.astype(np.int32), 3) for name in ENTITIES}
    log = EventLog(
        kinds=np.zeros(3, np.int8),
        names=OF,
        occurred=few,
        known=few,
        keys=keys,
        columns={name: Column.of(few) for name in ("line", "fen")},
    )
    local(log, plan, kernels=compiled())


def polars(columns: Columns) -> Callable[[], Answers]:
    """Return polars, ready to run: a rolling window for each entity and span."""
    import polars as pl  # noqa: PLC0415 - each engine in its own process

    frame = pl.DataFrame(dict(columns)).set_sorted("t")
    asked = {
        HOUR: {"count_1h": pl.len()},
        DAY: {"count_24h": pl.len(), "distinct_24h": pl.col("line").n_unique()},
        WEEK: {"sum_7d": pl.col("fen").sum()},
    }

    def run() -> Answers:
        found: dict[str, Numbers] = {}
        for by in ENTITIES:
            for span, wanted in asked.items():
                period = f"{span // timedelta(milliseconds=1)}i"
                rolled = frame.rolling("t", period=period, closed="left", group_by=by).agg(**wanted)
                found |= {f"{by}_{name}": rolled[name].to_numpy() for name in wanted}
                found[f"{by}_t"] = rolled["t"].to_numpy()
        return found

    return run


def duckdb(columns: Columns) -> Callable[[], Answers]:
    """Return DuckDB, ready to run: one query, a window clause for each entity and span."""
    import duckdb as db  # noqa: PLC0415 - each engine in its own process
    import pyarrow as pa  # noqa: PLC0415

    connection = db.connect()
    connection.register("given", pa.table(dict(columns)))
    connection.execute("create table events as select * from given")
    measures = {"Count": "count(*)", "Distinct": "count(distinct line)", "Sum": "sum(fen)"}
    parts = [
        f"{measures[type(window).__name__]} over {window.by}_{window.span_ms} as {name}"
        for name, window in WINDOWS.items()
    ]
    clauses = {
        f"{one.by}_{one.span_ms} as (partition by {one.by} order by t"
        f" range between {one.span_ms} preceding and 1 preceding)"
        for one in WINDOWS.values()
    }
    query = f"select t, {', '.join(parts)} from events window {', '.join(sorted(clauses))}"  # noqa: S608 - of constants

    def run() -> Answers:
        found = connection.execute(query).fetchnumpy()
        return {name: np.ma.filled(values, 0) for name, values in found.items()}

    return run


MAKERS: Final = {"ours": ours, "polars": polars, "duckdb": duckdb}


def child(engine: str, folder: Path) -> None:
    """Run one engine over the events of a folder; leave its answers there and print what it took."""
    columns = {file.stem: np.load(file) for file in folder.glob("*.npy")}
    run = MAKERS[engine](columns)
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    cpu, wall = time.process_time(), time.perf_counter()
    found = run()
    took = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
    size = columns["t"].size
    given = sum(values.nbytes for values in columns.values()) / size
    took |= {"bytes_per_event": (_memory("VmHWM") - before) / size, "given_bytes_per_event": given}
    np.savez(folder / f"{engine}.npz", **found)
    typer.echo(json.dumps(took))


def _memory(name: str) -> int:
    """Return what the kernel says of this process's memory, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name))


def measure(size: int, engines: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Return what each engine takes for so many events; their answers must be the same."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for column, values in invent(size).items():
            np.save(folder / f"{column}.npy", values)
        took = {}
        for engine in engines:
            command = [sys.executable, "-m", "bench.replay", "--child", engine, "--folder", name]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - this file again
            took[engine] = json.loads(done.stdout)
        for engine in engines[1:]:
            _compare(folder, engine)
        return took


def _compare(folder: Path, engine: str) -> None:
    """Refuse to compare the costs of answers that differ."""
    right, said = np.load(folder / "ours.npz"), np.load(folder / f"{engine}.npz")
    for name, window in WINDOWS.items():
        order = np.argsort(said["t" if "t" in said else f"{window.by}_t"])
        if not np.array_equal(right[name], said[name][order]):
            message = f"{engine} answers {name} otherwise"
            raise SystemExit(message)


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description="twelve windows: our replay beside polars and DuckDB")
    parser.add_argument("--quick", action="store_true", help="a tenth of the events")
    parser.add_argument("--large", action="store_true", help="also five million events in all three")
    parser.add_argument("--json", action="store_true", help="figures for programs")
    parser.add_argument("--child", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.child:
        child(told.child, told.folder)
        return
    size = QUICK if told.quick else USUAL
    found = {size: measure(size, ENGINES), 5 * size: measure(5 * size, ENGINES if told.large else ENGINES[:1])}
    figures = summary(found, size)
    typer.echo(json.dumps(figures, indent=2) if told.json else as_table(found, figures))


def summary(found: Mapping[int, Mapping[str, Mapping[str, float]]], size: int) -> dict[str, Any]:
    """Return the ratios."""
    few, many = found[size]["ours"], found[5 * size]["ours"]
    ratios = {
        f"replay_over_{engine}{suffix}": took["ours"]["cpu_s"] / took[engine]["cpu_s"]
        for suffix, took in (("", found[size]), ("_large", found[5 * size]))
        for engine in ENGINES[1:]
        if engine in took
    }
    return {
        "events": size,
        **ratios,
        "bytes_per_event": many["bytes_per_event"],
        "given_bytes_per_event": many["given_bytes_per_event"],
        "growth_5x": many["cpu_s"] / few["cpu_s"],
        "engines": {str(events): took for events, took in found.items()},
    }


def as_table(found: Mapping[int, Mapping[str, Mapping[str, float]]], figures: Mapping[str, Any]) -> str:
    """Return the figures as a table to read."""
    lines = [
        f"{'events':>9}  {'engine':<7} {'CPU s':>7} {'wall s':>7} {'bytes an event':>15} {'ours / theirs, CPU':>19}"
    ]
    for size, engines in found.items():
        for engine, took in engines.items():
            ratio = engines["ours"]["cpu_s"] / took["cpu_s"]
            lines.append(
                f"{size:>9,}  {engine:<7} {took['cpu_s']:>7.2f} {took['wall_s']:>7.2f}"
                f" {took['bytes_per_event']:>15.0f} {ratio:>19.3f}"
            )
    lines.append(f"five times the events take {figures['growth_5x']:.1f} times the CPU; answers are equal")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
