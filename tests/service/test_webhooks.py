"""Webhooks out: signed so that receivers' own library verifies them, and sent nowhere they must not go."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from features.clock import FixedClock
from service.adapters.webhooks import HttpWebhooks, Reach
from service.ports_webhooks import (
    LARGEST_BODY,
    SCHEDULE,
    Delivery,
    Endpoint,
    Message,
    MessageTooLargeError,
    message,
    new_secret,
    wait_before,
)
from tests.client.raw import drips, raw_server, reply, says, silent
from tests.service.webhooks import LOCAL, NEW, OK, OLD, TOLD, received, sent


def test_receivers_verify_it_with_the_standards_own_library() -> None:
    """Id, time and body are signed; the body says type, time and data."""
    with raw_server(OK) as server:
        assert sent(f"{server.url}/hooks?a=1") == Delivery(outcome="delivered", status=204)
        headers = received(server)
        body = Webhook(NEW).verify(TOLD.body, headers)
        assert body == {
            "type": "screening.decided",
            "timestamp": "2026-11-18T11:06:40.000Z",
            "data": {"screening_id": "scr_1", "decision": "allow"},
        }
        assert server.asked[0].body == body
        assert server.asked[0].line == "POST /hooks?a=1 HTTP/1.1"
        assert headers["webhook-id"] == "msg_1"
        assert headers["host"] == server.url.removeprefix("http://")


def test_during_a_rotation_both_secrets_verify() -> None:
    """Receivers change theirs when it suits them; a third secret verifies nothing."""
    with raw_server(OK) as server:
        sent(server.url, secrets=(NEW, OLD))
        headers = received(server)
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (NEW, OLD):
        Webhook(secret).verify(TOLD.body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(TOLD.body, headers)


@pytest.mark.parametrize("secrets", [(), (NEW, OLD, NEW), ("",), ("whsec_",), ("whsec_!",), ("whsec_é",)])
def test_a_secret_that_is_none_sends_nothing(secrets: tuple[str, ...]) -> None:
    """Better no message than one that nobody can verify."""
    with raw_server(OK) as server:
        assert sent(server.url, secrets=secrets) == Delivery(outcome="failed", why="secret")
        assert server.asked == []


def test_a_redirect_is_a_failure() -> None:
    """It could lead anywhere, and the signature would go with it."""
    with raw_server(OK) as elsewhere:
        away = reply(b"", "308 Permanent Redirect", "text/plain", f"Location: {elsewhere.url}")
        with raw_server(says(away)) as server:
            assert sent(server.url) == Delivery(outcome="failed", why="redirect", status=308)
        assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("status", "more", "expected"),
    [
        ("200 OK", (), Delivery(outcome="delivered", status=200)),
        ("410 Gone", (), Delivery(outcome="gone", why="status", status=410)),
        ("404 Not Found", (), Delivery(outcome="failed", why="status", status=404)),
        ("500 Internal Server Error", (), Delivery(outcome="failed", why="status", status=500)),
        (
            "503 Service Unavailable",
            ("Retry-After: 120",),
            Delivery(outcome="failed", why="status", status=503, retry_after=timedelta(seconds=120)),
        ),
        ("429 Too Many Requests", ("Retry-After: soon",), Delivery(outcome="failed", why="status", status=429)),
        ("503 Busy", ("Retry-After: -1",), Delivery(outcome="failed", why="status", status=503)),
    ],
)
def test_what_receivers_answer(status: str, more: tuple[str, ...], expected: Delivery) -> None:
    """Two hundreds are taken, 410 is the end, all else is tried again."""
    with raw_server(says(reply(b"thanks", status, "text/plain", *more))) as server:
        assert sent(server.url) == expected


def test_a_huge_answer_is_not_read() -> None:
    """The head says it all."""
    with raw_server(drips(reply(b"x" * 10_000, length=10**9))) as server:
        start = time.monotonic()
        assert sent(server.url).outcome == "delivered"
        assert time.monotonic() - start < 10


@pytest.mark.parametrize("script", [silent, drips(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n")])
def test_a_slow_receiver_costs_its_limit(script: Any) -> None:
    """Drop by drop too."""
    reach = Reach(allowed=("127.0.0.1/32",), plain_http=True, limit=timedelta(milliseconds=300))
    with raw_server(script) as server:
        start = time.monotonic()
        assert sent(server.url, reach) == Delivery(outcome="failed", why="slow")
        assert time.monotonic() - start < 10


@pytest.mark.parametrize("script", [says(b""), says(b"\x00\x01\r\n\r\n")])
def test_a_broken_receiver_is_a_failure(script: Any) -> None:
    """And raises nothing."""
    with raw_server(script) as server:
        assert sent(server.url) == Delivery(outcome="failed", why="connection")
        url = server.url
    assert sent(url) == Delivery(outcome="failed", why="connection")


def test_a_signature_carries_the_time_of_the_attempt() -> None:
    """By our clock, in UTC, however often the message is sent."""

    async def run(at_ms: int) -> None:
        sender = HttpWebhooks(FixedClock(at_ms), LOCAL)
        await sender.send(Endpoint(url=server.url, secrets=(NEW,)), TOLD)
        await sender.close()

    with raw_server(OK) as server:
        for at_ms in (1_795_000_000_999, 1_795_000_600_000):
            asyncio.run(run(at_ms))
        times = [asked.headers["webhook-timestamp"] for asked in server.asked]
    assert times == ["1795000000", "1795000600"]


def test_secrets_are_not_shown() -> None:
    """An endpoint in a log shows where it is, and a new secret is 32 bytes of chance."""
    assert NEW not in repr(Endpoint(url="https://hooks.example", secrets=(NEW,)))
    assert NEW.startswith("whsec_")
    assert NEW != OLD
    assert len(httpx.URL("https://h/?s=" + NEW).params["s"]) >= 40


def test_messages_are_thin() -> None:
    """One that is not is a defect of ours."""
    with pytest.raises(MessageTooLargeError):
        message("msg_1", "case.decided", 0, {"note": "x" * LARGEST_BODY})
    assert isinstance(TOLD, Message)


@given(st.integers(1, 40), st.floats(0, 1), st.none() | st.timedeltas(timedelta(0), timedelta(days=400)))
def test_the_schedule(attempts: int, chance: float, retry_after: timedelta | None) -> None:
    """Waits spread by a fifth, a receiver's wish is honoured up to a day, and after the last there is no more."""
    wait = wait_before(attempts, chance, retry_after)
    if attempts > len(SCHEDULE):
        assert wait is None
        return
    assert wait is not None
    planned = SCHEDULE[attempts - 1]
    wished = min(retry_after or timedelta(0), timedelta(days=1))
    assert max(planned * 0.8, wished) - timedelta(microseconds=1) <= wait
    assert wait <= max(planned * 1.2, wished) + timedelta(microseconds=1)


def test_the_schedule_lasts_three_days() -> None:
    """Nine more attempts, the longest wait a day; the extremes of chance are a fifth off."""
    assert sum(SCHEDULE, timedelta(0)) > timedelta(days=3)
    assert list(SCHEDULE) == sorted(SCHEDULE)
    assert (wait_before(1, 0.0), wait_before(1, 1.0)) == (timedelta(seconds=4), timedelta(seconds=6))
    assert wait_before(9, 0.5) == timedelta(hours=24)
    assert wait_before(10, 0.5) is None
