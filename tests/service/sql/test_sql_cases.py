"""Cases on both databases: one person each, one verdict each, what matters most first, and an end at the limit."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from service.adapters.secrets_folder import SecretsFolder
from service.errors import Problem
from service.ports_cases import Wanted
from tests.service.sql.caseworld import CHEN, HOUR_MS, LI, WANG, ZHAO, World, person
from tests.service.sql.records import NOW_MS, TENANT, Record, asking, entry, token

pytestmark = pytest.mark.anyio


@pytest.fixture
def world(record: Record) -> World:
    """Analysts over a record."""
    return World(record)


async def test_sixty_four_who_take_at_once_get_a_case_each(world: World) -> None:
    """Each case to one person, and nobody is sent away while there are cases."""
    for number in range(64):
        await world.hold(str(number))
    people = [person(f"analyst-{number}") for number in range(64)]
    taken = await asyncio.gather(*(world.work.take_next(who) for who in people))
    assert len({case.case_id for case in taken if case is not None}) == 64
    assert {case.taken_by for case in taken if case is not None} == {who.name for who in people}
    assert await world.work.take_next(person("late")) is None
    assert (await world.record.audit.verify()).broken is None


async def test_two_processes_share_no_case(world: World, secrets: SecretsFolder, url: str, tmp_path: Path) -> None:
    """Workers with their own writers meet in the database alone."""
    for number in range(32):
        await world.hold(str(number))
    other = World(Record(url, secrets, world.record.clock))
    try:
        both = [world, other]
        taken = await asyncio.gather(*(both[n % 2].work.take_next(person(f"a-{n}")) for n in range(40)))
    finally:
        await other.record.close()
    got = [case.case_id for case in taken if case is not None]
    assert len(got) == len(set(got)) == 32


async def test_one_case_that_all_want_is_one_persons(world: World) -> None:
    """The others hear who has it."""
    case_id = await world.hold("1")
    tried = await asyncio.gather(
        *(world.work.take(person(f"a-{n}"), case_id) for n in range(16)), return_exceptions=True
    )
    refused = [found for found in tried if isinstance(found, Problem)]
    assert (len(refused), {found.code for found in refused}) == (15, {"CASE_TAKEN"})


async def test_what_may_be_lost_and_the_time_left_decide_and_not_the_age(world: World) -> None:
    """A case opened later comes first when more may be lost or less time is left."""
    await world.hold("1", harm=1_000, due=NOW_MS + 10 * HOUR_MS)
    await world.hold("2", harm=1_000, due=NOW_MS + 2 * HOUR_MS, created_ms=NOW_MS + 5)
    await world.hold("3", harm=64_000, due=NOW_MS + 10 * HOUR_MS, created_ms=NOW_MS + 9)
    order = [case.case_id for case in await world.work.queue(WANG, Wanted())]
    # Sixty-four times the harm is six doublings: twelve hours.
    assert order == ["cas_3", "cas_2", "cas_1"]
    first = await world.work.take_next(WANG)
    assert first is not None
    assert (first.case_id, first.taken_by, first.taken_until_ms) == ("cas_3", "wang", NOW_MS + 15 * 60_000)


async def test_queues_go_by_action_region_and_level(world: World) -> None:
    """An analyst of one province sees its cases alone; what was escalated waits for a lead."""
    await world.hold("1", queue="close")
    await world.hold("2", queue="resume", region="440000")
    south = person("sun", regions=("440000",))
    assert [case.case_id for case in await world.work.queue(south, Wanted())] == ["cas_2"]
    assert await world.work.queue(south, Wanted(regions=("310000",))) == []
    with pytest.raises(Problem, match="NOT_FOUND"):
        await world.work.take(south, "cas_1")
    with pytest.raises(Problem, match="NOT_FOUND"):
        await world.work.note(person("wang", tenant="south"), "cas_1", "hello")
    assert await world.work.take_next(WANG, queue="suspend") is None
    await world.work.escalate(WANG, "cas_1", "too much for me")
    for tried in (world.work.take(WANG, "cas_1"), world.work.decide(WANG, "cas_1", "release", "after all")):
        with pytest.raises(Problem, match="NOT_PERMITTED"):
            await tried
    assert await world.work.take_next(WANG, queue="close") is None
    taken = await world.work.take_next(ZHAO, queue="close")
    assert taken is not None
    assert (taken.case_id, taken.level) == ("cas_1", 1)


async def test_a_lock_that_nobody_renews_ends(world: World) -> None:
    """Until then a second person can neither decide nor snooze it, but may leave a note."""
    case_id = await world.hold("1")
    await world.work.take(WANG, case_id)
    with pytest.raises(Problem, match="CASE_TAKEN"):
        await world.work.decide(LI, case_id, "uphold", "mine")
    await world.work.note(LI, case_id, "I know this agent")
    world.record.clock.at_ms += 15 * 60_000
    taken = await world.work.take_next(LI)
    assert taken is not None
    assert taken.taken_by == "li"
    with pytest.raises(Problem, match="CASE_TAKEN"):
        await world.work.snooze(WANG, case_id, NOW_MS + HOUR_MS, "later")


async def test_a_release_is_written_with_all_that_follows(world: World) -> None:
    """The line may go on with this action until tomorrow; the verdict sticks no longer; everybody is told."""
    case_id = await world.hold("1")
    line = token("line-1")
    assert (await world.record.book.before(asking(TENANT, "other", line, "irreversible", 0))).sticky == "hold"
    written = await world.work.decide(WANG, case_id, "release", "called back, it is her", recovered_fen=5)
    assert (written.cases[0].state, written.cases[0].label) == ("decided", "legitimate")
    release = written.releases[0]
    assert (release.line, release.action, release.lowers_to) == (line, "close_remote", "allow")
    assert await world.record.docket.releases_for(TENANT, line, "irreversible", NOW_MS) == [release]
    assert await world.record.docket.releases_for(TENANT, line, "irreversible", release.until_ms) == []
    assert await world.record.docket.releases_for("south", line, "irreversible", NOW_MS) == []
    assert (await world.record.book.before(asking(TENANT, "other", line, "irreversible", 0))).sticky is None
    told = dict(world.record.rows("SELECT kind, payload FROM outbox WHERE kind <> 'screening.decided'"))
    ids = {"case_id": case_id, "screening_id": entry("1").screening_id}
    assert msgspec.json.decode(told["case.decided"]) == {**ids, "verdict": "release"}
    assert msgspec.json.decode(told["hold.released"]) == ids
    assert world.labels.said == [(entry("1").screening_id, "legitimate", "wang")]
    assert world.labels.amounts == {entry("1").screening_id: (None, 5)}
    assert (await world.record.audit.verify()).broken is None


@pytest.mark.parametrize(
    ("verdict", "label", "expected", "lowers"),
    [
        ("uphold", None, ["fraud"], []),
        ("uphold", "unclear", [], []),
        ("step_up", None, [], ["challenge"]),
        ("release", "fraud", ["fraud"], ["allow"]),
    ],
)
async def test_every_verdict_labels(
    world: World, verdict: str, label: str | None, expected: list[str], lowers: list[str]
) -> None:
    """By itself, or as the analyst says; what is unclear trains nobody."""
    case_id = await world.hold("1")
    written = await world.work.decide(WANG, case_id, verdict, "seen", label=label)  # type: ignore[arg-type]
    assert [said for _, said, _ in world.labels.said] == expected
    assert [release.lowers_to for release in written.releases] == lowers
    assert await world.record.docket.unlabelled(9) == []


async def test_a_case_is_decided_once(world: World) -> None:
    """Of many who decide at once one does."""
    case_id = await world.hold("1")
    tried = await asyncio.gather(
        *(world.work.decide(WANG, case_id, "release", f"try {n}") for n in range(8)), return_exceptions=True
    )
    assert sum(not isinstance(found, BaseException) for found in tried) == 1
    assert {found.code for found in tried if isinstance(found, Problem)} == {"CASE_CLOSED"}
    assert world.record.count("releases") == 1


async def test_a_label_that_fails_is_brought_in_later(world: World) -> None:
    """The verdict stands; the jobs try again until the label is there, and then no more."""
    case_id = await world.hold("1")
    world.labels.down = True
    await world.work.decide(WANG, case_id, "uphold", "clear fraud")
    assert [case.case_id for case in await world.record.docket.unlabelled(9)] == [case_id]
    world.labels.down = False
    await world.work.tick()
    await world.work.tick()
    assert world.labels.said == [(entry("1").screening_id, "fraud", "wang")]


async def test_snoozed_cases_come_back(world: World) -> None:
    """Not before their time, never after their hold has ended, and with their place in the queue."""
    case_id = await world.hold("1")
    case = await world.work.snooze(WANG, case_id, NOW_MS + 2 * HOUR_MS, "she calls back at noon")
    assert (case.state, await world.work.take_next(LI)) == ("snoozed", None)
    for until_ms in (NOW_MS, case.expires_ms):
        with pytest.raises(Problem, match="INVALID_VALUE"):
            await world.work.snooze(WANG, case_id, until_ms, "x")
    world.record.clock.at_ms += 2 * HOUR_MS
    await world.work.tick()
    taken = await world.work.take_next(LI)
    assert taken is not None
    history = [(line.by, line.act) for line in await world.record.docket.history(TENANT, case_id)]
    assert history == [("wang", "snoozed"), ("time", "woken"), ("li", "taken")]


async def test_what_is_overdue_goes_to_a_lead(world: World) -> None:
    """Once, and not out of the hands of who works on it."""
    await world.hold("1")
    mine = await world.hold("2")
    world.record.clock.at_ms += 8 * HOUR_MS
    await world.work.take(WANG, mine)
    await world.work.tick()
    await world.work.tick()
    levels = {case.case_id: case.level for case in await world.work.queue(ZHAO, Wanted())}
    assert levels == {"cas_1": 1, "cas_2": 0}


async def test_a_hold_ends_by_itself(world: World) -> None:
    """At its limit, whoever has it; the outside is told once how it goes on, which is never an allow."""
    case_id = await world.hold("1")
    await world.work.take(WANG, case_id)
    case = await world.record.docket.case(TENANT, case_id)
    assert case is not None
    world.record.clock.at_ms = case.expires_ms
    with pytest.raises(Problem, match="CASE_CLOSED"):
        await world.work.decide(WANG, case_id, "release", "too late")
    assert [ended.case_id for ended in await world.work.tick()] == [case_id]
    assert await world.work.tick() == []
    told = world.record.rows("SELECT payload FROM outbox WHERE kind = 'hold.expired'")
    assert [msgspec.json.decode(payload)["on_expiry"] for (payload,) in told] == ["rescreen"]
    assert world.record.count("releases") == 0


async def test_requests_about_one_line_are_decided_together(world: World) -> None:
    """Merged cases get the verdict, the release and the message of the one that they were merged into."""
    first, second = await world.hold("1", line="same"), await world.hold("2", line="same")
    other = await world.hold("3")
    related = await world.record.docket.related(TENANT, first)
    assert [(found.case.case_id, found.shared) for found in related] == [(second, ("line",))]
    with pytest.raises(Problem, match="NOT_RELATED"):
        await world.work.merge(WANG, other, first)
    await world.work.merge(WANG, second, first)
    assert [case.case_id for case in await world.work.queue(WANG, Wanted())] == [first, other]
    written = await world.work.decide(WANG, first, "uphold", "a farm", loss_fen=900)
    assert [(case.case_id, case.verdict, case.loss_fen) for case in written.cases] == [
        (first, "uphold", 900),
        (second, "uphold", None),
    ]
    assert world.record.rows("SELECT count(*) FROM outbox WHERE kind = 'case.decided'") == [(2,)]
    assert (await world.record.audit.verify()).broken is None


async def test_duplicates_are_closed_at_once_by_a_lead(world: World) -> None:
    """But for those that somebody else works on."""
    cases = [await world.hold(str(number), line="same") for number in range(5)]
    await world.work.take(LI, cases[4])
    with pytest.raises(Problem, match="NOT_PERMITTED"):
        await world.work.close_duplicates(WANG, cases[0])
    assert await world.work.close_duplicates(ZHAO, cases[0]) == 3
    states = [(await world.record.docket.case(TENANT, case_id)).state for case_id in cases]  # type: ignore[union-attr]
    assert states == ["open", "merged", "merged", "merged", "open"]


async def test_a_change_of_a_case_behind_our_back_is_seen(world: World) -> None:
    """A verdict that was edited in the database breaks the trail; a line of history cannot be changed at all."""
    case_id = await world.hold("1")
    await world.work.decide(WANG, case_id, "uphold", "clear fraud")
    world.record.change("UPDATE cases SET verdict = 'release'")
    broken = (await world.record.audit.verify()).broken
    assert broken is not None
    assert (broken.kind, broken.thing) == ("edited", "case")
    with pytest.raises(Exception, match="only added to"):
        world.record.change("DELETE FROM case_history")


async def test_who_may_not_cannot(world: World) -> None:
    """An auditor reads; a builder does not."""
    case_id = await world.hold("1")
    assert await world.work.queue(person("audit", "auditor"), Wanted())
    with pytest.raises(Problem, match="NOT_PERMITTED"):
        await world.work.take_next(person("audit", "auditor"))
    with pytest.raises(Problem, match="NOT_PERMITTED"):
        await world.work.queue(person("build", "builder"), Wanted())
    with pytest.raises(Problem, match="INVALID_VALUE"):
        await world.work.decide(CHEN, case_id, "release", "  ")


async def test_a_step_up_ends_the_case_whoever_has_it(world: World) -> None:
    """With a line of history, so that the trail holds; nobody decides it any more, and no hold expires."""
    case_id = await world.hold("1")
    await world.work.take(WANG, case_id)
    again = entry("2", decision="allow", line="line-1", parent=entry("1").screening_id, lifts=True)
    await world.record.book.record(again)
    case = await world.record.docket.case(TENANT, case_id)
    assert case is not None
    assert (case.state, case.verdict, case.label) == ("decided", "step_up", None)
    history = [(line.by, line.act) for line in await world.record.docket.history(TENANT, case_id)]
    assert history == [("wang", "taken"), ("step-up", "closed")]
    with pytest.raises(Problem, match="CASE_CLOSED"):
        await world.work.decide(WANG, case_id, "uphold", "too late")
    world.record.clock.at_ms = case.expires_ms
    assert await world.work.tick() == []
    assert (await world.record.audit.verify()).broken is None
