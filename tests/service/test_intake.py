"""Reported events: sound ones are written first and remembered after, the others are named by their place."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from features.clock import FixedClock
from features.provinces import PROVINCES
from service.intake import Intake, Rejected
from service.ports import StoreDownError
from service.remembering import Remembering
from tests.service.fakes import TENANT, FakeBook, FakeJournal, FakeVelocity, PlainNames
from tests.service.sql.records import NOW_MS

pytestmark = pytest.mark.anyio
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)


class Desk:
    """An intake with its world in memory."""

    def __init__(self) -> None:
        """Put it together."""
        self.book, self.journal, self.velocity = FakeBook(), FakeJournal(), FakeVelocity()
        clock = FixedClock(NOW_MS)
        remembering = Remembering(self.book, self.journal, self.velocity)  # type: ignore[arg-type]  # fakes
        self.intake = Intake(remembering, PlainNames(), clock)

    async def take(self, *said: dict[str, Any]) -> Any:
        """Report a batch."""
        return await self.intake.take(TENANT, [msgspec.Raw(msgspec.json.encode(one)) for one in said])


@pytest.fixture
def desk() -> Desk:
    """An intake of its own."""
    return Desk()


def login(**changed: Any) -> dict[str, Any]:
    """A login on a line, two hours ago."""
    said = {
        "event_id": "e-1",
        "occurred_at": (NOW - timedelta(hours=2)).isoformat(),
        "kind": "login_failed",
        "msisdn": "+8613800138000",
    }
    return {name: value for name, value in (said | changed).items() if value is not None}


async def test_a_sound_event_is_written_and_remembered(desk: Desk) -> None:
    """With tokens for names, when it happened and when we learned of it."""
    taken = await desk.take(login(device_id="d-1", province="440000", attributes={"channel": "app"}))
    assert (taken.accepted, taken.duplicates, taken.rejected) == (1, 0, ())
    event = desk.book.reported["e-1"]
    assert (event.occurred_ms, event.known_ms) == (NOW_MS - 7_200_000, NOW_MS)
    assert event.keys == {
        "line": "~line:+8613800138000",
        "device": "~device:d-1",
        "prefix": "~prefix:1380013",
        "province": "~province:440000",
    }
    assert event.values == {"province": 440000}
    assert desk.velocity.past == [event]
    assert desk.journal.applied == ["e-1"]


async def test_an_event_counts_once(desk: Desk) -> None:
    """In one batch, and in a later one."""
    first = await desk.take(login(), login())
    again = await desk.take(login(), login(event_id="e-2"))
    assert (first.accepted, first.duplicates) == (1, 1)
    assert (again.accepted, again.duplicates) == (1, 1)
    assert [event.id for event in desk.velocity.past] == ["e-1", "e-2"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"kind": "no_such_kind"}, "UNKNOWN_KIND"),
        ({"kind": "screening"}, "UNKNOWN_KIND"),
        ({"kind": "labelled_fraud"}, "UNKNOWN_KIND"),
        ({"occurred_at": "2026-11-18T10:00:00"}, "TIME_WITHOUT_OFFSET"),
        ({"occurred_at": (NOW + timedelta(minutes=5, milliseconds=1)).isoformat()}, "OCCURRED_IN_FUTURE"),
        ({"occurred_at": "yesterday"}, "INVALID_EVENT"),
        ({"msisdn": None}, "NO_SUBJECT"),
        ({"msisdn": "13800138000"}, "INVALID_EVENT"),
        ({"msisdn": "t1_AAAAAAAAAAAAAAAAAAAAAA"}, "INVALID_EVENT"),
        ({"event_id": ""}, "INVALID_EVENT"),
        ({"event_id": None}, "INVALID_EVENT"),
        ({"colour": "red"}, "INVALID_EVENT"),
        ({"attributes": {"list": [1]}}, "INVALID_EVENT"),
        ({"province": "44"}, "INVALID_EVENT"),
    ],
)
async def test_a_broken_event_is_named_and_the_rest_goes_on(desk: Desk, changed: dict[str, Any], code: str) -> None:
    """By its place in the batch and a stable code."""
    broken = {name: value for name, value in (login(event_id="e-2") | changed).items() if value is not None}
    taken = await desk.take(login(), broken, login(event_id="e-3"))
    assert (taken.accepted, taken.rejected) == (2, (Rejected(1, code),))
    assert list(desk.book.reported) == ["e-1", "e-3"]


async def test_a_clock_a_little_ahead_is_forgiven(desk: Desk) -> None:
    """Within five minutes it is taken as having happened now: a client's clock never decides."""
    taken = await desk.take(login(occurred_at=(NOW + timedelta(minutes=5)).isoformat()))
    assert taken.accepted == 1
    assert desk.book.reported["e-1"].occurred_ms == NOW_MS


async def test_an_incident_needs_no_subject(desk: Desk) -> None:
    """It concerns everybody."""
    assert (await desk.take(login(kind="incident_declared", msisdn=None))).accepted == 1


async def test_without_windows_events_wait_in_the_record(desk: Desk) -> None:
    """They are taken, and not marked as remembered: the keeper hands them over later."""
    desk.velocity.down = "down"
    assert (await desk.take(login())).accepted == 1
    assert list(desk.book.reported) == ["e-1"]
    assert (desk.velocity.past, desk.journal.applied) == ([], [])


async def test_without_the_record_nothing_is_taken(desk: Desk) -> None:
    """What is not written is not remembered either."""
    desk.book.writes_down = True
    with pytest.raises(StoreDownError):
        await desk.take(login())
    assert desk.velocity.past == []


async def test_an_incident_without_a_province_is_one_in_each(desk: Desk) -> None:
    """It ends when its hours are over; told again it is known, and cleared everywhere too."""
    said = {"event_id": "i-1", "occurred_at": NOW.isoformat(), "kind": "incident_declared", "attributes": {"hours": 6}}
    first, again = await desk.take(said), await desk.take(said)
    assert (first.accepted, first.duplicates, again.accepted, again.duplicates) == (1, 0, 0, 1)
    known = list(desk.book.reported.values())
    assert len(known) == len({event.keys["province"] for event in known}) == len(PROVINCES)
    assert {event.values["until_min"] for event in known} == {(NOW_MS + 6 * 3_600_000) // 60_000}
    cleared = await desk.take(said | {"event_id": "i-2", "kind": "incident_cleared"})
    assert (cleared.accepted, len(desk.book.reported)) == (1, 2 * len(PROVINCES))


@pytest.mark.parametrize(("hours", "minutes"), [(None, 24 * 60), (1000, 72 * 60), (-5, 0), ("six", 24 * 60)])
async def test_how_long_an_incident_lasts(desk: Desk, hours: Any, minutes: int) -> None:
    """A day when nobody says, three days at most, never backwards."""
    said = {"event_id": "i-1", "occurred_at": NOW.isoformat(), "kind": "incident_declared", "province": "440000"}
    await desk.take(said | {"attributes": {"hours": hours}})
    assert desk.book.reported["i-1"].values["until_min"] == NOW_MS // 60_000 + minutes
