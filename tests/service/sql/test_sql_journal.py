"""The journal on both databases: everything again, in the order in which it became known, a page at a time."""

import msgspec
import pytest

from features.codec import LoggedEvent, LoggedLabel, LoggedScreening
from service.adapters import sql_journal
from tests.service.sql.records import NOW_MS, TENANT, Record, entry, event, logged, past

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[1000, 2])
def page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages as they are, and so small that everything lies across their edges."""
    monkeypatch.setattr(sql_journal, "PAGE", request.param)


async def replayed(record: Record, tenant: str | None = None, since_ms: int = 0) -> list[str]:
    """Return the ids of what is replayed."""
    return [owned.event.id async for owned in record.journal.replay_log(tenant, since_ms=since_ms)]


@pytest.mark.usefixtures("page")
async def test_everything_comes_in_the_order_in_which_it_became_known(record: Record) -> None:
    """Reported, imported and the screenings' own, whatever the order in which they were written."""
    await record.book.report(TENANT, [event(n, known_ms=NOW_MS + 10 * n) for n in (5, 1, 3)])
    await record.book.history(TENANT, [past(n, known_ms=NOW_MS + 10 * n) for n in (4, 2, 0)])
    await record.book.record(entry("9", logged=_logged_at("9", NOW_MS + 25)))
    assert await replayed(record) == ["past-0", "e-1", "past-2", "scr:key-9", "e-3", "past-4", "e-5"]
    assert await replayed(record, since_ms=NOW_MS + 30) == ["e-3", "past-4", "e-5"]


@pytest.mark.usefixtures("page")
async def test_tenants_are_kept_apart_or_all_told(record: Record) -> None:
    """The store is filled for all at once; a log is one operator's."""
    await record.book.report(TENANT, [event(1), event(2)])
    await record.book.report("south", [event(1)])
    both = [owned.tenant async for owned in record.journal.replay_log()]
    assert sorted(both) == [TENANT, TENANT, "south"]
    assert await replayed(record, TENANT) == ["e-1", "e-2"]


@pytest.mark.usefixtures("page")
async def test_events_of_one_millisecond_are_all_there(record: Record) -> None:
    """An edge of a page between them loses none and gives none twice."""
    await record.book.report(TENANT, [event(n) for n in range(7)])
    assert await replayed(record) == [f"e-{n}" for n in range(7)]


async def test_an_override_is_remembered_beside_its_screening(record: Record) -> None:
    """As it was when the request was screened."""
    line = _logged_at("1", NOW_MS)
    agent = msgspec.structs.replace(line.request.agent, id="~agent", override=True)
    line = msgspec.structs.replace(line, request=msgspec.structs.replace(line.request, agent=agent))
    await record.book.record(entry("1", logged=line))
    kinds = [(owned.event.id, owned.event.kind) async for owned in record.journal.replay_log()]
    assert kinds == [("scr:key-1", "screening"), ("scr:key-1:o", "screening_overridden")]


async def test_a_log_is_lines_and_then_labels(record: Record) -> None:
    """A label names its screening by the id of the screening's event, ours or an imported one."""
    ours = entry("1")
    await record.book.record(ours)
    await record.book.report(TENANT, [event(1)])
    await record.book.history(TENANT, [past(1)])
    for about in (ours.screening_id, "past-1"):
        said = LoggedLabel(screening_id=about, label="fraud", source="analyst", at_ms=NOW_MS)
        await record.book.label(TENANT, [said])
    lines = [line async for line in record.journal.lines(TENANT)]
    assert [type(line) for line in lines[:3]].count(LoggedScreening) == 2
    assert [type(line) for line in lines[:3]].count(LoggedEvent) == 1
    assert {line.screening_id for line in lines[3:] if isinstance(line, LoggedLabel)} == {"scr:key-1", "past-1"}
    assert ours.logged in lines
    assert [line async for line in record.journal.lines("south")] == []


async def test_what_the_store_has_not_taken_waits(record: Record) -> None:
    """The earliest known first; what it took does not come again."""
    await record.book.report(TENANT, [event(n, known_ms=NOW_MS - n) for n in range(4)])
    assert [one.event.id for one in await record.journal.pending(3)] == ["e-3", "e-2", "e-1"]
    await record.journal.mark_applied(TENANT, ["e-3", "e-2", "unknown"])
    await record.journal.mark_applied("south", ["e-1"])
    await record.journal.mark_applied(TENANT, [])
    assert [one.event.id for one in await record.journal.pending(9)] == ["e-1", "e-0"]


async def test_everything_is_counted(record: Record) -> None:
    """For the doctor."""
    await record.book.record(entry("1", decision="hold"))
    await record.book.report(TENANT, [event(1), event(2)])
    await record.journal.mark_applied(TENANT, ["e-1"])
    await record.book.history(TENANT, [past(1)])
    counts = await record.journal.counts()
    assert msgspec.structs.asdict(counts) == {
        "decisions": 1,
        "events": 2,
        "events_pending": 1,
        "past_screenings": 1,
        "labels": 0,
        "cases_open": 1,
        "messages_waiting": 1,
    }


def _logged_at(number: str, at_ms: int) -> LoggedScreening:
    line = logged(number)
    own = msgspec.structs.replace(line.event, known_ms=at_ms, occurred_ms=at_ms, stamps={})
    return msgspec.structs.replace(line, event=own)
