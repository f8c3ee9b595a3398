"""What the client sends, and how it reads what comes back, call by call."""

import json
import logging
import subprocess
import sys
import threading
import typing
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec import Struct

import features.request
from lastcall_client import Lastcall, Options, RejectedEvent, Screening, device, events, requests
from service.intake import ReportedEvent
from tests.client.conftest import Asking
from tests.client.examples import REQUEST, answer, asking, raw
from tests.client.raw import raw_server, reply, says

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_what_a_screening_sends(ask: Asking) -> None:
    """Key, kind, the request id as idempotency key, and what is left of the time, less than all of it."""
    with raw_server(says(reply(raw(), "201 Created"))) as server:
        ask(server.url, "screen", asking(occurred_at=NOON), deadline=timedelta(seconds=8))
        [asked] = server.asked
    assert asked.line == "POST /v1/screenings HTTP/1.1"
    assert asked.headers["authorization"] == "Bearer lc_secret"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["idempotency-key"] == "r-1"
    assert 1 <= int(asked.headers["x-request-deadline-ms"]) <= 7200
    assert asked.body == {**REQUEST, "occurred_at": "2026-11-22T12:00:00+00:00"}


def test_a_key_of_the_callers_own(ask: Asking) -> None:
    """It is sent instead of the request id."""
    with raw_server(says(reply(raw()))) as server:
        ask(server.url, "screen", REQUEST, idempotency_key="k-9")
        assert server.asked[0].headers["idempotency-key"] == "k-9"


def test_the_whole_answer_is_read(ask: Asking) -> None:
    """Every field of the contract comes through, and fields that are newer than the client do no harm."""
    body = answer(
        decision="hold",
        receipt=None,
        challenge={"challenge_id": "chl_1", "any_of": [["store_visit"]], "expires_at": "t"},
        hold={"case_id": "cas_1", "expires_at": "t", "on_expiry": "rescreen", "retry_after_s": 60},
        eligibility={
            "eligible": False,
            "obligations": [{"code": "ARREARS_DUE", "en": "You owe.", "zh": "欠费。", "amount_fen": 3000}],
        },
        cooling_off={"until": "t", "withdraw_url": "/w"},
        next_actions=[{"code": "PAY_ARREARS", "en": "Pay.", "zh": "请缴费。"}],
        risk={
            "probability": 0.5,
            "score": 412,
            "contributions": [{"feature": "f", "value": None, "log_odds": -1}],
        },
        something_new={"x": 1},
    )
    with raw_server(says(reply(json.dumps(body).encode(), "200 OK", "application/json; charset=utf-8"))) as server:
        found, _ = ask(server.url, "screen", REQUEST)
    assert isinstance(found, Screening)
    assert found.challenge.any_of == (("store_visit",),)  # type: ignore[union-attr]
    assert found.hold.case_id == "cas_1"  # type: ignore[union-attr]
    assert found.eligibility.obligations[0].amount_fen == 3000  # type: ignore[union-attr]
    assert found.cooling_off.withdraw_url == "/w"  # type: ignore[union-attr]
    assert found.next_actions[0].zh == "请缴费。"
    assert found.risk.contributions[0].log_odds == -1.0  # type: ignore[union-attr]
    assert found.degraded.missing == ("network.roaming",)
    assert found.reasons[0].code == "NETWORK"
    assert (found.customer.appeal_ref, found.versions.policy) == ("ap-1", "p1")  # type: ignore[union-attr]
    assert (found.proceed, found.replayed) == (False, False)


@pytest.mark.parametrize(
    ("changed", "proceed"),
    [
        ({}, True),
        ({"receipt": None, "eligibility": {"eligible": False}}, False),
        ({"receipt": None}, False),
        ({"decision": "challenge", "receipt": None}, False),
        ({"decision": "block", "receipt": None}, False),
        ({"decision": "block", "receipt": None, "enforced": False}, True),
    ],
)
def test_whether_the_workflow_goes_on(ask: Asking, changed: dict[str, Any], *, proceed: bool) -> None:
    """With a receipt, or where the service only observes; an allow without a receipt is no permission."""
    with raw_server(says(reply(raw(**changed)))) as server:
        found, _ = ask(server.url, "screen", REQUEST)
    assert (found.failover, found.proceed) == (False, proceed)


def test_an_answer_given_before(ask: Asking) -> None:
    """The caller can see it."""
    with raw_server(says(reply(raw(), "200 OK", "application/json", "Idempotent-Replayed: true"))) as server:
        assert ask(server.url, "screen", REQUEST)[0].replayed


