"""Where the replay runs: in this process on all its cores, or on Spark. Both run the loops of `features.replay`.

numba compiles them (Lam, Pitrou and Seibert 2015), once on a machine. A log that is short is answered sooner by the
loops as they stand than by reading the compiler in; the answers are the same to the bit.
"""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Semaphore
from typing import Any, Final, Literal

from features.replay import Found, work
from features.replay.kernels import PLAIN, Kernels
from features.replay.log import EventLog
from features.windows import Plan

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

EngineName = Literal["local", "spark"]


class EngineError(RuntimeError):
    """An engine is not there; says in a sentence what to install."""


SHORT: Final = 10_000_000
"""Events times windows up to which the loops are run as they stand: some seconds."""
STEPS: Final = 1000
DOING: Final = "replaying the past"


@cache
def compiled() -> Kernels:
    """Return the loops compiled to machine code; they let go of the interpreter, so threads use all cores."""
    from numba import njit  # noqa: PLC0415 - the compiler takes a second to read in, and short logs do without

    return Kernels(*(njit(nogil=True, cache=True)(kernel) for kernel in PLAIN))


def local(
    log: EventLog,
    plan: Plan,
    progress: Progress = lambda *_: None,
    *,
    threads: int | None = None,
    kernels: Kernels | None = None,
    **how: Any,  # noqa: ANN401 - passed on to `work`
) -> Found:
    """Answer the windows of a plan over a log, on all cores of this machine.

    Args:
        log: the events.
        plan: the windows.
        progress: told how far it is.
        threads: how many at once; as many as there are cores by default.
        kernels: the loops; chosen by the length of the log by default.
        how: `asking` and `caps` of `features.replay.work`.
    """
    chosen = kernels or (PLAIN if len(log) * len(plan.windows) <= SHORT else compiled())
    found, tasks = work(log, plan, kernels=chosen, **how)
    count = threads or os.cpu_count() or 1
    # A few tasks wait; the memory that they take does not grow with the log.
    room = Semaphore(2 * count)
    running: list[Future[None]] = []
    with ThreadPoolExecutor(count) as pool:
        for task in tasks:
            room.acquire()
            running.append(pool.submit(task.do))
            running[-1].add_done_callback(lambda _: room.release())
            progress(DOING, round(STEPS * task.reached), STEPS)
    for done in running:
        done.result()
    progress(DOING, STEPS, STEPS)
    return found


def spark(log: EventLog, plan: Plan, progress: Progress = lambda *_: None) -> Found:
    """Answer the windows of a plan over a log on Spark.

    Raises:
        EngineError: Spark is not there.
    """
    from training.spark import replay_on_spark  # noqa: PLC0415 - asks for libraries that are not always there

    return replay_on_spark(log, plan, progress)


ENGINES: Final[Mapping[EngineName, Callable[[EventLog, Plan, Progress], Found]]] = {"local": local, "spark": spark}
