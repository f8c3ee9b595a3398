"""Reading bodies: bounded, checked in one pass, and refused with the field's path and without the value."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from starlette.requests import Request

from features.request import ScreeningRequest
from service.api.body import decoded, read
from service.errors import Problem
from tests.builders import merged, request

DECODER = msgspec.json.Decoder(ScreeningRequest)
CANARY = "13800138000"


def call(parts: list[bytes], **headers: str) -> tuple[Request, list[int]]:
    """Return a request whose body comes in parts, and a list of how many parts were fetched."""
    fetched: list[int] = []

    async def stream() -> AsyncIterator[dict[str, Any]]:
        for number, part in enumerate(parts):
            fetched.append(number)
            yield {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}

    coming = stream()
    said = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = [(name.encode(), value.encode()) for name, value in said.items()]
    return Request({"type": "http", "headers": raw}, coming.__anext__), fetched


@pytest.mark.anyio
async def test_a_body_up_to_the_limit_is_read() -> None:
    """Whatever the parts in which it comes."""
    asked, _ = call([b"a" * 60, b"b" * 40])
    assert await read(asked, 100) == b"a" * 60 + b"b" * 40


@pytest.mark.anyio
async def test_a_longer_body_is_refused_while_it_comes_in() -> None:
    """The rest is not fetched."""
    asked, fetched = call([b"a" * 60] * 1000)
    with pytest.raises(Problem) as caught:
        await read(asked, 100)
    assert (caught.value.status, caught.value.code) == (413, "BODY_TOO_LARGE")
    assert fetched == [0, 1]


@pytest.mark.anyio
async def test_a_body_that_says_it_is_longer_is_refused_unread() -> None:
    """Nothing of it is fetched; a length that is nonsense is not believed."""
    asked, fetched = call([b"a"], content_length="101")
    with pytest.raises(Problem, match="BODY_TOO_LARGE"):
        await read(asked, 100)
    assert fetched == []
    nonsense, _ = call([b"a"], content_length="-5")
    assert await read(nonsense, 100) == b"a"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("kind", "fine"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("Application/JSON", True),
        ("application/problem+json", True),
        ("text/plain", False),
        ("", False),
        ("multipart/form-data", False),
    ],
)
async def test_a_body_must_say_that_it_is_json(kind: str, fine: bool) -> None:  # noqa: FBT001
    """A form that a web page could post from anywhere is refused."""
    asked, _ = call([b"{}"], content_type=kind)
    if fine:
        assert await read(asked, 100) == b"{}"
        return
    with pytest.raises(Problem) as caught:
        await read(asked, 100)
    assert (caught.value.status, caught.value.code) == (415, "UNSUPPORTED_MEDIA_TYPE")


def problem_of(raw: bytes) -> Problem:
    """Return what a body is refused with."""
    with pytest.raises(Problem) as caught:
        decoded(raw, DECODER)
    return caught.value


@pytest.mark.parametrize(
    ("patch", "code", "path"),
    [
        ({"devise": CANARY}, "UNKNOWN_FIELD", "devise"),
        ({"device": {"rootd": CANARY}}, "UNKNOWN_FIELD", "device.rootd"),
        ({"contacts": [{"token": "c", "source": "on_record", "since": CANARY}]}, "UNKNOWN_FIELD", "contacts[0].since"),
        ({"action": CANARY}, "INVALID_VALUE", "action"),
        ({"account": {"arrears_fen": CANARY}}, "INVALID_VALUE", "account.arrears_fen"),
        ({"device": {"attestation": {"provider": CANARY}}}, "INVALID_VALUE", "device.attestation.provider"),
        ({"subscriber": {"msisdn": None}}, "INVALID_VALUE", "subscriber.msisdn"),
        ({"subscriber": CANARY}, "INVALID_VALUE", "subscriber"),
    ],
)
def test_what_does_not_fit_is_named_by_its_path(patch: dict[str, Any], code: str, path: str) -> None:
    """And what was sent is not repeated."""
    problem = problem_of(msgspec.json.encode(merged(request(), patch)))
    assert (problem.status, problem.code, problem.path) == (422, code, path)
    assert CANARY not in str(problem.body())


def test_a_missing_field_is_named() -> None:
    """With the group in which it is missing."""
    body = request()
    del body["subscriber"]["msisdn"]
    problem = problem_of(msgspec.json.encode(body))
    assert (problem.code, problem.path) == ("MISSING_FIELD", "subscriber.msisdn")


def test_a_group_that_is_null_is_one_left_out() -> None:
    """At the top; inside a group null is a value like others, and still checked."""
    body = request()
    without = decoded(msgspec.json.encode({name: value for name, value in body.items() if name != "otp"}), DECODER)
    assert decoded(msgspec.json.encode(body | {"otp": None}), DECODER) == without
    problem = problem_of(msgspec.json.encode(body | {"otp": None, "colour": None}))
    assert (problem.code, problem.path) == ("UNKNOWN_FIELD", "colour")
    assert problem_of(msgspec.json.encode(body | {"otp": None, "action": "x"})).path == "action"


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b'{"request_id": "x",}', b"nope", b'{"request_id": NaN}', b'{"request_id":"\xc3"}']
)
def test_what_is_no_json_is_400(raw: bytes) -> None:
    """A stable code, whatever is wrong."""
    problem = problem_of(raw)
    assert (problem.status, problem.code) == (400, "MALFORMED_JSON")


@pytest.mark.parametrize("raw", [b"[" * 60_000, b'{"device":' * 9_000])
def test_a_body_of_brackets_ends_nothing(raw: bytes) -> None:
    """Depth is refused, not followed."""
    assert problem_of(raw).status in {400, 422}
