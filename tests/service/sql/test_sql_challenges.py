"""Challenges on both databases: every try is written once, and too many failures end one."""

import asyncio
from typing import Any

import pytest

from service.adapters.secrets_folder import SecretsFolder
from service.ports_stepup import TRIES, FactorDone
from tests.service.sql.records import NOW_MS, TENANT, MovingClock, Record, asking, entry

pytestmark = pytest.mark.anyio


def done(challenge: str = "chl_1", **changes: Any) -> FactorDone:
    """A factor that passed."""
    plain = {"challenge_id": challenge, "factor": "video_agent", "result": "passed", "source": "outside"}
    times = {"performed_by": "agent-7", "reference": None, "at_ms": NOW_MS, "said_ms": NOW_MS}
    return FactorDone(**{**plain, **times, **changes})  # type: ignore[arg-type]


async def test_a_challenge_is_its_tenants_own(record: Record) -> None:
    """Found with what it was offered for; to another tenant there is none."""
    await record.book.record(entry("1"))
    found = await record.challenges.challenge(TENANT, "chl_1")
    assert found is not None
    assert (found.meets, found.root, found.any_of[-1]) == ("challenge", found.screening_id, ("store_visit",))
    assert await record.challenges.challenge("south", "chl_1") is None
    assert not await record.challenges.add("south", done())


async def test_sixty_four_failures_at_once_are_five(record: Record, secrets: SecretsFolder, clock: MovingClock) -> None:
    """From two processes: the challenge has failed at the fifth, and nothing more is taken."""
    await record.book.record(entry("1"))
    other = Record(record.url, secrets, clock)
    try:
        tries = (done(result="failed", reference=f"{n}") for n in range(64))
        taken = await asyncio.gather(*((record, other)[n % 2].challenges.add(TENANT, a) for n, a in enumerate(tries)))
    finally:
        await other.close()
    assert taken.count(True) == TRIES == record.count("challenge_factors")
    found = await record.challenges.challenge(TENANT, "chl_1")
    assert found is not None
    assert found.state == "failed"
    assert (await record.audit.verify()).broken is None


async def test_the_edge_of_a_challenge(record: Record) -> None:
    """At the moment in which it ends nothing counts any more."""
    await record.book.record(entry("1"))
    found = await record.challenges.challenge(TENANT, "chl_1")
    assert found is not None
    assert await record.challenges.add(TENANT, done(at_ms=found.expires_ms - 1))
    assert not await record.challenges.add(TENANT, done(at_ms=found.expires_ms))


async def test_the_steps_of_a_request_are_those_of_all_its_looks(record: Record) -> None:
    """The first look's challenge and the second's, with what was done at each, in order."""
    first = await record.book.record(entry("1"))
    root = first.kept.answer.screening_id
    await record.book.record(entry("2", parent=root))
    await record.book.record(entry("3"))
    await record.challenges.add(TENANT, done("chl_2", at_ms=NOW_MS + 1))
    await record.challenges.add(TENANT, done("chl_1", factor="service_password"))
    await record.challenges.add(TENANT, done("chl_3"))
    steps = await record.challenges.steps(TENANT, root)
    assert sorted(challenge.challenge_id for challenge in steps.challenges) == ["chl_1", "chl_2"]
    assert {challenge.root for challenge in steps.challenges} == {root}
    assert [made.factor for made in steps.done] == ["service_password", "video_agent"]
    assert (await record.challenges.steps("south", root)).challenges == ()


async def test_degraded_holds_wait_until_they_are_lifted(record: Record) -> None:
    """The oldest first; those that are not degraded, too old or looked at again are not among them."""
    await record.book.record(entry("1", decision="hold", degraded_only=True, case=None))
    await record.book.record(entry("2", decision="hold", degraded_only=True, case=None, created_ms=NOW_MS - 5))
    await record.book.record(entry("3", decision="hold"))
    await record.book.record(entry("4", decision="challenge", degraded_only=True))
    waiting = await record.challenges.degraded(NOW_MS - 5, 10)
    assert [screening_id[-1] for _, screening_id in waiting] == ["2", "1"]
    assert len(await record.challenges.degraded(NOW_MS - 4, 10)) == 1
    await record.book.record(entry("5", decision="allow", parent=waiting[0][1], lifts=True))
    assert [screening_id[-1] for _, screening_id in await record.challenges.degraded(0, 10)] == []


async def test_a_step_up_takes_holds_away_and_blocks_never(record: Record) -> None:
    """Of the same line and class alone; the case of the first look needs nobody any more."""
    root = (await record.book.record(entry("1", decision="hold"))).kept.answer.screening_id
    await record.book.record(entry("2", decision="hold", klass="reversible"))
    line = entry("1").logged.event.keys["line"]
    await record.book.record(entry("3", decision="allow", parent=root, lifts=True, created_ms=NOW_MS + 1))
    assert (await record.book.before(asking(TENANT, "", line, "irreversible", 0))).sticky is None
    assert (await record.book.before(asking(TENANT, "", line, "reversible", 0))).sticky == "hold"
    assert record.rows("SELECT state, verdict FROM cases ORDER BY case_id") == [("decided", "step_up"), ("open", None)]
    assert (await record.audit.verify()).broken is None
    await record.book.record(entry("4", decision="block", created_ms=NOW_MS + 2))
    await record.book.record(entry("5", decision="allow", parent=root, lifts=True, created_ms=NOW_MS + 3))
    assert (await record.book.before(asking(TENANT, "", line, "irreversible", 0))).sticky == "block"
