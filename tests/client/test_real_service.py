"""The client and the service speak the same language: a real record, a real store, real receipts."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lastcall_client import Lastcall, Options
from tests.builders import Body, long_known, request
from tests.client.conftest import AT_ONCE
from tests.service.served import data_folder, key_of, served

PATIENT = Options(deadline=AT_ONCE)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Return the address of a running service, and a key."""
    settings = data_folder(Path(tmp_path_factory.mktemp("client")))
    secret = key_of(settings)
    with served(settings) as http:
        yield str(http.base_url), secret


def known(client: Lastcall) -> Body:
    """Return a request of a phone that has used its line for months; its history is reported by the client."""
    body = request()
    found = client.report(long_known(body))  # type: ignore[arg-type]
    assert (found.accepted, found.rejected, found.failure) == (6, (), None)
    return body


def test_a_request_is_answered_and_its_receipt_verified(place: tuple[str, str]) -> None:
    """Asked twice, the same answer comes twice; the service's own keys verify what it signed."""
    with Lastcall(*place, PATIENT) as client:
        body = known(client)
        first, again = (client.screen(body) for _ in range(2))  # type: ignore[arg-type]
        assert (first.failure, first.failover, first.replayed, again.replayed) == (None, False, False, True)
        assert (first.screening_id, first.decision) == (again.screening_id, "allow")
        checked = client.verify_receipt(first.receipt or "", action=body["action"])
        assert (checked.valid, checked.claims["jti"], first.proceed) == (True, first.screening_id, True)


def test_pinned_keys_fit_the_service(place: tuple[str, str]) -> None:
    """The receipt of an allow is verified on its way in."""
    keys = httpx.get(f"{place[0]}/.well-known/jwks.json").json()
    with Lastcall(*place, Options(deadline=AT_ONCE, keys=keys)) as client:
        found = client.screen(known(client))  # type: ignore[arg-type]
        assert (found.failure, found.proceed) == (None, True)


def test_mistakes_are_told_apart(place: tuple[str, str]) -> None:
    """A wrong key and a wrong field are the caller's, and say so."""
    body = request() | {"action": "close"}
    with Lastcall(place[0], "lc_wrong", PATIENT) as stranger, Lastcall(*place, PATIENT) as client:
        refused = stranger.screen(body)  # type: ignore[arg-type]
        rejected = client.screen(body | {"chanel": "app"})  # type: ignore[arg-type]
        assert stranger.tally("screen").mistaken == {"unauthenticated": 1}
    assert refused.failure is not None
    assert rejected.failure is not None
    assert (refused.failure.code, refused.decision) == ("UNAUTHENTICATED", "hold")
    assert (rejected.failure.code, rejected.failure.path) == ("UNKNOWN_FIELD", "chanel")
