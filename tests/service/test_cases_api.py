"""Cases over HTTP: what a system with the scope `cases` may do, and what it hears when it may not."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from features.clock import rfc3339
from service.api import access, cases, problems, schema
from service.settings import load
from tests.service.sql.caseworld import HOUR_MS, World
from tests.service.sql.records import NOW_MS, TENANT, Record, entry

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(small_record: Record) -> World:
    """Two cases, the second with more to lose."""
    world = World(small_record)
    await world.hold("1", harm=1_000)
    await world.hold("2", harm=900_000, queue="close")
    return world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The routes alone, over a real record, called with a key for cases."""
    app = FastAPI()
    problems.install(app)
    app.include_router(cases.router)
    access.check_all_declared(app.routes)
    schema.install(app)
    app.state.service = SimpleNamespace(settings=load(), keyring=world.record.keys, casework=world.work)
    _, secret = await world.record.keys.create(TENANT, "desk-one", ["cases"])
    headers = {"Authorization": f"Bearer {secret}"}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://lastcall.test", headers=headers) as client:
        yield client


async def test_the_most_pressing_case_is_taken_and_decided(client: httpx.AsyncClient, world: World) -> None:
    """The acting person is the key's name; the answer says what the line may do now."""
    listed = (await client.get("/v1/cases")).json()["cases"]
    assert [case["case_id"] for case in listed] == ["cas_2", "cas_1"]
    taken = (await client.post("/v1/cases/next")).json()
    assert (taken["case_id"], taken["taken_by"], taken["taken_until"]) == (
        "cas_2",
        "desk-one",
        rfc3339(NOW_MS + HOUR_MS // 4),
    )
    said = {"verdict": "release", "note": "她本人来电确认", "label": "legitimate", "recovered_fen": 0}
    done = await client.post("/v1/cases/cas_2/decision", json=said)
    assert done.status_code == 200
    body = done.json()
    assert (body["case"]["state"], body["case"]["decided_by"], body["also"]) == ("decided", "desk-one", [])
    assert [(found["action"], found["lowers_to"]) for found in body["releases"]] == [("close_remote", "allow")]
    again = await client.post("/v1/cases/cas_2/decision", json=said)
    assert (again.status_code, again.json()["code"]) == (409, "CASE_CLOSED")
    assert world.labels.said == [(entry("2").screening_id, "legitimate", "desk-one")]
    decided = (await client.get("/v1/cases", params={"state": "decided"})).json()["cases"]
    assert [case["case_id"] for case in decided] == ["cas_2"]


async def test_queues_are_asked_for_by_name(client: httpx.AsyncClient) -> None:
    """In the query or in the body; nothing there is 204."""
    listed = (await client.get("/v1/cases", params={"queue": "close_remote", "region": "310000"})).json()["cases"]
    assert [case["case_id"] for case in listed] == ["cas_1"]
    taken = await client.post("/v1/cases/next", json={"queue": "close_remote"})
    assert taken.json()["case_id"] == "cas_1"
    assert (await client.post("/v1/cases/next", json={"queue": "resume"})).status_code == 204
    assert (await client.post("/v1/cases/next", json={"region": "440000"})).status_code == 204


async def test_a_case_is_laid_aside_and_noted(client: httpx.AsyncClient, world: World) -> None:
    """Until a moment with an offset."""
    until = rfc3339(NOW_MS + HOUR_MS)
    laid = await client.post("/v1/cases/cas_1/snooze", json={"until": until, "note": "calls back"})
    assert (laid.json()["state"], laid.json()["snoozed_until"]) == ("snoozed", until)
    assert (await client.post("/v1/cases/cas_1/notes", json={"note": "<script>alert(1)</script>"})).is_success
    history = await world.record.docket.history(TENANT, "cas_1")
    assert [(line.act, line.text, line.by) for line in history] == [
        ("snoozed", "calls back", "desk-one"),
        ("note", "<script>alert(1)</script>", "desk-one"),
    ]


BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("cas_9/decision", {"verdict": "uphold", "note": "x"}, 404, "NOT_FOUND"),
    ("cas_1/decision", {"verdict": "allow", "note": "x"}, 422, "INVALID_VALUE"),
    ("cas_1/decision", {"verdict": "uphold"}, 422, "MISSING_FIELD"),
    ("cas_1/decision", {"verdict": "uphold", "note": " "}, 422, "INVALID_VALUE"),
    ("cas_1/decision", {"verdict": "uphold", "note": "x", "lable": "fraud"}, 422, "UNKNOWN_FIELD"),
    ("cas_1/decision", {"verdict": "uphold", "note": "x", "loss_fen": -1}, 422, "INVALID_VALUE"),
    ("cas_1/snooze", {"until": "2026-11-22T10:00:00", "note": "x"}, 422, "INVALID_VALUE"),
    ("cas_1/snooze", {"until": "2020-01-01T00:00:00Z", "note": "x"}, 422, "INVALID_VALUE"),
    ("cas_1/notes", {"note": ""}, 422, "INVALID_VALUE"),
    ("next", {"queue": "everything"}, 422, "INVALID_VALUE"),
]


@pytest.mark.parametrize(("path", "body", "status", "code"), BAD)
async def test_what_cannot_be_is_refused(
    client: httpx.AsyncClient, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    """With a problem that names the code, and nothing is written."""
    answer = await client.post(f"/v1/cases/{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_key_without_the_scope_sees_nothing(client: httpx.AsyncClient, world: World) -> None:
    """Nor does one of another tenant."""
    _, other = await world.record.keys.create(TENANT, "asks", ["screen", "risk:read"])
    answer = await client.get("/v1/cases", headers={"Authorization": f"Bearer {other}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "SCOPE_MISSING")
    _, foreign = await world.record.keys.create("south", "desk-two", ["cases"])
    theirs = {"Authorization": f"Bearer {foreign}"}
    assert (await client.get("/v1/cases", headers=theirs)).json() == {"cases": []}
    noted = await client.post("/v1/cases/cas_1/notes", json={"note": "x"}, headers=theirs)
    assert noted.status_code == 404


async def test_the_document_tells_of_the_routes(client: httpx.AsyncClient) -> None:
    """With the types that are enforced."""
    document = (await client.get("/openapi.json")).json()
    body = document["paths"]["/v1/cases/{case_id}/decision"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/VerdictGiven"}
    enum = document["components"]["schemas"]["VerdictGiven"]["properties"]["verdict"]["enum"]
    assert sorted(enum) == ["release", "step_up", "uphold"]
    assert msgspec.json.encode(document)
