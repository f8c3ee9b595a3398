"""What a right answer looks like, and small ways to make it wrong."""

import json
from typing import Any

from lastcall_client import ScreeningRequest

REQUEST: ScreeningRequest = {
    "request_id": "r-1",
    "action": "close_remote",
    "channel": "app",
    "subscriber": {"msisdn": "+8613800138000"},
}
ACTIONS = ("unsubscribe", "suspend", "resume", "close", "close_remote")
WITHOUT_US = {
    "unsubscribe": "challenge",
    "suspend": "challenge",
    "resume": "challenge",
    "close": "hold",
    "close_remote": "hold",
}


def asking(**changed: Any) -> ScreeningRequest:
    """Return the request with changes."""
    return {**REQUEST, **changed}  # type: ignore[typeddict-item]


def answer(**changed: Any) -> dict[str, Any]:
    """Return an allow with a receipt, with changes."""
    return {
        "screening_id": "scr_1",
        "request_id": "r-1",
        "created_at": "2026-11-22T10:00:00+08:00",
        "decision": "allow",
        "enforced": True,
        "reasons": [{"code": "NETWORK", "en": "The SIM card is new.", "zh": "SIM 卡刚刚更换。"}],
        "challenge": None,
        "hold": None,
        "eligibility": {"eligible": True, "obligations": []},
        "cooling_off": None,
        "next_actions": [],
        "degraded": {"is_degraded": False, "missing": ["network.roaming"], "failed": []},
        "receipt": "a.b.c",
        "customer": {"en": "Done.", "zh": "已完成。", "appeal_ref": "ap-1"},
        "versions": {"model": None, "policy": "p1", "catalogue": "c1"},
    } | changed


def raw(**changed: Any) -> bytes:
    """Return that answer as bytes."""
    return json.dumps(answer(**changed)).encode()
