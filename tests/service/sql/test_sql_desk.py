"""The desk on both databases: a page tells what was kept, the index finds what belongs together, looks are written."""

import asyncio
import csv
import io

import msgspec
import pytest

from features.catalogue import catalogue
from features.codec import LoggedLabel
from features.derived import confirmed_fraud
from model.policy import Policy
from service.adapters.sql_accesses import SqlAccesses
from service.adapters.sql_mentions import SqlMentions
from service.adapters.sql_numbers import SqlNumbers
from service.answer import KeptAnswer, Workings
from service.desk import Desk
from service.errors import Problem
from service.explorer import Explorer
from service.judging import InForce
from service.parts import masked
from service.ports_desk import Access
from tests.model.bundles import scorer
from tests.service.sql.caseworld import CHEN, HOUR_MS, WANG, ZHAO, World, person
from tests.service.sql.records import MSISDN, NOW_MS, TENANT, Record, entry, event, logged, token

pytestmark = pytest.mark.anyio

AUDITOR = person("audit", "auditor")


@pytest.fixture
def world(record: Record) -> World:
    """Analysts over a record."""
    return World(record)


def index_of(record: Record) -> SqlMentions:
    """The index of a record."""
    return SqlMentions(record.writer, record.reader, record.journal)


def desk_of(world: World) -> Desk:
    """The desk over a record."""
    record = world.record
    force = InForce(catalogue(), Policy.load(None, catalogue()), scorer())
    numbers = SqlNumbers(record.reader)
    return Desk(record.book, record.book, record.docket, world.proposals, index_of(record), numbers, lambda: force)


def explorer_of(world: World) -> Explorer:
    """The explorer over a record."""
    record = world.record
    accesses = SqlAccesses(record.writer, record.reader)
    numbers = SqlNumbers(record.reader)
    return Explorer(
        record.book, record.book, index_of(record), numbers, accesses, world.proposals, record.tokens, record.clock
    )


async def test_a_page_answers_four_questions(world: World) -> None:
    """What is asked, why it was stopped, what is normal here, what to do: from what was kept with the decision."""
    kept = entry("1", decision="hold").kept
    workings = Workings(hits=("device_farm", "a_rule_of_old"), unknown=("frozen_by_police",), evidence=("kyc",))
    await world.record.book.record(
        entry("1", decision="hold", kept=KeptAnswer(answer=kept.answer, public_reasons=(), workings=workings))
    )
    await world.record.book.record(entry("2", created_ms=NOW_MS - 5))
    await world.record.book.report(TENANT, [event(7, line=token("line"), device=token("device"))])
    await index_of(world.record).catch_up(NOW_MS)
    page = await desk_of(world).page(WANG, "cas_1")
    assert (page.asked.line_masked, page.asked.action) == ("+86138****8000", "close_remote")
    assert MSISDN not in msgspec.json.encode(page).decode()
    assert ("account.tenure_days", "912") in {(field.path, field.value) for field in page.asked.fields}
    assert page.why.bars[0].zh == catalogue().signals[page.why.bars[0].feature].zh
    assert [(rule.name, rule.state, rule.known) for rule in page.why.rules] == [
        ("device_farm", "hit", True),
        ("a_rule_of_old", "hit", False),
        ("frozen_by_police", "unknown", True),
    ]
    assert page.steps[0].words.zh == page.why.rules[0].runbook.zh != ""
    assert [(past.kind, past.decision, past.is_this) for past in page.normal.timeline] == [
        ("screening", "hold", True),
        ("login_failed", None, False),
        ("screening", "challenge", False),
    ]
    assert {place.what for place in page.normal.places} >= {"home", "handling", "number", "ip"}
    assert page.normal.distance_km == 1213.4
    compared = {found.feature: found for found in page.normal.peers}
    assert len(compared) == 6
    assert max(found.count for found in compared.values()) == 2


async def test_who_may_not_read_risk_sees_none(world: World) -> None:
    """And who may not read cases sees no page; nor does another region or tenant."""
    await world.record.book.record(entry("1", decision="hold"))
    desk = desk_of(world)
    with pytest.raises(Problem, match="NOT_PERMITTED"):
        await desk.page(person("root", "admin"), "cas_1")
    for stranger in (person("sun", regions=("440000",)), person("wang", tenant="south")):
        with pytest.raises(Problem, match="NOT_FOUND"):
            await desk.page(stranger, "cas_1")
        with pytest.raises(Problem, match="NOT_FOUND"):
            await desk.screening_page(stranger, entry("1").screening_id)
    assert (await desk.page(person("sun", regions=("310000",)), "cas_1")).case is not None


