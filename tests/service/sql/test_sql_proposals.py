"""Four eyes on both databases: nobody approves what they proposed, however they try."""

import asyncio

import pytest

from service.errors import Problem
from service.ports import StoreDownError
from service.ports_proposals import Settling
from tests.service.sql.caseworld import CHEN, WANG, ZHAO, World, person
from tests.service.sql.records import NOW_MS, TENANT, Record, asking, entry, token

pytestmark = pytest.mark.anyio


@pytest.fixture
def world(record: Record) -> World:
    """Analysts over a record."""
    return World(record)


async def blocked(world: World) -> str:
    """Write a block and return its screening."""
    await world.record.book.record(entry("1", decision="block"))
    return entry("1").screening_id


async def test_a_block_is_released_by_two(world: World) -> None:
    """The release is written once, for the line, the action and a day; the kept answer stays."""
    screening_id = await blocked(world)
    proposal = await world.eyes.propose_release(WANG, screening_id, "the owner was at our store")
    with pytest.raises(Problem, match="NOT_PERMITTED"):
        await world.eyes.approve(WANG, proposal.proposal_id)
    done = await world.eyes.approve(ZHAO, proposal.proposal_id, "seen the papers")
    assert (done.state, done.proposer, done.decided_by) == ("done", "wang", "zhao")
    releases = await world.record.docket.releases_for(TENANT, token("line"), "irreversible", NOW_MS)
    assert [(found.released_by, found.approved_by, found.lowers_to) for found in releases] == [
        ("wang", "zhao", "allow")
    ]
    assert (await world.record.book.before(asking(TENANT, "k", token("line"), "irreversible", 0))).sticky is None
    found = await world.record.book.screening(TENANT, screening_id)
    assert found is not None
    assert found.kept.answer.decision == "block"
    assert world.record.rows("SELECT count(*) FROM outbox WHERE kind = 'hold.released'") == [(1,)]
    assert (await world.record.audit.verify()).broken is None


async def test_a_lead_cannot_approve_their_own_however_often_they_try(world: World) -> None:
    """Sixty-four at once: the code refuses, and where the code is left out the database does."""
    proposal = await world.eyes.propose_release(ZHAO, await blocked(world), "trust me")
    tried = await asyncio.gather(
        *(world.eyes.approve(ZHAO, proposal.proposal_id) for _ in range(64)), return_exceptions=True
    )
    assert {found.code for found in tried if isinstance(found, Problem)} == {"FOUR_EYES"}
    assert len(tried) == 64
    with pytest.raises(Exception, match=r"(?i)check constraint"):
        world.record.change("UPDATE proposals SET state = 'approved', decided_by = 'zhao'")
    with pytest.raises(Exception, match=r"(?i)check constraint"):
        world.record.change("UPDATE proposals SET state = 'done'")
    assert world.record.count("releases") == 0


async def test_of_many_who_approve_one_does(world: World) -> None:
    """And it is done once."""
    proposal = await world.eyes.propose_release(WANG, await blocked(world), "store visit")
    leads = [person(f"lead-{n}", "lead") for n in range(16)]
    await asyncio.gather(*(world.eyes.approve(who, proposal.proposal_id) for who in leads), return_exceptions=True)
    assert world.record.count("releases") == 1
    settled = await world.eyes.proposals(ZHAO, state="done")
    assert len(settled) == 1


async def test_what_was_broken_off_is_finished_by_approving_again(world: World) -> None:
    """An approval whose labels could not be written is no dead end."""
    proposal = await world.eyes.propose_labels(ZHAO, ["s-1", "s-2"], "fraud", "one ring")
    world.labels.down = True
    with pytest.raises(StoreDownError):
        await world.eyes.approve(CHEN, proposal.proposal_id)
    world.labels.down = False
    assert (await world.eyes.approve(CHEN, proposal.proposal_id)).state == "done"
    assert world.labels.said == [("s-1", "fraud", "zhao"), ("s-2", "fraud", "zhao")]
    with pytest.raises(Problem, match="PROPOSAL_CLOSED"):
        await world.eyes.approve(CHEN, proposal.proposal_id)


async def test_proposals_end(world: World) -> None:
    """Refused by another, taken back by oneself, or too old."""
    first, second, third = [await world.eyes.propose_labels(WANG, ["s-1"], "fraud", "x") for _ in range(3)]
    with pytest.raises(Problem, match="FOUR_EYES"):
        await world.eyes.withdraw(ZHAO, first.proposal_id)
    assert (await world.eyes.withdraw(WANG, first.proposal_id)).state == "withdrawn"
    assert (await world.eyes.refuse(ZHAO, second.proposal_id, "not enough")).note == "not enough"
    world.record.clock.at_ms = third.expires_ms
    with pytest.raises(Problem, match="PROPOSAL_CLOSED"):
        await world.eyes.approve(ZHAO, third.proposal_id)
    with pytest.raises(Problem, match="NOT_FOUND"):
        await world.eyes.approve(person("zhao", "lead", tenant="south"), third.proposal_id)
    assert world.labels.said == []


async def test_only_what_is_blocked_is_released_so(world: World) -> None:
    """A hold has its case; another tenant's screening is not there; no export ends before it begins."""
    await world.hold("7")
    with pytest.raises(Problem, match="INVALID_VALUE"):
        await world.eyes.propose_release(WANG, entry("7").screening_id, "x")
    with pytest.raises(Problem, match="NOT_FOUND"):
        await world.eyes.propose_release(person("wang", tenant="south"), entry("7").screening_id, "x")
    with pytest.raises(Problem, match="INVALID_VALUE"):
        await world.eyes.propose_export(ZHAO, 5, 5, "x")
    with pytest.raises(Problem, match="NOT_PERMITTED"):
        await world.eyes.propose_export(WANG, 1, 5, "x")


async def test_the_states_of_a_proposal_are_few(world: World) -> None:
    """What nobody approved is not done."""
    proposal = await world.eyes.propose_labels(WANG, ["s-1"], "fraud", "x")
    done = Settling(tenant=TENANT, proposal_id=proposal.proposal_id, state="done", by="zhao", at_ms=NOW_MS)
    with pytest.raises(Exception, match="settled or has expired"):
        await world.proposals.settle(done)
