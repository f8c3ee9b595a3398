"""The words of a request: what a field may say, and how long, large or early it may be. Said once, for wire and log."""

from typing import Annotated, Final, Literal

from msgspec import Meta

Action = Literal["unsubscribe", "suspend", "resume", "close", "close_remote"]
Klass = Literal["irreversible", "reversible"]
"""What thresholds, holds and stickiness go by."""
Channel = Literal["app", "web", "hotline", "store", "chatbot", "voice_assistant", "partner_api"]
Reason = Literal[
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
Role = Literal["owner", "user", "delegate", "guardian", "heir", "enterprise_admin", "agent"]
DocumentStatus = Literal["not_needed", "provided", "pending", "verified", "failed"]
YesNo = Literal["yes", "no", "unknown"]
TrueFalse = Literal["true", "false", "unavailable"]
CrossProvinceItem = Literal["verified", "mismatch", "unavailable", "pending"]
ContractType = Literal["none", "premium_number", "device_subsidy", "converged_bundle", "campus", "group"]
AccessRisk = Literal[
    "KNOWN_CAPTURING",
    "KNOWN_CONTROLLING",
    "KNOWN_OVERLAYS",
    "UNKNOWN_CAPTURING",
    "UNKNOWN_CONTROLLING",
    "UNKNOWN_OVERLAYS",
]

IRREVERSIBLE: Final[frozenset[str]] = frozenset({"close", "close_remote"})
"""Actions that a carrier cannot take back once the number is given to somebody else."""

Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
Text = Annotated[str, Meta(max_length=256)]
Msisdn = Annotated[
    str, Meta(pattern=r"^(\+[1-9][0-9]{4,14}|t[0-9]{1,3}_[A-Za-z0-9_-]{22})$", examples=["+8613800138000"])
]
Province = Annotated[
    str, Meta(pattern=r"^[1-9][0-9]{5}$", description="GB/T 2260 code of a province", examples=["440000"])
]
Share = Annotated[float, Meta(ge=0, le=1)]
Hours = Annotated[float, Meta(ge=0, le=1_000_000)]
Seconds = Annotated[float, Meta(ge=0, le=10_000_000)]
Days = Annotated[int, Meta(ge=0, le=100_000)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Fen = Annotated[int, Meta(ge=0, le=10**12, description="CNY in fen, a hundredth of a yuan")]
Latencies = Annotated[tuple[Annotated[float, Meta(ge=0, le=600_000)], ...], Meta(max_length=16)]
PROTECTIVE: Final[frozenset[str]] = frozenset({"lost_stolen", "security_risk"})
"""Reasons for which a suspension protects the owner."""
