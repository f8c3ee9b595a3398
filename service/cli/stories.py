"""Two stories with which the demo begins: a student's remote closure, and a stranger's. Both are invented.

The line, the phone and the person are told first, as a carrier reports them; then the closure is asked for.
"""

from datetime import timedelta
from typing import Any, Final

from features.clock import rfc3339

Body = dict[str, Any]
OWNED: Final[Body] = {
    "tenure_days": 1300,
    "status": "active",
    "frozen_reason": "none",
    "arrears_fen": 0,
    "last_activity_days": 0,
    "premium_tier": 0,
    "linked_services": 3,
    "closure_lock": "off",
}
HONEST: Final[Body] = {
    "platform": "android",
    "attestation": {"provider": "none"},
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
}


def student() -> Body:
    """A university number of Guangdong is closed in Shanghai, by the phone that always used it."""
    return {
        "request_id": "demo-student",
        "action": "close_remote",
        "channel": "app",
        "reason": "moved",
        "requester": {"role": "owner", "document_status": "not_needed"},
        "confirmation": {"seconds_on_page": 16.0, "edits": 1},
        "subscriber": _line("+8613800200001", "p-demo-student"),
        "account": OWNED,
        "contract": {"types": ["campus"], "remaining_days": 0, "early_termination_fee_fen": 0},
        "sync": {"state": "in_sync", "lag_s": 1},
        "kyc": {"name_match_score": 100, "id_document_match": "true"},
        "device": HONEST | {"id": "d-demo-student", "sim_matches_line": "yes"},
        "location": {"consent": "granted", "visited_province": "310000"},
        "otp": {
            "status": "passed",
            "channel": "sms",
            "destination_is_closing_number": True,
            "sends_1h": 1,
            "failed_attempts": 0,
            "entry_latency_s": 13.0,
            "input_method": "autofill",
            "same_province": True,
            "bound_to_request": True,
        },
        "network": {
            "sim_monitored_days": 120,
            "number_verified": "true",
            "call_forwarding": "inactive",
            "reachable": True,
            "roaming": False,
            "port_pending": "none",
        },
    }


def stranger() -> Body:
    """Somebody in Shanghai with a copy of the papers closes a line whose phone is in Guangdong with its owner."""
    return student() | {
        "request_id": "demo-stranger",
        "reason": "not_needed",
        "subscriber": _line("+8613800200002", "p-demo-victim"),
        "account": OWNED | {"premium_tier": 4},
        "contacts": [{"token": "c-demo-stranger", "source": "supplied", "since_h": 0, "same_owner": "no"}],
        "device": HONEST | {"id": "d-demo-stranger", "sim_matches_line": "no"},
        "location": {
            "consent": "granted",
            "latitude": 31.2304,
            "longitude": 121.4737,
            "accuracy_m": 30,
            "line_latitude": 23.1291,
            "line_longitude": 113.2644,
            "visited_province": "440000",
        },
        "liveness": {"consent": "granted", "provider": "vendor", "match_score": 0.41, "pad_score": 0.9},
        "otp": {
            "status": "passed",
            "channel": "sms",
            "destination_is_closing_number": True,
            "sends_1h": 3,
            "failed_attempts": 1,
            "entry_latency_s": 71.0,
            "input_method": "typed",
            "same_province": False,
        },
        "network": {"sim_monitored_days": 120, "number_verified": "false", "reachable": True},
    }


def past_of(body: Body, device: str, province: str, now_ms: int) -> list[Body]:
    """Return the months before a story: the owner's own phone on the line, in the province where they live."""
    ago = [timedelta(days=days) for days in (300, 200, 90, 30, 7, 1)]
    return [
        {
            "event_id": f"{body['request_id']}-{number}",
            "occurred_at": rfc3339(now_ms - int(span / timedelta(milliseconds=1))),
            "kind": "device_enrolled" if number == 0 else "login_succeeded",
            "msisdn": body["subscriber"]["msisdn"],
            "party_id": body["subscriber"]["party_id"],
            "device_id": device,
            "province": province,
        }
        for number, span in enumerate(ago)
    ]


def _line(msisdn: str, party: str) -> Body:
    return {"msisdn": msisdn, "party_id": party, "home_province": "440000", "handling_province": "310000"}
