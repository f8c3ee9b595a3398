"""Each source slow, down and lying: always a failure with its reason, in time, and never a fact."""

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from service.adapters.camara.guard import Breaker, Guard, Rules
from service.ports_network import SOURCES, SourceFailedError
from tests.camara.asking import EXAMPLES_ARE_OF, LOCATED_AT, NUMBER, QUESTIONS, answered, network
from tests.camara.gateway import error, gateway, http
from tests.camara.specs import needs_specs, operations

QUICK = {source: Rules(deadline=timedelta(milliseconds=300), keep=timedelta(0), failures=99) for source in SOURCES}
ASKED = sorted(QUESTIONS)


def failed(found: Any, why: str) -> None:
    """Check that a source failed for a reason."""
    assert isinstance(found, SourceFailedError), found
    assert found.why == why


@needs_specs
@pytest.mark.parametrize("name", ASKED)
def test_slow(name: str) -> None:
    """The source's own deadline ends it."""
    start = time.monotonic()
    failed(answered(name, lambda made: made.delays.update({name: 20}), rules=QUICK)[0], "slow")
    assert time.monotonic() - start < 10


@needs_specs
@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize(
    "reply",
    [
        None,
        b"\x00\x01\r\n\r\n",
        http(503, b"<html>busy</html>", "text/html"),
        http(500, b"{}"),
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    ],
)
def test_down(name: str, reply: bytes | None) -> None:
    """Cut off, broken, or a gateway's own page."""
    failed(answered(name, lambda made: made.always(name, reply))[0], "down")


LIES = {
    "no JSON": http(200, b"swapped"),
    "another type": http(200, {"swapped": "no"}),
    "a list of numbers": http(200, [1, 2]),
    "null": http(200, None),
    "a text": http(200, "inactive"),
    "said to be a page": http(200, {"swapped": False}, "text/html"),
    "compressed": http(200, b"x", "application/json", "Content-Encoding: gzip"),
    "huge": http(200, b'"' + b"x" * 100_000 + b'"'),
    "deep": http(200, b"[" * 60_000),
    "an error as a success": http(200, {"status": 404, "code": "NOT_FOUND", "message": "none"}),
    "created": http(201, {"swapped": False}),
    "nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
    "moved": http(302, b"", "text/plain", "Location: /elsewhere"),
    "a page that is not there": http(404, b"<html>", "text/html"),
    "another status in the body": http(404, {"status": 403, "code": "NOT_FOUND", "message": "none"}),
    "a code with the wrong status": error(400, "IDENTIFIER_NOT_FOUND"),
    "an error without a code": http(422, {"status": 422, "message": "none"}),
    "a code that is a sentence": error(404, "there is no such line +8613800138000"),
}


@needs_specs
@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("lie", LIES)
def test_lying(name: str, lie: str) -> None:
    """What is not of the standard is not believed, however much it looks like an answer."""
    found, _ = answered(name, lambda made: made.always(name, LIES[lie]))
    if name == "retrieveUnconditionalCallForwarding" and lie in {"another type", "an error as a success"}:
        assert found is None  # the standard leaves its only field optional, so these say nothing
        return
    failed(found, "lying")


@needs_specs
@pytest.mark.parametrize("name", ASKED)
def test_every_field_of_another_type(name: str) -> None:
    """A right answer of the file with any one field that we read changed to another type is not believed."""
    changed = 0
    for field in READ[name]:
        answer = dict(operations()[name].answers[0]) | {field: {"oh": 7}}
        failed(answered(name, lambda made, answer=answer: made.right(name, answer))[0], "lying")  # type: ignore[misc]
        changed += 1
    assert changed or name == "retrieveCallForwarding"


READ = {
    "retrieveSimSwapDate": ("latestSimChange", "monitoredPeriod"),
    "retrieveDeviceSwapDate": ("latestDeviceChange", "monitoredPeriod"),
    "checkSimSwap": ("swapped",),
    "checkDeviceSwap": ("swapped",),
    "phoneNumberVerify": ("devicePhoneNumberVerified",),
    "verifyLocation": ("verificationResult", "matchRate", "lastLocationTime"),
    "retrieveCallForwarding": (),
    "retrieveUnconditionalCallForwarding": ("active",),
    "KYC_Match": ("idDocumentMatch", "nameMatch", "nameMatchScore"),
    "checkTenure": ("tenureDateCheck",),
    "checkNumberRecycling": ("phoneNumberRecycled",),
    "retriveSubscriptionStatus": ("voiceSmsIn", "voiceSmsOut", "dataService"),
    "getReachabilityStatus": ("reachable", "connectivity"),
    "getRoamingStatus": ("roaming", "lastStatusTime"),
}


@needs_specs
@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("retrieveSimSwapDate", {"latestSimChange": "2031-01-01T00:00:00Z"}),
        ("retrieveSimSwapDate", {"latestSimChange": "1969-01-01T00:00:00Z"}),
        ("retrieveSimSwapDate", {"latestSimChange": "2024-09-18T07:37:53"}),
        ("retrieveSimSwapDate", {"latestSimChange": None, "monitoredPeriod": -3}),
        ("retrieveSimSwapDate", {"monitoredPeriod": 120}),
        ("retrieveDeviceSwapDate", {"latestDeviceChange": None, "monitoredPeriod": 10**9}),
        ("retrieveCallForwarding", []),
        ("retrieveCallForwarding", ["inactive", "unconditional"]),
        ("retrieveCallForwarding", ["diverted"]),
        ("KYC_Match", {"nameMatch": "false", "nameMatchScore": 400}),
        ("KYC_Match", {"idDocumentMatch": True}),
        ("KYC_Match", {}),
        ("KYC_Match", {"emailMatch": "true"}),
        ("verifyLocation", {"verificationResult": "UNKNOWN", "lastLocationTime": LOCATED_AT.isoformat()}),
        ("verifyLocation", {"verificationResult": "TRUE", "lastLocationTime": "2023-09-07T10:40:52"}),
    ],
)
def test_impossible_values(name: str, answer: Any) -> None:
    """Of the right type, and still not so."""
    failed(answered(name, lambda made: made.right(name, answer))[0], "lying")


