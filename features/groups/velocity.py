"""Velocity: how often and how evenly the same phone, address, person or block of numbers came by. All of it is ours."""

from datetime import timedelta
from typing import Final

from features.incidents import explained
from features.signal import Example, Moment, Origin, Past, Risk, Signal
from features.windows import Count, Distinct, Gaps, Last, Window

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
MONTH: Final = timedelta(days=30)
NO_STORE: Final = "the velocity store could not be asked"
NO_DEVICE: Final = "no device was named, or it came too seldom to tell"

DEVICE_1H: Final = Count(by="device", of=("screening",), span=HOUR)
DEVICE_24H: Final = Count(by="device", of=("screening",), span=DAY)
DEVICE_GAPS: Final = Gaps(by="device", of=("screening",), span=DAY)
IP_1H: Final = Count(by="ip", of=("screening",), span=HOUR)
PARTY_30D: Final = Distinct(what="line", by="party", of=("screening",), span=MONTH)
PREFIX_1H: Final = Count(by="prefix", of=("screening",), span=HOUR)
FAILED_LINE: Final = Count(by="line", of=("login_failed",), span=DAY)
FAILED_DEVICE: Final = Count(by="device", of=("login_failed",), span=DAY)
OTP_24H: Final = Count(by="line", of=("otp_sent",), span=DAY)
SIM_CHANGED: Final = Last(by="line", of=("sim_changed",), span=timedelta(days=90))


def _signal(  # noqa: PLR0913 - what entries of this file differ in
    name: str,
    zh: str,
    why: str,
    window: Window,
    reason: str,
    fires: Example,
    quiet: Example,
    risk: Risk = "rises",
    origin: Origin = "ours",
    benign: float | None = None,
    explained_to: float | None = None,
) -> Signal:
    """Return an entry that is what its window says; `explained_to`: the most it says during a declared incident."""

    def compute(m: Moment) -> float | None:
        return m.seen(window)

    signal = Signal(
        name=f"velocity.{name}",
        zh=zh,
        why=why,
        origin=origin,
        risk=risk,
        benign=benign,
        missing=NO_DEVICE if origin == "device" else NO_STORE,
        reason=reason,
        reads=(window,),
        compute=compute,
        fires=fires,
        quiet=quiet,
    )
    return signal if explained_to is None else explained(signal, explained_to)


