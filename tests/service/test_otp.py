"""One-time passwords over HTTP: sent, tried, counted as evidence, and told as signals."""

import json
import re
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest

from features.request import Otp
from service.otp import text_of
from service.settings import Settings
from service.wiring import open_records
from tests.builders import Body, long_known, request
from tests.service.served import data_folder, key_of, served
from tests.service.test_api import bearer

SCOPES = ("screen", "events", "risk:read", "challenge")
NOT_PROVEN = {
    "device": {"sim_matches_line": "unknown"},
    "network": {"number_verified": "unavailable"},
    "otp": {"status": "not_sent"},
    "kyc": {"id_document_match": "not_available"},
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data folder with the small model."""
    return data_folder(tmp_path_factory.mktemp("otp"))


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[httpx.Client]:
    """The application, called with a key that may run step-ups."""
    with served(settings) as opened:
        opened.headers.update(bearer(key_of(settings, *SCOPES)))
        yield opened


def challenged(client: httpx.Client, patch: Body | None = None) -> tuple[Body, dict[str, Any]]:
    """Return a request that nothing proves yet, and its answer."""
    body = request(NOT_PROVEN | (patch or {}))
    client.post("/v1/events", json={"events": long_known(body)})
    answer = client.post("/v1/screenings", json=body).json()
    assert answer["decision"] == "challenge"
    return body, answer


def send(client: httpx.Client, answer: dict[str, Any], contact: str = "second_contact") -> httpx.Response:
    """Have a code sent."""
    said = {"challenge_id": answer["challenge"]["challenge_id"], "contact": contact}
    return client.post("/v1/otp/send-code", json=said)


def newest(settings: Settings) -> dict[str, str]:
    """Return the newest message of the folder for development."""
    files = sorted((settings.data / "outbox").iterdir(), key=lambda file: file.stat().st_mtime_ns)
    found: dict[str, str] = json.loads(files[-1].read_text())
    return found


def digits_of(message: dict[str, str]) -> str:
    """Return the code of a message."""
    found = re.search(r"验证码(\d{6})", message["text"])
    assert found is not None
    return found[1]


def validate(client: httpx.Client, sent: httpx.Response, code: str) -> httpx.Response:
    """Try a code."""
    said = {"authentication_id": sent.json()["authentication_id"], "code": code}
    return client.post("/v1/otp/validate-code", json=said)


def again(client: httpx.Client, answer: dict[str, Any], said: Body | None = None) -> httpx.Response:
    """Have the request looked at again."""
    return client.post(f"/v1/screenings/{answer['screening_id']}/rescreen", json=said or {})


def test_a_code_to_the_contact_on_record_lets_the_owner_through(client: httpx.Client, settings: Settings) -> None:
    """It goes to the carrier's own token of the contact; passed, it is evidence, and the receipt is there."""
    body, answer = challenged(client)
    sent = send(client, answer)
    assert sent.status_code == 200
    message = newest(settings)
    assert message["to"] == body["contacts"][0]["token"]
    assert body["subscriber"]["msisdn"] not in message["text"]
    assert body["subscriber"]["msisdn"][-4:] in message["text"]
    passed = validate(client, sent, digits_of(message))
    assert (passed.status_code, passed.content) == (204, b"")
    better = again(client, answer).json()
    assert (better["decision"], bool(better["receipt"])) == ("allow", True)


def test_camaras_errors(client: httpx.Client, settings: Settings) -> None:
    """Wrong, too often, over: each with the code that CAMARA gives it."""
    _, answer = challenged(client)
    sent = send(client, answer)
    right = digits_of(newest(settings))
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    codes = [validate(client, sent, wrong).json()["code"] for _ in range(6)]
    assert codes == ["ONE_TIME_PASSWORD_SMS.INVALID_OTP"] * 4 + ["ONE_TIME_PASSWORD_SMS.VERIFICATION_FAILED"] * 2
    assert validate(client, sent, right).json()["code"] == "ONE_TIME_PASSWORD_SMS.VERIFICATION_FAILED"
    second = send(client, answer)
    assert validate(client, second, digits_of(newest(settings))).status_code == 204
    assert validate(client, second, digits_of(newest(settings))).json()["code"].endswith("VERIFICATION_EXPIRED")


def test_an_earlier_code_is_worth_nothing_after_a_new_one(client: httpx.Client, settings: Settings) -> None:
    """And a code of one challenge is none at another."""
    _, answer = challenged(client)
    first = send(client, answer)
    code = digits_of(newest(settings))
    second = send(client, answer)
    assert validate(client, first, code).json()["code"].endswith("VERIFICATION_EXPIRED")
    if code != digits_of(newest(settings)):
        assert validate(client, second, code).json()["code"].endswith("INVALID_OTP")


def test_what_was_not_offered_is_not_sent(client: httpx.Client) -> None:
    """After a SIM change no code goes to the closing number, and none to a contact that was just supplied."""
    _, fresh = challenged(client, {"network": {"number_verified": "unavailable", "sim_change_age_h": 5}})
    assert not any("otp_closing_number" in way for way in fresh["challenge"]["any_of"])
    refused = send(client, fresh, "closing_number")
    assert (refused.status_code, refused.json()["code"]) == (409, "FACTOR_NOT_OFFERED")
    contact = {"token": "c-new", "source": "supplied", "since_h": 0.1, "same_owner": "yes"}
    _, supplied = challenged(client, {"contacts": [contact]})
    assert send(client, supplied).json()["code"] == "FACTOR_NOT_OFFERED"


def test_our_own_word_counts_and_no_other(client: httpx.Client, settings: Settings) -> None:
    """A request that says how our code went is refused; ours is what the signals say."""
    _, answer = challenged(client)
    sent = send(client, answer)
    refused = again(client, answer, {"otp": {"status": "passed", "destination_is_closing_number": False}})
    assert (refused.status_code, refused.json()["code"], refused.json()["path"]) == (
        409,
        "CONTRADICTS_OUR_RECORD",
        "otp",
    )
    assert again(client, answer).json()["decision"] == "challenge"
    validate(client, sent, digits_of(newest(settings)))
    assert again(client, answer).json()["decision"] == "allow"
    otp, kinds = anyio.run(_kept, settings, answer["request_id"])
    assert (otp.status, otp.destination_is_closing_number, otp.bound_to_request) == ("passed", False, True)
    assert (otp.sends_1h, otp.failed_attempts, otp.challenge_id) == (1, 0, answer["challenge"]["challenge_id"])
    assert kinds == ["otp_sent", "otp_passed"]


async def _kept(settings: Settings, request_id: str) -> tuple[Otp, list[str]]:
    """Return what the newest look says of the code, and the events of it by which the line is remembered."""
    async with open_records(settings) as records:
        found = await records.book.by_request("north", request_id)
        assert found is not None
        line = found.logged.event.keys["line"]
        events = [owned.event async for owned in records.journal.replay_log()]
        return found.logged.request.otp, [e.kind for e in events if e.keys["line"] == line and "otp" in e.kind]


def test_a_line_has_a_budget(client: httpx.Client) -> None:
    """Five an hour; then 429 with when to come again."""
    _, answer = challenged(client)
    statuses = [send(client, answer).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    refused = send(client, answer)
    assert refused.json()["code"] == "ONE_TIME_PASSWORD_SMS.MAX_OTP_CODES_EXCEEDED"
    assert int(refused.headers["Retry-After"]) > 0


def test_codes_are_kept_nowhere(client: httpx.Client, settings: Settings) -> None:
    """Not in the database, and not the number in the clear."""
    body, answer = challenged(client)
    send(client, answer)
    code = digits_of(newest(settings)).encode()
    for file in settings.data.glob("lastcall.db*"):
        content = file.read_bytes()
        assert body["subscriber"]["msisdn"].encode() not in content
        assert b'"' + code + b'"' not in content


def test_another_operators_codes_are_not_there(client: httpx.Client, settings: Settings) -> None:
    """Neither to send nor to try."""
    _, answer = challenged(client)
    sent = send(client, answer)
    stranger = bearer(key_of(settings, "challenge", tenant="south"))
    said = {"challenge_id": answer["challenge"]["challenge_id"], "contact": "second_contact"}
    assert client.post("/v1/otp/send-code", json=said, headers=stranger).status_code == 404
    tried = {"authentication_id": sent.json()["authentication_id"], "code": "000000"}
    assert client.post("/v1/otp/validate-code", json=tried, headers=stranger).status_code == 404


def test_the_text_names_what_is_approved() -> None:
    """In both languages, with the last four digits alone."""
    text = text_of("close_remote", "+8613800138000", "012345")
    assert "尾号8000" in text
    assert "异地销户" in text
    assert "012345" in text
    assert "close (from another province) the number ending 8000" in text
    assert "1380013" not in text
