"""The replay on Spark: each entity's events go to one worker by `applyInPandas`, and the same loops answer them there.

There is no second definition of a window in SQL. Entities are put together into groups of about equal number, so that a
worker is not called once for every line. pyspark and pandas are no dependencies of Lastcall: whoever has a cluster has
them, and nobody else needs them.
"""

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np

from features.replay import SCREENINGS, Found
from features.replay.log import Coded, Column, EventLog, Placed
from features.replay.sweep import Numbers, room
from features.windows import Plan, Shelf, Window
from training.engines import DOING, EngineError, Progress, local

GROUP: Final = 50_000
"""About how many events a worker is given at once."""
NEEDED: Final = "the Spark engine needs pyspark, pandas and Java 17 or newer: `pip install pyspark pandas`"


def session() -> Any:  # noqa: ANN401 - a library that is not always there
    """Return the Spark session: the cluster's that is set up, else one on this machine.

    Raises:
        EngineError: a library or Java is missing.
    """
    try:
        import pandas  # noqa: F401, ICN001, PLC0415 - looked for
        from pyspark.errors import PySparkException  # noqa: PLC0415
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError as error:
        raise EngineError(NEEDED) from error
    # Workers on this machine run the same Python, where our packages are.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("lastcall").config("spark.sql.session.timeZone", "UTC")
    try:
        return builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    except (PySparkException, RuntimeError, OSError) as error:
        message = f"{NEEDED}; Spark says: {error}"
        raise EngineError(message) from error


def replay_on_spark(log: EventLog, plan: Plan, progress: Progress = lambda *_: None) -> Found:
    """Answer the windows of a plan over a log.

    Raises:
        EngineError: Spark is not there.
    """
    spark = session()
    asked = np.flatnonzero(log.of_kinds(SCREENINGS)).astype(np.int32)
    answered: dict[Window, Numbers] = {}
    shelves = list(plan.shelves.values())
    for index, shelf in enumerate(shelves):
        progress(DOING, index, len(shelves))
        columns = room(shelf, asked.size)
        answers = _ask(spark, log, shelf)
        rows = np.searchsorted(asked, answers["place"])
        for place, window in enumerate(shelf.windows):
            columns[window][rows] = answers[f"w{place}"]
        answered |= columns
    progress(DOING, len(shelves), len(shelves))
    return Found(asked, answered)


def _ask(spark: Any, log: EventLog, shelf: Shelf) -> dict[str, Any]:  # noqa: ANN401 - see `session`
    """Return the answers of an entity's windows, each with the place of its event in the log."""
    numbers = room(shelf, 0)
    sent = _sent(log, shelf)
    if not sent["key"].size:
        return {"place": sent["place"], **{f"w{place}": numbers[window] for place, window in enumerate(shelf.windows)}}
    groups = max(1, len(sent["key"]) // GROUP)
    frame = spark.createDataFrame(_frame({**sent, "share": sent["key"] % groups}))
    types = [f"w{place} {_type_of(numbers[window].dtype)}" for place, window in enumerate(shelf.windows)]
    done = frame.groupBy("share").applyInPandas(answerer(shelf, log.names), ", ".join(["place bigint", *types]))
    told = done.toPandas()
    return {name: told[name].to_numpy() for name in told.columns}


def _type_of(kind: np.dtype[Any]) -> str:
    return "double" if kind.kind == "f" else "bigint" if kind.itemsize == np.int64().itemsize else "int"


def _sent(log: EventLog, shelf: Shelf) -> dict[str, Any]:
    """Return what a worker must know of the events that name the entity, one array each."""
    key = log.keyed(shelf.by).codes
    mine = np.flatnonzero(key >= 0)
    at, sequence, occurred = log.placed(shelf.by)
    columns = {window.column for window in shelf.windows if window.column}
    return {
        "place": mine,
        "key": key[mine],
        "kind": log.kinds[mine].astype(np.int32),
        "at": at[mine],
        "sequence": sequence[mine],
        "occurred": occurred[mine],
        **{f"column_{name}": log.columns[name].values[mine] for name in columns},  # noqa: PD011 - no frame
    }


def answerer(shelf: Shelf, names: Iterable[str]) -> Callable[[Any], Any]:
    """Return the function that a worker runs over some entities' events."""
    plan, kinds = Plan(shelf.windows), tuple(names)

    def answer(frame: Any) -> Any:  # noqa: ANN401 - a frame of pandas
        told = frame.sort_values("place")
        log = _log(told, plan, kinds)
        found = local(log, plan, threads=1)
        answers = {f"w{place}": found.columns[window] for place, window in enumerate(shelf.windows)}
        return _frame({"place": told["place"].to_numpy()[found.asked], **answers})

    return answer


def _log(told: Any, plan: Plan, kinds: tuple[str, ...]) -> EventLog:  # noqa: ANN401 - a frame of pandas
    whose, codes = np.unique(told["key"].to_numpy(), return_inverse=True)
    (by,) = plan.shelves
    at, sequence, occurred = (told[name].to_numpy() for name in ("at", "sequence", "occurred"))
    prefix = "column_"
    named = [name for name in told.columns if name.startswith(prefix)]
    return EventLog(
        kinds=told["kind"].to_numpy().astype(np.int8),
        names=kinds,
        occurred=occurred,
        known=at,
        keys={by: Coded(codes.astype(np.int32), whose.size)},
        columns={name.removeprefix(prefix): Column.of(told[name].to_numpy()) for name in named},
        places={by: Placed(at, sequence, occurred)},
    )


def _frame(columns: dict[str, Any]) -> Any:  # noqa: ANN401 - see `session`
    import pandas as pd  # noqa: PLC0415 - not always there; `session` has looked

    return pd.DataFrame(columns)
