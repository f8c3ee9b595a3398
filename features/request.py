"""The request: what a carrier's backend tells us about somebody who wants to close, drop or suspend a number.

These types are the wire format, the log format and what signals read: said once. They are msgspec structs, so that a
body is decoded and checked in one pass, and unknown fields are refused (a typo must not silently drop a signal).
Every field but four may be absent; `null` and absent mean the same. Absent is neither benign nor hostile.

`subscriber.msisdn` is an E.164 number on the wire and the line's token in a log; the service refuses tokens from
callers. `slices` are for fairness figures and routing alone: no signal may read them.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from features.vocabulary import (
    IRREVERSIBLE,
    PROTECTIVE,
    AccessRisk,
    Action,
    Channel,
    ContractType,
    Count,
    CrossProvinceItem,
    Days,
    DocumentStatus,
    Fen,
    Hours,
    Id,
    Klass,
    Latencies,
    Msisdn,
    Province,
    Reason,
    Role,
    Seconds,
    Share,
    Text,
    TrueFalse,
    YesNo,
)


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One group of the request; every field has a default unless it is required."""


class Requester(Group, frozen=True):
    """Who asks, and what papers they showed."""

    role: Role | None = None
    document_status: DocumentStatus | None = None


class Confirmation(Group, frozen=True):
    """How the confirmation page was used (device)."""

    seconds_on_page: Seconds | None = None
    edits: Count | None = None


class Slices(Group, frozen=True):
    """For fairness figures and routing only: neither the model nor a rule may read these."""

    age_group: Literal["minor", "adult", "elderly"] | None = None
    accessibility: bool | None = None


class Subscriber(Group, frozen=True):
    """The line and its owner."""

    msisdn: Msisdn
    party_id: Id | None = None
    id_token: Id | None = None
    home_province: Province | None = None
    handling_province: Province | None = None


class Account(Group, frozen=True):
    """The state of the account (carrier)."""

    tenure_days: Days | None = None
    status: Literal["active", "suspended", "throttled", "frozen"] | None = None
    frozen_reason: Literal["none", "arrears", "security", "police", "lost"] | None = None
    arrears_fen: Fen | None = None
    arrears_days: Days | None = None
    prepaid_balance_fen: Fen | None = None
    lines_on_id: Count | None = None
    last_activity_days: Days | None = None
    premium_tier: Annotated[int, Meta(ge=0, le=5)] | None = None
    linked_services: Count | None = None
    closure_lock: Literal["on", "off", "recently_off"] | None = None
    safety_service_cancelled_h: Hours | None = None
    contact_changed_h: Hours | None = None
    password_reset_h: Hours | None = None
    days_to_cycle_end: Annotated[int, Meta(ge=0, le=400)] | None = None


class Contract(Group, frozen=True):
    """What binds the line (carrier); eligibility alone."""

    types: Annotated[tuple[ContractType, ...], Meta(max_length=8)] | None = None
    remaining_days: Days | None = None
    early_termination_fee_fen: Fen | None = None


class CrossProvince(Group, frozen=True):
    """What the handling province could check in the home province's books (carrier)."""

    name: CrossProvinceItem | None = None
    product: CrossProvinceItem | None = None
    contract: CrossProvinceItem | None = None
    bill: CrossProvinceItem | None = None
    balance: CrossProvinceItem | None = None
    arrears: CrossProvinceItem | None = None


class Sync(Group, frozen=True):
    """Whether the carrier's own systems agree with one another (carrier)."""

    state: Literal["in_sync", "lagging", "failed", "unknown"] | None = None
    lag_s: Seconds | None = None


class Kyc(Group, frozen=True):
    """CAMARA KYC Match, or the carrier's own real-name check (carrier)."""

    name_match_score: Annotated[int, Meta(ge=0, le=100)] | None = None
    id_document_match: Literal["true", "false", "not_available", "unavailable"] | None = None


class BalanceTransfer(Group, frozen=True):
    """Where the rest of the balance goes (carrier)."""

    target_token: Id | None = None
    same_owner: YesNo | None = None


class Contact(Group, frozen=True):
    """A second way to reach the owner."""

    token: Id
    source: Literal["on_record", "supplied"] | None = None
    since_h: Hours | None = None
    same_owner: YesNo | None = None
    is_closing_number: bool | None = None


class Attestation(Group, frozen=True):
    """What the device's maker says of it (Play Integrity, App Attest, OEM)."""

    provider: Literal["play_integrity", "app_attest", "oem", "none"] | None = None
    token: Annotated[str, Meta(max_length=16_384)] | None = None
    verdict: Literal["strong", "device", "basic", "fail", "error"] | None = None
    age_s: Seconds | None = None
    app_recognition: Literal["recognized", "unrecognized", "unevaluated"] | None = None


