"""What follows a decision, on both databases: each step once, and what was taken back stays so."""

import asyncio
from typing import Any

import pytest

from service.adapters.secrets_folder import SecretsFolder
from service.ports_after import Outcome, Redemption, Withdrawal
from tests.service.sql.records import NOW_MS, TENANT, MovingClock, Record, entry, event, past

pytestmark = pytest.mark.anyio
DAY_MS = 86_400_000


def wish(screening_id: str, **changes: Any) -> Redemption:
    """An executor's wish to act now."""
    plain = {"tenant": TENANT, "screening_id": screening_id, "step": "act", "key": "k", "at_ms": NOW_MS, "from_ms": 0}
    return Redemption(**{**plain, "until_ms": NOW_MS + 1, "by": "key", "answer": "{}", **changes})  # type: ignore[arg-type]


def taking_back(screening_id: str, **changes: Any) -> Withdrawal:
    """A customer's wish to take a closure back."""
    plain = {"tenant": TENANT, "screening_id": screening_id, "at_ms": NOW_MS, "until_ms": NOW_MS + DAY_MS}
    return Withdrawal(**{**plain, "by": "key", "why": "withdrawn", **changes})  # type: ignore[arg-type]


def told(screening_id: str, outcome: Any) -> Outcome:
    """What an executor says became of a request."""
    return Outcome(
        tenant=TENANT, screening_id=screening_id, outcome=outcome, at_ms=NOW_MS, said_ms=NOW_MS, by="executor"
    )


async def written(record: Record, number: str = "1") -> str:
    """Write a decision and return its id."""
    return (await record.book.record(entry(number))).kept.answer.screening_id


async def test_of_sixty_four_executors_one_redeems(record: Record, secrets: SecretsFolder, clock: MovingClock) -> None:
    """In two processes at once; the others hear that it is taken, and each only once."""
    found = await written(record)
    other = Record(record.url, secrets, clock)
    try:
        wishes = [wish(found, key=f"k{n}", answer=f"{n}") for n in range(64)]
        results = await asyncio.gather(*((record, other)[n % 2].afterwards.redeem(one) for n, one in enumerate(wishes)))
    finally:
        await other.close()
    won = [n for n, result in enumerate(results) if result.refused is None]
    assert len(won) == 1
    assert [result.refused for result in results].count("taken") == 63
    assert record.rows("SELECT idem_key, answer FROM redemptions") == [(f"k{won[0]}", f"{won[0]}")]
    assert (await record.audit.verify()).broken is None


async def test_a_lost_reply_is_given_again_to_its_key(record: Record) -> None:
    """Even when the receipt has expired meanwhile; an empty key is nobody's."""
    found = await written(record)
    assert (await record.afterwards.redeem(wish(found, answer="first"))).answer == "first"
    again = await record.afterwards.redeem(wish(found, at_ms=NOW_MS + DAY_MS, answer="second"))
    assert (again.again, again.answer, again.refused) == (True, "first", None)
    assert (await record.afterwards.redeem(wish(found, key="other"))).refused == "taken"
    second = await written(record, "2")
    assert (await record.afterwards.redeem(wish(second, key=""))).refused is None
    assert (await record.afterwards.redeem(wish(second, key=""))).refused == "taken"


async def test_too_early_and_too_late_use_nothing_up(record: Record) -> None:
    """The edges: from its first moment on, and not at its last any more."""
    found = await written(record)
    assert (await record.afterwards.redeem(wish(found, from_ms=NOW_MS + 1))).refused == "too_early"
    assert (await record.afterwards.redeem(wish(found, until_ms=NOW_MS))).refused == "expired"
    assert record.count("redemptions") == 0
    assert (await record.afterwards.redeem(wish(found, from_ms=NOW_MS))).refused is None


async def test_what_was_taken_back_is_never_redeemed(record: Record) -> None:
    """Neither step; taking it back again is the same, and the message goes out once."""
    found = await written(record)
    assert (await record.afterwards.redeem(wish(found))).refused is None
    assert (await record.afterwards.withdraw(taking_back(found))).refused is None
    assert (await record.afterwards.withdraw(taking_back(found))).again
    assert (await record.afterwards.redeem(wish(found, step="close"))).refused == "withdrawn"
    assert record.count("outbox WHERE kind = 'screening.withdrawn'") == 1
    assert (await record.afterwards.progress(found)).withdrawn


async def test_a_withdrawal_and_a_redemption_meet(record: Record, secrets: SecretsFolder, clock: MovingClock) -> None:
    """In two processes at the same moment: one is before the other, never both after."""
    other = Record(record.url, secrets, clock)
    try:
        for number in range(12):
            found = await written(record, f"{number}")
            closed, back = await asyncio.gather(
                record.afterwards.redeem(wish(found, step="close")), other.afterwards.withdraw(taking_back(found))
            )
            assert (closed.refused, back.refused) in {(None, "closed"), ("withdrawn", None)}
    finally:
        await other.close()


async def test_when_a_closure_cannot_be_taken_back(record: Record) -> None:
    """After the cooling-off, or without one; whoever says it is fraud is heard even then."""
    found = await written(record)
    assert (await record.afterwards.withdraw(taking_back(found, until_ms=NOW_MS))).refused == "over"
    assert (await record.afterwards.withdraw(taking_back(found, until_ms=None))).refused == "over"
    assert (await record.afterwards.redeem(wish(found, step="close"))).refused is None
    assert (await record.afterwards.withdraw(taking_back(found))).refused == "closed"
    assert (await record.afterwards.withdraw(taking_back(found, until_ms=None, why="fraud"))).refused is None


async def test_an_execution_without_a_redemption_is_an_alarm(record: Record) -> None:
    """It is written all the same, with a message; each outcome once."""
    found, proper = await written(record), await written(record, "2")
    assert not (await record.afterwards.outcome(told(found, "executed"))).redeemed
    again = await record.afterwards.outcome(told(found, "executed"))
    assert (again.again, again.redeemed) == (True, False)
    assert record.count("outbox WHERE kind = 'execution.unredeemed'") == 1
    await record.afterwards.redeem(wish(proper))
    assert (await record.afterwards.outcome(told(proper, "executed"))).redeemed
    assert (await record.afterwards.outcome(told(proper, "reversed"))).redeemed
    progress = await record.afterwards.progress(proper)
    assert (progress.redeemed, progress.outcomes) == (("act",), ("executed", "reversed"))


async def test_a_second_look_is_no_event_of_the_log(record: Record) -> None:
    """Windows are refilled from the first look alone, and training reads it alone."""
    await record.book.record(entry("1"))
    await record.book.record(entry("2", parent="scr_01JD0000000000000000000001"))
    await record.book.report(TENANT, [event(1)])
    await record.book.history(TENANT, [past(1)])
    replayed = [owned.event.id async for owned in record.journal.replay_log()]
    assert sorted(replayed) == ["e-1", "past-1", "scr:key-1"]
    assert len([line async for line in record.journal.lines(TENANT)]) == 3
