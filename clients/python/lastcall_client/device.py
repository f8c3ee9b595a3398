"""The parts of a request that the customer's device reports, or that step-ups left: TypedDicts, as in the contract."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypedDict


class Confirmation(TypedDict, total=False):
    """How the confirmation page was used (device)."""

    seconds_on_page: float | None
    edits: int | None


class Attestation(TypedDict, total=False):
    """What the device's maker says of it (Play Integrity, App Attest, OEM)."""

    provider: Literal["play_integrity", "app_attest", "oem", "none"] | None
    token: str | None
    verdict: Literal["strong", "device", "basic", "fail", "error"] | None
    age_s: float | None
    app_recognition: Literal["recognized", "unrecognized", "unevaluated"] | None


class Device(TypedDict, total=False):
    """What the app reports of its device: a thief may forge or drop it (device)."""

    id: str | None
    platform: Literal["android", "ios", "harmony", "web", "other"] | None
    os_version: str | None
    app_version: str | None
    attestation: Attestation | None
    access_risk: (
        Sequence[
            Literal[
                "KNOWN_CAPTURING",
                "KNOWN_CONTROLLING",
                "KNOWN_OVERLAYS",
                "UNKNOWN_CAPTURING",
                "UNKNOWN_CONTROLLING",
                "UNKNOWN_OVERLAYS",
            ]
        ]
        | None
    )
    rooted: Literal["yes", "no", "unknown"] | None
    hooked: bool | None
    emulator: Literal["yes", "no", "unknown"] | None
    multi_open: bool | None
    remote_control: bool | None
    screen_shared: bool | None
    unknown_accessibility: bool | None
    call_in_progress: Literal["none", "voip", "cellular"] | None
    vpn: bool | None
    mock_location: bool | None
    sim_matches_line: Literal["yes", "no", "unknown"] | None


class Location(TypedDict, total=False):
    """Where the requester is (device, by consent) and where the line is (carrier)."""

    latitude: float | None
    longitude: float | None
    accuracy_m: float | None
    captured_at: datetime | str | None
    consent: Literal["granted", "declined", "not_asked"] | None
    visited_province: str | None
    line_latitude: float | None
    line_longitude: float | None
    verification_result: Literal["TRUE", "FALSE", "PARTIAL", "UNKNOWN"] | None
    match_rate: int | None


class Otp(TypedDict, total=False):
    """How a one-time password went."""

    challenge_id: str | None
    status: Literal["passed", "failed", "expired", "not_sent", "not_possible"] | None
    channel: Literal["sms", "voice", "push", "network_auth"] | None
    destination_is_closing_number: bool | None
    sends_1h: int | None
    failed_attempts: int | None
    entry_latency_s: float | None
    input_method: Literal["typed", "autofill", "paste", "api"] | None
    same_province: bool | None
    delivery_receipt_s: float | None
    bank_code_storm_1h: int | None
    bound_to_request: bool | None


class Liveness(TypedDict, total=False):
    """How a face check went; optional, by separate consent, and refusing it costs nothing."""

    session_id: str | None
    consent: Literal["granted", "declined", "not_asked"] | None
    provider: str | None
    match_score: float | None
    pad_score: float | None
    pad_level: Literal["none", "ibeta_l1", "ibeta_l2", "other"] | None
    challenge_type: Literal["none", "blink", "head_turn", "mouth", "colour_flash", "digits_aloud", "video_agent"] | None
    challenge_latency_ms: Sequence[float] | None
    virtual_camera: bool | None
    motion_gyro_corr: float | None
    failures_24h: int | None
    exempt: bool | None
