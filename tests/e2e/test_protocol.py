"""What a backend engineer meets at the door: keys, scopes, idempotency, refusals, receipts, reading again."""

import json
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import httpx
import pytest

from service.adapters.receipts import verify
from tests.builders import Body, long_known, merged, request
from tests.e2e.cluster import Caller, lastcall
from tests.e2e.conftest import key_for

PROBLEM = "application/problem+json"


def known(caller: Caller) -> Body:
    """Return a request that is let through: a phone that has used its line for months."""
    body = request()
    caller.report(long_known(body))
    return body


def test_an_allow_carries_a_receipt_that_anybody_can_verify(caller: Caller, url: str) -> None:
    """Bound to tenant, action, decision and time; one letter changed and it is nobody's."""
    answer = caller.screen(known(caller))
    assert answer["decision"] == "allow"
    keys = httpx.get(f"{url}/.well-known/jwks.json").json()
    claims = verify(answer["receipt"], keys)
    assert (claims["aud"], claims["act"], claims["jti"]) == ("demo", "close", answer["screening_id"])
    assert 0 < int(claims["exp"]) - int(claims["iat"]) <= 3600
    assert "+86" not in json.dumps(claims)


def test_the_same_key_and_body_get_the_same_answer(caller: Caller) -> None:
    """201 first, then 200 with the header, the same bytes; another body under the key is refused."""
    body = known(caller)
    first = caller.client.post("/v1/screenings", json=body)
    again = caller.client.post("/v1/screenings", json=dict(reversed(body.items())))
    assert (first.status_code, again.status_code) == (201, 200)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    other = caller.client.post("/v1/screenings", json=body | {"action": "suspend"})
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_the_header_is_the_key_before_the_request_id(caller: Caller) -> None:
    """Two keys for one request id are two screenings."""
    body = request()
    one = caller.screen(body, **{"Idempotency-Key": f"one-{body['request_id']}"})
    two = caller.screen(body, **{"Idempotency-Key": f"two-{body['request_id']}"})
    assert one["screening_id"] != two["screening_id"]


def test_a_decision_can_be_read_again_by_its_tenant_alone(caller: Caller, url: str, data: Path) -> None:
    """By our id and by the caller's; to another operator it does not exist."""
    answer = caller.screen(request())
    mine = caller.client.get(f"/v1/screenings/{answer['screening_id']}")
    same = caller.client.get("/v1/screenings", params={"request_id": answer["request_id"]})
    assert mine.json() == same.json() == answer
    stranger = Caller(url, key_for(data, tenant="another"))
    for path in (f"/v1/screenings/{answer['screening_id']}", f"/v1/screenings?request_id={answer['request_id']}"):
        refused = stranger.client.get(path)
        assert (refused.status_code, refused.json()["code"]) == (404, "NOT_FOUND")


def test_without_risk_read_reasons_are_coarse_and_the_score_is_absent(caller: Caller, url: str, data: Path) -> None:
    """The same decision, read with two keys."""
    answer = caller.screen(request({"liveness": {"consent": "granted", "match_score": 0.9, "virtual_camera": True}}))
    plain = Caller(url, key_for(data, "screen")).client.get(f"/v1/screenings/{answer['screening_id']}").json()
    assert "FACE_INJECTED" in {reason["code"] for reason in answer["reasons"]}
    assert {reason["code"] for reason in plain["reasons"]} <= {
        "IDENTITY_CHECK_NEEDED",
        "DEVICE_CHECK_NEEDED",
        "LOCATION_CHECK_NEEDED",
        "ACCOUNT_CHECK_NEEDED",
        "ACTIVITY_CHECK_NEEDED",
        "CHECK_UNAVAILABLE",
    }
    assert answer["risk"]["probability"] is not None
    assert answer["risk"]["contributions"]
    assert "risk" not in plain
    assert plain["customer"] == answer["customer"]
    assert all(reason["zh"] and reason["en"] for reason in answer["reasons"])