@needs_specs
def test_answers_that_contradict_one_another() -> None:
    """Changed within a day, but not within a month; a year's owner, but not a month's."""
    swapped = answered(
        "checkSimSwap",
        lambda made: made.says.update({"checkSimSwap": lambda asked: http(200, {"swapped": asked["maxAge"] < 100})}),
    )
    failed(swapped[0], "lying")
    first = (EXAMPLES_ARE_OF - timedelta(days=100)).date().isoformat()
    owned = answered(
        "checkTenure",
        lambda made: made.says.update(
            {"checkTenure": lambda asked: http(200, {"tenureDateCheck": asked["tenureDate"] < first})}
        ),
    )
    failed(owned[0], "lying")


@needs_specs
def test_a_source_that_fails_often_rests() -> None:
    """Then it is not asked for a while, others are, and one question tries it again."""

    async def run() -> None:
        rules = {"roaming": Rules(keep=timedelta(0), failures=3, rest=timedelta(milliseconds=400))}
        async with gateway() as made, httpx.AsyncClient(trust_env=False) as client:
            made.always("getRoamingStatus", error(503, "UNAVAILABLE"))
            adapter = network(made, client, rules=rules)
            whys = [await _why(adapter.roaming(NUMBER)) for _ in range(5)]
            assert whys == ["down", "down", "down", "resting", "resting"]
            assert len(made.asked) == 3
            assert await adapter.reachable(NUMBER) is True
            del made.says["getRoamingStatus"]
            await anyio.sleep(0.5)
            assert await _why(adapter.roaming(NUMBER)) is None

    asyncio.run(run())


async def _why(question: Any) -> str | None:
    try:
        await question
    except SourceFailedError as failure:
        return failure.why
    return None


def test_a_breaker_lets_one_question_try() -> None:
    """While it is under way others wait; when it fails the rest begins anew, when it succeeds all is well."""
    breaker = Breaker(2, timedelta(seconds=10))
    for now in (0.0, 1.0):
        breaker.enter(now)
        breaker.leave(now, healthy=False)
    for now in (1.5, 10.9):
        with pytest.raises(SourceFailedError, match="resting"):
            breaker.enter(now)
    breaker.enter(11.0)
    with pytest.raises(SourceFailedError, match="resting"):
        breaker.enter(11.1)
    breaker.leave(11.2, healthy=False)
    with pytest.raises(SourceFailedError, match="resting"):
        breaker.enter(21.1)
    breaker.enter(21.3)
    breaker.leave(21.4, healthy=True)
    breaker.enter(21.5)
    breaker.leave(21.6, healthy=False)
    breaker.enter(21.7)


def test_a_question_that_is_given_up_is_a_failure_and_blocks_nothing() -> None:
    """The source took longer than there was time; the trial is over and another may try."""

    async def run() -> list[str | None]:
        guard = Guard(Rules(deadline=timedelta(20), keep=timedelta(0), failures=1, rest=timedelta(0)))
        with anyio.move_on_after(0.05):
            await guard.ask("a", lambda: anyio.sleep(20))
        return [await _why(guard.ask("a", anyio.lowlevel.checkpoint)) for _ in range(2)]

    assert asyncio.run(run()) == [None, None]


def test_our_own_mistakes_are_no_reason_to_rest() -> None:
    """A request that the operator refuses for its form says nothing of the operator's health."""

    async def run() -> list[str | None]:
        guard = Guard(Rules(keep=timedelta(0), failures=1))

        async def refused() -> None:
            raise SourceFailedError("misused")

        return [await _why(guard.ask("a", refused)) for _ in range(3)]

    assert asyncio.run(run()) == ["misused"] * 3


@needs_specs
def test_answers_are_remembered_for_a_while() -> None:
    """For the same line; also that the network cannot tell; and no failure."""

    async def run() -> None:
        async with gateway() as made, httpx.AsyncClient(trust_env=False) as client:
            adapter = network(made, client, rules={})
            assert [await adapter.roaming(NUMBER) for _ in range(3)] == [False, False, False]
            assert len(made.asked) == 1
            await adapter.roaming("+8613900139000")
            assert len(made.asked) == 2
            made.always("getReachabilityStatus", error(404, "IDENTIFIER_NOT_FOUND"))
            assert [await adapter.reachable(NUMBER) for _ in range(2)] == [None, None]
            assert len(made.asked) == 3
            made.always("retriveSubscriptionStatus", error(503, "UNAVAILABLE"))
            assert [await _why(adapter.subscription(NUMBER)) for _ in range(2)] == ["down", "down"]
            assert len(made.asked) == 5
            assert [await adapter.number_verified(NUMBER) for _ in range(2)] == [True, True]
            assert len(made.asked) == 7

    asyncio.run(run())


@needs_specs
def test_no_number_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Not from us, and not from what the operator says."""
    with caplog.at_level("DEBUG", "service"):
        for name in ASKED:
            answered(name, lambda made, name=name: made.always(name, error(400, "INVALID_ARGUMENT")))  # type: ignore[misc]
    said = json.dumps([record.__dict__ for record in caplog.records], default=str)
    assert "correlator" in said
    assert "13800138000" not in said
    assert "王小明" not in said