async def test_a_block_has_a_page_without_a_case(world: World) -> None:
    """With what is proposed about it."""
    await world.record.book.record(entry("1", decision="block"))
    screening_id = entry("1").screening_id
    await world.eyes.propose_release(WANG, screening_id, "store visit")
    page = await desk_of(world).screening_page(ZHAO, screening_id)
    assert (page.case, page.why.decision, [found.proposer for found in page.proposals]) == (None, "block", ["wang"])


async def test_the_graph_joins_what_is_named_together(world: World) -> None:
    """One step finds the lines of the same phone; two steps what those lines were named with; fraud is marked."""
    record = world.record
    for number, line, device in (("1", "a", "d1"), ("2", "b", "d1"), ("3", "b", "d2"), ("4", "c", "d2")):
        made = logged(number, line)
        keys = {"line": token(line), "device": token(device)}
        seen = msgspec.structs.replace(made.event, keys=keys)
        await record.book.record(entry(number, logged=msgspec.structs.replace(made, event=seen)))
        if number == "3":
            await record.book.report(TENANT, [confirmed_fraud(seen, NOW_MS)])
    await index_of(record).catch_up(NOW_MS)
    desk, screening_id = desk_of(world), entry("1").screening_id
    one = await desk.graph(WANG, screening_id, hops=1)
    assert {node.token for node in one.nodes} == {token(name) for name in ("a", "d1", "b")}
    two = await desk.graph(WANG, screening_id, hops=2)
    assert {node.token: (node.entity, node.hop, node.fraud) for node in two.nodes} == {
        token("a"): ("line", 0, 0),
        token("d1"): ("device", 1, 0),
        token("b"): ("line", 2, 1),
        token("d2"): ("device", 3, 1),
    }
    assert (min(token("b"), token("d2")), max(token("b"), token("d2"))) in two.edges
    assert not two.cut


async def test_a_graph_of_a_busy_store_is_cut(world: World) -> None:
    """And says so."""
    for number in range(30):
        made = logged(str(number), f"line-{number}")
        keys = {"line": token(f"line-{number}"), "store": token("store"), "device": token(f"device-{number}")}
        keys |= {"contact": token(f"contact-{number}"), "party": token(f"party-{number}")}
        seen = msgspec.structs.replace(made.event, keys=keys)
        await world.record.book.record(entry(str(number), logged=msgspec.structs.replace(made, event=seen)))
    await index_of(world.record).catch_up(NOW_MS)
    graph = await desk_of(world).graph(WANG, entry("1").screening_id)
    assert (len(graph.nodes), graph.cut) == (60, True)
    named = {node.token for node in graph.nodes}
    assert all(set(edge) <= named for edge in graph.edges)


async def test_the_index_reads_everything_once(world: World) -> None:
    """What comes late too; reading again writes nothing; and it may be made anew."""
    record, index = world.record, index_of(world.record)
    await record.book.record(entry("1"))
    assert await index.catch_up(NOW_MS) == 4
    assert await index.catch_up(NOW_MS + 5) == 0
    await record.book.report(TENANT, [event(1, known_ms=NOW_MS - 20_000)])
    assert await index.catch_up(NOW_MS + 9) == 1
    record.change("DELETE FROM mentions", "DELETE FROM cursors")
    assert await index.catch_up(NOW_MS + 9) == 5
    assert await index.of("south", [token("line")], each=9) == []


async def test_a_search_finds_by_plain_number_and_is_written_down(world: World) -> None:
    """By number, written in any way, and by token; the access says the token, not the number."""
    record, explorer = world.record, explorer_of(world)
    line = record.tokens.token(TENANT, "line", MSISDN)
    made = logged("1")
    keys = {**made.event.keys, "line": line, "agent": token("agent")}
    seen = msgspec.structs.replace(made.event, keys=keys)
    await record.book.record(entry("1", logged=msgspec.structs.replace(made, event=seen)))
    await index_of(record).catch_up(NOW_MS)
    for what in (MSISDN, "+86 138-0013 8000", line):
        found = await explorer.search(WANG, "line", what)
        assert [decision.screening_id for decision in found.decisions] == [entry("1").screening_id]
    by_agent = await explorer.search(WANG, "agent", token("agent"))
    assert [decision.line for decision in by_agent.decisions] == [line]
    looked = await explorer.accesses(AUDITOR)
    assert {(access.by, access.what) for access in looked} == {("wang", "search")}
    assert {access.subject for access in looked} == {f"line:{line}", f"agent:{token('agent')}"}
    with pytest.raises(Problem, match="NOT_PERMITTED"):
        await explorer.search(person("build", "builder"), "line", MSISDN)
    assert (await record.audit.verify()).broken is None