@pytest.mark.parametrize(
    ("patch", "code", "path"),
    [
        ({"devise": {}}, "UNKNOWN_FIELD", "devise"),
        ({"device": {"rootd": "no"}}, "UNKNOWN_FIELD", "device.rootd"),
        ({"action": "destroy"}, "INVALID_VALUE", "action"),
        ({"subscriber": {"msisdn": "13800138000"}}, "INVALID_VALUE", "subscriber.msisdn"),
        ({"subscriber": {"msisdn": "t1_AAAAAAAAAAAAAAAAAAAAAA"}}, "INVALID_VALUE", "subscriber.msisdn"),
        ({"account": {"arrears_fen": -1}}, "INVALID_VALUE", "account.arrears_fen"),
        ({"location": {"latitude": 91.0}}, "INVALID_VALUE", "location.latitude"),
        ({"liveness": {"image": "AAAA"}}, "UNKNOWN_FIELD", "liveness.image"),
    ],
)
def test_a_malformed_body_is_refused_with_its_path(caller: Caller, patch: Body, code: str, path: str) -> None:
    """Nothing is stored, and what was sent is not repeated."""
    body = merged(request(), patch)
    refused = caller.client.post("/v1/screenings", json=body)
    assert (refused.status_code, refused.json()["code"], refused.json()["path"]) == (422, code, path)
    assert refused.headers["content-type"] == PROBLEM
    assert "13800138000" not in refused.text
    assert caller.client.get("/v1/screenings", params={"request_id": body["request_id"]}).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "MALFORMED_JSON"),
        (b"", 400, "MALFORMED_JSON"),
        (b"\xff\xfe", 400, "MALFORMED_JSON"),
        (b"[" * 20_000, 422, "INVALID_VALUE"),
        (b"[]", 422, "INVALID_VALUE"),
        (b"{}", 422, "MISSING_FIELD"),
    ],
)
def test_what_is_no_request_is_refused(caller: Caller, body: bytes, status: int, code: str) -> None:
    """With a stable code, and the service goes on."""
    refused = caller.client.post("/v1/screenings", content=body, headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (status, code)


def test_a_long_body_is_refused_while_it_is_read(url: str, data: Path) -> None:
    """A body without a length is cut off after 64 KiB, long before its sender has finished."""
    address = urlparse(url)
    with socket.create_connection((address.hostname, address.port or 80), timeout=10) as connection:
        head = (
            f"POST /v1/screenings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key_for(data)}\r\n"
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        connection.sendall(head.encode())
        piece = b"2000\r\n" + b" " * 0x2000 + b"\r\n"
        for _ in range(9):
            connection.sendall(piece)
        assert b" 413 " in connection.recv(4096).split(b"\r\n", 1)[0] + b" "


def test_who_may_call(url: str, data: Path, caller: Caller) -> None:
    """No key 401, a key without the scope 403, a revoked key 401 within a second."""
    assert httpx.post(f"{url}/v1/screenings", json={}).status_code == 401
    reporter = Caller(url, key_for(data, "events"))
    assert reporter.client.post("/v1/screenings", json=request()).json()["code"] == "SCOPE_MISSING"
    reporter.report(long_known(request())[:1])
    listed = lastcall("keys", "list", data=data)
    key_id = listed.strip().splitlines()[-1].split()[0]
    lastcall("keys", "revoke", key_id, data=data)
    time.sleep(1)
    assert reporter.client.post("/v1/events", json={"events": []}).status_code == 401
    assert caller.screen(request())


def test_events_are_taken_once(caller: Caller) -> None:
    """Known ids are duplicates, broken ones are named by their place, the rest is accepted."""
    good = long_known(request())
    assert caller.report(good) == {"accepted": 6, "duplicates": 0, "rejected": []}
    mixed = [
        good[0],
        good[1] | {"event_id": "new", "kind": "no_such_kind"},
        good[2] | {"event_id": good[2]["event_id"]},
    ]
    answer = caller.client.post("/v1/events", json={"events": mixed}).json()
    assert (answer["accepted"], answer["duplicates"]) == (0, 2)
    assert answer["rejected"] == [{"index": 1, "code": "UNKNOWN_KIND"}]


def test_operators_see_what_they_need(url: str) -> None:
    """Alive, ready with every part named, metrics without scores, a document of the API."""
    assert httpx.get(f"{url}/healthz").json() == {"status": "alive"}
    ready = httpx.get(f"{url}/readyz").json()
    assert set(ready["parts"]) == {"database", "velocity", "model", "policy"}
    assert ready["parts"]["model"]["detail"].startswith("demo-")
    text = httpx.get(f"{url}/metrics").text
    assert "lastcall_decisions_total" in text
    assert "probability" not in text
    document: dict[str, Any] = httpx.get(f"{url}/openapi.json").json()
    assert {"/v1/screenings", "/v1/events", "/readyz"} <= set(document["paths"])
    assert "ScreeningRequest" in document["components"]["schemas"]
