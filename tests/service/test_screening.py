"""The use case: answered once, written before it is answered, and never an allow when something failed."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from features.clock import local_hour
from service.errors import Problem
from service.screening import fingerprint
from tests.builders import Body, request
from tests.service.fakes import TENANT, Desk, asked
from tests.service.sql.records import NOW_MS

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk() -> Desk:
    """A world in memory, at midday."""
    made = Desk()
    made.clock.at_ms = NOW_MS - NOW_MS % 86_400_000 + 4 * 3_600_000
    assert local_hour(made.clock.now_ms()) == 12
    return made


async def refused(desk: Desk, body: Body, **how: Any) -> Problem:
    """Return the problem that a call gets."""
    with pytest.raises(Problem) as caught:
        await desk.screening().screen(asked(body, **how))
    return caught.value


async def test_a_proven_request_is_allowed_and_written(desk: Desk) -> None:
    """What is answered is what was written, with a receipt that names tenant, line, action and decision."""
    body = desk.know(request())
    given = await desk.screening().screen(asked(body))
    answer, written = given.kept.answer, desk.book.entries[0]
    assert (answer.decision, given.replayed, answer.risk is not None) == ("allow", False, True)
    assert written.kept is given.kept
    assert (written.tenant, written.key, written.klass, written.region) == (
        TENANT,
        body["request_id"],
        "irreversible",
        "440000",
    )
    claims = msgspec.json.decode(answer.receipt or "")
    assert claims == claims | {
        "aud": TENANT,
        "sub": f"~line:{body['subscriber']['msisdn']}",
        "act": "close",
        "jti": answer.screening_id,
        "exp": claims["iat"] + 300,
    }


async def test_what_is_written_has_no_plain_name(desk: Desk) -> None:
    """The log line has tokens; the plain number is in the part that is sealed, and nowhere else."""
    body = desk.know(request({"network": {"ip": "203.0.113.7"}, "location": {"latitude": 23.1, "longitude": 113.3}}))
    await desk.screening().screen(asked(body))
    entry = desk.book.entries[0]
    line = msgspec.json.encode(entry.logged).decode()
    number = body["subscriber"]["msisdn"]
    assert f'"msisdn":"~line:{number}"' in line
    assert f'"{number}"' not in line
    assert "23.1" not in line
    assert '"203.0.113.7"' not in line
    assert entry.private == {
        "msisdn": number,
        "party_id": body["subscriber"]["party_id"],
        "ip": "203.0.113.7",
        "device_id": body["device"]["id"],
        "second_contact": body["contacts"][0]["token"],
        "contact_0": body["contacts"][0]["token"],
        "latitude": 23.1,
        "longitude": 113.3,
    }


async def test_the_same_key_and_body_get_the_same_answer(desk: Desk) -> None:
    """Nothing is decided anew: not judged, not counted, not written."""
    use, body = desk.screening(), desk.know(request())
    first = await use.screen(asked(body))
    again = await use.screen(asked(dict(reversed(body.items()))))
    assert (first.replayed, again.replayed) == (False, True)
    assert again.kept is first.kept
    assert (len(desk.book.entries), len(desk.velocity.asked)) == (1, 1)


async def test_a_key_answers_one_body(desk: Desk) -> None:
    """Another body under a key is refused; under another tenant the key is another."""
    use, body = desk.screening(), desk.know(request())
    await use.screen(asked(body, "k"))
    problem = await refused(desk, body | {"action": "suspend"}, key="k")
    assert (problem.status, problem.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert not (await use.screen(asked(body | {"action": "suspend"}, "k", tenant="south"))).replayed


async def test_a_key_that_is_being_answered_is_409(desk: Desk) -> None:
    """The second waits for nothing; when the first is done the key replays."""
    use, body = desk.screening(), desk.know(request())
    desk.book.gate = asyncio.Event()
    first = asyncio.create_task(use.screen(asked(body)))
    while not desk.velocity.asked:  # noqa: ASYNC110 - the fake has no event to wait for
        await asyncio.sleep(0)
    with pytest.raises(Problem) as caught:
        await use.screen(asked(body))
    assert (caught.value.status, caught.value.code, caught.value.retry_after_s) == (409, "REQUEST_IN_PROGRESS", 1)
    desk.book.gate.set()
    assert (await use.screen(asked(body, "other"))).replayed is False
    assert (await first).replayed is False
    assert (await use.screen(asked(body))).replayed is True


async def test_who_loses_the_key_gives_the_winners_answer(desk: Desk) -> None:
    """Two processes decide on one key: the answer that was written is what both callers get."""
    body = desk.know(request())
    winner = Desk(velocity=desk.velocity, clock=desk.clock)
    first = await winner.screening().screen(asked(body))
    desk.book.rival = winner.book.entries[0]
    lost = await desk.screening().screen(asked(body))
    assert lost.replayed
    assert lost.kept is first.kept


async def test_who_loses_the_key_to_another_body_is_told(desk: Desk) -> None:
    """The winner asked something else: its answer is nobody else's."""
    body = desk.know(request())
    winner = Desk(velocity=desk.velocity, clock=desk.clock)
    await winner.screening().screen(asked(body | {"action": "suspend"}))
    desk.book.rival = winner.book.entries[0]
    assert (await refused(desk, body)).code == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize("trouble", [{"reads_down": True}, {"writes_down": True}])
