"""The windows said a third time, as plainly as possible and as slowly as it takes: the judge of both engines.

It keeps every event of a log, and for each asking event walks over all of them. Nothing of the engines is used.
"""

from collections.abc import Sequence
from hashlib import blake2b
from statistics import fmean, pstdev

from features.event import Event
from features.windows import Answer, Count, Distinct, First, Gaps, Last, Sum, Window

CAPS = {"ip": 256, "agent": 256, "store": 256, "prefix": 256, "province": 256}
HOUR_MS = 3_600_000


def answer(window: Window, log: Sequence[Event], asking: int) -> Answer:
    """Return what a window says at the asking event of a log in known order, each id once."""
    me = log[asking]
    key = _key(me, window.by)
    if key is None:
        return None
    mine = [event for event in log[:asking] if _key(event, window.by) == key]
    if isinstance(window, First):
        return _first(window, mine, me.known_ms)
    remembered: list[Event] = []
    for kind in window.of:
        newest = [event for event in mine if event.kind == kind][-CAPS.get(window.by, 64) :]
        remembered += newest
    inside = [event for event in remembered if event.occurred_ms >= me.known_ms - window.span_ms]
    return _over(window, inside, me.known_ms)


def _over(window: Window, inside: Sequence[Event], at_ms: int) -> Answer:
    if isinstance(window, Count):
        return float(len(inside))
    if isinstance(window, Sum):
        return sum(_shown(event, window.what) for event in inside)
    if isinstance(window, Distinct):
        return float(len({_shown(event, window.what) for event in inside} - {0}))
    if isinstance(window, Gaps):
        return _unevenness(sorted(event.occurred_ms for event in inside))
    assert isinstance(window, Last)
    return _last(window, inside, at_ms)


def _unevenness(times: Sequence[int]) -> float | None:
    gaps = [times[place + 1] - times[place] for place in range(len(times) - 1)]
    if len(gaps) < 3:
        return None
    return 0.0 if sum(gaps) == 0 else pstdev(gaps) / fmean(gaps)


def _last(window: Last, inside: Sequence[Event], at_ms: int) -> Answer:
    column = window.value or window.having
    fitting = [event for event in inside if column is None or _shown(event, column)]
    if not fitting:
        return None
    # Of two at one instant the later known; kinds are looked at one after the other.
    newest = max(enumerate(fitting), key=lambda pair: (pair[1].occurred_ms, pair[0]))[1]
    return _shown(newest, window.value) if window.value else max(0, at_ms - newest.occurred_ms) / HOUR_MS


def _first(window: First, mine: Sequence[Event], at_ms: int) -> float:
    chain: tuple[int, int] | None = None
    for event in mine:
        if event.kind not in window.of:
            continue
        if chain is None or event.occurred_ms - chain[1] > window.span_ms:
            chain = (event.occurred_ms, event.occurred_ms)
        elif chain[0] - event.occurred_ms <= window.span_ms:
            chain = (min(chain[0], event.occurred_ms), max(chain[1], event.occurred_ms))
    if chain is None or at_ms - chain[1] > window.span_ms:
        return 0.0
    return max(0, at_ms - chain[0]) / HOUR_MS


def _key(event: Event, by: str) -> tuple[str, ...] | None:
    parts = tuple(event.keys.get(entity, "") for entity in by.split("+"))
    return None if "" in parts else parts


def _shown(event: Event, column: str) -> int:
    if column in event.values:
        return event.values[column]
    token = event.keys.get(column)
    if token is None:
        return 0
    return int.from_bytes(blake2b(token.encode(), digest_size=8).digest(), "little") >> 1 or 1
