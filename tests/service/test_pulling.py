"""Pulling: only what is lacking and wanted, all at once, within the budget, and no failure becomes a fact."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import anyio
import msgspec
import pytest

from features.clock import FixedClock, moment
from features.request import ScreeningRequest
from service.ports_network import SOURCES, Change, Circle, Identity, Located, Match, NoIdentities, SourceFailedError
from service.pulling import ASK, LACKS, Pulling
from tests.service.sql.records import NOW_MS

LONG = timedelta(seconds=20)
BARE: Mapping[str, Any] = {
    "request_id": "r-1",
    "action": "close",
    "channel": "app",
    "subscriber": {"msisdn": "+8613800138000", "party_id": "p-71"},
}
PLACE = {"latitude": 31.2, "longitude": 121.4, "accuracy_m": 30.0, "consent": "granted"}
TELLS: Mapping[str, Any] = {
    "sim_change": Change(at=moment(NOW_MS) - timedelta(hours=5)),
    "device_change": Change(monitored_days=120),
    "number_verified": True,
    "located": Located(result="PARTIAL", match_rate=74),
    "call_forwarding": "conditional",
    "kyc_match": Match(name_score=87, document="true"),
    "tenure_days": 365,
    "recycled": False,
    "subscription": "active",
    "reachable": True,
    "roaming": False,
}


class Told:
    """A network that tells what it is given, fails where it is given an error, and shows what it was asked."""

    def __init__(self, **changed: Any) -> None:
        """Take what differs from `TELLS`."""
        self.asked: list[tuple[Any, ...]] = []
        self._tells = {**TELLS, **changed}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Answer one method of the port."""

        async def answer(*args: Any) -> Any:
            self.asked.append((name, *args))
            found = self._tells[name]
            if isinstance(found, Exception):
                raise found
            if isinstance(found, timedelta):
                await anyio.sleep(found.total_seconds())
            return found

        return answer


class Register:
    """Knows one person."""

    async def identity(self, tenant: str, party_id: str) -> Identity | None:
        """Return the person."""
        return Identity(name="王小明") if (tenant, party_id) == ("north", "p-71") else None


def made(**groups: Any) -> ScreeningRequest:
    """Return a bare request with some groups."""
    return msgspec.convert({**BARE, **groups}, ScreeningRequest)


def complete(
    network: Told, request: ScreeningRequest, wanted: Any = SOURCES, budget: timedelta = LONG, register: Any = None
) -> tuple[ScreeningRequest, tuple[str, ...]]:
    """Complete a request."""
    pulling = Pulling({"north": network}, register or Register(), wanted, FixedClock(NOW_MS))  # type: ignore[dict-item]
    return asyncio.run(pulling.complete("north", request, budget))


def test_every_source_fills_its_fields() -> None:
    """A bare request gets all of it."""
    network = Told()
    found, failed = complete(network, made(location=PLACE, account={"arrears_fen": 0}))
    assert failed == ()
    assert found.network.sim_change_age_h == 5.0
    assert (found.network.device_change_age_h, found.network.device_monitored_days) == (None, 120)
    assert (found.network.number_verified, found.network.call_forwarding) == ("true", "conditional")
    assert (found.network.reachable, found.network.roaming) == (True, False)
    assert (found.location.verification_result, found.location.match_rate) == ("PARTIAL", 74)
    assert (found.kyc.name_match_score, found.kyc.id_document_match) == (87, "true")
    assert (found.account.tenure_days, found.account.status, found.account.arrears_fen) == (365, "active", 0)
    assert set(ASK) == set(LACKS) == set(SOURCES)


def test_what_was_stated_is_never_asked_or_replaced() -> None:
    """Also a `false`, a zero, and a lower bound."""
    stated = made(
        network={
            "sim_monitored_days": 0,
            "device_change_age_h": 0.0,
            "number_verified": "unavailable",
            "call_forwarding": "inactive",
            "reachable": False,
            "roaming": True,
            "number_recycled": "no",
        },
        location=PLACE | {"verification_result": "FALSE"},
        kyc={"id_document_match": "false"},
        account={"tenure_days": 0, "status": "frozen"},
    )
    network = Told()
    assert complete(network, stated) == (stated, ())
    assert network.asked == []


def test_a_part_that_was_stated_stays_beside_what_is_found() -> None:
    """The source is asked for the rest."""
    found, failed = complete(Told(), made(location=PLACE | {"match_rate": 50}), {"location_verification"})
    assert (found.location.verification_result, found.location.match_rate, failed) == ("PARTIAL", 50, ())


def test_only_what_is_wanted_is_asked() -> None:
    """Data that no policy reads is not fetched."""
    network = Told()
    found, _ = complete(network, made(), {"roaming"})
    assert network.asked == [("roaming", "+8613800138000")]
    assert found == made(network={"roaming": False})


