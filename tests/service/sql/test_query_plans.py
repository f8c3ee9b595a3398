"""With a hundred thousand cases every question of the console finds its rows by an index: no table is walked.

The statements are those that the use cases really send: they are caught on their way and explained by SQLite.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from service.adapters.secrets_folder import SecretsFolder
from service.adapters.sql_accesses import SqlAccesses
from service.adapters.sql_coverage import SqlCoverages
from service.adapters.sql_mentions import SqlMentions
from service.adapters.sql_numbers import SqlNumbers
from service.dashboard import Dashboard
from service.explorer import Explorer
from service.ports_cases import Wanted
from service.ports_desk import Standing
from tests.service.sql.caseworld import LI, WANG, World, person
from tests.service.sql.records import NOW_MS, TENANT, MovingClock, Record

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

MANY = 100_000
FILLED = """
INSERT INTO decisions (screening_id, tenant, idem_key, fingerprint, request_id, event_id, created_ms, known_ms, seq,
    region, klass, action, channel, decision, degraded, degraded_only, line, party, device, policy, probability,
    appeal_ref, record, answer, private_digest)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < MANY - 1)
SELECT 'scr_' || i, 'TENANT', 'k' || i, '', 'r' || i, 'scr' || char(58) || 'k' || i, NOW - i * 1000, NOW, i,
    CASE i % 3 WHEN 0 THEN '310000' ELSE '440000' END, 'irreversible', 'close_remote', 'app', 'hold', 0, 0,
    'line' || (i / 2), 'party' || i, 'device' || i, 'p', 0.5, 'a' || i, x'00', x'00', x'00' FROM n;
INSERT INTO cases (case_id, tenant, screening_id, region, queue, state, opened_ms, due_ms, expires_ms,
    expected_harm_fen, rank_ms, line, party, device)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < MANY - 1)
SELECT 'cas_' || i, 'TENANT', 'scr_' || i, CASE i % 3 WHEN 0 THEN '310000' ELSE '440000' END,
    CASE i % 5 WHEN 0 THEN 'close' ELSE 'close_remote' END, 'open', NOW - i, NOW + 1000 + i, NOW + 9000000 + i, i,
    NOW + (i * 7919) % MANY, 'line' || (i / 2), 'party' || i, 'device' || i FROM n;
INSERT INTO mentions (tenant, entity, token, at_ms, kind, event_id)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < MANY - 1)
SELECT 'TENANT', 'line', 'line' || (i / 2), NOW - i, 'screening', 'scr' || char(58) || 'k' || i FROM n
"""
"""A hundred thousand decisions, each with its case and its mention; `char(58)` is a colon, or it were a parameter."""


@pytest.fixture
async def record(sqlite_url: str, secrets: SecretsFolder, clock: MovingClock) -> AsyncIterator[Record]:
    """A record with a hundred thousand open cases."""
    opened = Record(sqlite_url, secrets, clock)
    filled = FILLED.replace("TENANT", TENANT).replace("NOW", str(NOW_MS)).replace("MANY", str(MANY))
    opened.change(*filled.split(";"))
    yield opened
    await opened.close()


@contextmanager
def caught(record: Record) -> Iterator[list[tuple[str, Any]]]:
    """Catch every statement that is sent."""
    found: list[tuple[str, Any]] = []

    def catch(_: Any, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:  # noqa: FBT001
        if not many:
            found.append((statement, parameters))

    for engine in (record.database.reader, record.database.writer):
        event.listen(engine, "before_cursor_execute", catch)
    yield found
    for engine in (record.database.reader, record.database.writer):
        event.remove(engine, "before_cursor_execute", catch)


def plans(record: Record, statements: list[tuple[str, Any]]) -> dict[str, list[str]]:
    """Return SQLite's plan of each statement that looks for something."""
    found: dict[str, list[str]] = {}
    for statement, parameters in statements:
        if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            rows = record.reader.now(
                lambda db, said=statement, given=parameters: db.exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {said}", given
                ).all()
            )
            found[statement] = [str(row[3]) for row in rows]
    return found


