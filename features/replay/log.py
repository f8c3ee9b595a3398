"""A log of events as arrays: a few dozen bytes an event, however long its tokens are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.event import ENTITIES, KINDS, Event, column_value, occurred_of, sequence_of, time_of
from features.replay.kernels import Ints, Shorts
from features.windows import Plan

NO_KEY: Final = -1


@dataclass(frozen=True, slots=True)
class Coded:
    """Names by number: which of `size` different ones each event has, `NO_KEY` for none."""

    codes: Shorts
    size: int

    def joined(self, other: "Coded") -> "Coded":
        """Return the pairs of two."""
        named = (self.codes >= 0) & (other.codes >= 0)
        pairs = self.codes[named].astype(np.int64) * other.size + other.codes[named]
        kinds, codes = np.unique(pairs, return_inverse=True)
        out = np.full(self.codes.size, NO_KEY, np.int32)
        out[named] = codes
        return Coded(out, kinds.size)


@dataclass(frozen=True, slots=True)
class Column:
    """What events show in a column: the values, and by number for telling them apart; 0 is nothing in both."""

    values: Ints
    codes: Shorts
    size: int

    @classmethod
    def of(cls, values: Ints) -> "Column":
        """Number the values of a column."""
        kinds, codes = np.unique(np.append(values, 0), return_inverse=True)
        nothing = codes[-1]
        codes = np.where(codes == nothing, 0, codes + (codes < nothing))
        return cls(values, codes[:-1].astype(np.int32), kinds.size)


class Placed(NamedTuple):
    """Where events stand in the store of an entity: its time for each, their order, and when they happened for it."""

    at: Ints
    sequence: Ints
    occurred: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLog:
    """Events, each at one place of every array, in the order of the log, each id once.

    Any log of things that happen will do: kinds, entities and columns are names.

    Attributes:
        kinds: which of `names` each is.
        names: the kinds.
        occurred: when each happened, in milliseconds.
        known: when it became known.
        keys: entity (or pair) -> whose each is.
        columns: what windows read beside times.
        places: entity or pair -> the places of the events, where a store gave some of them theirs.
    """

    kinds: NDArray[np.int8]
    names: Sequence[str]
    occurred: Ints
    known: Ints
    keys: Mapping[str, Coded]
    columns: Mapping[str, Column] = field(default_factory=dict)
    places: Mapping[str, Placed] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many events there are."""
        return self.kinds.size

    def keyed(self, by: str) -> Coded:
        """Return whose each event is, by an entity or a pair."""
        if by in self.keys:
            return self.keys[by]
        entity, _, other = by.partition("+")
        return self.keys[entity].joined(self.keys[other])

    def placed(self, by: str) -> Placed:
        """Return each event's place in the store of an entity."""
        return self.places.get(by, Placed(self.known, self.known, self.occurred))

    def of_kinds(self, names: Iterable[str]) -> NDArray[np.bool_]:
        """Return which events are of some kinds."""
        wanted = set(names)
        return np.asarray([name in wanted for name in self.names])[self.kinds]


def log_of(events: Iterable[Event], plan: Plan) -> EventLog:
    """Return events as arrays, with what the windows of a plan read.

    Args:
        events: in the order in which they became known; an id that comes again counts once.
        plan: the windows.
    """
    log = list(once(events))
    columns = {window.column for window in plan.windows if window.column}
    return EventLog(
        kinds=np.asarray([KINDS.index(event.kind) for event in log], np.int8),
        names=KINDS,
        occurred=_ints([event.occurred_ms for event in log]),
        known=_ints([event.known_ms for event in log]),
        keys={entity: _coded([event.keys.get(entity) for event in log]) for entity in ENTITIES},
        columns={name: Column.of(_ints([column_value(event, name) for event in log])) for name in columns},
        places={by: _placed(log, by) for by in plan.shelves if any(by in event.stamps for event in log)},
    )


def once(events: Iterable[Event]) -> Iterable[Event]:
    """Yield events, leaving out those whose id came before."""
    seen: set[str] = set()
    for event in events:
        if event.id not in seen:
            seen.add(event.id)
            yield event


def _coded(tokens: Sequence[str | None]) -> Coded:
    numbers: dict[str, int] = {}
    codes = [NO_KEY if token is None else numbers.setdefault(token, len(numbers)) for token in tokens]
    return Coded(np.asarray(codes, np.int32), len(numbers))


def _placed(log: Sequence[Event], by: str) -> Placed:
    return Placed(*(_ints([place(event, by) for event in log]) for place in (time_of, sequence_of, occurred_of)))


def _ints(values: Sequence[int]) -> Ints:
    return np.asarray(values, np.int64)
