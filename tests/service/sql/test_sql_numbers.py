"""The dashboard's numbers on both databases: what is counted is what was written."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from features.request import Slices
from service.adapters.sql_coverage import SqlCoverages
from service.adapters.sql_mentions import SqlMentions
from service.adapters.sql_numbers import SqlNumbers
from service.dashboard import Dashboard
from service.ports import Entry
from service.ports_after import Outcome, Redemption
from service.ports_desk import Coverage, Standing
from tests.service.sql.caseworld import HOUR_MS, LI, WANG, World, person
from tests.service.sql.records import NOW_MS, TENANT, Record, entry, logged, token

pytestmark = pytest.mark.anyio

STANDING = Standing(model="m-1", policy="default-1", catalogue="c", mode="enforce", strictness="normal")
DAY_MS = 24 * HOUR_MS


@pytest.fixture
def world(record: Record) -> World:
    """Analysts over a record."""
    return World(record)


def board_of(record: Record) -> Dashboard:
    """The dashboard over a record."""
    return Dashboard(SqlNumbers(record.reader), SqlCoverages(record.reader), lambda: STANDING, record.clock)


def made(number: str, decision: str, *, age_group: Any = None, degraded: bool = False, **changes: Any) -> Entry:
    """A decision with what dashboards tell apart."""
    said = logged(number)
    request = msgspec.structs.replace(said.request, slices=Slices(age_group=age_group))
    probability = changes.pop("probability", 0.5)
    whole = entry(
        number,
        decision=decision,
        logged=msgspec.structs.replace(said, request=request, probability=probability),
        **changes,
    )
    answer = whole.kept.answer
    told = msgspec.structs.replace(answer, degraded=msgspec.structs.replace(answer.degraded, is_degraded=degraded))
    return msgspec.structs.replace(whole, kept=msgspec.structs.replace(whole.kept, answer=told))


async def test_decisions_are_counted_by_outcome_time_action_channel_and_slice(record: Record) -> None:
    """Days and hours are China's; another tenant's are not counted."""
    # 2026-11-18T11:06:40Z is 19:06 in China; five hours later it is the next day there.
    for number, decision, age, after in (
        ("1", "challenge", "elderly", 0),
        ("2", "hold", "adult", 0),
        ("3", "allow", "adult", 5 * HOUR_MS),
        ("4", "block", None, 5 * HOUR_MS),
    ):
        await record.book.record(made(number, decision, age_group=age, created_ms=NOW_MS + after))
    await record.book.record(made("5", "block", tenant="south"))
    record.clock.at_ms = NOW_MS + 6 * HOUR_MS
    board = await board_of(record).board(WANG, timedelta(days=2))
    days = [(flow.start_ms, flow.decision, flow.count) for flow in board.flow]
    start = days[0][0]
    assert start <= NOW_MS < start + DAY_MS
    assert (start + 8 * HOUR_MS) % DAY_MS == 0
    assert [(at - start, decision, count) for at, decision, count in days] == [
        (0, "challenge", 1),
        (0, "hold", 1),
        (DAY_MS, "allow", 1),
        (DAY_MS, "block", 1),
    ]
    hours = (await board_of(record).board(WANG, timedelta(days=2), "hour")).flow
    assert {(flow.start_ms - start) // HOUR_MS for flow in hours} == {19, 24}
    friction = {(found.by, found.name): found for found in board.friction}
    close = friction["action", "close_remote"]
    assert (close.total, close.challenged, close.held, close.blocked, close.touched) == (4, 1, 1, 1, 0.75)
    assert friction["channel", "app"].total == 4
    assert friction["slice", "age_group:elderly"].touched == 1.0
    assert friction["slice", "age_group:adult"].touched == 0.5
    assert friction["slice", "age_group:unknown"].blocked == 1


async def test_queues_are_described(world: World) -> None:
    """How many wait, are late, are in somebody's hands, and since when."""
    await world.hold("1", due=NOW_MS + HOUR_MS, harm=10)
    await world.hold("2", due=NOW_MS + 5 * HOUR_MS, harm=20)
    await world.hold("3", queue="close")
    await world.work.snooze(WANG, "cas_3", NOW_MS + 9 * HOUR_MS, "x")
    await world.work.take(WANG, "cas_2")
    world.record.clock.at_ms += 2 * HOUR_MS
    await world.work.take(LI, "cas_2")
    await world.work.tick()
    queues = {found.queue: found for found in (await board_of(world.record).board(WANG, timedelta(days=1))).queues}
    close = queues["close_remote"]
    assert (close.open, close.taken, close.escalated, close.breached) == (2, 1, 1, 1)
    assert (close.oldest_ms, close.harm_fen) == (NOW_MS, 30)
    assert (queues["close"].open, queues["close"].snoozed) == (0, 1)


