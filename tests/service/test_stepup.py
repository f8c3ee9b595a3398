"""A challenge goes on, over HTTP: its factors are done, the request is looked at again, and the answer changes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest

from service.settings import Settings
from service.wiring import open_records
from tests.builders import Body, long_known, request
from tests.service.served import data_folder, key_of, look_once, served
from tests.service.test_api import bearer

Answer = dict[str, Any]
SCOPES = ("screen", "events", "risk:read", "challenge", "redeem")
OVER_THE_PHONE = {"device": {"sim_matches_line": "unknown"}, "network": {"number_verified": "unavailable"}}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data folder with the small model."""
    return data_folder(tmp_path_factory.mktemp("stepup"))


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[httpx.Client]:
    """The application, called with a key that may do everything."""
    with served(settings) as opened:
        opened.headers.update(bearer(key_of(settings, *SCOPES)))
        yield opened


def screened(client: httpx.Client, patch: Body, *, known: bool = True) -> tuple[Body, Answer]:
    """Ask, and return the request and its answer."""
    body = request(patch)
    if known:
        client.post("/v1/events", json={"events": long_known(body)})
    return body, client.post("/v1/screenings", json=body).json()


def challenged(client: httpx.Client) -> tuple[Body, Answer]:
    """Return a request that nothing proves yet: no code, no identity, no word of the network."""
    patch = OVER_THE_PHONE | {"otp": {"status": "not_sent"}, "kyc": {"id_document_match": "not_available"}}
    body, answer = screened(client, patch)
    assert (answer["decision"], answer["receipt"]) == ("challenge", None)
    return body, answer


def held(client: httpx.Client, patch: Body | None = None) -> Answer:
    """Return the answer to a request that an amber rule holds."""
    _, answer = screened(client, {"requester": {"role": "heir", "document_status": "pending"}} | (patch or {}))
    assert answer["decision"] == "hold"
    return answer


def report(client: httpx.Client, answer: Answer, factor: str, result: str = "passed", **more: Any) -> httpx.Response:
    """Report a factor that was done outside."""
    path = f"/v1/challenges/{answer['challenge']['challenge_id']}/factors"
    return client.post(path, json={"factor": factor, "result": result, "performed_by": "agent-7"} | more)


def again(client: httpx.Client, answer: Answer, said: Answer | None = None, key: str | None = None) -> httpx.Response:
    """Have a request looked at again."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(f"/v1/screenings/{answer['screening_id']}/rescreen", json=said or {}, headers=headers)


def test_a_video_agent_meets_a_challenge(client: httpx.Client) -> None:
    """The request is allowed with a receipt of its own, and is found by its own id."""
    _, answer = challenged(client)
    state = report(client, answer, "video_agent", reference="call-881").json()
    assert (state["state"], state["passed"]) == ("met", ["video_agent"])
    better = again(client, answer)
    assert (better.status_code, better.json()["decision"], bool(better.json()["receipt"])) == (201, "allow", True)
    assert better.json()["screening_id"] != answer["screening_id"]
    newest = client.get("/v1/screenings", params={"request_id": answer["request_id"]}).json()
    assert newest["screening_id"] == better.json()["screening_id"]


def test_the_network_meets_a_challenge_by_itself(client: httpx.Client) -> None:
    """Silent number verification is carried in the second look's body."""
    _, answer = challenged(client)
    assert again(client, answer).json()["decision"] == "challenge"
    assert again(client, answer, {"network": {"number_verified": "false"}}).json()["decision"] != "allow"
    assert again(client, answer, {"network": {"number_verified": "true"}}).json()["decision"] == "allow"


def test_half_a_way_is_not_enough(client: httpx.Client) -> None:
    """A password alone is half of a way; the rest is still asked for."""
    _, answer = challenged(client)
    assert ["otp_closing_number", "service_password"] in answer["challenge"]["any_of"]
    assert report(client, answer, "service_password").json()["state"] == "open"
    assert again(client, answer).json()["decision"] == "challenge"


def test_a_face_by_itself_never_moves_a_request(client: httpx.Client) -> None:
    """Perfect scores, nothing else: still a challenge."""
    _, answer = challenged(client)
    face = {"liveness": {"consent": "granted", "match_score": 0.99, "pad_score": 0.99, "pad_level": "ibeta_l2"}}
    assert again(client, answer, face).json()["decision"] == "challenge"


def test_what_the_device_says_cannot_change(client: httpx.Client) -> None:
    """Neither a device nor a place is taken a second time."""
    _, answer = challenged(client)
    for part in ({"device": {"id": "other"}}, {"location": {}}, {"network": {"reachable": True}}):
        refused = again(client, answer, part)
        assert (refused.status_code, refused.json()["code"]) == (422, "UNKNOWN_FIELD")


