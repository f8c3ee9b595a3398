"""What time is: the one wall clock, and the one rule that says which events count for a request.

The rule (`counts`) is read by both window engines. An event counts for a request at `t` when it stands before the
request in the order of the store, and happened no longer than the span before `t`. The left edge is closed: an event
exactly `span` old counts. What became known later does not count, however early it happened.
"""

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, Protocol

MILLISECOND: Final = timedelta(milliseconds=1)
CHINA: Final = timezone(timedelta(hours=8), "CST")
"""All of China keeps one time; opening hours and nights are read off this clock."""

FUTURE_TOLERANCE: Final = timedelta(minutes=5)
"""A reported event may be this far ahead of our clock; more is refused."""


class Clock(Protocol):
    """Tells the time in milliseconds since 1970 (UTC)."""

    def now_ms(self) -> int:
        """Return the present moment."""
        ...


class SystemClock:
    """The machine's clock: the only place in Lastcall that asks it."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970 (UTC)."""
        return time.time_ns() // 1_000_000


class FixedClock:
    """A clock that stands still until it is moved: for tests and for replaying a history."""

    def __init__(self, at_ms: int) -> None:
        """Start at `at_ms`."""
        self.at_ms = at_ms

    def now_ms(self) -> int:
        """Return where the clock stands."""
        return self.at_ms

    def advance(self, by: timedelta) -> None:
        """Move the clock; a negative span moves it back."""
        self.at_ms += milliseconds(by)


def counts(*, occurred_ms: int, seq: int, at_ms: int, at_seq: int, span_ms: int) -> bool:
    """Say whether an event counts for a request: the rule of time.

    Args:
        occurred_ms: when the event happened, never later than when it became known.
        seq: the event's place in the order of its entity's store.
        at_ms: the request's time, given by the store.
        at_seq: the request's place in the same order; the request itself never counts.
        span_ms: how far the window looks back.
    """
    return seq < at_seq and oldest_ms(at_ms, span_ms) <= occurred_ms


def oldest_ms(at_ms: int, span_ms: int) -> int:
    """Return the oldest moment that a window still sees: the rule of time for events that stand before the request.

    A history holds such events alone, so windows ask no more than this of the rule.
    """
    return at_ms - span_ms


def milliseconds(span: timedelta) -> int:
    """Return a span in whole milliseconds."""
    return span // MILLISECOND


def moment(at_ms: int) -> datetime:
    """Return the aware UTC time of a count of milliseconds."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def local_hour(at_ms: int) -> int:
    """Return the hour of the day in China, 0 to 23."""
    return datetime.fromtimestamp(at_ms / 1000, CHINA).hour


def to_ms(when: datetime) -> int:
    """Return milliseconds since 1970 of an aware time.

    Raises:
        ValueError: the time has no offset, so nobody can say when it was.
    """
    if when.tzinfo is None:
        message = "a time needs an offset"
        raise ValueError(message)
    return milliseconds(when - datetime(1970, 1, 1, tzinfo=UTC))


def rfc3339(at_ms: int) -> str:
    """Return the time as RFC 3339 with milliseconds, in UTC."""
    return moment(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
