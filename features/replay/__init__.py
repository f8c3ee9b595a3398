"""The offline engine: what every window would have answered at each request of a log.

One pass per entity: its events in the order in which they became known (the store's sequence where one was given, else
the order of the log), kept by the same rules as the store keeps them. `features.windows` says what is kept and what a
window means; nothing is defined twice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from features.event import Event, cap_of
from features.replay.kernels import PLAIN, Kernels, Shorts
from features.replay.log import EventLog, log_of
from features.replay.sweep import Desk, Numbers, Stretch, kept_as, lay, read, room, stretches
from features.windows import Answer, Plan, Shelf, Window

__all__ = ["SCREENINGS", "Answers", "EventLog", "Found", "Task", "log_of", "replay", "work"]

Answers = dict[Window, Answer]
SCREENINGS = frozenset({"screening"})
STRETCH = 1 << 17
"""Events that are worked on at once: enough to be quick, few enough that what they need meanwhile is little."""


@dataclass(frozen=True, slots=True)
class Found:
    """The answers of a plan's windows at every asking event.

    Attributes:
        asked: the places of the asking events in the log.
        columns: window -> its answers, one a row; see `kept_as` for what stands for none.
    """

    asked: Shorts
    columns: Mapping[Window, Numbers]

    def row(self, index: int) -> Answers:
        """Return the answers at one asking event, as the store gives them; None where its entity is not named."""
        return {window: _answer(window, numbers[index]) for window, numbers in self.columns.items()}

    def rows(self) -> Iterator[Answers]:
        """Yield the answers at each asking event, in the order of the log."""
        return (self.row(index) for index in range(self.asked.size))


def _answer(window: Window, number: np.generic) -> Answer:
    kind, none = kept_as(window)
    if number == none or number != number:  # noqa: PLR0124 - NaN is what differs from itself
        return None
    return int(number) if kind is np.int64 else float(number)


@dataclass(frozen=True, slots=True)
class Task:
    """A part of the work: one entity over one stretch of a log. Tasks share nothing but where their answers go.

    Attributes:
        do: does it.
        reached: the share of all work that lies up to its end.
    """

    do: Callable[[], None]
    reached: float


def work(  # noqa: PLR0913 - each is a choice of the caller, and has a default
    log: EventLog,
    plan: Plan,
    *,
    asking: frozenset[str] = SCREENINGS,
    kernels: Kernels = PLAIN,
    caps: Callable[[str], int] = cap_of,
    stretch: int = STRETCH,
) -> tuple[Found, Iterator[Task]]:
    """Return where the answers will be, and the tasks that find them: in any order, or all at once.

    Args:
        log: the events.
        plan: the windows.
        asking: the kinds of events whose windows are wanted.
        kernels: the loops, as they stand or compiled.
        caps: how many newest events of a kind an entity or pair remembers.
        stretch: about how many events are a task.
    """
    asked = np.flatnonzero(log.of_kinds(asking)).astype(np.int32)
    columns = {shelf.by: room(shelf, asked.size) for shelf in plan.shelves.values()}
    found = Found(asked, {window: columns[window.by][window] for window in plan.windows})
    rows = np.full(len(log), -1, np.int32)
    rows[asked] = np.arange(asked.size, dtype=np.int32)

    def tasks() -> Iterator[Task]:
        for place, shelf in enumerate(plan.shelves.values()):
            for some in stretches(log, shelf, rows, kernels, stretch):
                do = partial(_do, log, shelf, some, caps(shelf.by), kernels, found)
                yield Task(do, (place + some.reached) / len(plan.shelves))

    return found, tasks()


def _do(log: EventLog, shelf: Shelf, some: Stretch, cap: int, kernels: Kernels, found: Found) -> None:  # noqa: PLR0913 - what a task is about
    desk = Desk(log, shelf, some, lay(log, shelf, some, cap, kernels), kernels)
    read(desk, found.columns)


def replay(events: Iterable[Event], plan: Plan, *, asking: frozenset[str] = SCREENINGS) -> list[Answers]:
    """Answer the windows of a plan for every event of the asking kinds.

    Args:
        events: a log in the order in which things became known; an id that comes again counts once.
        plan: the windows.
        asking: the kinds of events whose windows are wanted.

    Returns:
        One dictionary per asking event, in the order of the log. A window whose entity the event does not name is None.
    """
    found, tasks = work(log_of(events, plan), plan, asking=asking)
    for task in tasks:
        task.do()
    return list(found.rows())
