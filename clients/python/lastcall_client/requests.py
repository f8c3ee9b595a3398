"""A request as TypedDicts, field by field as the contract has them, so that a type checker finds typos.

At run time they are plain dictionaries, and any mapping of the same shape will do. A test compares them with the types
that the service enforces.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Required, TypedDict

from lastcall_client.device import Confirmation, Device, Liveness, Location, Otp

Action = Literal["unsubscribe", "suspend", "resume", "close", "close_remote"]


class Requester(TypedDict, total=False):
    """Who asks, and what papers they showed."""

    role: Literal["owner", "user", "delegate", "guardian", "heir", "enterprise_admin", "agent"] | None
    document_status: Literal["not_needed", "provided", "pending", "verified", "failed"] | None


class Slices(TypedDict, total=False):
    """For fairness figures and routing only: neither the model nor a rule may read these."""

    age_group: Literal["minor", "adult", "elderly"] | None
    accessibility: bool | None


class Subscriber(TypedDict, total=False):
    """The line and its owner."""

    msisdn: Required[str]
    party_id: str | None
    id_token: str | None
    home_province: str | None
    handling_province: str | None


class Account(TypedDict, total=False):
    """The state of the account (carrier)."""

    tenure_days: int | None
    status: Literal["active", "suspended", "throttled", "frozen"] | None
    frozen_reason: Literal["none", "arrears", "security", "police", "lost"] | None
    arrears_fen: int | None
    arrears_days: int | None
    prepaid_balance_fen: int | None
    lines_on_id: int | None
    last_activity_days: int | None
    premium_tier: int | None
    linked_services: int | None
    closure_lock: Literal["on", "off", "recently_off"] | None
    safety_service_cancelled_h: float | None
    contact_changed_h: float | None
    password_reset_h: float | None
    days_to_cycle_end: int | None


class Contract(TypedDict, total=False):
    """What binds the line (carrier); eligibility alone."""

    types: Sequence[Literal["none", "premium_number", "device_subsidy", "converged_bundle", "campus", "group"]] | None
    remaining_days: int | None
    early_termination_fee_fen: int | None


class CrossProvince(TypedDict, total=False):
    """What the handling province could check in the home province's books (carrier)."""

    name: Literal["verified", "mismatch", "unavailable", "pending"] | None
    product: Literal["verified", "mismatch", "unavailable", "pending"] | None
    contract: Literal["verified", "mismatch", "unavailable", "pending"] | None
    bill: Literal["verified", "mismatch", "unavailable", "pending"] | None
    balance: Literal["verified", "mismatch", "unavailable", "pending"] | None
    arrears: Literal["verified", "mismatch", "unavailable", "pending"] | None


class Sync(TypedDict, total=False):
    """Whether the carrier's own systems agree with one another (carrier)."""

    state: Literal["in_sync", "lagging", "failed", "unknown"] | None
    lag_s: float | None


class Kyc(TypedDict, total=False):
    """CAMARA KYC Match, or the carrier's own real-name check (carrier)."""

    name_match_score: int | None
    id_document_match: Literal["true", "false", "not_available", "unavailable"] | None


class BalanceTransfer(TypedDict, total=False):
    """Where the rest of the balance goes (carrier)."""

    target_token: str | None
    same_owner: Literal["yes", "no", "unknown"] | None


class Contact(TypedDict, total=False):
    """A second way to reach the owner."""

    token: Required[str]
    source: Literal["on_record", "supplied"] | None
    since_h: float | None
    same_owner: Literal["yes", "no", "unknown"] | None
    is_closing_number: bool | None


class Network(TypedDict, total=False):
    """What the network knows of the line (carrier; CAMARA where there is an API)."""

    ip: str | None
    sim_change_age_h: float | None
    sim_monitored_days: int | None
    device_change_age_h: float | None
    device_monitored_days: int | None
    number_verified: Literal["true", "false", "unavailable"] | None
    call_forwarding: Literal["inactive", "conditional", "unconditional", "unavailable"] | None
    call_forward_set_h: float | None
    reachable: bool | None
    roaming: bool | None
    port_pending: Literal["none", "requested", "authorised"] | None
    number_recycled: Literal["yes", "no", "unknown", "true", "false", "unavailable"] | None
    scam_call_active: bool | None


class Agent(TypedDict, total=False):
    """The person at the carrier who handles the request, if anybody (carrier)."""

    id: str | None
    store_id: str | None
    override: bool | None
    beneficiary_token: str | None


class ScreeningRequest(TypedDict, total=False):
    """A request to be screened before its workflow runs."""

    request_id: Required[str]
    action: Required[Action]
    channel: Required[Literal["app", "web", "hotline", "store", "chatbot", "voice_assistant", "partner_api"]]
    subscriber: Required[Subscriber]
    occurred_at: datetime | str | None
    reason: (
        Literal[
            "not_needed",
            "moved",
            "cost",
            "arrears",
            "lost_stolen",
            "security_risk",
            "number_change",
            "deceased",
            "port_out",
            "identity_misuse",
            "other",
        ]
        | None
    )
    order_ref: str | None
    requester: Requester
    confirmation: Confirmation
    slices: Slices
    account: Account
    contract: Contract
    cross_province: CrossProvince
    sync: Sync
    kyc: Kyc
    balance_transfer: BalanceTransfer
    contacts: Sequence[Contact]
    device: Device
    location: Location
    otp: Otp
    liveness: Liveness
    network: Network
    agent: Agent
    bundle_count: int | None
