"""One-time password: how the code went. NIST SP 800-63B calls codes by SMS restricted; a pass lowers risk a little."""

from functools import partial
from typing import Final, get_args, get_type_hints

from features.incidents import explained
from features.request import Otp
from features.signal import Moment, Value, flag, is_one_of, number, stated

NONE_SENT: Final = "no code was sent"
TOO_FAST_S: Final = 1.5
CALM_S: Final = 45.0
STATUSES: Final[tuple[str, ...]] = tuple(
    value for part in get_args(get_type_hints(Otp)["status"]) for value in get_args(part)
)


def _seconds(m: Moment) -> float | None:
    return m.request.otp.entry_latency_s


def _not(value: bool | None) -> float | None:  # noqa: FBT001 - a flag is what it takes
    return None if value is None else float(not value)


def _passed(m: Moment) -> Value:
    """A code that was not sent proves nothing and accuses nobody."""
    return (
        None if m.request.otp.status in {None, "not_sent", "not_possible"} else float(m.request.otp.status == "passed")
    )


_signal = partial(stated, "otp", missing=NONE_SENT)

_SAID: Final = (
    _signal(
        "status",
        "验证码结果",
        "Whether the code passed, failed, ran out, or could not be sent because the SIM is gone.",
        "either",
        "OTP_FAILED",
        lambda m: m.request.otp.status,
        ("failed", {"status": "failed"}),
        ("passed", {"status": "passed"}),
        categories=STATUSES,
    ),
    _signal(
        "passed",
        "验证码通过",
        "Whoever entered it holds the SIM, or somebody who holds it read it out.",
        "falls",
        "OTP_FAILED",
        _passed,
        (0.0, {"status": "failed"}),
        (1.0, {"status": "passed"}),
    ),
    _signal(
        "failed_attempts",
        "验证码输错次数",
        "Three wrong codes are guesses; one is a slip.",
        "rises",
        "OTP_FAILED",
        lambda m: number(m.request.otp.failed_attempts),
        (4.0, {"failed_attempts": 4}),
        (0.0, {"failed_attempts": 0}),
    ),
    _signal(
        "sends_1h",
        "一小时内验证码发送次数",
        "Code after code is asked for when somebody waits for the victim to read one out.",
        "rises",
        "OTP_STORM",
        lambda m: number(m.request.otp.sends_1h),
        (6.0, {"sends_1h": 6}),
        (1.0, {"sends_1h": 1}),
    ),
    _signal(
        "to_other_number",
        "验证码发往其他号码",
        "A code to another number shows that its owner agrees, whoever that is.",
        "rises",
        "OTP_UNPROVEN",
        lambda m: _not(m.request.otp.destination_is_closing_number),
        (1.0, {"destination_is_closing_number": False}),
        (0.0, {"destination_is_closing_number": True}),
    ),
    _signal(
        "entry_too_fast",
        "验证码输入过快",
        "Nobody reads and types six digits within a second and a half; a program does.",
        "rises",
        "OTP_RELAYED",
        lambda m: flag(None if (s := _seconds(m)) is None else s < TOO_FAST_S),
        (1.0, {"entry_latency_s": 0.4}),
        (0.0, {"entry_latency_s": 1.5}),
    ),
    _signal(
        "entry_seconds_over",
        "验证码输入超出四十五秒的秒数",
        "A code that is entered late was dictated or passed on; slow readers take long too.",
        "rises",
        "OTP_RELAYED",
        lambda m: None if (s := _seconds(m)) is None else max(0.0, s - CALM_S),
        (60.0, {"entry_latency_s": 105.0}),
        (0.0, {"entry_latency_s": 14.0}),
    ),
    _signal(
        "machine_entered",
        "验证码由程序填入",
        "The code came in through an interface and not through the screen.",
        "rises",
        "OTP_RELAYED",
        lambda m: is_one_of(m.request.otp.input_method, "api"),
        (1.0, {"input_method": "api"}),
        (0.0, {"input_method": "autofill"}),
        origin="device",
    ),
    _signal(
        "other_province",
        "验证码异地输入",
        "It was sent to one province and entered in another.",
        "rises",
        "OTP_RELAYED",
        lambda m: _not(m.request.otp.same_province),
        (1.0, {"same_province": False}),
        (0.0, {"same_province": True}),
    ),
    _signal(
        "bank_code_storm_1h",
        "一小时内银行类验证码数",
        "Codes of banks rain on a line whose accounts are being taken, one after the other.",
        "rises",
        "OTP_STORM",
        lambda m: number(m.request.otp.bank_code_storm_1h),
        (7.0, {"bank_code_storm_1h": 7}),
        (0.0, {"bank_code_storm_1h": 0}),
    ),
    _signal(
        "not_bound",
        "验证码未绑定申请",
        "The code was not made for this very request, so it may have been asked for under another name.",
        "rises",
        "OTP_UNPROVEN",
        lambda m: _not(m.request.otp.bound_to_request),
        (1.0, {"bound_to_request": False}),
        (0.0, {"bound_to_request": True}),
    ),
)

EXPLAINED: Final = {"otp.failed_attempts": 1.0, "otp.sends_1h": 2.0, "otp.entry_seconds_over": 0.0}
"""While codes come late or not at all, people ask again and enter them slowly: the most that these say then."""
SIGNALS: Final = tuple(
    explained(signal, EXPLAINED[signal.name]) if signal.name in EXPLAINED else signal for signal in _SAID
)