def test_the_same_key_gets_the_same_second_look(client: httpx.Client) -> None:
    """And another key another one."""
    _, answer = challenged(client)
    first, same, other = (again(client, answer, key=key) for key in ("a", "a", "b"))
    assert (first.status_code, same.status_code, other.status_code) == (201, 200, 201)
    assert same.content == first.content
    assert other.json()["screening_id"] != first.json()["screening_id"]


def test_a_store_visit_meets_a_hold_and_its_case_needs_nobody(client: httpx.Client, settings: Settings) -> None:
    """A hold that was met does not stick to the line any more."""
    before = anyio.run(_cases, settings)
    answer = held(client)
    standing = again(client, answer).json()
    assert anyio.run(_cases, settings) == before + 1
    assert (standing["decision"], standing["hold"]) == ("hold", answer["hold"])
    report(client, answer, "store_visit")
    better = again(client, answer).json()
    assert better["decision"] == "allow"
    assert anyio.run(_cases, settings) == before


async def _cases(settings: Settings) -> int:
    async with open_records(settings) as records:
        return (await records.journal.counts()).cases_open


def test_a_challenge_that_failed_too_often_is_over(client: httpx.Client) -> None:
    """Five failures end it; nothing that comes later counts."""
    _, answer = challenged(client)
    for _ in range(4):
        assert report(client, answer, "video_agent", "failed").status_code == 200
    assert report(client, answer, "video_agent", "failed").json()["state"] == "failed"
    late = report(client, answer, "video_agent")
    assert (late.status_code, late.json()["code"]) == (409, "CHALLENGE_ENDED")
    assert again(client, answer).json()["decision"] == "challenge"


def test_a_factor_counts_as_it_went_last(client: httpx.Client) -> None:
    """Passed and then failed is failed."""
    _, answer = challenged(client)
    report(client, answer, "video_agent")
    report(client, answer, "video_agent", "failed")
    assert again(client, answer).json()["decision"] == "challenge"


@pytest.mark.parametrize(
    ("factor", "more", "status", "code"),
    [
        ("otp_closing_number", {}, 422, "INVALID_VALUE"),
        ("face_liveness", {}, 422, "INVALID_VALUE"),
        ("second_confirmation", {}, 409, "FACTOR_NOT_OFFERED"),
        ("video_agent", {"at": (datetime.now(UTC) - timedelta(hours=2)).isoformat()}, 409, "FACTOR_TOO_EARLY"),
        ("video_agent", {"at": "2026-11-22T10:00:00"}, 422, "INVALID_VALUE"),
    ],
)
def test_what_does_not_count(client: httpx.Client, factor: str, more: Answer, status: int, code: str) -> None:
    """What only we may say, what was not asked for, what was done before it was asked for."""
    _, answer = challenged(client)
    refused = report(client, answer, factor, **more)
    assert (refused.status_code, refused.json()["code"]) == (status, code)


def test_a_wait_must_be_waited(client: httpx.Client) -> None:
    """Nobody reports it within a second."""
    answer = held(client)
    ways = answer["challenge"]["any_of"]
    if not any("wait_period" in way for way in ways):
        pytest.fail(f"a held line offers no wait: {ways}")
    refused = report(client, answer, "wait_period")
    assert (refused.status_code, refused.json()["code"]) == (409, "FACTOR_TOO_EARLY")


def test_what_is_allowed_or_somebody_elses(client: httpx.Client, settings: Settings) -> None:
    """Nothing to step up; nothing there."""
    body = request()
    client.post("/v1/events", json={"events": long_known(body)})
    fine = client.post("/v1/screenings", json=body).json()
    assert again(client, fine).json()["code"] == "ALREADY_ALLOWED"
    _, answer = challenged(client)
    stranger = bearer(key_of(settings, *SCOPES, tenant="south"))
    assert client.get(f"/v1/challenges/{answer['challenge']['challenge_id']}", headers=stranger).status_code == 404
    path = f"/v1/screenings/{answer['screening_id']}/rescreen"
    assert client.post(path, json={}, headers=stranger).status_code == 404


def test_a_second_look_does_not_count_itself(client: httpx.Client, settings: Settings) -> None:
    """However often a request is looked at again, its windows stay as they were, also in a store that is refilled."""
    _, answer = challenged(client)
    rows = [_counts(again(client, answer).json()) for _ in range(4)]
    assert rows == [_counts(answer)] * 4
    assert anyio.run(look_once, settings)


def _counts(answer: Answer) -> dict[str, Any]:
    parts = answer["risk"]["contributions"]
    return {
        part["feature"]: part["value"]
        for part in parts
        if part["feature"].startswith(("velocity.", "graph.")) and not part["feature"].endswith("_h")
    }
