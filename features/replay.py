"""The offline engine: what every window would have answered at each screening of a log.

One pass per entity: its events in the order in which they became known (the store's sequence where one was given, else
the order of the log), kept by the same rules as the store keeps them. `features.windows` says what is kept and what a
window means; nothing is defined twice.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from features.event import Event, cap_of, column_value, key_of, sequence_of
from features.windows import Answer, Chain, History, Plan, Records, Shelf, Window

Answers = dict[Window, Answer]


@dataclass(slots=True)
class Memory:
    """What one entity remembers while a log is replayed: the newest records of each kind, and the chains."""

    shelf: Shelf
    cap: int
    records: dict[str, deque[Event]] = field(default_factory=dict)
    chains: dict[str, Chain] = field(default_factory=dict)

    def history(self, at_ms: int) -> History:
        """Return what is remembered, as a request at `at_ms` reads it."""
        records = {
            kind: Records(
                occurred=[event.occurred_ms for event in self.records.get(kind, ())],
                columns={
                    column: [column_value(event, column) for event in self.records.get(kind, ())] for column in names
                },
            )
            for kind, names in self.shelf.columns.items()
        }
        return History(at_ms=at_ms, records=records, chains=self.chains)

    def remember(self, event: Event) -> None:
        """Take in one event: its record where a window reads the kind, and every chain that it joins."""
        if event.kind in self.shelf.columns:
            self.records.setdefault(event.kind, deque(maxlen=self.cap)).append(event)
        for window in self.shelf.chains:
            if event.kind in window.of:
                chain = self.chains.get(window.name)
                self.chains[window.name] = (
                    Chain(event.occurred_ms, event.occurred_ms)
                    if chain is None
                    else chain.joined(event.occurred_ms, window.span_ms)
                )


def replay(events: Iterable[Event], plan: Plan, *, asking: frozenset[str] = frozenset({"screening"})) -> list[Answers]:
    """Answer the windows of a plan for every event of the asking kinds.

    Args:
        events: a log in the order in which things became known; an id that comes again counts once.
        plan: the windows.
        asking: the kinds of events whose windows are wanted.

    Returns:
        One dictionary per asking event, in the order of the log. A window whose entity the event does not name is None.
    """
    log = list(_once(events))
    asked = [index for index, event in enumerate(log) if event.kind in asking]
    answers: dict[int, Answers] = {index: dict.fromkeys(plan.windows) for index in asked}
    for shelf in plan.shelves.values():
        for stream in _streams(log, shelf).values():
            _sweep(log, stream, shelf, answers)
    return [answers[index] for index in asked]


def _once(events: Iterable[Event]) -> Iterable[Event]:
    seen: set[str] = set()
    for event in events:
        if event.id not in seen:
            seen.add(event.id)
            yield event


def _streams(log: Sequence[Event], shelf: Shelf) -> Mapping[str, list[int]]:
    """Return, per key of the shelf's entity, the events that name it, in the store's order."""
    streams: dict[str, list[int]] = defaultdict(list)
    for index, event in enumerate(log):
        key = key_of(event.keys, shelf.by)
        if key is not None:
            streams[key].append(index)
    for indices in streams.values():
        indices.sort(key=lambda index: (sequence_of(log[index], shelf.by), index))
    return streams


def _sweep(log: Sequence[Event], stream: Sequence[int], shelf: Shelf, answers: dict[int, Answers]) -> None:
    memory = Memory(shelf, cap_of(shelf.by))
    for index in stream:
        event = log[index]
        if index in answers:
            at_ms, _ = event.stamps.get(shelf.by, (event.known_ms, 0))
            answers[index].update(shelf.answers(memory.history(at_ms)))
        memory.remember(event)
