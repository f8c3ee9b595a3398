"""After a decision, over HTTP: what an executor may do, what a customer may take back, and what labels do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest

from features.event import Event
from service.adapters.receipts import verify
from service.settings import Settings
from service.wiring import open_records
from tests.builders import Body, long_known, request
from tests.service.served import data_folder, key_of, served
from tests.service.test_api import bearer

Answer = dict[str, Any]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data folder with the small model."""
    return data_folder(tmp_path_factory.mktemp("after"))


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[httpx.Client]:
    """The application, called with a key that may do everything."""
    with served(settings) as opened:
        opened.headers.update(bearer(key_of(settings, "screen", "events", "risk:read", "redeem", "label")))
        yield opened


def allowed(client: httpx.Client, patch: Body | None = None) -> tuple[Body, Answer]:
    """Return a request that was allowed, and its answer."""
    body = request(patch)
    client.post("/v1/events", json={"events": long_known(body)})
    answer = client.post("/v1/screenings", json=body).json()
    assert (answer["decision"], bool(answer["receipt"])) == ("allow", True)
    return body, answer


def shown(body: Body, receipt: str, **changes: str) -> Answer:
    """Return what an executor shows."""
    return {"receipt": receipt, "action": body["action"], "msisdn": body["subscriber"]["msisdn"], **changes}


def redeem(client: httpx.Client, answer: Answer, said: Answer, key: str | None = None) -> httpx.Response:
    """Redeem a receipt."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(f"/v1/screenings/{answer['screening_id']}/redeem", json=said, headers=headers)


def test_a_closure_is_a_suspension_first(client: httpx.Client) -> None:
    """The second receipt says from when on it works; before that it is too early, and using it loses nothing."""
    body, answer = allowed(client)
    permission = redeem(client, answer, shown(body, answer["receipt"])).json()
    assert (permission["do"], permission["until"]) == ("suspend", answer["cooling_off"]["until"])
    claims = verify(permission["close_receipt"], client.get("/.well-known/jwks.json").json())
    assert int(claims["nbf"]) == pytest.approx(datetime.fromisoformat(permission["until"]).timestamp(), abs=1)
    early = redeem(client, answer, shown(body, permission["close_receipt"]))
    assert (early.status_code, early.json()["code"]) == (409, "COOLING_OFF")


def test_what_can_be_undone_needs_no_cooling_off(client: httpx.Client) -> None:
    """An unsubscription is redeemed as what it is, once; the same key hears the same again."""
    body, answer = allowed(client, {"action": "unsubscribe"})
    said = shown(body, answer["receipt"])
    first = redeem(client, answer, said, "call-1")
    assert (first.status_code, first.json()["do"], first.json()["close_receipt"]) == (200, "unsubscribe", None)
    assert redeem(client, answer, said, "call-1").content == first.content
    other = redeem(client, answer, said, "call-2")
    assert (other.status_code, other.json()["code"]) == (409, "ALREADY_REDEEMED")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"action": "suspend"}, "RECEIPT_MISMATCH"),
        ({"msisdn": "+8613912345678"}, "RECEIPT_MISMATCH"),
        ({"receipt": "eyJhbGciOiJub25lIn0.e30."}, "RECEIPT_INVALID"),
        ({"receipt": "nonsense"}, "RECEIPT_INVALID"),
    ],
)
def test_a_receipt_that_does_not_fit_uses_nothing_up(client: httpx.Client, changes: Answer, code: str) -> None:
    """Another line, another action, another signature: refused, and the right one still works."""
    body, answer = allowed(client)
    wrong = redeem(client, answer, shown(body, answer["receipt"]) | changes)
    assert (wrong.status_code, wrong.json()["code"]) == (422, code)
    assert redeem(client, answer, shown(body, answer["receipt"])).status_code == 200


def test_a_receipt_of_another_request_does_not_fit(client: httpx.Client, settings: Settings) -> None:
    """Nor does anything of another tenant's exist."""
    body, answer = allowed(client)
    _, other = allowed(client)
    assert redeem(client, other, shown(body, answer["receipt"])).json()["code"] == "RECEIPT_MISMATCH"
    stranger = bearer(key_of(settings, "redeem", "screen", "label", tenant="south"))
    for path, said in (
        ("redeem", shown(body, answer["receipt"])),
        ("withdraw", {}),
        ("outcome", {"outcome": "executed"}),
        ("labels", {"label": "fraud", "source": "analyst"}),
    ):
        refused = client.post(f"/v1/screenings/{answer['screening_id']}/{path}", json=said, headers=stranger)
        assert (refused.status_code, refused.json()["code"]) == (404, "NOT_FOUND")