async def test_a_full_number_is_shown_for_a_reason_and_not_too_often(world: World) -> None:
    """Thirty an hour, however many are asked at once; without a reason, none; each is in the trail."""
    record, explorer = world.record, explorer_of(world)
    await record.book.record(entry("1"))
    screening_id = entry("1").screening_id
    with pytest.raises(Problem, match="INVALID_VALUE"):
        await explorer.reveal(WANG, screening_id, "msisdn", " ")
    with pytest.raises(Problem, match="INVALID_VALUE"):
        await explorer.reveal(WANG, screening_id, "record", "to see")
    shown = await asyncio.gather(
        *(explorer.reveal(WANG, screening_id, "msisdn", "call her back") for _ in range(40)), return_exceptions=True
    )
    assert shown.count(MSISDN) == 30
    assert {found.code for found in shown if isinstance(found, Problem)} == {"TOO_MANY_REVEALS"}
    assert await explorer.reveal(ZHAO, screening_id, "ip", "compare") == "203.0.113.77"
    record.clock.at_ms += HOUR_MS
    assert await explorer.reveal(WANG, screening_id, "msisdn", "call again") == MSISDN
    with pytest.raises(Problem, match="NOT_FOUND"):
        await explorer.reveal(person("wang", tenant="south"), screening_id, "msisdn", "look")
    looked = await explorer.accesses(AUDITOR, by="zhao")
    assert [(access.subject, access.reason) for access in looked] == [(f"{screening_id}:ip", "compare")]
    record.change("DROP TRIGGER accesses_no_delete") if "sqlite" in record.url else record.change(
        "DROP TRIGGER accesses_no_change ON accesses"
    )
    record.change("DELETE FROM accesses WHERE \"by\" = 'zhao'")
    broken = (await record.audit.verify()).broken
    assert broken is not None
    assert (broken.kind, broken.thing) == ("deleted", "access")


async def test_an_export_takes_two_and_is_fetched_once(world: World) -> None:
    """By its proposer; what a spreadsheet would run is no formula; scores are for auditors."""
    record, explorer = world.record, explorer_of(world)
    evil = msgspec.structs.replace(logged("1").request, request_id="=cmd()")
    await record.book.record(entry("1", logged=msgspec.structs.replace(logged("1"), request=evil)))
    await record.book.record(entry("2", created_ms=NOW_MS + HOUR_MS))
    proposal = await world.eyes.propose_export(AUDITOR, NOW_MS, NOW_MS + 1, "yearly audit")
    with pytest.raises(Problem, match="NOT_APPROVED"):
        await explorer.export_decisions(AUDITOR, proposal.proposal_id)
    await world.eyes.approve(ZHAO, proposal.proposal_id)
    with pytest.raises(Problem, match="NOT_APPROVED"):
        await explorer.export_decisions(CHEN, proposal.proposal_id)
    rows = list(csv.DictReader(io.StringIO(await explorer.export_decisions(AUDITOR, proposal.proposal_id))))
    assert [(row["screening_id"], row["request_id"]) for row in rows] == [(entry("1").screening_id, "'=cmd()")]
    assert rows[0]["probability"] == "0.0123"
    with pytest.raises(Problem, match="NOT_APPROVED"):
        await explorer.export_decisions(AUDITOR, proposal.proposal_id)
    mine = await world.eyes.propose_export(CHEN, NOW_MS, NOW_MS + 1, "weekly")
    await world.eyes.approve(ZHAO, mine.proposal_id)
    assert "probability" not in (await explorer.export_decisions(CHEN, mine.proposal_id)).splitlines()[0]


async def test_a_subject_gets_what_is_kept_of_them(world: World) -> None:
    """Plain parts included; the access is written with its reason."""
    await world.record.book.record(entry("1"))
    await world.record.book.label(
        TENANT,
        [LoggedLabel(screening_id=entry("1").screening_id, label="legitimate", source="analyst", at_ms=NOW_MS)],
    )
    await index_of(world.record).catch_up(NOW_MS)
    explorer = explorer_of(world)
    told = await explorer.subject_data(AUDITOR, "line", token("line"), "request of 2026-11-22")
    assert told["screenings"][0]["plain"]["msisdn"] == MSISDN
    assert told["events"] == [{"at": "2026-11-18T11:06:40.000Z", "kind": "screening"}]
    with pytest.raises(Problem, match="NOT_PERMITTED"):
        await explorer.subject_data(WANG, "line", token("line"), "curious")
    looked: list[Access] = list(await explorer.accesses(AUDITOR))
    assert [(access.what, access.reason) for access in looked] == [("subject", "request of 2026-11-22")]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613800138000", "+86138****8000"),
        ("+85261234567", "+85261**4567"),
        (None, "t1_abcdef…"),
        ("+12", "t1_abcdef…"),
    ],
)
def test_a_number_is_masked(number: str | None, shown: str) -> None:
    """The middle is hidden; where there is nothing to hide in, nothing is shown."""
    assert masked(number, "t1_abcdefghij") == shown
