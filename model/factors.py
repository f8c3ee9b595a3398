"""Factors: the ways to show that the owner is asking, which signals spoil which of them, and which ways on are offered.

A factor that a thief may hold is neither offered nor counted: a code to a SIM that was changed today proves nothing
(NIST SP 800-63B calls SMS restricted for this reason), nor does a tap on a phone that somebody else controls.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from features.request import Contact, ScreeningRequest
from features.signal import Value

Row = Mapping[str, Value]
Factor = Literal[
    "number_verification",
    "otp_closing_number",
    "otp_second_contact",
    "service_password",
    "face_liveness",
    "second_confirmation",
    "callback_second_contact",
    "video_agent",
    "store_visit",
    "wait_period",
]
Way = tuple[str, ...]
IN_PERSON: Final = ("store_visit",)
"""The way that is open to everybody, always."""
FACTORS: Final[tuple[str, ...]] = get_args(Factor)

FRESH_H: Final = 72.0
"""A change younger than this may be the thief's (three days, as carriers wait before they trust a new SIM)."""
FACE_MATCHES: Final = 0.8
FACE_IS_LIVE: Final = 0.5

CHANNEL_OF: Final[Mapping[str, str]] = {
    "number_verification": "sim",
    "otp_closing_number": "sim",
    "otp_second_contact": "contact",
    "callback_second_contact": "contact",
    "face_liveness": "face",
    "service_password": "password",
    "second_confirmation": "device",
    "video_agent": "person",
    "store_visit": "person",
    "wait_period": "time",
}
"""Two factors over one channel are one: whoever holds the SIM passes both."""


@dataclass(frozen=True, slots=True)
class Spoiler:
    """A state of affairs that spoils factors.

    Attributes:
        name: what the factor table shows an analyst.
        reads: the signals it looks at.
        holds: whether it is so; a missing signal spoils nothing.
        spoils: the factors that prove nothing then.
    """

    name: str
    reads: tuple[str, ...]
    holds: Callable[[Row], bool]
    spoils: frozenset[str]


def _is(*names: str) -> Callable[[Row], bool]:
    return lambda row: any(row.get(name) == 1.0 for name in names)


def _younger(*names: str) -> Callable[[Row], bool]:
    return lambda row: any(_less(row.get(name), FRESH_H) for name in names)


def _less(value: Value, limit: float) -> bool:
    return isinstance(value, float | int) and value < limit


def _forwarded(row: Row) -> bool:
    """Unconditional forwarding takes codes away; conditional forwarding is common, and suspect only while it is new."""
    fresh = row.get("network.forwarding_active") == 1.0 and _less(row.get("network.forwarding_set_h"), FRESH_H)
    return row.get("network.forwarding_unconditional") == 1.0 or fresh


_ON_THE_PHONE: Final = frozenset(
    {
        "number_verification",
        "otp_closing_number",
        "otp_second_contact",
        "service_password",
        "second_confirmation",
        "face_liveness",
    }
)

SPOILERS: Final = (
    Spoiler(
        "sim_changed",
        ("network.sim_change_age_h", "velocity.sim_changed_h"),
        _younger("network.sim_change_age_h", "velocity.sim_changed_h"),
        frozenset({"otp_closing_number", "number_verification"}),
    ),
    Spoiler(
        "calls_forwarded",
        ("network.forwarding_unconditional", "network.forwarding_active", "network.forwarding_set_h"),
        _forwarded,
        frozenset({"otp_closing_number"}),
    ),
    Spoiler(
        "phone_controlled",
        (
            "device.remote_control",
            "device.screen_shared",
            "device.controlled_by_app",
            "device.unknown_accessibility",
        ),
        _is(
            "device.remote_control",
            "device.screen_shared",
            "device.controlled_by_app",
            "device.unknown_accessibility",
        ),
        _ON_THE_PHONE,
    ),
    Spoiler(
        "code_relayed",
        ("otp.other_province", "otp.machine_entered"),
        _is("otp.other_province", "otp.machine_entered"),
        frozenset({"otp_closing_number"}),
    ),
    Spoiler(
        "line_unreachable", ("network.unreachable",), _is("network.unreachable"), frozenset({"otp_closing_number"})
    ),
    Spoiler(
        "camera_replaced",
        ("liveness.virtual_camera", "device.hooked"),
        _is("liveness.virtual_camera", "device.hooked"),
        frozenset({"face_liveness"}),
    ),
    Spoiler(
        "contact_changed",
        ("account.contact_changed_h",),
        _younger("account.contact_changed_h"),
        frozenset({"otp_second_contact", "callback_second_contact"}),
    ),
    Spoiler(
        "password_reset",
        ("account.password_reset_h",),
        _younger("account.password_reset_h"),
        frozenset({"service_password"}),
    ),
)

