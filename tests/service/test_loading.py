"""Loading a history: once however often, with tokens for names, and what was fraud remembered when it was said."""

from collections.abc import Iterator

import pytest

from features.codec import Line, LoggedEvent, LoggedHeader, LoggedLabel, LoggedScreening
from features.event import Event
from service.loading import BATCH, Loaded, Loading
from tests.service.fakes import TENANT, FakeBook, PlainNames
from tests.service.sql.records import NOW_MS, event, request

pytestmark = pytest.mark.anyio


def screening(number: int) -> LoggedScreening:
    """A past screening with plain names."""
    at_ms = NOW_MS + number
    keys = {"line": f"+86138001{number:05d}", "device": "d-1"}
    own = Event(id=f"past-{number}", kind="screening", occurred_ms=at_ms, known_ms=at_ms, keys=keys)
    return LoggedScreening(event=own, request=request(f"{number}"))


def label(number: int, said: str = "fraud", at_ms: int = NOW_MS + 10_000) -> LoggedLabel:
    """What turned out to be true of it."""
    return LoggedLabel(screening_id=f"past-{number}", label=said, source="analyst", at_ms=at_ms)  # type: ignore[arg-type]


async def test_everything_is_loaded_with_tokens() -> None:
    """Events, screenings and labels; the header says nothing that is kept."""
    book = FakeBook()
    lines: list[Line] = [
        LoggedHeader(made_by="test"),
        LoggedEvent(event=event(1, line="+8613800138000")),
        screening(1),
        label(1, "legitimate"),
    ]
    assert await Loading(book, PlainNames()).load(TENANT, lines) == Loaded(events=1, screenings=1, labels=1)
    assert book.reported["e-1"].keys == {"line": "~line:+8613800138000"}
    past = book.past["past-1"]
    assert past.event.keys == {"line": "~line:+8613800100001", "device": "~device:d-1"}
    assert past.request.subscriber.msisdn == "~line:+8613800100001"


async def test_the_same_log_again_changes_nothing() -> None:
    """Everything is known by its id."""
    book = FakeBook()
    lines: list[Line] = [LoggedEvent(event=event(1)), screening(1), label(1)]
    await Loading(book, PlainNames()).load(TENANT, lines)
    before = dict(book.reported)
    assert await Loading(book, PlainNames()).load(TENANT, lines) == Loaded()
    assert book.reported == before


async def test_confirmed_fraud_is_an_event_of_the_time_when_it_was_said() -> None:
    """Windows may see it from then on and not from when the fraud happened."""
    book = FakeBook()
    lines: list[Line] = [screening(1), screening(2), label(1), label(2, "legitimate")]
    await Loading(book, PlainNames()).load(TENANT, lines)
    assert list(book.reported) == ["past-1:f"]
    made = book.reported["past-1:f"]
    assert (made.kind, made.occurred_ms, made.known_ms) == ("labelled_fraud", NOW_MS + 10_000, NOW_MS + 10_000)
    assert made.keys == book.past["past-1"].event.keys


async def test_a_label_far_behind_its_screening_finds_it() -> None:
    """Thousands of lines may lie between them; progress is told for every step."""
    book, steps = FakeBook(), list[int]()

    def lines() -> Iterator[Line]:
        yield screening(1)
        for number in range(2 * BATCH):
            yield LoggedEvent(event=event(number))
        yield label(1)

    loaded = await Loading(book, PlainNames()).load(TENANT, lines(), steps.append)
    assert loaded == Loaded(events=2 * BATCH + 1, screenings=1, labels=1)
    assert "past-1:f" in book.reported
    assert steps == [BATCH, BATCH, 2]


async def test_a_label_of_an_unknown_screening_is_kept() -> None:
    """It makes no event: nobody knows whom it is about."""
    book = FakeBook()
    assert (await Loading(book, PlainNames()).load(TENANT, [label(9)])).labels == 1
    assert book.reported == {}
