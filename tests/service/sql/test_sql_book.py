"""The book: exactly one decision a key, whole or not at all, found again, small, and without a plain number in it."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from features.codec import LoggedLabel
from service.adapters.sealing import SealBrokenError
from service.adapters.secrets_folder import SecretsFolder
from service.ports_cases import Wanted
from tests.service.sql.records import (
    ADDRESS,
    LATITUDE,
    MSISDN,
    NOW_MS,
    TENANT,
    MovingClock,
    Record,
    asking,
    case,
    entry,
    entry_of_its_own,
    event,
    past,
    token,
)

pytestmark = pytest.mark.anyio
LARGEST_DECISION_BYTES = 4096


async def test_sixty_four_duplicates_are_one_decision(record: Record) -> None:
    """All callers of one key get the winner's answer, and what follows from a decision is written once."""
    rivals = [entry(f"{n}", key="the-key") for n in range(64)]
    saved = await asyncio.gather(*(record.book.record(rival) for rival in rivals))
    assert all(one == saved[0] for one in saved)
    winner = saved[0].kept.answer.screening_id
    assert saved[0].fingerprint == next(r.fingerprint for r in rivals if r.screening_id == winner)
    for table in ("decisions", "challenges", "outbox"):
        assert record.count(table) == 1
    assert record.rows("SELECT ref FROM audit_entries WHERE what = 'decision'") == [(winner,)]
    assert (await record.book.before(asking(TENANT, "the-key", "", "", 0))).saved == saved[0]


async def test_two_processes_with_the_same_keys(record: Record, secrets: SecretsFolder, clock: MovingClock) -> None:
    """Two writers that race for forty keys agree on every one of them."""
    other = Record(record.url, secrets, clock)
    keys = [f"k{n}" for n in range(40)]
    try:
        mine = asyncio.gather(*(record.book.record(entry(f"a{key}", key=key)) for key in keys))
        theirs = asyncio.gather(*(other.book.record(entry(f"b{key}", key=key)) for key in reversed(keys)))
        first, second = await mine, list(reversed(await theirs))
    finally:
        await other.close()
    assert first == second
    assert record.count("decisions") == record.count("outbox") == 40
    assert (await record.audit.verify()).broken is None


async def test_a_key_is_its_tenants_own(record: Record) -> None:
    """Another operator's same key is another request."""
    ours = await record.book.record(entry("1"))
    theirs = await record.book.record(entry("2", key="key-1", tenant="south"))
    assert ours.kept.answer.screening_id != theirs.kept.answer.screening_id
    assert await record.book.screening("south", ours.kept.answer.screening_id) is None
    assert (await record.book.before(asking("east", "key-1", token("line"), "irreversible", 0))).saved is None


async def test_a_decision_is_found_as_it_was_written(record: Record) -> None:
    """By its id and by the caller's; the log line and the answer come back whole."""
    written = entry("1")
    await record.book.record(written)
    found = await record.book.screening(TENANT, written.screening_id)
    assert found is not None
    assert (found.logged, found.kept, found.created_ms) == (written.logged, written.kept, NOW_MS)
    assert await record.book.by_request(TENANT, "bss-2026-1") == found
    assert await record.book.by_request("south", "bss-2026-1") is None


async def test_of_two_decisions_on_a_request_the_newer_is_found(record: Record) -> None:
    """A request id that was asked again under another key gives the later decision."""
    for number, at_ms in (("1", NOW_MS + 5), ("2", NOW_MS)):
        await record.book.record(entry(number, created_ms=at_ms, logged=entry("1").logged))
    found = await record.book.by_request(TENANT, "bss-2026-1")
    assert found is not None
    assert found.created_ms == NOW_MS + 5


@pytest.mark.parametrize(
    ("written", "asked", "sticks"),
    [
        ({"decision": "hold"}, {}, "hold"),
        ({"decision": "block"}, {}, "block"),
        ({"decision": "challenge"}, {}, None),
        ({"decision": "allow"}, {}, None),
        ({"decision": "block", "klass": "reversible"}, {}, None),
        ({"decision": "block", "line": "other"}, {}, None),
        ({"decision": "block", "degraded_only": True}, {}, None),
        ({"decision": "block", "created_ms": NOW_MS - 1}, {}, None),
        ({"decision": "block", "tenant": "south"}, {}, None),
        ({"decision": "block"}, {"klass": "reversible"}, None),
    ],
)
async def test_what_sticks(record: Record, written: dict[str, str], asked: dict[str, str], sticks: str | None) -> None:
    """A hold or a block sticks to the line and the class, for a time, unless failures alone caused it."""
    await record.book.record(entry("1", **written))
    before = await record.book.before(asking(TENANT, "new", token("line"), asked.get("klass", "irreversible"), NOW_MS))
    assert before.sticky == sticks
    assert before.saved is None


async def test_the_strongest_sticks_until_it_is_lifted(record: Record) -> None:
    """A block outweighs a later hold; what a step-up lifted does not stick."""
    await record.book.record(entry("1", decision="block"))
    await record.book.record(entry("2", decision="hold", created_ms=NOW_MS + 9))
    ask = ("key-2", token("line"), "irreversible", NOW_MS)
    both = await record.book.before(asking(TENANT, *ask))
    assert both.sticky == "block"
    assert both.saved is not None
    record.change("UPDATE decisions SET lifted_ms = 1 WHERE decision = 'block'")
    assert (await record.book.before(asking(TENANT, *ask))).sticky == "hold"


