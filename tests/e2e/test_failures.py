"""The failure table of the contract (section 8) on real processes: what is killed, and what callers get then."""

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.builders import Body, long_known, request
from tests.e2e.cluster import Caller, lastcall, serving
from tests.e2e.conftest import Trained, key_for, new_data

ACTIONS = {
    "unsubscribe": "challenge",
    "suspend": "challenge",
    "resume": "challenge",
    "close": "hold",
    "close_remote": "hold",
}


def codes(answer: dict[str, Any]) -> set[str]:
    """Return the reason codes of an answer."""
    return {reason["code"] for reason in answer["reasons"]}


def known(caller: Caller) -> Body:
    """Return a request that is let through while everything works."""
    body = request()
    caller.report(long_known(body))
    return body


def wait(url: str, part: str, *, ok: bool) -> None:
    """Wait until a part of the service is as it should be."""
    for _ in range(600):
        if httpx.get(f"{url}/readyz", timeout=5).json()["parts"][part]["ok"] is ok:
            return
        time.sleep(0.05)
    message = f"{part} did not become {ok}"
    raise AssertionError(message)


@pytest.fixture
def own(trained: Trained, tmp_path: Path) -> Iterator[tuple[str, Caller, Path]]:
    """A service of one's own, to be harmed."""
    data = new_data(trained, tmp_path)
    key = key_for(data)
    with serving(data, LASTCALL_VELOCITY_DEADLINE_MS="200", LASTCALL_DEADLINE_MS="2000") as url:
        yield url, Caller(url, key), data


