"""Messages that were promised: webhooks to the backend, notices to the owner, and the owner's word."""

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from standardwebhooks import Webhook

from service.settings import Settings, load
from service.wiring import open_service
from tests.e2e.cluster import lastcall
from tests.service.served import data_folder, key_of, served
from tests.service.test_after import allowed, redeem, shown
from tests.service.test_api import bearer


class Backend(socketserver.ThreadingTCPServer):
    """An operator's backend that keeps what it hears, and answers as it is told to."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        backend: Any = self.server
        body = self.rfile.read(int(self.headers["content-length"]))
        backend.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(backend.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def backend() -> Iterator[Backend]:
    """A backend of its own."""
    server = Backend()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder whose webhooks may reach this machine."""
    made = data_folder(tmp_path)
    return load(data=made.data, demo_model="never", webhook_networks="127.0.0.0/8")


@pytest.fixture
def client(settings: Settings) -> Iterator[httpx.Client]:
    """The application."""
    with served(settings) as opened:
        opened.headers.update(bearer(key_of(settings, "screen", "events", "risk:read", "redeem", "label")))
        yield opened


def look(settings: Settings) -> int:
    """Let messages go out once, as the jobs process does all the time."""

    async def work() -> int:
        async with open_service(settings) as service:
            return await service.messenger.look()

    return anyio.run(work)


def waiting(settings: Settings) -> dict[str, int]:
    """Return how many messages are in each state."""

    async def work() -> dict[str, int]:
        async with open_service(settings) as service:
            counts = await service.records.journal.counts()
            return {"waiting": counts.messages_waiting, "dead": await service.records.outbox.dead()}

    return anyio.run(work)


def notices(settings: Settings) -> list[dict[str, str]]:
    """Return the notices of the folder for development."""
    found = [json.loads(file.read_text()) for file in sorted((settings.data / "outbox").iterdir())]
    return [one for one in found if one["purpose"] == "notice"]


def test_a_backend_hears_of_every_decision(client: httpx.Client, settings: Settings, backend: Backend) -> None:
    """Signed by the standard, thin, once; with both secrets after a rotation."""
    secret = lastcall("webhooks", "add", "--url", backend.url, "--tenant", "north", data=settings.data).strip()
    _, answer = allowed(client)
    assert look(settings) == 2
    headers, body = backend.heard[0]
    told: Any = Webhook(secret).verify(body, headers)
    assert told["type"] == "screening.decided"
    assert told["data"] == {"screening_id": answer["screening_id"], "decision": "allow"}
    assert (look(settings), waiting(settings)) == (0, {"waiting": 0, "dead": 0})
    listed = lastcall("webhooks", "list", data=settings.data)
    endpoint = re.search(r"whk_\w+", listed)
    assert endpoint is not None
    assert secret not in listed
    newer = lastcall("webhooks", "rotate", endpoint[0], data=settings.data).strip()
    allowed(client)
    look(settings)
    for key in (secret, newer):
        Webhook(key).verify(backend.heard[-1][1], backend.heard[-1][0])


def test_what_fails_is_told_again_later_and_never_lost(
    client: httpx.Client, settings: Settings, backend: Backend
) -> None:
    """A backend that is down hears it under the same id once it is back; one that wants no more is left alone."""
    lastcall("webhooks", "add", "--url", backend.url, "--tenant", "north", data=settings.data)
    allowed(client, {"action": "unsubscribe"})
    backend.status = 503
    assert look(settings) == 0
    assert (look(settings), waiting(settings)["waiting"]) == (0, 1)
    backend.status = 410
    allowed(client, {"action": "unsubscribe"})
    look(settings)
    assert "gone" in lastcall("webhooks", "list", data=settings.data)


def test_an_owner_hears_of_a_closure_and_stops_it(client: httpx.Client, settings: Settings) -> None:
    """On the contact on record first; opening the link changes nothing, its button takes everything back."""
    body, answer = allowed(client)
    permission = redeem(client, answer, shown(body, answer["receipt"])).json()
    look(settings)
    told = notices(settings)
    assert {one["to"] for one in told} == {body["contacts"][0]["token"], body["subscriber"]["msisdn"]}
    assert all(body["subscriber"]["msisdn"][1:] not in one["text"] for one in told)
    found = re.search(r"https?://\S+/not-me/(\S+)", told[0]["text"])
    assert found is not None
    page = client.get(f"/not-me/{found[1]}", headers={"Authorization": ""})
    assert page.status_code == 200
    assert "这不是我" in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    path = f"/v1/status/{answer['customer']['appeal_ref']}"
    assert client.get(path).json()["stage"] == "suspended"
    for _ in range(2):
        assert client.post(f"/not-me/{found[1]}", headers={"Authorization": ""}).status_code == 200
    assert client.get(path).json()["stage"] == "withdrawn"
    refused = redeem(client, answer, shown(body, permission["close_receipt"]))
    assert refused.json()["code"] == "WITHDRAWN"
    again = client.post("/v1/screenings", json=body | {"request_id": f"{body['request_id']}-2"}).json()
    assert again["decision"] in {"hold", "block"}


@pytest.mark.parametrize("token", ["x", "AAAA", "é", "a" * 400])
def test_a_link_that_is_not_ours(client: httpx.Client, token: str) -> None:
    """Opens nothing and stops nothing."""
    for method in ("GET", "POST"):
        assert client.request(method, f"/not-me/{token}").status_code == 404


def test_a_link_changed_by_one_letter_is_not_ours(client: httpx.Client, settings: Settings) -> None:
    """Whoever has one link cannot make another."""
    allowed(client)
    look(settings)
    found = re.search(r"/not-me/(\S+)", notices(settings)[0]["text"])
    assert found is not None
    token = found[1]
    for place in (0, 10, len(token) // 2, len(token) - 2):
        other = "A" if token[place] != "A" else "B"
        assert client.get(f"/not-me/{token[:place]}{other}{token[place + 1 :]}").status_code == 404