SIGNALS: Final = (
    _signal(
        "device_requests_1h",
        "一小时内同设备申请次数",
        "One phone that asks again and again within an hour works through a list.",
        DEVICE_1H,
        "MANY_LINES_ONE_DEVICE",
        Example(
            gives=6.0,
            request={"device": {"id": "d-farm"}},
            past=(Past(kind="screening", ago=timedelta(minutes=3), other=("line",), times=6),),
        ),
        Example(
            gives=0.0,
            request={"device": {"id": "d-own"}},
            past=(Past(kind="screening", ago=timedelta(hours=2)),),
        ),
        origin="device",
        benign=0.0,
    ),
    _signal(
        "device_requests_24h",
        "一天内同设备申请次数",
        "Three requests from one phone within a day are a family; thirty are not.",
        DEVICE_24H,
        "MANY_LINES_ONE_DEVICE",
        Example(
            gives=12.0,
            request={"device": {"id": "d-farm"}},
            past=(Past(kind="screening", ago=timedelta(hours=5), other=("line",), times=12),),
        ),
        Example(
            gives=0.0,
            request={"device": {"id": "d-own"}},
            past=(Past(kind="screening", ago=timedelta(days=2)),),
        ),
        origin="device",
        benign=0.0,
    ),
    _signal(
        "device_gap_variation",
        "同设备申请间隔变异系数",
        "People come at odd times; a script comes every so many seconds (coefficient of variation near zero).",
        DEVICE_GAPS,
        "REQUEST_AUTOMATED",
        Example(
            gives=0.0,
            request={"device": {"id": "d-farm"}},
            past=(
                Past(kind="screening", ago=timedelta(minutes=1), every=timedelta(seconds=20), times=6, other=("line",)),
            ),
        ),
        Example(gives=None, request={"device": {"id": "d-own"}}),
        risk="falls",
        origin="device",
        benign=1.0,
    ),
    _signal(
        "ip_requests_1h",
        "一小时内同地址申请次数",
        "Many requests from one address: a script, or a campus and a mobile network behind one address.",
        IP_1H,
        "MANY_REQUESTS",
        Example(
            gives=15.0,
            request={"network": {"ip": "203.0.113.7"}},
            past=(Past(kind="screening", ago=timedelta(minutes=5), other=("line", "device"), times=15),),
        ),
        Example(
            gives=0.0,
            request={"network": {"ip": "203.0.113.7"}},
            past=(Past(kind="screening", ago=timedelta(minutes=5), other=("line", "device", "ip")),),
        ),
        explained_to=3.0,
    ),
    _signal(
        "party_lines_30d",
        "三十天内同一人申请号码数",
        "Many lines of one person: a victim of misused identity, an enterprise, or a thief with their papers.",
        PARTY_30D,
        "MANY_LINES_ONE_PERSON",
        Example(
            gives=7.0,
            request={"subscriber": {"party_id": "p-1"}},
            past=(Past(kind="screening", ago=timedelta(hours=3), other=("line", "device"), times=7),),
        ),
        Example(
            gives=0.0,
            request={"subscriber": {"party_id": "p-1"}},
            past=(Past(kind="screening", ago=timedelta(days=31), other=("line",)),),
        ),
        risk="either",
    ),
    _signal(
        "prefix_requests_1h",
        "一小时内同号段申请次数",
        "Somebody sweeps through neighbouring numbers.",
        PREFIX_1H,
        "MANY_REQUESTS",
        Example(
            gives=20.0,
            past=(Past(kind="screening", ago=timedelta(minutes=5), other=("line", "device"), times=20),),
        ),
        Example(gives=0.0, past=(Past(kind="screening", ago=timedelta(hours=2), other=("line",)),)),
    ),
    _signal(
        "login_failures_24h",
        "一天内本号码登录失败次数",
        "Wrong passwords just before: somebody guesses, or an owner has forgotten theirs.",
        FAILED_LINE,
        "LOGIN_FAILURES",
        Example(gives=6.0, past=(Past(kind="login_failed", ago=timedelta(hours=2), times=6),)),
        Example(gives=0.0, past=(Past(kind="login_failed", ago=timedelta(hours=25)),)),
        explained_to=1.0,
    ),
    _signal(
        "login_failures_device_24h",
        "一天内同设备登录失败次数",
        "One phone fails at many accounts: it tries leaked passwords.",
        FAILED_DEVICE,
        "LOGIN_FAILURES",
        Example(
            gives=9.0,
            request={"device": {"id": "d-try"}},
            past=(Past(kind="login_failed", ago=timedelta(hours=1), other=("line",), times=9),),
        ),
        Example(
            gives=0.0,
            request={"device": {"id": "d-own"}},
            past=(Past(kind="login_failed", ago=timedelta(hours=1), other=("device",)),),
        ),
        origin="device",
        benign=0.0,
        explained_to=1.0,
    ),
    _signal(
        "otp_sent_24h",
        "一天内验证码发送次数",
        "Codes are asked for all day long, until the victim gives one away.",
        OTP_24H,
        "OTP_STORM",
        Example(gives=9.0, past=(Past(kind="otp_sent", ago=timedelta(hours=1), times=9),)),
        Example(gives=0.0, past=(Past(kind="otp_sent", ago=timedelta(hours=25)),)),
        explained_to=2.0,
    ),
    _signal(
        "sim_changed_h",
        "已知补换卡距今（小时）",
        "We were told of a SIM change ourselves, so it counts even when the request does not mention it.",
        SIM_CHANGED,
        "NETWORK_SIM_CHANGED_RECENTLY",
        Example(gives=5.0, past=(Past(kind="sim_changed", ago=timedelta(hours=5)),)),
        Example(gives=1440.0, past=(Past(kind="sim_changed", ago=timedelta(days=60)),)),
        risk="falls",
    ),
)
