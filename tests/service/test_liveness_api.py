"""A face check over HTTP, on a photograph that is made to move: session, pictures, verdict, and what it is worth."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from model.face import points
from model.gestures import Step
from service.adapters.face_measure import measure
from service.settings import Settings, load
from tests.builders import Body, long_known, request
from tests.service.animated import acted, coded, filmed
from tests.service.served import data_folder, key_of, served
from tests.service.test_api import bearer
from tests.service.test_face_film import GAPS_MS, PAUSES, STEPS, portrait
from tests.service.test_otp import NOT_PROVEN, again

pytestmark = pytest.mark.slow
PORTRAIT = portrait()
LANDMARKS = points(measure(coded(PORTRAIT, "PNG")).landmarks)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data folder of an operator that keeps faces by consent."""
    made = data_folder(tmp_path_factory.mktemp("liveness"))
    return load(data=made.data, demo_model="never", faces="enrolment")


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[httpx.Client]:
    """The application, called with a key that may run step-ups."""
    with served(settings) as opened:
        opened.headers.update(bearer(key_of(settings, "screen", "events", "risk:read", "challenge")))
        opened.timeout = httpx.Timeout(60)
        yield opened


def challenged(client: httpx.Client) -> tuple[Body, dict[str, Any]]:
    """Return a request that nothing proves yet and its answer, which offers a face beside a code."""
    body = request(NOT_PROVEN)
    client.post("/v1/events", json={"events": long_known(body)})
    answer = client.post("/v1/screenings", json=body).json()
    assert any("face_liveness" in way for way in answer["challenge"]["any_of"])
    return body, answer


def enrol(client: httpx.Client, party: str, picture: bytes, **changes: str) -> httpx.Response:
    """Enrol a face."""
    said = {"consent_version": "2026-11", "consent_at": datetime.now(UTC).isoformat()} | changes
    return client.put(f"/v1/subjects/{party}/face", data=said, files={"picture": ("p", picture, "image/png")})


def opened(client: httpx.Client, answer: dict[str, Any], consent: str = "granted") -> httpx.Response:
    """Open a face check."""
    said = {"challenge_id": answer["challenge"]["challenge_id"], "consent": consent}
    return client.post("/v1/liveness/sessions", json=said)


def film_of(steps: list[Step], *, grain: bool = True) -> list[bytes]:
    """Return pictures in which the photograph does the steps in their order."""
    source = np.random.default_rng(4)
    looks = [look for step, pause in zip(steps, PAUSES, strict=True) for look in (*(None,) * pause, step, step)]
    pictures = [acted(PORTRAIT, LANDMARKS, look) for look in (*looks, None, None, None)]
    return [filmed(picture, source) if grain else coded(picture, "PNG") for picture in pictures]


def send(client: httpx.Client, session: str, pictures: list[bytes], *, final: bool = True) -> httpx.Response:
    """Send pictures with the times of a camera."""
    times = np.cumsum([GAPS_MS[n % len(GAPS_MS)] for n in range(len(pictures))]).tolist()
    files = [("frames", (f"{n}", picture, "image/jpeg")) for n, picture in enumerate(pictures)]
    said = {"at_ms": str(times), "final": "true" if final else "false"}
    return client.post(f"/v1/liveness/sessions/{session}/frames", data=said, files=files)


