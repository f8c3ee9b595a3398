"""The API as a whole, in this process: what callers send, and what they get."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from service.adapters.receipts import verify
from service.settings import Settings
from tests.builders import Body, long_known, merged, request
from tests.service.served import data_folder, key_of, served

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data folder with the small model."""
    return data_folder(tmp_path_factory.mktemp("api"))


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[httpx.Client]:
    """The application."""
    with served(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def key(settings: Settings) -> dict[str, str]:
    """A key with every scope, as a header."""
    return bearer(key_of(settings))


def bearer(secret: str) -> dict[str, str]:
    """Return the header in which a key is sent."""
    return {"Authorization": f"Bearer {secret}"}


def known(client: httpx.Client, key: dict[str, str]) -> Body:
    """Return a request of a phone that has used its line for months."""
    body = request()
    assert client.post("/v1/events", json={"events": long_known(body)}, headers=key).json()["accepted"] == 6
    return body


def test_an_allow_has_a_receipt_that_the_public_keys_verify(client: httpx.Client, key: dict[str, str]) -> None:
    """Everything of the answer is there; nulls are written out."""
    answer = client.post("/v1/screenings", json=known(client, key), headers=key)
    assert answer.status_code == 201
    said = answer.json()
    assert said["decision"] == "allow"
    assert said["challenge"] is said["hold"] is None
    assert said["cooling_off"]["withdraw_url"].endswith(f"/v1/screenings/{said['screening_id']}/withdraw")
    assert said["risk"]["probability"] is not None
    jwks = client.get("/.well-known/jwks.json")
    assert jwks.headers["content-type"] == "application/jwk-set+json"
    claims = verify(said["receipt"], jwks.json())
    assert (claims["aud"], claims["act"], claims["jti"]) == ("north", "close", said["screening_id"])


def test_a_key_replays_the_same_bytes(client: httpx.Client, key: dict[str, str]) -> None:
    """201, then 200 with the header; another body under it 422."""
    body = known(client, key)
    first = client.post("/v1/screenings", json=body, headers=key)
    again = client.post("/v1/screenings", json=dict(reversed(body.items())), headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    other = client.post("/v1/screenings", json=body | {"reason": "moved"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert other.headers["content-type"] == PROBLEM


@pytest.mark.parametrize("bad", ["", "a b", "x" * 129, "é"])
def test_a_key_header_that_is_no_key_is_refused(client: httpx.Client, key: dict[str, str], bad: str) -> None:
    """Printable, without spaces, at most 128 letters."""
    headers = key | {"Idempotency-Key": bad}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    answer = client.post("/v1/screenings", json=request(), headers=raw)  # type: ignore[arg-type]  # bytes are fine
    assert (answer.status_code, answer.json()["code"], answer.json()["path"]) == (
        422,
        "INVALID_VALUE",
        "Idempotency-Key",
    )


def test_a_decision_is_its_tenants_alone(client: httpx.Client, key: dict[str, str], settings: Settings) -> None:
    """By our id, by the caller's; to another operator there is no such thing."""
    said = client.post("/v1/screenings", json=request(), headers=key).json()
    stranger = bearer(key_of(settings, tenant="south"))
    for path in (f"/v1/screenings/{said['screening_id']}", f"/v1/screenings?request_id={said['request_id']}"):
        assert client.get(path, headers=key).json() == said
        refused = client.get(path, headers=stranger)
        assert (refused.status_code, refused.json()["code"]) == (404, "NOT_FOUND")


def test_without_risk_read_there_is_no_score(client: httpx.Client, key: dict[str, str], settings: Settings) -> None:
    """Neither in a new answer nor in one that is read again."""
    plain = bearer(key_of(settings, "screen"))
    said = client.post("/v1/screenings", json=request({"device": {"remote_control": True}}), headers=plain).json()
    assert "risk" not in said
    assert "DEVICE_REMOTE_CONTROLLED" not in {reason["code"] for reason in said["reasons"]}
    full = client.get(f"/v1/screenings/{said['screening_id']}", headers=key).json()
    assert full["risk"]["score"] is not None
    assert "DEVICE_REMOTE_CONTROLLED" in {reason["code"] for reason in full["reasons"]}


def test_who_may_not_call(client: httpx.Client, settings: Settings) -> None:
    """No key, a wrong one, another scheme: 401; a key without the scope: 403."""
    wrong: tuple[dict[str, str], ...] = (
        {},
        bearer("lc_" + "a" * 53),
        bearer("nonsense"),
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
    )
    for headers in wrong:
        answer = client.post("/v1/screenings", json=request(), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    screener, reporter = bearer(key_of(settings, "screen")), bearer(key_of(settings, "events"))
    assert client.post("/v1/events", json={"events": []}, headers=screener).json()["code"] == "SCOPE_MISSING"
    refused = client.post("/v1/screenings", json=request(), headers=reporter)
    assert (refused.status_code, refused.json()["code"]) == (403, "SCOPE_MISSING")


@pytest.mark.parametrize(
    ("patch", "code", "path"),
    [
        ({"devise": {}}, "UNKNOWN_FIELD", "devise"),
        ({"device": {"rootd": "no"}}, "UNKNOWN_FIELD", "device.rootd"),
        ({"subscriber": {"msisdn": "13800138000"}}, "INVALID_VALUE", "subscriber.msisdn"),
    ],
)
def test_a_field_that_does_not_fit_is_named(
    client: httpx.Client, key: dict[str, str], patch: Body, code: str, path: str
) -> None:
    """And nothing is stored."""
    body = merged(request(), patch)
    refused = client.post("/v1/screenings", json=body, headers=key)
    assert (refused.status_code, refused.json()["code"], refused.json()["path"]) == (422, code, path)
    assert refused.headers["content-type"] == PROBLEM
    assert refused.json()["type"] == f"urn:lastcall:problem:{code.lower().replace('_', '-')}"
    assert client.get("/v1/screenings", params={"request_id": body["request_id"]}, headers=key).status_code == 404


def test_what_is_no_json_and_what_is_too_long(client: httpx.Client, key: dict[str, str]) -> None:
    """400, 413 and 415, before anything is done."""
    json_of = key | {"Content-Type": "application/json"}
    assert client.post("/v1/screenings", content=b"{", headers=json_of).json()["code"] == "MALFORMED_JSON"
    long = client.post("/v1/screenings", content=b" " * 65_537, headers=json_of)
    assert (long.status_code, long.json()["code"]) == (413, "BODY_TOO_LARGE")
    text = client.post("/v1/screenings", content=b"{}", headers=key | {"Content-Type": "text/plain"})
    assert (text.status_code, text.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_what_does_not_exist_is_a_problem_too(client: httpx.Client, key: dict[str, str]) -> None:
    """Every error has one form, whoever raised it."""
    lost = client.get("/v1/nothing")
    assert (lost.status_code, lost.json()["code"], lost.headers["content-type"]) == (404, "NOT_FOUND", PROBLEM)
    wrong = client.delete("/v1/events", headers=key)
    assert (wrong.status_code, wrong.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert wrong.headers["Allow"] == "POST"
    missing = client.get("/v1/screenings", headers=key)
    assert (missing.status_code, missing.json()["path"]) == (422, "request_id")


def test_an_error_of_ours_tells_nothing(
    client: httpx.Client, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect is a 500 without its insides, and allows nothing."""

    def broken(*_: object) -> None:
        message = "the secret insides"
        raise RuntimeError(message)

    monkeypatch.setattr("service.screening.judged", broken)
    # The server closes the connection of a request that ended in a defect, so it has one of its own.
    answer = httpx.post(f"{client.base_url}/v1/screenings", json=request(), headers=key)
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL_ERROR")
    assert "insides" not in answer.text
    assert answer.headers["content-type"] == PROBLEM


def test_events_are_taken_one_by_one(client: httpx.Client, key: dict[str, str]) -> None:
    """Good ones are accepted beside broken ones; a batch has 1 to 500."""
    good, bad = long_known(request())[:1], {"event_id": "x", "kind": "nonsense"}
    taken = client.post("/v1/events", json={"events": [bad, *good]}, headers=key)
    assert taken.status_code == 202
    assert taken.json() == {"accepted": 1, "duplicates": 0, "rejected": [{"index": 0, "code": "UNKNOWN_KIND"}]}
    for batch in ([], [bad] * 501):
        assert client.post("/v1/events", json={"events": batch}, headers=key).status_code == 422
    assert client.post("/v1/events", json={"event": good}, headers=key).json()["code"] == "UNKNOWN_FIELD"


def test_a_shorter_deadline_is_kept_and_a_longer_one_is_not_given(client: httpx.Client, key: dict[str, str]) -> None:
    """A caller that waits ten milliseconds gets an answer without windows, or is told that none was written."""
    answer = client.post("/v1/screenings", json=request(), headers=key | {"X-Request-Deadline-Ms": "10"})
    assert answer.status_code in {201, 503}
    if answer.status_code == 201:
        assert answer.json()["degraded"]["failed"] == ["velocity"]
    nonsense = client.post("/v1/screenings", json=request(), headers=key | {"X-Request-Deadline-Ms": "soon"})
    assert (nonsense.status_code, nonsense.json()["path"]) == (422, "X-Request-Deadline-Ms")
    assert client.post("/v1/screenings", json=request(), headers=key | {"X-Request-Deadline-Ms": "9999999"}).is_success


def test_operators_see_what_they_need(client: httpx.Client, key: dict[str, str]) -> None:
    """Alive, ready with every part named, counted, described."""
    assert client.get("/healthz").json() == {"status": "alive"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert ready.json()["parts"]["model"] == {"ok": True, "detail": "test-1"}
    client.post("/v1/screenings", json=request(), headers=key)
    counted = client.get("/metrics")
    assert counted.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'lastcall_ready{part="velocity"} 1.0' in counted.text
    assert "lastcall_decisions_total" in counted.text


def test_the_document_is_made_of_the_types_that_are_enforced(client: httpx.Client) -> None:
    """Every reference leads somewhere; a request's fields are those of the type."""
    document: dict[str, Any] = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert {"ScreeningRequest", "Answer", "Batch", "Taken", "Problem"} <= set(schemas)
    assert schemas["ScreeningRequest"]["additionalProperties"] is False
    assert {"request_id", "action", "subscriber"} <= set(schemas["ScreeningRequest"]["required"])
    body = document["paths"]["/v1/screenings"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/ScreeningRequest"}
    assert not [ref for ref in _refs(document) if ref.rpartition("/")[2] not in schemas]


def _refs(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from _refs(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _refs(inner)