async def test_what_a_decision_sets_going(record: Record) -> None:
    """A hold opens a case and every decision leaves a message, without an identity in it."""
    await record.book.record(entry("1", decision="hold"))
    await record.book.record(entry("2", decision="challenge"))
    waiting = await record.docket.page(TENANT, Wanted())
    assert [(one.case_id, one.state, one.region) for one in waiting] == [("cas_1", "open", "310000")]
    assert await record.docket.page(TENANT, Wanted(queue="other")) == []
    assert await record.docket.page(TENANT, Wanted(regions=("440000",))) == []
    assert await record.docket.page("south", Wanted()) == []
    told = record.rows("SELECT kind, payload FROM outbox ORDER BY message_id")
    assert msgspec.json.decode(told[0][1]) == {"screening_id": entry("1").screening_id, "decision": "hold"}
    assert {kind for kind, _ in told} == {"screening.decided"}
    assert record.rows("SELECT challenge_id, digest FROM challenges") == [("chl_2", "d" * 64)]


async def test_cases_with_the_most_to_lose_come_first(record: Record) -> None:
    """An analyst sees the greatest expected harm first, whatever its age."""
    for number, harm in (("1", 5), ("2", 900), ("3", 70)):
        opened = msgspec.structs.replace(case(number), expected_harm_fen=harm)
        await record.book.record(entry(number, decision="hold", case=opened))
    assert [one.case_id for one in await record.docket.page(TENANT, Wanted())] == ["cas_2", "cas_3", "cas_1"]


async def test_the_private_part_opens_only_in_its_place(record: Record) -> None:
    """The plain number is there for who holds the key; moved to another decision it does not open."""
    first, second = entry("1"), entry("2")
    await record.book.record(first)
    await record.book.record(second)
    opened = await record.book.private(TENANT, first.screening_id)
    assert opened == {"msisdn": MSISDN, "ip": ADDRESS, "latitude": LATITUDE}
    assert await record.book.private("south", first.screening_id) == {}
    record.change(
        f"UPDATE decisions SET private = (SELECT d.private FROM decisions d WHERE d.screening_id = "  # noqa: S608
        f"'{second.screening_id}') WHERE screening_id = '{first.screening_id}'"
    )
    with pytest.raises(SealBrokenError):
        await record.book.private(TENANT, first.screening_id)


async def test_events_are_taken_once(record: Record) -> None:
    """New events come back in their order; those known, or twice in the batch, are counted."""
    assert (await record.book.report(TENANT, [])).fresh == ()
    first = await record.book.report(TENANT, [event(3), event(1), event(3), event(2)])
    assert [one.id for one in first.fresh] == ["e-3", "e-1", "e-2"]
    assert first.duplicates == 1
    again = await record.book.report(TENANT, [event(2), event(4)])
    assert ([one.id for one in again.fresh], again.duplicates) == (["e-4"], 1)
    other = await record.book.report("south", [event(1)])
    assert len(other.fresh) == 1


async def test_the_same_events_from_many_at_once_are_taken_once(record: Record) -> None:
    """Of eight callers with the same hundred events each event is new to one."""
    batch = [event(n) for n in range(100)]
    taken = await asyncio.gather(*(record.book.report(TENANT, batch) for _ in range(8)))
    assert sum(len(one.fresh) for one in taken) == record.count("events") == 100


async def test_labels_and_past_screenings_are_written_once(record: Record) -> None:
    """Loading a history again changes nothing."""
    said = LoggedLabel(screening_id="past-1", label="fraud", source="analyst", at_ms=NOW_MS, loss_fen=5)
    other = msgspec.structs.replace(said, source="complaint")
    assert await record.book.label(TENANT, [said, said, other]) == 2
    assert await record.book.label(TENANT, [said]) == 0
    assert await record.book.history(TENANT, [past(1), past(2), past(1)]) == 2
    assert await record.book.history(TENANT, [past(2), past(3)]) == 1
    assert await record.book.history("south", [past(1)]) == 1


async def test_ping_writes(record: Record) -> None:
    """Proving that a write would succeed leaves one row a process, however often it is done."""
    await record.book.ping()
    await record.book.ping()
    assert record.count("pulse") == 1


async def test_no_plain_number_is_in_the_database(
    sqlite_url: str, secrets: SecretsFolder, clock: MovingClock, tmp_path: Path
) -> None:
    """Neither the number nor the address nor the place is in any byte of any file of the database."""
    record = Record(sqlite_url, secrets, clock)
    for number in range(20):
        await record.book.record(entry(f"{number}"))
    await record.book.report(TENANT, [event(1, line=record.tokens.token(TENANT, "line", MSISDN))])
    pages = b"".join(file.read_bytes() for file in _files(tmp_path))
    await record.close()
    pages += b"".join(file.read_bytes() for file in _files(tmp_path))
    assert b"key-19" in pages, "the search must be able to find what is plain"
    for canary in (MSISDN, MSISDN[1:], MSISDN[3:], ADDRESS, f"{LATITUDE}"):
        assert canary.encode() not in pages
        assert canary.encode("utf-16-le") not in pages


async def test_a_decision_takes_at_most_four_kilobytes(
    sqlite_url: str, secrets: SecretsFolder, clock: MovingClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A decision with a hundred signals, its answer, its trail and all its indexes."""
    record = Record(sqlite_url, secrets, clock)
    before, many = _size(tmp_path), 1000
    for start in range(0, many, 10):
        await asyncio.gather(*(record.book.record(entry_of_its_own(n)) for n in range(start, start + 10)))
    await record.close()
    each = (_size(tmp_path) - before) / many
    with capsys.disabled():
        print(f"\n  a decision takes {each:.0f} bytes in SQLite, indexes and audit included")  # noqa: T201
    assert each <= LARGEST_DECISION_BYTES


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("lastcall.db*"))


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("lastcall.db*"))
