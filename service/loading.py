"""The use case: a history is loaded into the record, so that windows and training start with a past.

Loading the same log again changes nothing: events, screenings and labels are known by their ids. Plain identifiers
become tokens on the way in; a log that has tokens already is taken as it is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from features.codec import Line, LoggedEvent, LoggedLabel, LoggedScreening
from features.derived import confirmed_fraud
from features.event import Event
from service.ports import Book, Tokeniser
from service.privacy import tokens_of, without_names

T = TypeVar("T")
BATCH: Final = 500


class Loaded(Struct, frozen=True):
    """How many of each were new."""

    events: int = 0
    screenings: int = 0
    labels: int = 0


class Loading:
    """Loads histories."""

    def __init__(self, book: Book, tokeniser: Tokeniser) -> None:
        """Take the record and the maker of tokens."""
        self._book = book
        self._tokeniser = tokeniser

        # What a label will need of its screening, until it comes.
        self._asked: dict[str, Event] = {}

    async def load(
        self, tenant: str, lines: Iterable[Line], progress: Callable[[int], None] = lambda _: None
    ) -> Loaded:
        """Write a log's lines, in its order; `progress` is told how many lines each step took.

        Raises:
            StoreDownError: what was written stays, and loading again goes on from there.
        """
        events = screenings = labels = 0
        for batch in _batches(lines):
            found = [line.event for line in batch if isinstance(line, LoggedEvent)]
            past = [line for line in batch if isinstance(line, LoggedScreening)]
            said = [line for line in batch if isinstance(line, LoggedLabel)]
            reported = [self._event(tenant, event) for event in found] + self._confirmed(tenant, past, said)
            events += len((await self._book.report(tenant, reported)).fresh)
            screenings += await self._book.history(tenant, [self._screening(tenant, line) for line in past])
            labels += await self._book.label(tenant, said)
            progress(len(batch))
        return Loaded(events, screenings, labels)

    def _confirmed(self, tenant: str, past: Sequence[LoggedScreening], said: Sequence[LoggedLabel]) -> list[Event]:
        """Return the events by which windows remember what turned out to be fraud."""
        self._asked |= {line.event.id: line.event for line in past}
        known = [(self._asked.pop(label.screening_id, None), label) for label in said]
        return [
            self._event(tenant, confirmed_fraud(asked, label.at_ms))
            for asked, label in known
            if asked is not None and label.label == "fraud"
        ]

    def _event(self, tenant: str, event: Event) -> Event:
        return replace(event, keys=tokens_of(self._tokeniser, tenant, event.keys))

    def _screening(self, tenant: str, line: LoggedScreening) -> LoggedScreening:
        event = self._event(tenant, line.event)
        return replace(line, event=event, request=without_names(line.request, event.keys, self._tokeniser, tenant))


def _batches(lines: Iterable[T]) -> Iterator[Sequence[T]]:
    rest = iter(lines)
    while batch := list(islice(rest, BATCH)):
        yield batch
