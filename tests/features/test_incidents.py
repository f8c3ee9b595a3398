"""A declared incident explains what it explains, where and while it lasts, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest

from features.catalogue import catalogue
from features.incidents import MINUTE_MS, READS
from features.signal import Example, Past
from tests.features.moments import moment

HERE = {"subscriber": {"handling_province": "440000"}, "device": {"id": "d-1"}}
FAILED = Past(kind="login_failed", ago=timedelta(hours=1), times=6)
SENT = {"otp": {"failed_attempts": 4, "sends_1h": 7, "entry_latency_s": 300.0}}
EXPLAINED = [signal for signal in catalogue().signals.values() if set(READS) <= set(signal.reads)]


def row(*past: Past, request: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the row of a request after some events."""
    asked = HERE | SENT | (request or {})
    return catalogue().row(moment(Example(gives=None, request=asked, past=(FAILED, *past))))


def declared(*, hours_ago: float = 2, lasts: float = 24, **more: Any) -> Past:
    """An incident that was declared some hours before the example's moment."""
    until = moment(Example(gives=None)).at_ms + round((lasts - hours_ago) * 60) * MINUTE_MS
    values = {"until_min": until // MINUTE_MS}
    return Past(kind="incident_declared", ago=timedelta(hours=hours_ago), values=values, **more)


def cleared(hours_ago: float) -> Past:
    """The same incident, cleared."""
    return Past(kind="incident_cleared", ago=timedelta(hours=hours_ago))


def test_what_an_incident_explains() -> None:
    """Failed sign-ins, codes asked for again, addresses that are shared: no more than ordinary, and never worse."""
    bare, during = row(), row(declared())
    changed = {name for name in bare if bare[name] != during[name]}
    assert bare["velocity.login_failures_24h"] == 6.0
    assert during["velocity.login_failures_24h"] == 1.0
    assert changed == {
        "velocity.login_failures_24h",
        "velocity.login_failures_device_24h",
        "otp.failed_attempts",
        "otp.sends_1h",
        "otp.entry_seconds_over",
    }
    assert {signal.name for signal in EXPLAINED} == changed | {"velocity.ip_requests_1h", "velocity.otp_sent_24h"}
    assert all(signal.risk == "rises" for signal in EXPLAINED)


@pytest.mark.parametrize(
    "past",
    [
        (declared(other=("province",)),),
        (declared(), cleared(1)),
        (declared(hours_ago=30, lasts=24),),
        (declared(hours_ago=73, lasts=96),),
    ],
    ids=["elsewhere", "cleared", "over", "too long ago"],
)
def test_when_nothing_is_explained(past: tuple[Past, ...]) -> None:
    """In another province, after it was cleared, when it is over, or when nobody declared it again for three days."""
    assert row(*past)["velocity.login_failures_24h"] == 6.0


def test_one_that_is_declared_anew_holds_again() -> None:
    """Cleared once, declared again."""
    assert row(declared(hours_ago=5), cleared(3), declared(hours_ago=1))["velocity.login_failures_24h"] == 1.0