READS: Final = tuple(
    sorted(
        {name for spoiler in SPOILERS for name in spoiler.reads}
        | {
            "otp.passed",
            "otp.to_other_number",
            "liveness.match_score",
            "liveness.pad_score",
            "network.number_verified",
            "account.kyc_id_mismatch",
            "request.document_status",
        }
    )
)
"""The signals that factors are told from."""


def spoiled(row: Row) -> Mapping[str, tuple[str, ...]]:
    """Return the factors that prove nothing now, each with the names of what spoils it."""
    found: dict[str, tuple[str, ...]] = {}
    for spoiler in SPOILERS:
        if spoiler.holds(row):
            for factor in spoiler.spoils:
                found[factor] = (*found.get(factor, ()), spoiler.name)
    return found


def second_contact(request: ScreeningRequest) -> bool:
    """Say whether there is a second way to reach the owner that the requester did not just supply."""
    return any(proves(contact) for contact in request.contacts)


def proves(contact: Contact) -> bool:
    """Say whether a contact can speak for the owner: on record for three days, theirs, and another number."""
    old = contact.since_h is not None and contact.since_h >= FRESH_H
    return contact.source == "on_record" and contact.same_owner == "yes" and not contact.is_closing_number and old


def shown(request: ScreeningRequest, row: Row) -> frozenset[str]:
    """Return what already shows that the owner is asking: unspoiled factors that passed, and matching papers.

    Beside factors there may be `documents` (verified papers) and `kyc` (the identity document matches the record).
    """
    passed = row.get("otp.passed") == 1.0
    elsewhere = row.get("otp.to_other_number") == 1.0
    checks = {
        "number_verification": row.get("network.number_verified") == 1.0,
        "otp_closing_number": passed and not elsewhere,
        "otp_second_contact": passed and elsewhere and second_contact(request),
        "face_liveness": _at_least(row, "liveness.match_score", FACE_MATCHES)
        and _at_least(row, "liveness.pad_score", FACE_IS_LIVE),
        "kyc": row.get("account.kyc_id_mismatch") == 0.0,
        "documents": row.get("request.document_status") == "verified",
    }
    worthless = spoiled(row)
    return frozenset(name for name, holds in checks.items() if holds and name not in worthless)


def sufficient(evidence: Iterable[str]) -> bool:
    """Say whether evidence is enough to go on without asking: there is some, and not a face alone."""
    return bool(set(evidence) - {"face_liveness"})


def offered(
    ways: Iterable[Way], request: ScreeningRequest, row: Row, done: frozenset[str] = frozenset()
) -> tuple[Way, ...]:
    """Return the ways on that are open to this requester, in their order.

    A way is closed when one of its factors is spoiled or not possible for them, or when all of it was shown or done.
    """
    closed = set(spoiled(row)) | impossible(request)
    proven = shown(request, row) | done
    return tuple(way for way in ways if not closed & set(way) and (set(way) - proven or way == IN_PERSON))


def impossible(request: ScreeningRequest) -> frozenset[str]:
    """Return the factors that this requester cannot use; refusing a face check closes that way and costs nothing."""
    found: set[str] = set()
    if not second_contact(request):
        found |= {"otp_second_contact", "callback_second_contact"}
    if (
        request.liveness.consent == "declined"
        or request.liveness.exempt
        or request.channel in {"hotline", "partner_api"}
    ):
        found.add("face_liveness")
    if request.otp.status == "not_possible":
        found.add("otp_closing_number")
    if request.channel in {"hotline", "store", "partner_api"}:
        found |= {"number_verification", "second_confirmation"}
    return frozenset(found)


def _at_least(row: Row, name: str, limit: float) -> bool:
    value = row.get(name)
    return isinstance(value, float | int) and value >= limit
