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
    secret = key_of(settings, "screen", "events", "redeem", "label", "risk:read")
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


def test_an_allow_is_redeemed_once_and_what_became_of_it_is_told(place: tuple[str, str]) -> None:
    """The whole life of a request, through the client alone: the same execution may ask again, another may not."""
    with Lastcall(*place, PATIENT) as client:
        body = known(client)
        found = client.screen(body)  # type: ignore[arg-type]
        assert found.screening_id is not None
        shown = {"action": body["action"], "msisdn": body["subscriber"]["msisdn"]}
        first, again, other = (
            client.redeem(found.screening_id, found.receipt or "", **shown, execution_id=name)
            for name in ("order-1", "order-1", "order-2")
        )
        assert first.do in {"close", "suspend"}
        assert (again, first.failure) == (first, None)
        assert other.failure is not None
        assert (other.do, other.failure.cause, other.failure.code) == (None, "conflict", "ALREADY_REDEEMED")
        told = [client.outcome(found.screening_id, "executed") for _ in range(2)]
        assert [(one.recorded, one.known, one.redeemed) for one in told] == [(True, False, True), (True, True, True)]
        labels = [client.label(found.screening_id, "legitimate", source="analyst") for _ in range(2)]
        assert [(one.recorded, one.known) for one in labels] == [(True, False), (True, True)]
        assert client.tally("redeem").mistaken == {"conflict": 1}


def test_a_closure_is_taken_back_while_it_cools_off(place: tuple[str, str]) -> None:
    """Without a cooling-off the service says that it is too late."""
    with Lastcall(*place, PATIENT) as client:
        found = client.screen(known(client))  # type: ignore[arg-type]
        back = client.withdraw(found.screening_id or "")
        assert back.recorded == (found.cooling_off is not None)
        assert back.failure is None or back.failure.code == "COOLING_OFF_OVER"