async def test_nothing_is_answered_that_was_not_written(desk: Desk, trouble: dict[str, bool]) -> None:
    """Without the record: 503 with `Retry-After`; once it is back the same key is answered."""
    body = desk.know(request())
    for name, value in trouble.items():
        setattr(desk.book, name, value)
    problem = await refused(desk, body)
    assert (problem.status, problem.code) == (503, "STORE_UNAVAILABLE")
    assert problem.retry_after_s
    assert desk.book.entries == []
    for name in trouble:
        setattr(desk.book, name, False)
    given = await desk.screening().screen(asked(body))
    assert (given.kept.answer.decision, given.replayed) == ("allow", False)


async def test_a_retry_after_a_failed_write_counts_once(desk: Desk) -> None:
    """The attempt that was counted and not written has the event id of the retry: windows see one request."""
    body = desk.know(request())
    desk.book.writes_down = True
    await refused(desk, body)
    desk.book.writes_down = False
    await desk.screening().screen(asked(body))
    ids = [event.id for event in desk.velocity.asked]
    assert ids == [f"scr:{body['request_id']}"] * 2
    row = desk.book.entries[0].logged.row or {}
    assert row["velocity.device_requests_1h"] == 0.0


async def test_a_record_that_is_too_slow_is_503(desk: Desk) -> None:
    """The whole has a budget; a decision that was not written within it is none."""
    desk.book.gate = asyncio.Event()
    problem = await refused(desk, desk.know(request()), budget=timedelta(milliseconds=60))
    assert (problem.status, problem.code) == (503, "STORE_UNAVAILABLE")


@pytest.mark.parametrize("why", ["down", "slow", "cold", "refused"])
@pytest.mark.parametrize(
    ("action", "decision"),
    [("close", "hold"), ("close_remote", "hold"), ("suspend", "challenge"), ("unsubscribe", "challenge")],
)
async def test_without_windows_nothing_is_allowed(desk: Desk, why: str, action: str, decision: str) -> None:
    """Irreversible requests are held, reversible ones challenged; it opens no case, and it says what failed."""
    body = desk.know(request({"action": action}))
    desk.velocity.down = why
    answer = (await desk.screening().screen(asked(body))).kept.answer
    assert answer.decision == decision
    assert answer.degraded.is_degraded
    assert answer.degraded.failed == ("velocity",)
    assert "DEGRADED_VELOCITY" in {reason.code for reason in answer.reasons}
    assert answer.receipt is None
    entry = desk.book.entries[0]
    assert entry.degraded_only
    assert entry.case is None
    assert entry.logged.failed == ("velocity",)
    if decision == "hold":
        assert answer.hold is not None
        assert (answer.hold.case_id, answer.hold.on_expiry, answer.hold.retry_after_s) == (None, "rescreen", 30)