def test_a_source_that_cannot_tell_leaves_the_fact_missing() -> None:
    """It is no failure, and no false."""
    network = Told(**dict.fromkeys(TELLS))
    request = made(location=PLACE, account={"tenure_days": 30})
    assert complete(network, request) == (request, ())
    assert len(network.asked) == 10


def test_sources_that_fail_are_named() -> None:
    """The others still count."""
    network = Told(sim_change=SourceFailedError("down"), kyc_match=SourceFailedError("lying"))
    found, failed = complete(network, made())
    assert failed == ("sim_swap", "kyc_match")
    assert (found.network.sim_change_age_h, found.network.sim_monitored_days) == (None, None)
    assert found.kyc == made().kyc
    assert found.network.roaming is False


def test_a_source_that_breaks_is_named_too(caplog: pytest.LogCaptureFixture) -> None:
    """A defect is a failure like any other, and its words stay out of the log."""
    found, failed = complete(Told(roaming=RuntimeError("of +8613800138000")), made())
    assert failed == ("roaming",)
    assert found.network.reachable is True
    assert "RuntimeError" in str([record.__dict__ for record in caplog.records])
    assert "13800138000" not in str([record.__dict__ for record in caplog.records])


def test_a_value_that_a_request_could_not_state_is_a_failure() -> None:
    """It must not get into the record, which could not be read again."""
    network = Told(device_change=Change(monitored_days=-1), subscription="cancelled")
    found, failed = complete(network, made(), {"device_swap", "subscription_status", "roaming"})
    assert failed == ("device_swap", "subscription_status")
    assert found == made(network={"roaming": False})


def test_all_are_asked_at_once_and_within_the_budget() -> None:
    """A slow source costs the budget and itself alone."""
    network = Told(roaming=timedelta(seconds=20), reachable=timedelta(seconds=20))
    start = time.monotonic()
    found, failed = complete(network, made(), budget=timedelta(milliseconds=300))
    assert time.monotonic() - start < 5
    assert failed == ("reachability", "roaming")
    assert found.network.sim_change_age_h == 5.0


def test_a_place_is_asked_by_consent_alone() -> None:
    """And only when it is sure enough to say something."""
    for place in (
        PLACE | {"consent": "declined"},
        PLACE | {"consent": None},
        PLACE | {"latitude": None},
        PLACE | {"accuracy_m": 900_000},
    ):
        network = Told()
        assert complete(network, made(location=place), {"location_verification"})[1] == ()
        assert network.asked == []
    network = Told()
    complete(network, made(location=PLACE | {"accuracy_m": 5000.4}), {"location_verification"})
    assert network.asked == [("located", "+8613800138000", Circle(latitude=31.2, longitude=121.4, radius_m=5000))]


def test_a_recycled_number_is_one_that_changed_hands_after_its_owner_came() -> None:
    """Asked from the day after; without knowing since when, it is not asked."""
    network = Told()
    today = (moment(NOW_MS) + timedelta(hours=8)).date()
    complete(network, made(account={"tenure_days": 30}), {"number_recycling"})
    assert network.asked == [("recycled", "+8613800138000", today - timedelta(days=29))]
    for days in (None, 0, 90_000):
        network = Told()
        complete(network, made(account={"tenure_days": days}), {"number_recycling"})
        assert network.asked == []
    assert isinstance(today, date)


def test_people_who_are_not_known_are_not_compared() -> None:
    """No register, no party, an unknown party, or nothing known of them."""
    for request, register in (
        (made(), NoIdentities()),
        (made(subscriber={"msisdn": "+8613800138000"}), Register()),
        (made(subscriber={"msisdn": "+8613800138000", "party_id": "p-2"}), Register()),
    ):
        network = Told()
        assert complete(network, request, {"kyc_match"}, register=register) == (request, ())
        assert network.asked == []


@pytest.mark.parametrize("change", [Change(at=moment(NOW_MS) + timedelta(minutes=2))])
def test_a_clock_that_is_ahead_makes_no_negative_age(change: Change) -> None:
    """The change was just now."""
    found, failed = complete(Told(sim_change=change), made(), {"sim_swap"})
    assert (found.network.sim_change_age_h, failed) == (0.0, ())


def test_another_tenants_network_is_not_asked() -> None:
    """Nor a token that stands for a number."""
    network = Told()
    pulling = Pulling({"north": network}, Register(), SOURCES, FixedClock(NOW_MS))  # type: ignore[dict-item]
    assert asyncio.run(pulling.complete("south", made(), LONG)) == (made(), ())
    token = made(subscriber={"msisdn": "t1_AAAAAAAAAAAAAAAAAAAAAA"})
    assert asyncio.run(pulling.complete("north", token, LONG)) == (token, ())
    assert network.asked == []


def test_an_identity_does_not_show_itself() -> None:
    """It cannot get into a log by way of an error."""
    assert "王" not in repr(Identity(name="王小明", document="1"))
