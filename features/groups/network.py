"""Network: what the carrier's network knows of the line (CAMARA where there is an API)."""

from collections.abc import Callable
from functools import partial
from typing import Final

from features.request import Network
from features.signal import Moment, Value, flag, is_one_of, number, stated

NOT_ASKED: Final = "the network was not asked, or this network cannot tell"
HOURS: Final = 24.0


def _since(age: str, monitored: str) -> Callable[[Moment], Value]:
    """No change within the days that are watched is a lower bound of the age, and not missing (CAMARA SIM Swap)."""
    assert {age, monitored} <= set(Network.__struct_fields__)  # noqa: S101 - a typo would read nothing

    def compute(m: Moment) -> Value:
        network = m.request.network
        hours, days = getattr(network, age), getattr(network, monitored)
        return number(hours) if hours is not None else None if days is None else days * HOURS

    return compute


def _verified(m: Moment) -> Value:
    """On Wi-Fi the network cannot tell (403): that is missing, and not a no."""
    return {"true": 1.0, "false": 0.0}.get(m.request.network.number_verified or "")


def _unreachable(m: Moment) -> Value:
    reachable = m.request.network.reachable
    return None if reachable is None else float(not reachable)


def _recycled(m: Moment) -> Value:
    return is_one_of(m.request.network.number_recycled, "yes", "true")


_signal = partial(stated, "network", missing=NOT_ASKED)

SIGNALS: Final = (
    _signal(
        "sim_change_age_h",
        "补换卡距今（小时）",
        "Whoever got the SIM of this morning gets the codes; people who lost a phone change theirs too.",
        "falls",
        "NETWORK_SIM_CHANGED_RECENTLY",
        _since("sim_change_age_h", "sim_monitored_days"),
        (5.0, {"sim_change_age_h": 5.0, "sim_monitored_days": 120}),
        (2880.0, {"sim_change_age_h": None, "sim_monitored_days": 120}),
    ),
    _signal(
        "device_change_age_h",
        "换机距今（小时）",
        "The line was put into another phone; with a new SIM at the same time it is a takeover, or a lost phone.",
        "falls",
        "NETWORK_DEVICE_CHANGED",
        _since("device_change_age_h", "device_monitored_days"),
        (3.0, {"device_change_age_h": 3.0}),
        (2880.0, {"device_monitored_days": 120}),
    ),
    _signal(
        "number_verified",
        "本机号码校验通过",
        "The network itself says that the request comes from this very line; the strongest quiet proof there is.",
        "falls",
        "NETWORK_NUMBER_NOT_VERIFIED",
        _verified,
        (0.0, {"number_verified": "false"}),
        (1.0, {"number_verified": "true"}),
    ),
    _signal(
        "forwarding_unconditional",
        "无条件呼叫转移",
        "All calls, call backs and spoken codes go to somebody else.",
        "rises",
        "NETWORK_FORWARDING_ACTIVE",
        lambda m: is_one_of(m.request.network.call_forwarding, "unconditional"),
        (1.0, {"call_forwarding": "unconditional"}),
        (0.0, {"call_forwarding": "conditional"}),
    ),
    _signal(
        "forwarding_active",
        "已设置呼叫转移",
        "Some calls are forwarded: mailboxes do that, and so do thieves who wait for a spoken code.",
        "rises",
        "NETWORK_FORWARDING_ACTIVE",
        lambda m: is_one_of(m.request.network.call_forwarding, "conditional", "unconditional"),
        (1.0, {"call_forwarding": "conditional"}),
        (0.0, {"call_forwarding": "inactive"}),
    ),
    _signal(
        "forwarding_set_h",
        "设置呼叫转移距今（小时）",
        "Forwarding that was set today was set for something that happens today.",
        "falls",
        "NETWORK_FORWARDING_ACTIVE",
        lambda m: number(m.request.network.call_forward_set_h),
        (2.0, {"call_forward_set_h": 2.0}),
        (9000.0, {"call_forward_set_h": 9000.0}),
    ),
    _signal(
        "unreachable",
        "号码不可达",
        "A SIM in a drawer cannot be reached; nor can one that was cut off by a swap.",
        "either",
        "NETWORK_UNREACHABLE",
        _unreachable,
        (1.0, {"reachable": False}),
        (0.0, {"reachable": True}),
    ),
    _signal(
        "roaming",
        "境外漫游",
        "The line is abroad; travellers are, and so are those who never come near it.",
        "either",
        "NETWORK_ROAMING",
        lambda m: flag(m.request.network.roaming),
        (1.0, {"roaming": True}),
        (0.0, {"roaming": False}),
    ),
    _signal(
        "port_pending",
        "携号转网办理中",
        "The line is about to move to another carrier: an ordinary reason to close, and a way to steal one.",
        "either",
        "NETWORK_PORTING",
        lambda m: is_one_of(m.request.network.port_pending, "requested", "authorised"),
        (1.0, {"port_pending": "requested"}),
        (0.0, {"port_pending": "none"}),
    ),
    _signal(
        "number_recycled",
        "二次号码",
        "The number had another owner before; contacts and accounts that hang on it may be theirs.",
        "rises",
        "NETWORK_NUMBER_RECYCLED",
        _recycled,
        (1.0, {"number_recycled": "yes"}),
        (0.0, {"number_recycled": "no"}),
    ),
    _signal(
        "scam_call_active",
        "疑似诈骗通话中",
        "A call with a suspected scammer is going on at this moment.",
        "rises",
        "NETWORK_SCAM_CALL",
        lambda m: flag(m.request.network.scam_call_active),
        (1.0, {"scam_call_active": True}),
        (0.0, {"scam_call_active": False}),
    ),
)