async def test_a_budget_too_short_for_windows_is_degraded(desk: Desk) -> None:
    """With no time left the store is not asked; the caller gets an answer all the same."""
    body = desk.know(request())
    given = await desk.screening().screen(asked(body, budget=timedelta(milliseconds=19)))
    assert given.kept.answer.degraded.failed == ("velocity",)
    assert desk.velocity.asked == []


async def test_without_a_model_nothing_is_allowed(desk: Desk) -> None:
    """The policy alone decides, and never to allow."""
    desk.scorer = None
    answer = (await desk.screening().screen(asked(desk.know(request())))).kept.answer
    assert answer.decision == "hold"
    assert answer.degraded.failed == ("model",)
    assert answer.risk is not None
    assert (answer.risk.probability, answer.risk.score, answer.versions.model) == (None, None, None)


async def test_a_model_that_fails_is_as_good_as_none(desk: Desk) -> None:
    """An error while scoring is a failure of the model, not an error of the answer."""

    class Broken:
        version = "broken-1"
        signals = desk.scorer.signals if desk.scorer else ()

        def probability(self, row: object) -> float:
            raise RuntimeError

    desk.scorer = Broken()  # type: ignore[assignment]
    answer = (await desk.screening().screen(asked(desk.know(request())))).kept.answer
    assert (answer.decision, answer.degraded.failed) == ("hold", ("model",))


async def test_an_earlier_block_sticks(desk: Desk) -> None:
    """The line was blocked before: the same class of request is blocked again, with its reason."""
    body = desk.know(request())
    desk.book.sticky = "block"
    answer = (await desk.screening().screen(asked(body))).kept.answer
    assert answer.decision == "block"
    assert answer.reasons


async def test_a_hold_opens_a_case(desk: Desk) -> None:
    """An analyst gets what to look at, until when, and how much is at stake."""
    body = desk.know(request({"device": {"remote_control": True, "screen_shared": True}}))
    answer = (await desk.screening().screen(asked(body))).kept.answer
    entry = desk.book.entries[0]
    assert answer.decision == "hold"
    assert entry.case is not None
    assert answer.hold is not None
    assert answer.hold.case_id == entry.case.case_id
    assert entry.case.queue == "close"
    assert desk.clock.now_ms() < entry.case.due_ms < entry.case.expires_ms
    assert entry.case.expected_harm_fen >= 150_000


async def test_observing_says_so(desk: Desk) -> None:
    """Decided and written as ever; the answer says that nobody has to obey it."""
    desk.enforced = False
    given = await desk.screening().screen(asked(desk.know(request())))
    assert given.kept.answer.enforced is False
    assert len(desk.book.entries) == 1


async def test_a_busy_device_is_seen(desk: Desk) -> None:
    """Thirty lines on one phone: the windows count them, and from some point on it is blocked."""
    use, decisions = desk.screening(), []
    for _ in range(30):
        body = request({"device": {"id": "farm"}, "action": "close_remote"})
        decisions.append((await use.screen(asked(body))).kept.answer.decision)
    assert decisions[0] != "block"
    assert decisions[-1] == "block"


def test_two_ways_to_write_one_request_have_one_fingerprint() -> None:
    """Order, white space and written-out nulls change nothing; a value, the tenant does."""
    body = request()
    same = asked(dict(reversed(body.items())) | {"order_ref": None})
    assert fingerprint(asked(body)) == fingerprint(same)
    assert fingerprint(asked(body)) != fingerprint(asked(body | {"reason": "moved"}))
    assert fingerprint(asked(body)) != fingerprint(asked(body, tenant="south"))
