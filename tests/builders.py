"""Requests and events for tests: a plain, benign one, and the parts in which a story differs from it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

_numbers = count(1)

Body = dict[str, Any]


def merged(base: Mapping[str, Any], patch: Mapping[str, Any]) -> Body:
    """Return a body with a patch laid over it; groups are laid over group by group."""
    out = dict(base)
    for name, value in patch.items():
        old = out.get(name)
        out[name] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return out


def number() -> int:
    """Return a number that no other call of this process got."""
    return next(_numbers)


def msisdn(which: int) -> str:
    """Return an invented number in Guangdong."""
    return f"+86138{130_000 + which:08d}"


def request(patch: Mapping[str, Any] | None = None) -> Body:
    """Return a request of an ordinary customer at home on their own phone, with a patch laid over it."""
    which = number()
    base = {
        "request_id": f"test-{which}",
        "action": "close",
        "channel": "app",
        "reason": "not_needed",
        "requester": {"role": "owner", "document_status": "not_needed"},
        "confirmation": {"seconds_on_page": 14.0, "edits": 1},
        "subscriber": {
            "msisdn": msisdn(which),
            "party_id": f"p-{which}",
            "home_province": "440000",
            "handling_province": "440000",
        },
        "account": {
            "tenure_days": 900,
            "status": "active",
            "frozen_reason": "none",
            "arrears_fen": 0,
            "arrears_days": 0,
            "prepaid_balance_fen": 2000,
            "lines_on_id": 2,
            "last_activity_days": 1,
            "premium_tier": 0,
            "linked_services": 2,
            "closure_lock": "off",
            "days_to_cycle_end": 5,
        },
        "contract": {"types": ["none"], "remaining_days": 0, "early_termination_fee_fen": 0},
        "sync": {"state": "in_sync", "lag_s": 1},
        "kyc": {"name_match_score": 98, "id_document_match": "true"},
        "contacts": [
            {
                "token": f"c-{which}",
                "source": "on_record",
                "since_h": 20000,
                "same_owner": "yes",
                "is_closing_number": False,
            }
        ],
        "device": {
            "id": f"d-{which}",
            "platform": "android",
            "attestation": {"provider": "none"},
            "access_risk": [],
            "rooted": "no",
            "hooked": False,
            "emulator": "no",
            "multi_open": False,
            "remote_control": False,
            "screen_shared": False,
            "unknown_accessibility": False,
            "call_in_progress": "none",
            "vpn": False,
            "mock_location": False,
            "sim_matches_line": "yes",
        },
        "location": {"consent": "granted", "visited_province": "440000"},
        "otp": {
            "status": "passed",
            "channel": "sms",
            "destination_is_closing_number": True,
            "sends_1h": 1,
            "failed_attempts": 0,
            "entry_latency_s": 13.0,
            "input_method": "autofill",
            "same_province": True,
            "delivery_receipt_s": 3.0,
            "bank_code_storm_1h": 0,
            "bound_to_request": True,
        },
        "network": {
            "sim_change_age_h": None,
            "sim_monitored_days": 120,
            "device_change_age_h": None,
            "device_monitored_days": 120,
            "number_verified": "true",
            "call_forwarding": "inactive",
            "reachable": True,
            "roaming": False,
            "port_pending": "none",
            "number_recycled": "no",
        },
        "bundle_count": 1,
    }
    return merged(base, patch or {})


def event(kind: str, body: Body, *, ago: timedelta, **patch: Any) -> Body:
    """Return a reported event about a request's line, person and device, some time before now."""
    base = {
        "event_id": f"event-{number()}",
        "occurred_at": (datetime.now(UTC) - ago).isoformat(),
        "kind": kind,
        "msisdn": body["subscriber"]["msisdn"],
        "party_id": body["subscriber"].get("party_id"),
        "device_id": body.get("device", {}).get("id"),
    }
    return {name: value for name, value in (base | patch).items() if value is not None}


def long_known(body: Body) -> list[Body]:
    """Return the past of a phone that has used its line for months."""
    return [
        event("device_enrolled", body, ago=timedelta(days=300)),
        *(event("login_succeeded", body, ago=timedelta(days=days)) for days in (250, 120, 40, 6, 1)),
    ]