def store_pid(data: Path) -> int:
    """Return the process of the embedded store of a data folder."""
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                command = (process / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if "valkey-server" in command and str(data) in command:
                return int(process.name)
    message = "no embedded store"
    raise AssertionError(message)


def test_a_stopped_store_holds_and_never_allows(own: tuple[str, Caller, Path]) -> None:
    """Frozen: slow. Every action gets its row of the table, no case is opened, and afterwards all is as before."""
    url, caller, data = own
    body = known(caller)
    pid = store_pid(data)
    os.kill(pid, signal.SIGSTOP)
    try:
        for action, expected in ACTIONS.items():
            answer = caller.screen(request({"action": action, "reason": "not_needed"}))
            assert answer["decision"] == expected, action
            assert "DEGRADED_VELOCITY" in codes(answer)
            assert answer["degraded"] == answer["degraded"] | {"is_degraded": True, "failed": ["velocity"]}
            assert answer["receipt"] is None
            assert answer["hold"] is None or answer["hold"]["case_id"] is None
        lost = caller.screen(request({"action": "suspend", "reason": "lost_stolen"}))
        assert lost["decision"] == "challenge"
        held = caller.screen(body | {"request_id": f"{body['request_id']}-during"})
        assert held["decision"] == "hold"
        assert held["hold"]["retry_after_s"] < 3600
    finally:
        os.kill(pid, signal.SIGCONT)
    wait(url, "velocity", ok=True)
    # A degraded hold does not stick: the same line is judged anew; and by itself the held request is looked at again.
    assert caller.screen(body)["decision"] == "allow"
    better = newest(caller, held["request_id"], not_id=held["screening_id"])
    assert (better["decision"], better["degraded"]["is_degraded"], bool(better["receipt"])) == ("allow", False, True)


def newest(caller: Caller, request_id: str, *, not_id: str) -> dict[str, Any]:
    """Return the newest decision on a request, once there is one after the first."""
    for _ in range(200):
        found: dict[str, Any] = caller.client.get("/v1/screenings", params={"request_id": request_id}).json()
        if found["screening_id"] != not_id:
            return found
        time.sleep(0.05)
    message = "the held request was not looked at again"
    raise AssertionError(message)


def test_a_killed_store_is_cold_until_it_is_filled_again(own: tuple[str, Caller, Path]) -> None:
    """The supervisor starts it again; until the record was replayed everything irreversible is held."""
    url, caller, data = own
    body = known(caller)
    os.kill(store_pid(data), signal.SIGKILL)
    answer = caller.screen(request())
    assert answer["decision"] == "hold"
    assert "DEGRADED_VELOCITY" in codes(answer)
    wait(url, "velocity", ok=True)
    allowed = caller.screen(body)
    assert allowed["decision"] == "allow", codes(allowed)


def test_without_a_model_the_policy_decides_and_never_allows(trained: Trained, tmp_path: Path) -> None:
    """A data folder in which no model was ever activated, and none may be made."""
    data = tmp_path / "data"
    key = key_for(data)
    with serving(data, LASTCALL_DEMO_MODEL="never", ready="velocity") as url:
        caller = Caller(url, key)
        for action, expected in ACTIONS.items():
            answer = caller.screen(request({"action": action, "reason": "not_needed"}))
            assert answer["decision"] == expected, action
            assert "DEGRADED_MODEL" in codes(answer)
            assert answer["versions"]["model"] is None
        assert httpx.get(f"{url}/readyz").status_code == 503


def test_a_damaged_bundle_is_refused_and_the_old_one_goes_on(
    own: tuple[str, Caller, Path], trained: Trained, tmp_path: Path
) -> None:
    """One byte of the trees, the signature gone, another key: each with its code, and nobody notices at the API."""
    url, caller, data = own
    before = httpx.get(f"{url}/readyz").json()["parts"]["model"]["detail"]
    for name, code in (("model.txt", "DIGEST_MISMATCH"), ("SIGNATURE", "UNTRUSTED_SIGNATURE")):
        bad = tmp_path / f"bad-{name}"
        shutil.copytree(trained.bundle, bad)
        content = bytearray((bad / name).read_bytes())
        content[len(content) // 2] ^= 1
        (bad / name).write_bytes(content)
        assert code in lastcall("model", "activate", str(bad), data=data, expect=1)
    unsigned = tmp_path / "unsigned"
    shutil.copytree(trained.bundle, unsigned)
    (unsigned / "SIGNATURE").unlink()
    assert lastcall("model", "verify", str(unsigned), data=data, expect=1)
    answer = caller.screen(known(caller))
    assert answer["decision"] == "allow"
    assert answer["versions"]["model"] == before


def test_a_record_that_cannot_be_written_is_a_503(own: tuple[str, Caller, Path]) -> None:
    """Somebody holds the database: nothing is decided, `Retry-After` is given, and later the same key is answered."""
    _, caller, data = own
    body = known(caller)
    lock = sqlite3.connect(data / "lastcall.db", isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
        refused = caller.client.post("/v1/screenings", json=body)
        assert (refused.status_code, refused.json()["code"]) == (503, "STORE_UNAVAILABLE")
        assert int(refused.headers["Retry-After"]) > 0
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    answer = caller.client.post("/v1/screenings", json=body)
    assert answer.status_code in {200, 201}
    assert answer.json()["decision"] == "allow"


def test_observing_decides_and_does_not_enforce(trained: Trained, tmp_path: Path) -> None:
    """Decided and logged as ever; the answer says so."""
    data = new_data(trained, tmp_path)
    key = key_for(data)
    with serving(data, LASTCALL_MODE="observe") as url:
        answer = Caller(url, key).screen(request({"account": {"frozen_reason": "police", "status": "frozen"}}))
    assert answer["decision"] == "block"
    assert answer["enforced"] is False


def test_everything_survives_a_restart(trained: Trained, tmp_path: Path) -> None:
    """Answers, models, keys and windows are there again after the service was stopped and started."""
    data = new_data(trained, tmp_path)
    key = key_for(data)
    with serving(data) as url:
        caller = Caller(url, key)
        body = known(caller)
        answer = caller.screen(request())
    with serving(data) as url:
        caller = Caller(url, key)
        assert caller.client.get(f"/v1/screenings/{answer['screening_id']}").json() == answer
        assert caller.screen(body)["decision"] == "allow"
