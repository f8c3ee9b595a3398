"""A security event as a carrier reports it: a TypedDict, as in the contract."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Required, TypedDict


class ReportedEvent(TypedDict, total=False):
    """A security event as a carrier reports it; `attributes` must not carry personal data."""

    event_id: Required[str]
    occurred_at: Required[datetime | str]
    kind: Required[
        Literal[
            "login_succeeded",
            "login_failed",
            "password_reset",
            "contact_changed",
            "sim_changed",
            "device_enrolled",
            "call_forwarding_set",
            "otp_sent",
            "otp_passed",
            "otp_failed",
            "safety_service_cancelled",
            "closure_lock_changed",
            "number_reregistered",
            "record_viewed_by_agent",
            "sync_state_changed",
            "incident_declared",
            "incident_cleared",
        ]
    ]
    msisdn: str | None
    party_id: str | None
    device_id: str | None
    ip: str | None
    agent_id: str | None
    store_id: str | None
    contact_token: str | None
    province: str | None
    attributes: Mapping[str, bool | int | float | str | None] | None