def walked(plan: list[str]) -> list[str]:
    """Return the steps of a plan that walk a whole table or index; `cases_unlabelled` holds what waits, alone."""
    fine = re.compile(r"SCAN (anon_\d+|CONSTANT ROW|\(subquery|cases USING INDEX cases_unlabelled)")
    return [step for step in plan if step.startswith("SCAN") and not fine.match(step)]


async def test_the_queue_and_its_cases_are_found_by_index(record: Record) -> None:
    """In the order of the index too: nothing is sorted but a handful of rows."""
    world = World(record)
    with caught(record) as sent:
        for wanted in (
            Wanted(),
            Wanted(queue="close"),
            Wanted(regions=("310000",)),
            Wanted(queue="close", regions=("310000",), level=0),
            Wanted(state="decided"),
            Wanted(state="snoozed"),
        ):
            await world.work.queue(WANG, wanted, skip=50)
            await record.docket.count(TENANT, wanted)
        assert await world.work.take_next(WANG) is not None
        assert await world.work.take_next(WANG, queue="close", region="310000") is not None
        assert await world.work.take_next(person("sun", regions=("310000",))) is not None
        await world.work.note(LI, "cas_7", "x")
        await world.work.decide(LI, "cas_8", "release", "x")
        await world.work.tick()
    found = plans(record, sent)
    assert len(found) > 15
    assert {statement: steps for statement, plan in found.items() if (steps := walked(plan))} == {}
    sorted_ = [statement for statement, plan in found.items() if any("TEMP B-TREE FOR ORDER" in step for step in plan)]
    assert sorted_ == []


async def test_what_belongs_together_is_found_by_index(record: Record) -> None:
    """A search, the related cases, a line's past, releases, and the graph's steps."""
    world, index = World(record), SqlMentions(record.writer, record.reader, record.journal)
    explorer = Explorer(
        record.book,
        record.book,
        index,
        SqlNumbers(record.reader),
        SqlAccesses(record.writer, record.reader),
        world.proposals,
        record.tokens,
        record.clock,
    )
    with caught(record) as sent:
        found = await explorer.search(WANG, "line", record.tokens.token(TENANT, "line", "+8613800138000"))
        assert found.decisions == ()
        assert [case.shared for case in await record.docket.related(TENANT, "cas_10")] == [("line",)]
        mentions = await index.of(TENANT, ["line5", "line6"], each=20)
        assert len(mentions) == 4
        assert await index.beside(TENANT, [mention.event_id for mention in mentions])
        assert await index.decisions(TENANT, "line", "line5", limit=9)
        await index.frauds(TENANT, ["line5"])
        await record.docket.releases_for(TENANT, "line5", "irreversible", NOW_MS)
        await world.eyes.proposals(WANG)
        await SqlAccesses(record.writer, record.reader).accesses(TENANT, by="wang")
    assert {statement: steps for statement, plan in plans(record, sent).items() if (steps := walked(plan))} == {}


async def test_the_dashboard_reads_indexes_and_no_decision(record: Record) -> None:
    """What is counted of decisions is counted in an index that holds all of it."""
    standing = Standing(model=None, policy="p", catalogue="c", mode="enforce", strictness="normal")
    numbers = SqlNumbers(record.reader)
    board = Dashboard(numbers, SqlCoverages(record.reader), lambda: standing, record.clock)
    with caught(record) as sent:
        await numbers.flow(TENANT, NOW_MS - 10**9, NOW_MS + 1, "day")
        await numbers.friction(TENANT, NOW_MS - 10**9, NOW_MS + 1)
        await numbers.degraded_minutes(TENANT, NOW_MS - 10**9, NOW_MS + 1)
        await numbers.queues(TENANT, NOW_MS)
        await numbers.overrides(TENANT, 0)
        await numbers.releases(TENANT, 0)
        await SqlCoverages(record.reader).coverage(TENANT, 0)
        assert (await board.staffing(WANG, 0.4, timedelta(days=1))).cases_per_day > 80_000
    found = plans(record, sent)
    assert {statement: steps for statement, plan in found.items() if (steps := walked(plan))} == {}
    of_decisions = [plan for statement, plan in found.items() if "FROM decisions" in statement]
    assert len(of_decisions) == 6
    assert all("COVERING INDEX decisions_over_time" in " ".join(plan) for plan in of_decisions)