def test_a_closure_is_taken_back(client: httpx.Client) -> None:
    """Both receipts die with it, and the customer's reference says so."""
    body, answer = allowed(client)
    path = f"/v1/status/{answer['customer']['appeal_ref']}"
    assert client.get(path).json()["stage"] == "approved"
    permission = redeem(client, answer, shown(body, answer["receipt"])).json()
    assert client.get(path, headers={"Authorization": ""}).json()["until"] == permission["until"]
    for _ in range(2):
        assert client.post(f"/v1/screenings/{answer['screening_id']}/withdraw").json()["withdrawn"] is True
    assert redeem(client, answer, shown(body, permission["close_receipt"])).json()["code"] == "WITHDRAWN"
    assert client.get(path).json()["stage"] == "withdrawn"


def test_what_cannot_be_taken_back(client: httpx.Client) -> None:
    """Something without a cooling-off."""
    _, answer = allowed(client, {"action": "unsubscribe"})
    refused = client.post(f"/v1/screenings/{answer['screening_id']}/withdraw")
    assert (refused.status_code, refused.json()["code"]) == (409, "COOLING_OFF_OVER")


def test_a_status_tells_no_more_than_how_far_it_is(client: httpx.Client) -> None:
    """No decision word, no reason, no number; an unknown reference is 404."""
    body = request({"device": {"remote_control": True}})
    answer = client.post("/v1/screenings", json=body).json()
    said = client.get(f"/v1/status/{answer['customer']['appeal_ref']}", headers={"Authorization": ""})
    assert said.status_code == 200
    assert set(said.json()) == {"appeal_ref", "stage", "en", "zh", "until", "owed"}
    assert body["subscriber"]["msisdn"] not in said.text
    assert client.get("/v1/status/LC-00000-00000").status_code == 404


def test_an_outcome_is_told_once(client: httpx.Client) -> None:
    """What was carried out without us is written down and said to be an alarm."""
    body, answer = allowed(client, {"action": "unsubscribe"})
    path = f"/v1/screenings/{answer['screening_id']}/outcome"
    assert client.post(path, json={"outcome": "abandoned"}).json()["accepted"] is True
    assert client.post(path, json={"outcome": "abandoned"}).json()["accepted"] is False
    assert client.post(path, json={"outcome": "executed"}).json()["redeemed"] is False
    redeem(client, answer, shown(body, answer["receipt"]))
    naive = client.post(path, json={"outcome": "reversed", "at": "2026-11-22T10:00:00"})
    assert (naive.status_code, naive.json()["path"]) == (422, "at")
    assert client.post(path, json={"outcome": "gone"}).json()["code"] == "INVALID_VALUE"


def test_a_label_of_fraud_warns_of_everything_it_touched(client: httpx.Client, settings: Settings) -> None:
    """Its receipt is dead, and a request from the same phone on another line sees confirmed fraud nearby."""
    body, answer = allowed(client)
    path = f"/v1/screenings/{answer['screening_id']}/labels"
    said = {"label": "fraud", "source": "complaint", "loss_fen": 120_000, "recovered_fen": 0}
    first, again = client.post(path, json=said).json(), client.post(path, json=said).json()
    assert (first["accepted"], again["accepted"]) == (True, False)
    assert redeem(client, answer, shown(body, answer["receipt"])).json()["code"] == "WITHDRAWN"
    near = request({"device": {"id": body["device"]["id"]}})
    reasons = {reason["code"] for reason in client.post("/v1/screenings", json=near).json()["reasons"]}
    assert "FRAUD_NEARBY" in reasons
    events = [event for event in anyio.run(_events, settings) if event.kind == "labelled_fraud"]
    assert len(events) == 1


async def _events(settings: Settings) -> list[Event]:
    async with open_records(settings) as records:
        return [owned.event async for owned in records.journal.replay_log()]


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (datetime.now(UTC) + timedelta(hours=1), "OCCURRED_IN_FUTURE"),
        (datetime.now(UTC) - timedelta(days=1), "LABEL_BEFORE_REQUEST"),
        (datetime.now(UTC).replace(tzinfo=None), "TIME_WITHOUT_OFFSET"),
    ],
)
def test_a_label_of_an_impossible_time(client: httpx.Client, at: datetime, code: str) -> None:
    """Before the request, in the future, or nobody knows when."""
    _, answer = allowed(client)
    said = {"label": "legitimate", "source": "analyst", "at": at.isoformat()}
    refused = client.post(f"/v1/screenings/{answer['screening_id']}/labels", json=said)
    assert (refused.status_code, refused.json()["code"], refused.json()["path"]) == (422, code, "at")


@pytest.mark.parametrize("path", ["redeem", "outcome", "labels"])
def test_every_step_needs_its_own_scope(client: httpx.Client, settings: Settings, path: str) -> None:
    """A key that may only ask may not carry out, tell or label."""
    plain = bearer(key_of(settings, "screen"))
    refused = client.post(f"/v1/screenings/scr_0/{path}", json={}, headers=plain)
    assert (refused.status_code, refused.json()["code"]) == (403, "SCOPE_MISSING")
