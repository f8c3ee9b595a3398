"""What a window is: declared once here, computed by the store online and by the replay offline.

A window looks at the events of some kinds that share an entity (or a pair of entities) with the request, up to its
span back. Of each kind an entity remembers the newest `cap_of(by)` events; the cap is part of the meaning. The request
itself is never in its own windows. `features.clock.counts` is the rule of time.

`Plan` turns the declarations into what must be kept per entity; `History` is what was kept, read back at a request.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from math import sqrt
from typing import Final

from features.clock import milliseconds, oldest_ms
from features.event import KINDS, cap_of

HOUR_MS: Final = 3_600_000
NEVER_SEEN: Final = 0.0
FEWEST_GAPS: Final = 3
LARGEST: Final = 2**63
"""Whole numbers below this fit the arrays of the offline engine."""

Answer = float | None


@dataclass(frozen=True, slots=True)
class Chain:
    """The unbroken run of events in which no two are further apart than the span: when it began and last went on."""

    first_ms: int
    last_ms: int

    def joined(self, occurred_ms: int, span_ms: int) -> "Chain":
        """Return the chain after one more event; a longer pause than the span begins a new chain.

        What is told late and lies further before the chain than the span is no part of it.
        """
        if occurred_ms - self.last_ms > span_ms:
            return Chain(occurred_ms, occurred_ms)
        if self.first_ms - occurred_ms > span_ms:
            return self
        return Chain(min(self.first_ms, occurred_ms), max(self.last_ms, occurred_ms))


@dataclass(slots=True)
class Records:
    """The remembered events of one kind, oldest known first: when they occurred, and the columns windows read."""

    occurred: Sequence[int] = ()
    columns: Mapping[str, Sequence[int]] = field(default_factory=dict)


@dataclass(slots=True)
class History:
    """What an entity remembers just before a request: records by kind, chains by window name."""

    at_ms: int
    records: Mapping[str, Records]
    chains: Mapping[str, Chain]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What all windows share.

    Attributes:
        by: the entity, or a pair written `"line+device"`, that the events share with the request.
        of: the kinds of events that are looked at.
        span: how far back; both edges count.
    """

    by: str
    of: tuple[str, ...]
    span: timedelta

    def __post_init__(self) -> None:
        """Refuse kinds that do not exist: a typo would count nothing, silently."""
        unknown = set(self.of) - set(KINDS)
        if unknown or not self.of or self.span <= timedelta(0):
            message = f"a window needs known kinds and a positive span: {sorted(unknown)} {self.of} {self.span}"
            raise ValueError(message)

    @property
    def name(self) -> str:
        """A name that says all: two windows with one name are one window."""
        return f"{type(self).__name__.lower()}({self.column or ''}|{self.by}|{','.join(self.of)}|{self.span_ms})"

    @property
    def span_ms(self) -> int:
        """The span in milliseconds."""
        return milliseconds(self.span)

    @property
    def column(self) -> str | None:
        """The column of the events that the window reads beside their times."""
        return None

    def read(self, history: History) -> Answer:
        """Compute the window over an entity's history at a request."""
        raise NotImplementedError(type(self).__name__)  # pragma: no cover - every kind of window defines it

    def _recent(self, history: History) -> list[int]:
        """Return when the events inside the span occurred."""
        edge = oldest_ms(history.at_ms, self.span_ms)
        return [t for kind in self.of for t in history.records[kind].occurred if t >= edge]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Window):
    """How many events."""

    def read(self, history: History) -> Answer:
        """Return a whole number, 0 when there were none."""
        return float(len(self._recent(history)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct(Window):
    """How many different values of a column, such as lines on one device; events without the value do not count."""

    what: str

    @property
    def column(self) -> str | None:
        """The column whose values are told apart."""
        return self.what

    def read(self, history: History) -> Answer:
        """Return a whole number, 0 when there were none."""
        edge = oldest_ms(history.at_ms, self.span_ms)
        found: set[int] = set()
        for kind in self.of:
            records = history.records[kind]
            values = records.columns[self.what]
            found.update(value for t, value in zip(records.occurred, values, strict=True) if t >= edge and value)
        return float(len(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum(Window):
    """What a column adds up to, in whole numbers: money in fen, so that the order of adding cannot matter."""

    what: str

    @property
    def column(self) -> str | None:
        """The column that is added up."""
        return self.what

    def read(self, history: History) -> Answer:
        """Return a whole number, 0 when there were no events."""
        edge = oldest_ms(history.at_ms, self.span_ms)
        return sum(
            value
            for kind in self.of
            for t, value in zip(history.records[kind].occurred, history.records[kind].columns[self.what], strict=True)
            if t >= edge
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class First(Window):
    """For how many hours the entity is known: since the first event of the unbroken chain of events.

    A chain breaks after a pause longer than the span, so the answer needs two numbers however many events there were.
    """

    def read(self, history: History) -> Answer:
        """Return hours, 0 when the entity is seen for the first time (or again after a longer pause)."""
        chain = history.chains.get(self.name)
        if chain is None or chain.last_ms < oldest_ms(history.at_ms, self.span_ms):
            return NEVER_SEEN
        return max(0, history.at_ms - chain.first_ms) / HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Last(Window):
    """How many hours ago the newest event occurred; with `value`, what it showed in that column.

    With `having`, only events that show something in that column are looked at, and the answer stays hours.
    """

    value: str | None = None
    having: str | None = None

    @property
    def name(self) -> str:
        """A name that tells the two uses of a column apart."""
        return f"{super(Last, self).name}{'+' if self.having else ''}"

    @property
    def column(self) -> str | None:
        """The column that is given back, or looked for."""
        return self.value or self.having

    def read(self, history: History) -> Answer:
        """Return hours (or the value), None when there was no such event; of two at one instant, the later known."""
        edge = oldest_ms(history.at_ms, self.span_ms)
        newest: tuple[int, int] | None = None
        for kind in self.of:
            records = history.records[kind]
            shown = records.columns[self.column] if self.column else records.occurred
            for t, value in zip(records.occurred, shown, strict=True):
                if t >= edge and (value or not self.column) and (newest is None or t >= newest[0]):
                    newest = (t, value)
        if newest is None:
            return None
        return newest[1] if self.value else max(0, history.at_ms - newest[0]) / HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps(Window):
    """How regular the events come: the coefficient of variation of the gaps between them; a script is near 0."""

    def __post_init__(self) -> None:
        """Refuse a span whose squares do not fit the offline engine's whole numbers: it would answer differently."""
        Window.__post_init__(self)
        if len(self.of) * cap_of(self.by) * self.span_ms**2 >= LARGEST:
            message = f"the gaps over {self.span} are too long to be squared in whole numbers"
            raise ValueError(message)

    def read(self, history: History) -> Answer:
        """Return the standard deviation of the gaps over their mean, None for fewer than four events."""
        times = sorted(self._recent(history))
        gaps = [later - earlier for earlier, later in pairwise(times)]
        total = sum(gaps)
        if len(gaps) < FEWEST_GAPS or total == 0:
            return None if len(gaps) < FEWEST_GAPS else 0.0
        # Whole numbers up to the last step, so that the order of adding cannot matter.
        variance_by_n2 = len(gaps) * sum(gap * gap for gap in gaps) - total * total
        return sqrt(variance_by_n2) / total


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one entity (or pair) must remember: columns per kind, chains, and for how long."""

    by: str
    columns: Mapping[str, tuple[str, ...]]
    chains: tuple[First, ...]
    retention_ms: int
    windows: tuple[Window, ...]

    def answers(self, history: History) -> dict[Window, Answer]:
        """Compute every window of this entity over its history."""
        return {window: window.read(history) for window in self.windows}


@dataclass(frozen=True)
class Plan:
    """All windows in force, arranged by the entity that remembers for them."""

    windows: tuple[Window, ...]

    @classmethod
    def of(cls, windows: Iterable[Window]) -> "Plan":
        """Arrange windows; the same window declared twice is kept once."""
        return cls(tuple(sorted(set(windows), key=lambda window: window.name)))

    @cached_property
    def shelves(self) -> Mapping[str, Shelf]:
        """What each entity or pair must remember."""
        by_entity: dict[str, list[Window]] = defaultdict(list)
        for window in self.windows:
            by_entity[window.by].append(window)
        return {by: _shelf(by, windows) for by, windows in by_entity.items()}

    @cached_property
    def longest_ms(self) -> int:
        """The longest span: a log must reach back this far to fill the store anew."""
        return max((window.span_ms for window in self.windows), default=0)

    @cached_property
    def digest(self) -> str:
        """Changes when what must be remembered changes: a store that was filled under another digest is cold."""
        return sha256("\n".join(window.name for window in self.windows).encode()).hexdigest()[:16]


def _shelf(by: str, windows: list[Window]) -> Shelf:
    columns: dict[str, set[str]] = defaultdict(set)
    for window in windows:
        if isinstance(window, First):
            continue
        for kind in window.of:
            columns[kind].update({window.column} if window.column else ())
    return Shelf(
        by=by,
        columns={kind: tuple(sorted(names)) for kind, names in sorted(columns.items())},
        chains=tuple(window for window in windows if isinstance(window, First)),
        retention_ms=max(window.span_ms for window in windows),
        windows=tuple(windows),
    )
