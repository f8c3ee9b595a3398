"""One entity's windows over a log: its events are laid out as its store would remember them, and every window is read.

Windows are known by their declarations in `features.windows` alone; here each kind of window is given to the loop that
computes it for many requests at once.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from features.clock import oldest_ms
from features.replay.kernels import HOUR_MS, Flags, Ints, Kernels, Places, Shorts
from features.replay.log import EventLog
from features.windows import Count, Distinct, First, Gaps, Last, Shelf, Sum, Window

Numbers = NDArray[Any]
NONE: Final = np.iinfo(np.int64).min
"""Stands for no answer among whole numbers; NaN does among others."""

_mine = threading.local()


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some of an entity's events, grouped by key and in the store's order within one; no group is cut.

    Attributes:
        events: their places in the log.
        key: whose each is.
        at: the time that the store gave each.
        occurred: when each happened.
        row: the row of the answers for those that ask, negative for the others.
        reached: the share of the entity's events that lie up to its end.
    """

    events: Places
    key: Shorts
    at: Ints
    occurred: Ints
    row: Shorts
    reached: float


@dataclass(frozen=True, slots=True)
class Laid:
    """What requests of a stretch find remembered: `low` and `high` have a row for each, a column for each kind."""

    members: Places
    occurred: Ints
    low: Shorts
    high: Shorts
    tidy: Flags
    at: Ints


@dataclass(frozen=True, slots=True)
class Desk:
    """All that reading the windows of one stretch takes."""

    log: EventLog
    shelf: Shelf
    stretch: Stretch
    laid: Laid
    kernels: Kernels

    def of(self, window: Window) -> Shorts:
        """Return the columns of the kinds that a window looks at."""
        kinds = list(self.shelf.columns)
        return np.asarray([kinds.index(kind) for kind in window.of], np.int32)

    def reach(self, window: Window) -> tuple[Shorts, Shorts, Ints, Flags]:
        """Return what every loop is told of the requests."""
        laid = self.laid
        # The rule of time, for many moments at once.
        edge = cast("Callable[[Ints, int], Ints]", oldest_ms)(laid.at, window.span_ms)
        return laid.low, laid.high, edge, laid.tidy


def stretches(log: EventLog, shelf: Shelf, rows: Shorts, kernels: Kernels, size: int) -> Iterator[Stretch]:
    """Cut what concerns an entity into stretches of about `size` events."""
    keyed = log.keyed(shelf.by)
    at, sequence, occurred = log.placed(shelf.by)
    concerns = log.of_kinds([*shelf.columns, *(kind for window in shelf.chains for kind in window.of)]) | (rows >= 0)
    keys = np.where(concerns, keyed.codes, np.int32(-1))
    ends = np.zeros(keyed.size, np.int64)
    events = kernels.arrange(keys, _visit(sequence), ends)
    begin = first = 0
    while begin < events.size:
        last = int(np.searchsorted(ends, min(begin + size, events.size)))
        some = events[begin : ends[last]].astype(np.intp)
        key = np.repeat(np.arange(first, last + 1, dtype=np.int32), np.diff(ends[first : last + 1], prepend=begin))
        when = at[some]
        happened = when if occurred is at else occurred[some]
        yield Stretch(some, key, when, happened, rows[some], float(ends[last] / events.size))
        begin, first = int(ends[last]), last + 1


def _visit(sequence: Ints) -> Shorts:
    """Return the places of a log in the order of a store; most logs are in it already."""
    if np.all(sequence[1:] >= sequence[:-1]):
        return np.arange(sequence.size, dtype=np.int32)
    return np.argsort(sequence, kind="stable").astype(np.int32)


def lay(log: EventLog, shelf: Shelf, stretch: Stretch, cap: int, kernels: Kernels) -> Laid:
    """Lay out a stretch as the store remembers it."""
    slot_of = np.asarray([list(shelf.columns).index(name) if name in shelf.columns else -1 for name in log.names])
    slot = slot_of[log.kinds[stretch.events]].astype(np.int32)
    asks = stretch.row >= 0
    width = len(shelf.columns)
    base = np.concatenate([[0], np.cumsum(np.bincount(slot[slot >= 0], minlength=width))])[:width].astype(np.int64)
    low, high = (np.empty((int(asks.sum()), width), np.int32) for _ in range(2))
    places: Shorts = kernels.reach(stretch.key, slot, asks, base, cap, low, high)
    members = stretch.events[places]
    occurred, at = stretch.occurred[places], stretch.at[asks]
    muddled = np.concatenate([_backwards(stretch.key[places], occurred), _backwards(stretch.key[asks], at)])
    tidy = ~np.isin(stretch.key[asks], muddled) if muddled.size else np.ones(len(low), np.bool_)
    return Laid(members, occurred, low, high, tidy, at)