async def test_verdicts_and_overrides_are_rated(world: World) -> None:
    """Who released how many of how many; which agent overrode checks how often; what was lost."""
    for number in range(4):
        await world.hold(str(number))
    await world.work.take(WANG, "cas_0")
    world.record.clock.at_ms += 6 * 60_000
    await world.work.decide(WANG, "cas_0", "release", "x", label="fraud", loss_fen=700, recovered_fen=200)
    await world.work.decide(WANG, "cas_1", "uphold", "x")
    await world.work.decide(LI, "cas_2", "uphold", "x")
    for number, override in (("7", True), ("8", False), ("9", False)):
        said = logged(number)
        request = msgspec.structs.replace(
            said.request, agent=msgspec.structs.replace(said.request.agent, override=override)
        )
        seen = msgspec.structs.replace(said.event, keys={**said.event.keys, "agent": token("agent")})
        await world.record.book.record(entry(number, logged=msgspec.structs.replace(said, request=request, event=seen)))
    await SqlMentions(world.record.writer, world.record.reader, world.record.journal).catch_up(NOW_MS)
    met = entry("20", decision="allow", line="line-3", parent=entry("3").screening_id, lifts=True)
    await world.record.book.record(met)
    board = await board_of(world.record).board(WANG, timedelta(days=1))
    assert [(rate.who, rate.count, rate.total) for rate in board.releases_by_analyst] == [("wang", 1, 2), ("li", 0, 1)]
    assert [(rate.who, rate.count, rate.total) for rate in board.overrides_by_agent] == [(token("agent"), 1, 3)]
    assert (board.fraud_stopped, board.loss_fen, board.recovered_fen) == (2, 700, 200)
    assert board.standing == STANDING


async def test_fraud_that_was_released_was_not_stopped(world: World) -> None:
    """A label fraud on a release is a loss, not a success."""
    await world.hold("1")
    await world.work.decide(WANG, "cas_1", "release", "x", label="fraud", loss_fen=700)
    board = await board_of(world.record).board(WANG, timedelta(days=1))
    assert (board.fraud_stopped, board.loss_fen) == (0, 700)


async def test_degraded_minutes_are_minutes(record: Record) -> None:
    """Two decisions of one minute are one."""
    minute = NOW_MS - NOW_MS % 60_000
    for number, at_ms in (("1", minute), ("2", minute + 59_999), ("3", minute + 60_000)):
        await record.book.record(made(number, "hold", degraded=True, created_ms=at_ms, case=None))
    await record.book.record(made("4", "hold", created_ms=minute + 200_000))
    record.clock.at_ms += HOUR_MS
    assert (await board_of(record).board(WANG, timedelta(days=1))).degraded_minutes == 2


async def test_a_threshold_says_how_many_people_it_needs(world: World) -> None:
    """Cases a day at it, by the probabilities that were kept, and the minutes that a case takes."""
    for number in range(20):
        await world.record.book.record(made(str(number), "challenge", probability=number / 20, created_ms=NOW_MS - 1))
    await world.hold("99")
    await world.work.take(WANG, "cas_99")
    world.record.clock.at_ms += 12 * 60_000
    await world.work.decide(WANG, "cas_99", "uphold", "x")
    found = await board_of(world.record).staffing(WANG, 0.5, timedelta(days=2))
    assert (found.cases_per_day, found.now_per_day) == (5.0, 0.5)
    assert (found.minutes_per_case, found.people) == (12.0, 5.0 * 12 / 360)
    nothing = await board_of(world.record).staffing(person("b", "builder", tenant="south"), 0.5)
    assert (nothing.cases_per_day, nothing.minutes_per_case, nothing.people) == (0.0, None, None)


async def test_an_empty_record_is_zeros(record: Record) -> None:
    """And no span is longer than three months."""
    board = await board_of(record).board(person("root", "admin"), timedelta(days=400))
    assert board.flow == board.queues == board.friction == ()
    assert board.until_ms - board.since_ms == 92 * DAY_MS


async def test_coverage_counts_what_was_allowed_redeemed_and_carried_out(record: Record) -> None:
    """What was carried out without asking us stands out; another tenant's does not."""
    for number in ("1", "2"):
        await record.book.record(entry(number, decision="allow"))
    first, second = entry("1").screening_id, entry("2").screening_id
    whose = {"tenant": TENANT, "screening_id": first, "at_ms": NOW_MS, "by": "executor"}
    wish = Redemption(**whose, step="act", key="k", from_ms=0, until_ms=NOW_MS + 9, answer="{}")
    await record.afterwards.redeem(wish)
    for screening_id in (first, second):
        told = {**whose, "screening_id": screening_id}
        await record.afterwards.outcome(Outcome(**told, outcome="executed", said_ms=NOW_MS))
    record.clock.at_ms += HOUR_MS
    coverage = (await board_of(record).board(WANG, timedelta(days=1))).coverage
    assert coverage == Coverage(allowed=2, redeemed=1, executed=2, unasked=1)
    south = (await board_of(record).board(person("x", tenant="south"), timedelta(days=1))).coverage
    assert south == Coverage()
