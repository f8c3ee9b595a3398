"""Attestation: what is genuine and for this request counts, what is not says nothing, and none is neutral."""

from typing import Any

import msgspec
import pytest

from features.catalogue import catalogue
from features.facts import Facts
from features.request import ScreeningRequest
from features.signal import Moment
from service.adapters.attestation import Apps
from tests.service.attested import (
    PACKAGE,
    STRANGER,
    payload,
    play_app,
    play_token,
    unsigned_token,
    url64,
)
from tests.service.attesting import BARE, BOUND, NOTHING, asking, completed, verdict
from tests.service.sql.records import NOW_MS


def test_a_good_token_of_a_standard_request() -> None:
    """Verdict, app, age, and the apps that can watch or drive the screen: the part that the library does not read."""
    found = completed(asking(token=play_token(payload(BOUND))))
    assert verdict(found) == ("strong", "recognized", 5.0)
    assert found.device.access_risk == ("UNKNOWN_CONTROLLING",)


@pytest.mark.parametrize("padded", [True, False])
def test_a_good_token_of_a_classic_request(padded: bool) -> None:  # noqa: FBT001
    """The nonce is the same hash, with padding or without."""
    details = payload(BOUND)["requestDetails"]
    nonce = details.pop("requestHash") + ("=" if padded else "")
    found = completed(asking(token=play_token(payload(BOUND, requestDetails=details | {"nonce": nonce}))))
    assert verdict(found) == ("strong", "recognized", 5.0)


@pytest.mark.parametrize(
    ("met", "expected"),
    [
        (["MEETS_BASIC_INTEGRITY", "MEETS_DEVICE_INTEGRITY"], "device"),
        (["MEETS_BASIC_INTEGRITY"], "basic"),
        (["MEETS_VIRTUAL_INTEGRITY"], "fail"),
        ([], "fail"),
        (None, "error"),
    ],
)
def test_weaker_devices_have_weaker_verdicts(met: list[str] | None, expected: str) -> None:
    """A genuine token that vouches for less is an answer, and no exception; one that looked at nothing is none."""
    said = payload(BOUND, deviceIntegrity={} if met is None else {"deviceRecognitionVerdict": met})
    assert verdict(completed(asking(token=play_token(said))))[0] == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"appRecognitionVerdict": "UNRECOGNIZED_VERSION"}, "unrecognized"),
        ({"appRecognitionVerdict": "UNEVALUATED"}, "unevaluated"),
        ({"packageName": "cn.north.hall.copy"}, "unrecognized"),
        ({"certificateSha256Digest": ["another"]}, "unrecognized"),
        ({"certificateSha256Digest": None}, "unrecognized"),
        ({"appRecognitionVerdict": "SOMETHING_NEW"}, None),
    ],
)
def test_another_app_is_not_recognised(changed: dict[str, Any], expected: str | None) -> None:
    """A copy that is signed by somebody else is not the app, whatever its name."""
    app = payload(BOUND)["appIntegrity"] | changed
    assert verdict(completed(asking(token=play_token(payload(BOUND, appIntegrity=app)))))[1] == expected


def _details(**changed: Any) -> str:
    return play_token(payload(BOUND, requestDetails=payload(BOUND)["requestDetails"] | changed))


def test_what_proves_nothing() -> None:
    """Forged, old, of the future, of another app, or made for another request: an error, and never a fail."""
    minute = 60_000
    for token in (
        play_token(payload(BOUND), STRANGER),
        unsigned_token(payload(BOUND)),
        _details(timestampMillis="1577836800000"),
        _details(timestampMillis=str(NOW_MS - 6 * minute)),
        _details(timestampMillis=str(NOW_MS + 6 * minute)),
        _details(timestampMillis=None),
        _details(requestPackageName="cn.south.hall"),
        _details(requestHash=url64(bytes(32))),
        _details(requestHash=None),
        _details(requestHash=7),
        play_token(payload(b"[]")),
        play_token({}),
        "",
        "a.b.c.d.e",
        "x" * 16_000,
    ):
        found = completed(asking(token=token))
        assert verdict(found) == NOTHING, token[:40]
        assert found.device.access_risk is None


def test_a_token_is_for_one_request() -> None:
    """Another id, another action or another line: it proves nothing there."""
    token = play_token(payload(BOUND))
    for other in (
        BARE | {"request_id": "r-2"},
        BARE | {"action": "close_remote"},
        BARE | {"subscriber": {"msisdn": "+8613900139000"}},
    ):
        assert verdict(completed(asking(token=token, request=other))) == NOTHING
    assert verdict(completed(asking(token=token)))[0] == "strong"


def test_risky_apps_cannot_be_talked_away() -> None:
    """What the device named and what the maker saw are put together; a token that did not look takes nothing away."""
    token = play_token(payload(BOUND))
    assert completed(asking(token=token, access_risk=["KNOWN_OVERLAYS"])).device.access_risk == (
        "KNOWN_OVERLAYS",
        "UNKNOWN_CONTROLLING",
    )
    for environment, expected in (({}, ("KNOWN_OVERLAYS",)), ({"appAccessRiskVerdict": {}}, ("KNOWN_OVERLAYS",))):
        token = play_token(payload(BOUND, environmentDetails=environment))
        assert completed(asking(token=token, access_risk=["KNOWN_OVERLAYS"])).device.access_risk == expected
    clean = play_token(payload(BOUND, environmentDetails={"appAccessRiskVerdict": {"appsDetected": []}}))
    assert completed(asking(token=clean)).device.access_risk == ()


def test_no_token_is_neutral() -> None:
    """A request without one is left as it is, and so is one that nobody here can judge but for its token."""
    for request in (
        msgspec.convert(BARE, ScreeningRequest),
        asking(provider="none"),
        asking(provider="play_integrity"),
    ):
        assert completed(request) is request
    for provider, apps, tenant in (
        ("oem", None, "north"),
        ("none", None, "north"),
        ("app_attest", None, "north"),
        ("play_integrity", Apps(), "north"),
        ("play_integrity", None, "south"),
    ):
        found = completed(asking(provider, "t"), apps, tenant=tenant)
        assert verdict(found) == ("strong", "recognized", 1.0)


def test_none_weighs_as_little_as_an_error() -> None:
    """Most phones sold in China have no attestation: neither signal of it is there, so neither counts."""
    none = msgspec.convert({**BARE, "device": {"attestation": {"provider": "none"}}}, ScreeningRequest)
    for request in (none, completed(asking(token=".".join("abcde")))):
        moment = Moment(request=request, facts=Facts(), at_ms=0, keys={}, answers=None)
        row = catalogue().row(moment)
        assert (row["device.attestation_failed"], row["device.attestation_strong"]) == (None, None)
        assert row["device.app_altered"] is None


def test_the_keys_of_an_app_are_not_shown() -> None:
    """The decryption key is a secret."""
    assert play_app().decryption_key not in repr(play_app())
    assert PACKAGE in repr(play_app())


def test_what_an_app_signs_is_written_down() -> None:
    """Byte by byte, so that an app can be built from it."""
    assert BOUND == b'["lastcall-attestation-v1","r-1","close","+8613800138000"]'