def _backwards(key: Shorts, times: Ints) -> Shorts:
    """Return the keys whose times do not only rise."""
    found: Shorts = key[1:][(times[1:] < times[:-1]) & (key[1:] == key[:-1])]
    return found


@singledispatch
def answer(window: Window, desk: Desk) -> Numbers:
    """Return what a window says at each request of a stretch."""
    raise NotImplementedError(type(window).__name__)  # pragma: no cover - every kind of window has its loop below


@answer.register
def _(window: Count, desk: Desk) -> Numbers:
    return _tally(window, desk, np.arange(desk.laid.members.size + 1, dtype=np.int64))


@answer.register
def _(window: Sum, desk: Desk) -> Numbers:
    worth = desk.log.columns[window.what].values[desk.laid.members]
    return _tally(window, desk, np.concatenate([[0], np.cumsum(worth)]))


def _tally(window: Window, desk: Desk, running: Ints) -> Numbers:
    low, high, edge, tidy = desk.reach(window)
    out = np.zeros(edge.size, np.int64)
    desk.kernels.tally(desk.laid.occurred, running, low, high, edge, tidy, desk.of(window), out)
    return out


@answer.register
def _(window: Distinct, desk: Desk) -> Numbers:
    low, high, edge, tidy = desk.reach(window)
    column = desk.log.columns[window.what]
    out = np.zeros(edge.size, np.int64)
    codes = column.codes[desk.laid.members]
    desk.kernels.distinct(desk.laid.occurred, codes, low, high, edge, tidy, desk.of(window), _zeros(column.size), out)
    return out


def _zeros(size: int) -> Shorts:
    """Return so many zeros, which the loop leaves as it found them: made once for each thread and not for each use."""
    if getattr(_mine, "zeros", np.empty(0)).size < size:
        _mine.zeros = np.zeros(size, np.int32)
    zeros: Shorts = _mine.zeros
    return zeros


@answer.register
def _(window: Last, desk: Desk) -> Numbers:
    low, high, edge, tidy = desk.reach(window)
    occurred = desk.laid.occurred
    shown = desk.log.columns[window.column].values[desk.laid.members] if window.column else np.ones_like(occurred)
    found = np.empty(edge.size, np.int32)
    desk.kernels.newest(occurred, shown, low, high, edge, tidy, desk.of(window), found)
    if window.value:
        return _where(found, shown, NONE)
    return np.where(found < 0, np.nan, np.maximum(0, desk.laid.at - _where(found, occurred, 0)) / HOUR_MS)


def _where(found: Shorts, values: Ints, otherwise: int) -> Ints:
    """Return the values of the events that were found."""
    return np.append(values, otherwise)[found]


@answer.register
def _(window: Gaps, desk: Desk) -> Numbers:
    low, high, edge, _ = desk.reach(window)
    out = np.empty(edge.size)
    desk.kernels.spread(desk.laid.occurred, low, high, edge, desk.of(window), out)
    return out


@answer.register
def _(window: First, desk: Desk) -> Numbers:
    log, stretch = desk.log, desk.stretch
    joins = log.of_kinds(window.of)[stretch.events]
    out = np.empty(desk.laid.at.size)
    desk.kernels.chain(stretch.key, joins, stretch.row >= 0, stretch.occurred, stretch.at, window.span_ms, out)
    return out


def kept_as(window: Window) -> tuple[type[np.generic], float]:
    """Return how the answers of a window are kept, and what stands for none."""
    if isinstance(window, Count | Distinct):
        return np.int32, -1
    if isinstance(window, Sum) or (isinstance(window, Last) and window.value):
        return np.int64, NONE
    return np.float64, np.nan


def room(shelf: Shelf, size: int) -> dict[Window, Numbers]:
    """Return where the answers of a shelf's windows will be: one column each of a few tables, none of them given yet.

    What one request is answered lies close together, so that a large log is not waited for.
    """
    kinds = [kept_as(window) for window in shelf.windows]
    tables = {kind: np.full((size, kinds.count((kind, none))), none, kind) for kind, none in dict(kinds).items()}
    free = {kind: iter(table.T) for kind, table in tables.items()}
    return {window: next(free[kind]) for window, (kind, _) in zip(shelf.windows, kinds, strict=True)}


def read(desk: Desk, into: Mapping[Window, Numbers]) -> None:
    """Read every window of a stretch into its column of answers."""
    rows = desk.stretch.row[desk.stretch.row >= 0].astype(np.intp)
    tables: dict[int, list[Window]] = {}
    for window in desk.shelf.windows:
        tables.setdefault(id(into[window].base), []).append(window)
    for windows in tables.values():
        desk.kernels.put(rows, np.stack([answer(window, desk) for window in windows]), into[windows[0]].base)
