"""Codes on both databases: at most five guesses are compared, budgets hold, and a code is worth something once."""

import asyncio
from typing import Any

import pytest

from service.adapters.secrets_folder import SecretsFolder
from service.ports_otp import TRIES, Budgets, Code
from tests.service.sql.records import NOW_MS, TENANT, MovingClock, Record, entry

pytestmark = pytest.mark.anyio
PLENTY = Budgets(line=100, device=100, prefix=100, everybody=100)
RIGHT, WRONG = b"r" * 32, b"w" * 32
MINUTE_MS = 60_000


def code(name: str = "otp_1", **changes: Any) -> Code:
    """A code to the closing number of the first challenge."""
    plain: dict[str, Any] = {"authentication_id": name, "tenant": TENANT, "challenge_id": "chl_1"}
    whose = {"contact": "closing_number", "line": "l", "device": "d", "prefix": "p", "digest": RIGHT}
    return Code(**(plain | whose | {"sent_ms": NOW_MS, "expires_ms": NOW_MS + 10 * MINUTE_MS} | changes))


@pytest.fixture
async def offered(record: Record) -> Record:
    """A record with two challenges."""
    await record.book.record(entry("1"))
    await record.book.record(entry("2"))
    return record


async def test_of_sixty_four_guesses_five_are_compared(
    offered: Record, secrets: SecretsFolder, clock: MovingClock
) -> None:
    """In two processes at once: even the right one comes too late after five wrong ones."""
    await offered.codes.send(code(), PLENTY)
    other = Record(offered.url, secrets, clock)
    try:
        guesses = await asyncio.gather(
            *((offered, other)[n % 2].codes.attempt(TENANT, "otp_1", (WRONG,), NOW_MS) for n in range(64))
        )
        late = await offered.codes.attempt(TENANT, "otp_1", (RIGHT,), NOW_MS)
    finally:
        await other.close()
    outcomes = [guess.outcome for guess in guesses]
    assert (outcomes.count("wrong"), outcomes.count("failed")) == (TRIES - 1, 64 - TRIES + 1)
    assert sorted(guess.tries for guess in guesses if guess.outcome == "wrong") == [1, 2, 3, 4]
    assert late.outcome == "failed"
    assert offered.count("audit_entries WHERE what = 'otp.tried'") == TRIES
    assert (await offered.audit.verify()).broken is None


async def test_a_code_is_worth_something_once(offered: Record) -> None:
    """Passed at its last try is passed; a second time it is over."""
    await offered.codes.send(code(), PLENTY)
    for _ in range(TRIES - 1):
        assert (await offered.codes.attempt(TENANT, "otp_1", (WRONG,), NOW_MS)).outcome == "wrong"
    assert (await offered.codes.attempt(TENANT, "otp_1", (WRONG, RIGHT), NOW_MS)).outcome == "passed"
    assert (await offered.codes.attempt(TENANT, "otp_1", (RIGHT,), NOW_MS)).outcome == "expired"
    assert (await offered.codes.attempt("south", "otp_1", (RIGHT,), NOW_MS)).outcome == "unknown"


async def test_the_edge_of_ten_minutes(offered: Record) -> None:
    """At the last moment it is over, and no try is spent."""
    await offered.codes.send(code(), PLENTY)
    end = NOW_MS + 10 * MINUTE_MS
    assert (await offered.codes.attempt(TENANT, "otp_1", (RIGHT,), end)).outcome == "expired"
    assert offered.rows("SELECT tries FROM otp_codes") == [(0,)]
    assert (await offered.codes.attempt(TENANT, "otp_1", (RIGHT,), end - 1)).outcome == "passed"


async def test_a_new_code_replaces_the_last(offered: Record) -> None:
    """Of the same challenge and contact; the code to the other contact stays."""
    await offered.codes.send(code(), PLENTY)
    await offered.codes.send(code("otp_2", contact="second_contact"), PLENTY)
    await offered.codes.send(code("otp_3"), PLENTY)
    outcomes = [(await offered.codes.attempt(TENANT, f"otp_{n}", (RIGHT,), NOW_MS)).outcome for n in (1, 2, 3)]
    assert outcomes == ["expired", "passed", "passed"]


async def test_what_did_not_go_out_cannot_be_used(offered: Record) -> None:
    """It counts against the budget, since somebody asked for it."""
    await offered.codes.send(code(), Budgets(line=1, device=9, prefix=9, everybody=9))
    await offered.codes.undelivered(TENANT, "otp_1")
    assert (await offered.codes.attempt(TENANT, "otp_1", (RIGHT,), NOW_MS)).outcome == "expired"
    assert await offered.codes.send(code("otp_2"), Budgets(line=1, device=9, prefix=9, everybody=9)) == "line"


@pytest.mark.parametrize("whose", ["line", "device", "prefix", "everybody"])
async def test_budgets(offered: Record, whose: str) -> None:
    """Two an hour for each (a minute for all); whoever else asks is not hindered, and the hour ends."""
    budgets = Budgets(**{"line": 9, "device": 9, "prefix": 9, "everybody": 9, whose: 2})
    others = [name for name in ("line", "device", "prefix") if name != whose]
    for number in range(2):
        changed = {name: f"{name}-{number}" for name in others}
        assert await offered.codes.send(code(f"otp_{number}", **changed), budgets) == "sent"
    third = code("otp_3", **dict.fromkeys(others, "third"))
    assert await offered.codes.send(third, budgets) == whose
    if whose != "everybody":
        elsewhere = code("otp_4", **{whose: "else"})
        assert await offered.codes.send(elsewhere, budgets) == "sent"
    span = MINUTE_MS if whose == "everybody" else 60 * MINUTE_MS
    later = code("otp_5", **dict.fromkeys(others, "fifth"), sent_ms=NOW_MS + span)
    assert await offered.codes.send(later, budgets) == "sent"


async def test_sixty_four_requests_for_a_code_are_held_to_the_budget(
    offered: Record, secrets: SecretsFolder, clock: MovingClock
) -> None:
    """From two processes: five go out for the line."""
    budgets = Budgets(line=5, device=99, prefix=99, everybody=99)
    other = Record(offered.url, secrets, clock)
    try:
        sent = await asyncio.gather(*((offered, other)[n % 2].codes.send(code(f"otp_{n}"), budgets) for n in range(64)))
    finally:
        await other.close()
    assert (sent.count("sent"), sent.count("line")) == (5, 59)


async def test_how_the_codes_of_a_request_went(offered: Record) -> None:
    """The newest counts; failures and sends are of all; another request's are not among them."""
    root = entry("1").screening_id
    assert await offered.codes.summary(TENANT, root, NOW_MS) is None
    await offered.codes.send(code(), PLENTY)
    await offered.codes.attempt(TENANT, "otp_1", (WRONG,), NOW_MS)
    await offered.codes.send(code("otp_2", contact="second_contact", sent_ms=NOW_MS + 5), PLENTY)
    await offered.codes.send(code("otp_3", challenge_id="chl_2", sent_ms=NOW_MS + 9), PLENTY)
    await offered.codes.attempt(TENANT, "otp_2", (WRONG,), NOW_MS + 6)
    await offered.codes.attempt(TENANT, "otp_2", (RIGHT,), NOW_MS + 8)
    found = await offered.codes.summary(TENANT, root, NOW_MS + 9)
    assert found is not None
    assert (found.contact, found.state, found.sends_1h, found.failed_attempts) == ("second_contact", "passed", 2, 2)
    assert (found.ended_ms or 0) - found.sent_ms == 3