class Device(Group, frozen=True):
    """What the app reports of its device: a thief may forge or drop it (device)."""

    id: Id | None = None
    platform: Literal["android", "ios", "harmony", "web", "other"] | None = None
    os_version: Annotated[str, Meta(max_length=32)] | None = None
    app_version: Annotated[str, Meta(max_length=32)] | None = None
    attestation: Attestation | None = None
    access_risk: Annotated[tuple[AccessRisk, ...], Meta(max_length=8)] | None = None
    rooted: YesNo | None = None
    hooked: bool | None = None
    emulator: YesNo | None = None
    multi_open: bool | None = None
    remote_control: bool | None = None
    screen_shared: bool | None = None
    unknown_accessibility: bool | None = None
    call_in_progress: Literal["none", "voip", "cellular"] | None = None
    vpn: bool | None = None
    mock_location: bool | None = None
    sim_matches_line: YesNo | None = None


class Location(Group, frozen=True):
    """Where the requester is (device, by consent) and where the line is (carrier)."""

    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    accuracy_m: Annotated[float, Meta(ge=0, le=20_000_000)] | None = None
    captured_at: datetime | None = None
    consent: Literal["granted", "declined", "not_asked"] | None = None
    visited_province: Province | None = None
    line_latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    line_longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    verification_result: Literal["TRUE", "FALSE", "PARTIAL", "UNKNOWN"] | None = None
    match_rate: Annotated[int, Meta(ge=1, le=99)] | None = None


class Otp(Group, frozen=True):
    """How a one-time password went."""

    challenge_id: Id | None = None
    status: Literal["passed", "failed", "expired", "not_sent", "not_possible"] | None = None
    channel: Literal["sms", "voice", "push", "network_auth"] | None = None
    destination_is_closing_number: bool | None = None
    sends_1h: Count | None = None
    failed_attempts: Count | None = None
    entry_latency_s: Seconds | None = None
    input_method: Literal["typed", "autofill", "paste", "api"] | None = None
    same_province: bool | None = None
    delivery_receipt_s: Seconds | None = None
    bank_code_storm_1h: Count | None = None
    bound_to_request: bool | None = None


class Liveness(Group, frozen=True):
    """How a face check went; optional, by separate consent, and refusing it costs nothing."""

    session_id: Id | None = None
    consent: Literal["granted", "declined", "not_asked"] | None = None
    provider: Annotated[str, Meta(max_length=64)] | None = None
    match_score: Share | None = None
    pad_score: Share | None = None
    pad_level: Literal["none", "ibeta_l1", "ibeta_l2", "other"] | None = None
    challenge_type: (
        Literal["none", "blink", "head_turn", "mouth", "colour_flash", "digits_aloud", "video_agent"] | None
    ) = None
    challenge_latency_ms: Latencies | None = None
    virtual_camera: bool | None = None
    motion_gyro_corr: Annotated[float, Meta(ge=-1, le=1)] | None = None
    failures_24h: Count | None = None
    exempt: bool | None = None


class Network(Group, frozen=True):
    """What the network knows of the line (carrier; CAMARA where there is an API)."""

    ip: Annotated[str, Meta(max_length=64)] | None = None
    sim_change_age_h: Hours | None = None
    sim_monitored_days: Days | None = None
    device_change_age_h: Hours | None = None
    device_monitored_days: Days | None = None
    number_verified: TrueFalse | None = None
    call_forwarding: Literal["inactive", "conditional", "unconditional", "unavailable"] | None = None
    call_forward_set_h: Hours | None = None
    reachable: bool | None = None
    roaming: bool | None = None
    port_pending: Literal["none", "requested", "authorised"] | None = None
    number_recycled: YesNo | TrueFalse | None = None
    scam_call_active: bool | None = None


class Agent(Group, frozen=True):
    """The person at the carrier who handles the request, if anybody (carrier)."""

    id: Id | None = None
    store_id: Id | None = None
    override: bool | None = None
    beneficiary_token: Id | None = None


class ScreeningRequest(Group, frozen=True):
    """A request to be screened before its workflow runs."""

    request_id: Id
    action: Action
    channel: Channel
    subscriber: Subscriber
    occurred_at: datetime | None = None
    reason: Reason | None = None
    order_ref: Text | None = None
    requester: Requester = Requester()
    confirmation: Confirmation = Confirmation()
    slices: Slices = Slices()
    account: Account = Account()
    contract: Contract = Contract()
    cross_province: CrossProvince = CrossProvince()
    sync: Sync = Sync()
    kyc: Kyc = Kyc()
    balance_transfer: BalanceTransfer = BalanceTransfer()
    contacts: Annotated[tuple[Contact, ...], Meta(max_length=16)] = ()
    device: Device = Device()
    location: Location = Location()
    otp: Otp = Otp()
    liveness: Liveness = Liveness()
    network: Network = Network()
    agent: Agent = Agent()
    bundle_count: Annotated[int, Meta(ge=1, le=100_000)] | None = None

    @property
    def irreversible(self) -> bool:
        """Whether the action cannot be taken back."""
        return self.action in IRREVERSIBLE

    @property
    def klass(self) -> Klass:
        """The class of its action: thresholds, holds and stickiness go by it."""
        return "irreversible" if self.irreversible else "reversible"

    @property
    def protective(self) -> bool:
        """Whether the owner asks to suspend a lost or endangered line: quick, and never held for missing signals."""
        return self.action == "suspend" and self.reason in PROTECTIVE and self.requester.role in {None, "owner"}
