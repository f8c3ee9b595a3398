"""The inner loops of the offline engine, over plain arrays: right as they stand, fast when a compiler is handed in.

They are written in the part of Python that numba compiles (Lam, Pitrou and Seibert 2015), and none calls another, so
`training.engines` compiles these very functions: there is no second version of them. One asks as it would the store:
the events of one kind of one entity lie side by side, oldest known first, and a request sees those from `low` up to
`high`, of which those count that occurred at or after its `edge`.

A request is `tidy` when its entity's events became known in the order in which they occurred, as most do. Then two
pointers move to the right only (a sliding window); else all that is remembered is looked at, which the cap bounds.
"""

from collections.abc import Callable
from math import sqrt
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Shorts = NDArray[np.int32]
Places = NDArray[np.intp]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
HOUR_MS: Final = 3_600_000
LEAST_TIMES: Final = 4


def arrange(keys: Shorts, visit: Shorts, ends: Ints) -> Shorts:
    """Return the events that name a key, grouped by key and in the order of `visit` within one (a counting sort).

    Args:
        keys: each event's key, negative for none.
        visit: the events in the order of the store.
        ends: a zero for each key; filled with where each key's group ends.
    """
    for event in range(keys.size):
        if keys[event] >= 0:
            ends[keys[event]] += 1
    total = 0
    for key in range(ends.size):
        total += ends[key]
        ends[key] = total - ends[key]
    order = np.empty(total, np.int32)
    for event in visit:
        key = keys[event]
        if key >= 0:
            order[ends[key]] = event
            ends[key] += 1
    return order


def reach(  # noqa: PLR0913 - arrays, one by one, are what a compiler takes
    key: Shorts, slot: Shorts, asks: Flags, base: Ints, cap: int, low: Shorts, high: Shorts
) -> Shorts:
    """Return the remembered events kind by kind, and fill in which of them each request finds remembered.

    Args:
        key: of each event, grouped.
        slot: the place of the event's kind among those remembered, negative for none.
        asks: whether the event asks.
        base: where the events of each kind begin.
        cap: how many newest of a kind are remembered.
        low: filled: a row for each request, a column for each kind.
        high: the same.
    """
    free, start = base.copy(), base.copy()
    members: Shorts = np.empty((slot >= 0).sum(), np.int32)
    row = 0
    for place in range(key.size):
        if place > 0 and key[place] != key[place - 1]:
            start[:] = free
        if asks[place]:
            for kind in range(base.size):
                high[row, kind] = free[kind]
                low[row, kind] = max(start[kind], free[kind] - cap)
            row += 1
        kind = slot[place]
        if kind >= 0:
            members[free[kind]] = place
            free[kind] += 1
    return members


def tally(  # noqa: PLR0913 - arrays, one by one, are what a compiler takes
    t: Ints, running: Ints, low: Shorts, high: Shorts, edge: Ints, tidy: Flags, of: Shorts, out: Ints
) -> None:
    """Add up what events inside the span are worth: 1 each for a count, else a column. `running` is their sums."""
    for kind in of:
        head = 0
        for row in range(edge.size):
            if tidy[row]:
                head = max(head, low[row, kind])
                while head < high[row, kind] and t[head] < edge[row]:
                    head += 1
                out[row] += running[high[row, kind]] - running[head]
            else:
                for event in range(low[row, kind], high[row, kind]):
                    if t[event] >= edge[row]:
                        out[row] += running[event + 1] - running[event]


def distinct(  # noqa: C901, PLR0912, PLR0913 - one loop, so that the compiler sees all of it; arrays one by one
    t: Ints,
    code: Shorts,
    low: Shorts,
    high: Shorts,
    edge: Ints,
    tidy: Flags,
    of: Shorts,
    seen: Shorts,
    out: Ints,
) -> None:
    """Count the different codes inside the span; 0 is no code. `seen` has a zero for each code, and has it again."""
    left, right = np.zeros(of.size, np.int64), np.zeros(of.size, np.int64)
    different = 0
    for row in range(edge.size):
        for index in range(of.size):
            begin, end = low[row, of[index]], high[row, of[index]]
            while left[index] < right[index] and (not tidy[row] or left[index] < begin or t[left[index]] < edge[row]):
                value = code[left[index]]
                left[index] += 1
                seen[value] -= 1
                if value > 0 and seen[value] == 0:
                    different -= 1
            if right[index] < begin or not tidy[row]:
                left[index] = begin
                right[index] = begin
            for event in range(right[index], end):
                if t[event] >= edge[row]:
                    value = code[event]
                    if value > 0 and seen[value] == 0:
                        different += 1
                    seen[value] += 1
                elif tidy[row]:
                    left[index] = event + 1
            right[index] = end
        out[row] = different
        if not tidy[row]:
            # What lies inside is not one stretch, so nothing is carried over to the next request.
            for index in range(of.size):
                for event in range(low[row, of[index]], high[row, of[index]]):
                    if t[event] >= edge[row]:
                        seen[code[event]] -= 1
                left[index] = right[index]
            different = 0
    for index in range(of.size):
        for event in range(left[index], right[index]):
            seen[code[event]] -= 1