def test_many_events_go_in_batches(ask: Asking) -> None:
    """The places of those that were not taken are places among all."""
    taken = {"accepted": 499, "duplicates": 0, "rejected": [{"index": 3, "code": "INVALID_VALUE"}]}
    rest = {"accepted": 100, "duplicates": 0, "rejected": [{"index": 7, "code": "OCCURRED_IN_FUTURE"}]}
    events = [{"event_id": f"e-{number}"} for number in range(601)]
    replies = [says(reply(json.dumps(body).encode(), "202 Accepted")) for body in (taken, rest)]
    with raw_server(*replies) as server:
        found, tally = ask(server.url, "report", events)
        assert [len(one.body["events"]) for one in server.asked] == [500, 101]
        assert {one.line for one in server.asked} == {"POST /v1/events HTTP/1.1"}
    assert (found.accepted, found.duplicates, found.failure) == (599, 0, None)
    assert found.rejected == (
        RejectedEvent(index=3, code="INVALID_VALUE"),
        RejectedEvent(index=507, code="OCCURRED_IN_FUTURE"),
    )
    assert tally.answered == 1


def test_no_events_are_reported_at_once(ask: Asking) -> None:
    """Without asking anybody."""
    assert ask("http://127.0.0.1:9", "report", [])[0].failure is None


REDEEM = {"action": "close", "msisdn": "+8613800138000", "execution_id": "order-1"}


def test_what_a_redemption_sends_and_gives(ask: Asking) -> None:
    """The execution's own name is the key, so a lost answer is given again and a second execution is refused."""
    body = b'{"do": "suspend", "close_receipt": "d.e.f", "until": "2026-11-25T12:00:00Z"}'
    with raw_server(says(b""), says(reply(body))) as server:
        found, _ = ask(server.url, "redeem", "scr_1", "a.b.c", **REDEEM)
        first, second = server.asked
    assert (found.do, found.close_receipt, found.failure) == ("suspend", "d.e.f", None)
    assert found.until == "2026-11-25T12:00:00Z"
    assert (first.line, first.body) == (second.line, second.body)
    assert first.line == "POST /v1/screenings/scr_1/redeem HTTP/1.1"
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == "order-1"
    assert first.body == {"receipt": "a.b.c", "action": "close", "msisdn": "+8613800138000"}


@pytest.mark.parametrize(
    ("raw_reply", "cause"),
    [
        (reply(b'{"do": "close_remote"}'), "unknown_answer"),
        (reply(b'{"do": "resume"}'), "unknown_answer"),
        (reply(b'{"do": true}'), "unknown_answer"),
        (reply(b"{}"), "unknown_answer"),
        (reply(b'{"code": "ALREADY_REDEEMED"}', "409 Conflict", "application/problem+json"), "conflict"),
        (reply(b'{"code": "RECEIPT_MISMATCH"}', "422 Unprocessable Entity", "application/problem+json"), "rejected"),
        (reply(b"", "500 Internal Server Error"), "server_error"),
    ],
)
def test_a_redemption_that_fails_asks_for_nothing(ask: Asking, raw_reply: bytes, cause: str) -> None:
    """An executor does what it was told, what it asked or less; told anything else, it does nothing."""
    with raw_server(says(raw_reply)) as server:
        found, _ = ask(server.url, "redeem", "scr_1", "a.b.c", **REDEEM)
    assert (found.do, found.close_receipt, found.failure.cause) == (None, None, cause)


def test_outcomes_withdrawals_and_labels(ask: Asking) -> None:
    """They go to their screening, without what is not known; what was known before is told apart."""
    taken = [b'{"accepted": true, "redeemed": false}', b'{"withdrawn": true}', b'{"accepted": false}']
    with raw_server(*(says(reply(body)) for body in taken)) as server:
        done, _ = ask(server.url, "outcome", "scr_1", "executed", at=NOON)
        back, _ = ask(server.url, "withdraw", "scr_1")
        told, _ = ask(server.url, "label", "scr_1", "fraud", source="complaint", loss_fen=5000)
        sent = [(one.line.split(" ")[1].removeprefix("/v1/screenings/"), one.body) for one in server.asked]
    assert (done.recorded, done.known, done.redeemed) == (True, False, False)
    assert (back.recorded, back.known, back.redeemed) == (True, False, None)
    assert (told.recorded, told.known, told.redeemed) == (True, True, None)
    assert sent == [
        ("scr_1/outcome", {"outcome": "executed", "at": "2026-11-22T12:00:00+00:00"}),
        ("scr_1/withdraw", None),
        ("scr_1/labels", {"label": "fraud", "source": "complaint", "loss_fen": 5000}),
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"accepted": "no"}'])
def test_what_was_not_plainly_taken_is_not_recorded(ask: Asking, body: bytes) -> None:
    """A success that cannot be read is none."""
    with raw_server(says(reply(body))) as server:
        told, _ = ask(server.url, "label", "scr_1", "fraud", source="complaint")
    assert (told.recorded, told.failure.cause) in {(False, "garbled"), (False, "unknown_answer")}