def test_a_face_and_a_code_let_the_owner_through(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enrolled by consent, checked in an order that a film was made for, and still only one factor beside another."""
    monkeypatch.setattr("service.liveness.draw_steps", lambda _: STEPS)
    body, answer = challenged(client)
    assert enrol(client, body["subscriber"]["party_id"], coded(PORTRAIT, "PNG")).json()["enrolled"] is True
    session = opened(client, answer).json()
    assert sorted(session["steps"]) == ["blink", "open_mouth", "turn_left", "turn_right"]
    assert "no certified" in session["notice"]
    pictures = film_of(session["steps"])
    waiting = client.get(f"/v1/liveness/sessions/{session['session_id']}").json()
    assert waiting["status"] == "open"
    # A test makes a film faster than anybody can act it, and the server's own clock would find that out.
    time.sleep(sum(GAPS_MS[n % len(GAPS_MS)] for n in range(len(pictures))) / 1000)
    taken = send(client, session["session_id"], pictures)
    assert (taken.status_code, taken.json()["accepted"]) == (202, len(pictures))
    verdict = client.get(f"/v1/liveness/sessions/{session['session_id']}").json()
    assert (verdict["status"], verdict["flags"], verdict["steps_done"]) == ("passed", [], session["steps"]), verdict
    assert verdict["match"] > 0.8
    assert again(client, answer).json()["decision"] == "challenge"
    late = send(client, session["session_id"], pictures[:1])
    assert (late.status_code, late.json()["code"]) == (409, "SESSION_OVER")
    refused = again(client, answer, {"liveness": {"consent": "granted", "match_score": 0.99, "pad_score": 0.99}})
    assert refused.json()["code"] == "CONTRADICTS_OUR_RECORD"


def test_no_picture_is_left_anywhere(client: httpx.Client, settings: Settings) -> None:
    """Neither in the data folder nor among temporary files: what is kept are numbers under seal, and then none."""
    body, answer = challenged(client)
    enrol(client, body["subscriber"]["party_id"], coded(PORTRAIT, "PNG"))
    session = opened(client, answer).json()
    picture = film_of(session["steps"])[0]
    send(client, session["session_id"], [picture], final=False)
    for file in settings.data.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert picture[200:232] not in content, file
            assert b"landmarks" not in content or file.suffix == ".py", file


def test_a_stranger_and_a_careless_film_fail(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another face on record does not match; pictures without grain are found out: both failed, with hints."""
    # How much of the background a film repeats depends on what it shows first, so the order is one and the same.
    monkeypatch.setattr("service.liveness.draw_steps", lambda _: STEPS)
    body, answer = challenged(client)
    mirrored = np.ascontiguousarray(PORTRAIT[:, ::-1])
    assert enrol(client, body["subscriber"]["party_id"], coded(mirrored, "PNG")).status_code == 200
    session = opened(client, answer).json()
    send(client, session["session_id"], film_of(session["steps"], grain=False)[:12])
    verdict = client.get(f"/v1/liveness/sessions/{session['session_id']}").json()
    assert verdict["status"] == "failed"
    assert {"duplicate_frames", "identical_noise"} <= set(verdict["flags"])
    assert len(verdict["hints"]) == len(verdict["flags"])


def test_consent_is_asked_and_refusing_costs_nothing(client: httpx.Client) -> None:
    """No session without it; the request is judged as it was."""
    _, answer = challenged(client)
    for word in ("declined", "not_asked"):
        refused = opened(client, answer, word)
        assert (refused.status_code, refused.json()["code"]) == (409, "CONSENT_NEEDED")
    same = again(client, answer).json()
    assert (same["decision"], same["reasons"]) == (answer["decision"], answer["reasons"])


@pytest.mark.parametrize(
    ("picture", "code"),
    [(b"GIF89a" + b"\x00" * 64, "PICTURE_NOT_JPEG_OR_PNG"), (b"\xff\xd8\xff\xe0broken", "PICTURE_BROKEN")],
)
def test_what_is_no_picture_is_not_looked_at(client: httpx.Client, picture: bytes, code: str) -> None:
    """Refused with its place; the session stays open."""
    _, answer = challenged(client)
    session = opened(client, answer).json()["session_id"]
    refused = send(client, session, [picture])
    assert (refused.status_code, refused.json()["code"], refused.json()["path"]) == (422, code, "frames.0")
    assert client.get(f"/v1/liveness/sessions/{session}").json()["status"] == "open"


def test_a_face_is_erased_at_its_owners_word(client: httpx.Client, settings: Settings) -> None:
    """At once, and again is fine; a consent of the future, or a picture of nobody, enrols nothing."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    picture = coded(PORTRAIT, "PNG")
    assert enrol(client, "p-erase", picture, consent_at=tomorrow).json()["code"] == "OCCURRED_IN_FUTURE"
    assert enrol(client, "p-erase", picture, consent_at="2026-11-22T10:00:00").json()["path"] == "consent_at"
    blank = coded(np.full((320, 320, 3), 200, dtype=np.uint8), "PNG")
    assert enrol(client, "p-erase", blank).json()["code"] == "NO_FACE"
    assert enrol(client, "p-erase", picture).status_code == 200
    assert [client.delete("/v1/subjects/p-erase/face").status_code for _ in range(2)] == [204, 204]


def test_without_face_checks_the_other_ways_stay_open(tmp_path: Path) -> None:
    """Off by default: a session is not opened, and says that another way may be taken."""
    off = data_folder(tmp_path)
    with served(off) as plain:
        plain.headers.update(bearer(key_of(off, "screen", "events", "risk:read", "challenge")))
        _, answer = challenged(plain)
        refused = opened(plain, answer)
        assert (refused.status_code, refused.json()["code"]) == (503, "FACES_UNAVAILABLE")
        assert enrol(plain, "p-1", b"x").json()["code"] == "ENROLMENT_OFF"