def newest(  # noqa: PLR0913 - arrays, one by one, are what a compiler takes
    t: Ints, shown: Ints, low: Shorts, high: Shorts, edge: Ints, tidy: Flags, of: Shorts, out: Shorts
) -> None:
    """Find the newest event inside the span that shows something; of two at one instant the later known, -1 for none.

    Args:
        t: when each event occurred.
        shown: what it shows, 0 for nothing.
        low: of `reach`.
        high: of `reach`.
        edge: the oldest moment that counts, for each request.
        tidy: whether the request's entity is.
        of: the kinds that are looked at; of two at one instant the later of them counts.
        out: filled with places of events.
    """
    for row in range(edge.size):
        best = -1
        for kind in of:
            found = -1
            for event in range(high[row, kind] - 1, low[row, kind] - 1, -1):
                if t[event] < edge[row]:
                    if tidy[row]:
                        break
                elif shown[event] != 0 and (found < 0 or t[event] > t[found]):
                    found = event
                    if tidy[row]:
                        break
            if found >= 0 and (best < 0 or t[found] >= t[best]):
                best = found
        out[row] = best


def spread(  # noqa: PLR0913 - arrays, one by one, are what a compiler takes
    t: Ints, low: Shorts, high: Shorts, edge: Ints, of: Shorts, out: Floats
) -> None:
    """Compute the coefficient of variation of the gaps between events inside the span; NaN for fewer than four events.

    In whole numbers up to the last step, as the store's side computes it: `Gaps` refuses spans for which 64 bits would
    not do.
    """
    for row in range(edge.size):
        room = 0
        for kind in of:
            room += high[row, kind] - low[row, kind]
        times = np.empty(room, np.int64)
        count = 0
        for kind in of:
            for event in range(low[row, kind], high[row, kind]):
                if t[event] >= edge[row]:
                    times[count] = t[event]
                    count += 1
        if count < LEAST_TIMES:
            out[row] = np.nan
            continue
        times = np.sort(times[:count])
        total, squares = times[count - 1] - times[0], 0
        for index in range(1, count):
            squares += (times[index] - times[index - 1]) ** 2
        out[row] = 0.0 if total == 0 else sqrt((count - 1) * squares - total * total) / total


def chain(key: Shorts, joins: Flags, asks: Flags, t: Ints, at: Ints, span: int, out: Floats) -> None:  # noqa: PLR0913 - as above
    """Say for how many hours each asking entity is known: `features.windows.Chain`, in the order of the store."""
    first = last = row = 0
    known = False
    for place in range(key.size):
        if place > 0 and key[place] != key[place - 1]:
            known = False
        if asks[place]:
            seen = known and last >= at[place] - span
            out[row] = max(0, at[place] - first) / HOUR_MS if seen else 0.0
            row += 1
        if joins[place]:
            if not known or t[place] - last > span:
                first = last = t[place]
            elif first - t[place] <= span:
                first, last = min(first, t[place]), max(last, t[place])
            known = True


def put(rows: Places, answers: NDArray[Any], table: NDArray[Any]) -> None:
    """Put answers, a line for each window, where they belong: a column for each, all of a request's at once."""
    for index in range(rows.size):
        for column in range(answers.shape[0]):
            table[rows[index], column] = answers[column, index]


class Kernels(NamedTuple):
    """All of them, as they stand or compiled."""

    arrange: Callable[..., Any] = arrange
    reach: Callable[..., Any] = reach
    tally: Callable[..., Any] = tally
    distinct: Callable[..., Any] = distinct
    newest: Callable[..., Any] = newest
    spread: Callable[..., Any] = spread
    chain: Callable[..., Any] = chain
    put: Callable[..., Any] = put


PLAIN: Final = Kernels()