@pytest.mark.parametrize("screening_id", ["", "../../admin", "a/b", "a?b", "a\n", None])
def test_an_id_that_is_none_goes_nowhere(ask: Asking, screening_id: Any) -> None:
    """It cannot point the call at another route."""
    with raw_server(says(b"HTTP/1.1 204 No Content\r\n\r\n")) as server:
        done, _ = ask(server.url, "outcome", screening_id, "executed")
        assert server.asked == []
    assert (done.recorded, done.failure.cause) == (False, "invalid_request")


def test_many_threads_share_a_client() -> None:
    """Every call gets its own answer, and the counters add up."""
    found: list[Screening] = []

    def answers(peer: Any) -> None:
        peer.sendall(reply(raw(request_id=server.asked[-1].body["request_id"])))

    with raw_server(answers) as server, Lastcall(server.url, "lc_secret", Options(deadline=timedelta(20))) as client:
        crowd = [
            threading.Thread(target=lambda name=name: found.append(client.screen(asking(request_id=name))))
            for name in (f"r-{number}" for number in range(24))
        ]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        tally = client.tally("screen")
    assert tally.asked == tally.answered + sum(tally.failed.values()) == len(found) == 24
    assert sum(not one.failover for one in found) == tally.answered


def test_a_forked_child_asks_for_itself() -> None:
    """A server that forks its workers after making the client: the child has its own loop and connections."""
    code = (
        "import os, sys\n"
        "from lastcall_client import Lastcall\n"
        "client = Lastcall(sys.argv[1], 'lc_secret')\n"
        "request = {'request_id': 'r-1', 'action': 'close', 'channel': 'app', 'subscriber': {'msisdn': '+861'}}\n"
        "assert client.screen(request).decision == 'allow'\n"
        "pid = os.fork()\n"
        "found = client.screen(request)\n"
        "if pid == 0:\n"
        "    os._exit(0 if found.decision == 'allow' else 3)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0\n"
        "assert found.decision == 'allow'\n"
    )
    with raw_server(says(reply(raw()))) as server:
        command = [sys.executable, "-W", "ignore", "-c", code, server.url]
        subprocess.run(command, check=True, timeout=60)  # noqa: S603 - this interpreter; it also ends without close


def test_nothing_personal_is_logged(ask: Asking, caplog: pytest.LogCaptureFixture) -> None:
    """Not the key, the number or what a broken service says of them."""
    told = reply(
        b'{"code": "+8613800138000", "path": "lc_secret!", "detail": "13800138000"}', "422 Unprocessable Entity"
    )
    with raw_server(says(told)) as server, caplog.at_level(logging.DEBUG, "lastcall_client"):
        found, _ = ask(server.url, "screen", REQUEST)
    assert (found.failure.code, found.failure.path) == (None, None)
    for secret in ("13800138000", "lc_secret", "r-1"):
        assert secret not in caplog.text


STRUCTS = [
    kind
    for kind in [*vars(features.request).values(), ReportedEvent]
    if isinstance(kind, type) and issubclass(kind, Struct) and kind not in {Struct, features.request.Group}
]

_HOMES = {ReportedEvent: events, features.request.Attestation: device}


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: kind.__name__)
def test_the_typed_request_is_what_the_service_takes(kind: type[Struct]) -> None:
    """Field by field: the same names, the same words, and required where it is required."""
    typed = getattr(_HOMES.get(kind, requests), kind.__name__)
    theirs, ours = typing.get_type_hints(kind), typing.get_type_hints(typed)
    assert list(ours) == list(kind.__struct_fields__)
    assert typed.__required_keys__ == {field.name for field in msgspec.structs.fields(kind) if field.required}
    for name, hint in ours.items():
        assert _words(hint) == _words(theirs[name]), name


def _words(hint: Any) -> set[Any]:
    """Return the words that a type allows, and the names of the plain types in it."""
    if typing.get_origin(hint) is typing.Literal:
        return set(typing.get_args(hint))
    if typing.get_args(hint):
        return set().union(*(_words(part) for part in typing.get_args(hint) if part is not ...))
    if isinstance(hint, type) and (issubclass(hint, Struct) or typing.is_typeddict(hint)):
        return {hint.__name__}
    if hint in {str, datetime}:
        return {"text"}
    return set() if hint is Mapping else {getattr(hint, "__name__", hint)}
