"""Whatever is wrong with the service, the client holds or challenges within its deadline, and says why."""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest

from lastcall_client import AsyncLastcall, Failure, Lastcall, LastcallError, Options
from lastcall_client.failover import failover
from tests.client.conftest import AT_ONCE, QUICK, Asking
from tests.client.examples import ACTIONS, REQUEST, WITHOUT_US, answer, asking, raw
from tests.client.raw import drips, raw_server, reply, says, silent
from tests.client.wrong import MISTAKES, WRONG, problem

OK = reply(raw())
LOST_IN_TIME = QUICK.total_seconds() + 5
"""Far below the twenty seconds that a drip lasts, far above what a slow machine needs."""


def held(result: Any, action: str, cause: str) -> None:
    """Check that this is our own hold or challenge."""
    assert (result.decision, result.failover, result.proceed) == (WITHOUT_US[action], True, False)
    assert (result.receipt, result.screening_id, result.enforced) == (None, None, True)
    assert result.failure.cause == cause


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("action", ["suspend", "close"])
def test_a_wrong_answer_is_a_hold_or_a_challenge(ask: Asking, name: str, action: str) -> None:
    """Counted once, under its cause, and as no mistake of the caller."""
    script, cause = WRONG[name]
    with raw_server(script) as server:
        result, tally = ask(server.url, "screen", asking(action=action))
    held(result, action, cause)
    assert (tally.asked, tally.answered, tally.failed, tally.mistaken) == (1, 0, {cause: 1}, {})


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.parametrize("action", ["unsubscribe", "close_remote"])
def test_a_mistake_of_the_caller_is_no_way_through(
    ask: Asking, name: str, action: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is answered like a failure, counted apart, and logged as an error that says what to mend."""
    script, cause = MISTAKES[name]
    with raw_server(script) as server, caplog.at_level(logging.WARNING, "lastcall_client"):
        result, tally = ask(server.url, "screen", asking(action=action))
    held(result, action, cause)
    assert (tally.asked, tally.failed, tally.mistaken) == (1, {}, {cause: 1})
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert str(result.failure.code) in caplog.text
    assert "13800138000" not in caplog.text


@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_is_there(ask: Asking, action: str) -> None:
    """Every action has its answer."""
    with raw_server(silent) as server:
        url = server.url
    held(ask(url, "screen", asking(action=action))[0], action, "refused")


@contextmanager
def full_door() -> Iterator[str]:
    """Open a door before which everybody waits: its queue is full, so a connection is never made."""
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    door.listen(0)
    waiting = [socket.socket() for _ in range(4)]
    for one in waiting:
        one.settimeout(0)
        one.connect_ex(door.getsockname())
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        for one in [*waiting, door]:
            one.close()


def late(ask: Asking, url: str, request: Any = REQUEST) -> Any:
    """Ask with little patience; return what came back, after checking that it came back soon."""
    start = time.monotonic()
    result, tally = ask(url, "screen", request, options=Options(deadline=QUICK))
    assert time.monotonic() - start < LOST_IN_TIME
    assert tally.failed == {"timeout": 1}
    return result


def test_a_connection_that_is_never_made(ask: Asking) -> None:
    """It ends with the deadline."""
    with full_door() as url:
        held(late(ask, url), "close_remote", "timeout")


SLOW = {
    "says nothing": silent,
    "head drop by drop": drips(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n"),
    "body drop by drop": drips(reply(b"", length=100_000)),
    "body of empty lines": drips(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"
    ),
    "an early hint for ever": drips(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a refusal drop by drop": drips(reply(b"", "503 Service Unavailable", length=100_000)),
}


@pytest.mark.parametrize("name", SLOW)
def test_drop_by_drop(ask: Asking, name: str) -> None:
    """Every drop comes in time, and the whole does not: the deadline is for the whole."""
    with raw_server(SLOW[name]) as server:
        held(late(ask, server.url, asking(action="close")), "close", "timeout")


def test_a_name_that_takes_for_ever_to_look_up(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking up a name has no time limit of its own in any resolver that Python asks."""
    real = socket.getaddrinfo

    def stuck(host: Any, *args: Any, **named: Any) -> Any:
        if host in {"stuck.example", b"stuck.example"}:
            time.sleep(1.5)
        return real(host, *args, **named)

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    held(late(ask, "http://stuck.example"), "close_remote", "timeout")


def test_no_time_at_all(ask: Asking) -> None:
    """A caller whose own time is over gets an answer at once."""
    with raw_server(says(OK)) as server:
        result, _ = ask(server.url, "screen", REQUEST, deadline=timedelta(0))
    held(result, "close_remote", "timeout")


def test_a_redirect_is_not_followed(ask: Asking) -> None:
    """Not even to where a right answer waits: key and number would go there."""
    with raw_server(says(OK)) as elsewhere:
        away = reply(b"", "308 Permanent Redirect", "text/plain", f"Location: {elsewhere.url}/v1/screenings")
        with raw_server(says(away)) as server:
            held(ask(server.url, "screen", REQUEST)[0], "close_remote", "redirected")
        assert elsewhere.asked == []


@pytest.mark.parametrize(
    "request_",
    [
        None,
        [],
        {},
        {"action": "close"},
        asking(request_id=7),
        asking(request_id="ends\r\nX-More: 1"),
        asking(reason=object()),
        asking(bundle_count=float("nan")),
        asking(occurred_at=datetime(2026, 11, 22, 10)),  # noqa: DTZ001 - a moment without an offset is the case
    ],
)
def test_a_request_that_cannot_be_sent(ask: Asking, request_: Any) -> None:
    """Nothing is sent, nothing is thrown, and what cannot be read is held."""
    with raw_server(says(OK)) as server:
        result, tally = ask(server.url, "screen", request_)
        assert server.asked == []
    assert (result.decision, result.failover, result.failure.cause) == ("hold", True, "invalid_request")
    assert tally.mistaken == {"invalid_request": 1}


@pytest.mark.parametrize("action", ["terminate", "", None, 3, ["close"]])
def test_an_action_that_we_do_not_know_is_held(ask: Asking, action: Any) -> None:
    """Only what is known to be reversible is let off with a challenge."""
    with raw_server(says(problem("503 Service Unavailable", "STORE_UNAVAILABLE"))) as server:
        assert ask(server.url, "screen", asking(action=action))[0].decision == "hold"


@pytest.mark.parametrize("reason", ["lost_stolen", "security_risk"])
def test_a_suspension_that_protects_is_challenged(ask: Asking, reason: str) -> None:
    """It is never held for lack of signals."""
    with raw_server(says(b"")) as server:
        assert ask(server.url, "screen", asking(action="suspend", reason=reason))[0].decision == "challenge"


def test_when_to_come_again(ask: Asking) -> None:
    """As the service said, else half a minute; a time that is none is not believed."""
    for header, wait in (("Retry-After: 7", 7), ("Retry-After: soon", 30), ("X-None: 1", 30)):
        with raw_server(says(problem("503 Service Unavailable", "STORE_UNAVAILABLE", header))) as server:
            result, _ = ask(server.url, "screen", REQUEST)
        assert result.hold.retry_after_s == wait
        assert (result.hold.case_id, result.hold.on_expiry) == (None, "rescreen")


def test_what_a_failover_says(ask: Asking) -> None:
    """To the customer in both languages, without a word of the cause."""
    with raw_server(says(b"")) as server:
        result, _ = ask(server.url, "screen", REQUEST)
        other, _ = ask(server.url, "screen", asking(action="resume"))
    assert result.customer.zh == "您的申请已登记，正等待核验，号码尚未注销。"
    assert result.customer.en == "Your request is noted and waits for a check. Nothing has been closed."
    assert other.customer.zh == "请先确认是您本人操作，尽量使用本号码以外的方式。"
    assert other.customer.en == "Please confirm that it is you, with a way other than this number if you can."
    assert result.reasons[0].zh == "暂时无法完成核验，核验恢复前将谨慎处理该请求。"
    assert result.reasons[0].en.startswith("The check could not be made")
    assert (other.hold, other.challenge) == (None, None)


def test_a_connection_that_had_died_is_replaced_once(ask: Asking) -> None:
    """A worker that was just replaced costs no hold: the service counts a request once, so it may be sent again."""
    with raw_server(says(b""), says(OK)) as server:
        result, tally = ask(server.url, "screen", REQUEST)
        assert len(server.asked) == len([one for one in server.asked if one.headers["idempotency-key"] == "r-1"]) == 2
    assert (result.decision, result.failover, tally.answered) == ("allow", False, 1)


def test_raised_when_asked(ask: Asking) -> None:
    """With what would have been returned, and without a value that was sent."""
    with (
        raw_server(MISTAKES["422"][0]) as server,
        pytest.raises(LastcallError, match=r"^rejected 422 INVALID_VALUE$") as caught,
    ):
        ask(server.url, "screen", REQUEST, options=Options(raise_failures=True, deadline=AT_ONCE))
    held(caught.value.result, "close_remote", "rejected")
    assert caught.value.failure.path == "subscriber.msisdn"


def test_a_failover_is_no_permission_whatever_else_it_says() -> None:
    """Not even one that somebody made to look like an observing service."""
    made = failover(REQUEST, Failure(cause="timeout"))
    assert not replace(made, enforced=False, decision="allow", receipt="a.b.c").proceed
    assert replace(made, enforced=False, failover=False).proceed


def test_a_closed_client_holds() -> None:
    """Both kinds, without an exception."""
    with raw_server(says(OK)) as server:
        client = Lastcall(server.url, "lc_secret")
        client.close()
        held(client.screen(REQUEST), "close_remote", "client_error")

        async def late_call() -> Any:
            gone = AsyncLastcall(server.url, "lc_secret")
            await gone.aclose()
            return await gone.screen(REQUEST)

        held(anyio.run(late_call), "close_remote", "client_error")


def test_a_cancelled_call_is_cancelled() -> None:
    """The caller's own cancellation is not swallowed, and is counted as given up."""

    async def run() -> Any:
        async with AsyncLastcall(server.url, "lc_secret", Options(deadline=AT_ONCE)) as client:
            with anyio.move_on_after(0.1) as scope:
                await client.screen(REQUEST)
            return scope.cancelled_caught, client.tally("screen")

    with raw_server(silent) as server:
        cancelled, tally = anyio.run(run)
    assert cancelled
    assert (tally.asked, tally.abandoned, tally.answered, tally.failed) == (1, 1, 0, {})


def test_an_address_that_is_none_is_said_at_once() -> None:
    """A mistake in the configuration is found at the start, not by the first customer."""
    with pytest.raises(ValueError, match="https://"):
        Lastcall("lastcall.example", "lc_secret")


def test_the_answer_without_its_damage_is_believed(ask: Asking) -> None:
    """So that the tests above fail for what they name."""
    with raw_server(says(OK)) as server:
        result, tally = ask(server.url, "screen", REQUEST)
    assert (result.decision, result.failover, result.receipt) == ("allow", False, answer()["receipt"])
    assert (tally.asked, tally.answered, tally.failed, tally.mistaken) == (1, 1, {}, {})
