"""Device: what the app reports of the phone it runs on, and what we remember of that phone.

All of this is in the hands of whoever holds the phone: it may be forged or dropped. So every entry names the value that
an honest device reports, and leaving it out never scores better than that.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from features.request import Attestation, Device
from features.signal import Example, Moment, Past, Signal, Value, flag, is_one_of
from features.windows import Distinct, First

LONG_KNOWN_H: Final = 400 * 24.0
NO_APP: Final = "web, hotline and store requests have no app to report it"

DEVICE_SEEN: Final = First(
    by="device", of=("login_succeeded", "device_enrolled", "screening"), span=timedelta(days=400)
)
DEVICE_ON_LINE: Final = First(by="line+device", of=("login_succeeded", "device_enrolled"), span=timedelta(days=400))
LINES_ON_DEVICE: Final = Distinct(
    what="line", by="device", of=("screening", "login_succeeded"), span=timedelta(days=30)
)


def _attestation(m: Moment) -> Attestation:
    return m.request.device.attestation or Attestation()


def _attested(verdicts: tuple[str, ...]) -> Callable[[Moment], Value]:
    """No attestation at all is the rule on Chinese phones, and is neither failed nor passed."""

    def compute(m: Moment) -> Value:
        verdict = _attestation(m).verdict
        return None if verdict is None or verdict == "error" else float(verdict in verdicts)

    return compute


def _app_altered(m: Moment) -> Value:
    said = _attestation(m).app_recognition
    return None if said is None or said == "unevaluated" else float(said == "unrecognized")


def _controlled_by_app(m: Moment) -> Value:
    risks = m.request.device.access_risk
    return None if risks is None else float("UNKNOWN_CONTROLLING" in risks or "UNKNOWN_CAPTURING" in risks)


def _reported(field: str) -> Callable[[Moment], Value]:
    def compute(m: Moment) -> Value:
        said = getattr(m.request.device, field)
        return is_one_of(said, "yes") if isinstance(said, str) else flag(said)

    return compute


def _flag(name: str, zh: str, why: str, reason: str, *, yes: object = True, no: object = False) -> Signal:  # noqa: PLR0913
    """Return a flag that the app reports under its own name in the request."""
    field = name.partition(".")[2]
    assert field in Device.__struct_fields__, field  # noqa: S101 - a typo would read nothing
    return Signal(
        name=name,
        zh=zh,
        why=why,
        origin="device",
        risk="rises",
        benign=0.0,
        missing=NO_APP,
        reason=reason,
        compute=_reported(field),
        fires=Example(gives=1.0, request={"device": {field: yes}}),
        quiet=Example(gives=0.0, request={"device": {field: no}}),
    )


SIGNALS: Final = (
    Signal(
        name="device.seen_for_h",
        zh="设备已知时长（小时）",
        why="A phone that was never seen before is where takeovers start; most customers use one known for weeks.",
        origin="device",
        risk="falls",
        benign=LONG_KNOWN_H,
        missing=NO_APP,
        reason="DEVICE_NEW",
        reads=(DEVICE_SEEN,),
        compute=lambda m: m.seen(DEVICE_SEEN),
        fires=Example(gives=0.0, request={"device": {"id": "d-new"}}),
        quiet=Example(
            gives=2400.0,
            request={"device": {"id": "d-old"}},
            past=(Past(kind="login_succeeded", ago=timedelta(days=100)),),
        ),
    ),
    Signal(
        name="device.known_on_line_for_h",
        zh="设备在本号码上已知时长（小时）",
        why="A phone that has used this very line for weeks is the owner's, unless somebody else controls it.",
        origin="device",
        risk="falls",
        benign=LONG_KNOWN_H,
        missing=NO_APP,
        reason="DEVICE_NEW",
        reads=(DEVICE_ON_LINE,),
        compute=lambda m: m.seen(DEVICE_ON_LINE),
        fires=Example(
            gives=0.0,
            request={"device": {"id": "d-new"}},
            past=(Past(kind="login_succeeded", ago=timedelta(days=9), other=("line",)),),
        ),
        quiet=Example(
            gives=720.0,
            request={"device": {"id": "d-old"}},
            past=(Past(kind="device_enrolled", ago=timedelta(days=30)),),
        ),
    ),
    Signal(
        name="device.lines_30d",
        zh="三十天内同设备号码数",
        why="One phone that speaks for many numbers is a farm; a family shares two to five.",
        origin="device",
        risk="rises",
        benign=1.0,
        missing=NO_APP,
        reason="MANY_LINES_ONE_DEVICE",
        reads=(LINES_ON_DEVICE,),
        compute=lambda m: m.seen(LINES_ON_DEVICE),
        fires=Example(
            gives=7.0,
            request={"device": {"id": "d-farm"}},
            past=(Past(kind="screening", ago=timedelta(minutes=2), other=("line",), times=7),),
        ),
        quiet=Example(
            gives=1.0,
            request={"device": {"id": "d-own"}},
            past=(Past(kind="login_succeeded", ago=timedelta(days=3), times=4),),
        ),
    ),
    Signal(
        name="device.attestation_failed",
        zh="设备认证未通过",
        why="The maker's own check says that the phone or its system was tampered with.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing="most phones sold in China have no attestation service; its absence says nothing",
        reason="DEVICE_TAMPERED",
        compute=_attested(("fail",)),
        fires=Example(
            gives=1.0, request={"device": {"attestation": {"provider": "play_integrity", "verdict": "fail"}}}
        ),
        quiet=Example(gives=0.0, request={"device": {"attestation": {"provider": "app_attest", "verdict": "strong"}}}),
    ),
    Signal(
        name="device.attestation_strong",
        zh="设备认证强度高",
        why="The maker vouches for hardware and system; bypasses are public, so it lowers risk a little and no more.",
        origin="device",
        risk="falls",
        benign=1.0,
        missing="most phones sold in China have no attestation service; its absence says nothing",
        reason="DEVICE_TAMPERED",
        compute=_attested(("strong", "device")),
        fires=Example(
            gives=0.0, request={"device": {"attestation": {"provider": "play_integrity", "verdict": "basic"}}}
        ),
        quiet=Example(
            gives=1.0, request={"device": {"attestation": {"provider": "play_integrity", "verdict": "strong"}}}
        ),
    ),
    Signal(
        name="device.app_altered",
        zh="应用被篡改",
        why="A repackaged app can send whatever it likes; genuine customers hardly ever have one.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing="the store could not be asked about the app",
        reason="DEVICE_TAMPERED",
        compute=_app_altered,
        fires=Example(gives=1.0, request={"device": {"attestation": {"app_recognition": "unrecognized"}}}),
        quiet=Example(gives=0.0, request={"device": {"attestation": {"app_recognition": "recognized"}}}),
    ),
    Signal(
        name="device.controlled_by_app",
        zh="未知应用可控制或录制屏幕",
        why="An app that nobody knows can watch or drive the screen: malware, or a stranger's hand.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing="only some attestation services look for it",
        reason="DEVICE_REMOTE_CONTROLLED",
        compute=_controlled_by_app,
        fires=Example(gives=1.0, request={"device": {"access_risk": ["UNKNOWN_CONTROLLING"]}}),
        quiet=Example(gives=0.0, request={"device": {"access_risk": ["KNOWN_OVERLAYS"]}}),
    ),
    _flag(
        "device.rooted",
        "设备已越狱或取得最高权限",
        "A rooted phone can lie about everything else; many enthusiasts have one too, so it weighs little alone.",
        "DEVICE_TAMPERED",
        yes="yes",
        no="no",
    ),
    _flag(
        "device.hooked",
        "应用被注入",
        "Another program rewrites ours while it runs: a tool of batch fraud, never an accident.",
        "DEVICE_TAMPERED",
    ),
    _flag(
        "device.emulator",
        "模拟器或云手机",
        "An emulated or rented phone is how one person works hundreds of numbers.",
        "DEVICE_EMULATED",
        yes="yes",
        no="no",
    ),
    _flag(
        "device.multi_open",
        "应用多开",
        "The app runs as a clone; people with two lines do that, and so do farms.",
        "DEVICE_EMULATED",
    ),
    _flag(
        "device.remote_control",
        "设备正被远程控制",
        "Somebody else is moving the finger: the mark of coached closures, on the owner's own phone.",
        "DEVICE_REMOTE_CONTROLLED",
    ),
    _flag(
        "device.screen_shared",
        "屏幕正在共享或录制",
        "Whoever watches the screen reads the codes; scammers ask for it before anything else.",
        "DEVICE_SCREEN_SHARED",
    ),
    _flag(
        "device.unknown_accessibility",
        "未知无障碍服务开启",
        "Malware drives phones through accessibility services; known screen readers are not counted.",
        "DEVICE_REMOTE_CONTROLLED",
    ),
    Signal(
        name="device.call_in_progress",
        zh="办理时正在通话",
        why="Scammers stay on the line and dictate; few people close a number while on the telephone.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing="the app has no permission to see calls",
        reason="DEVICE_CALL_DURING_REQUEST",
        compute=lambda m: is_one_of(m.request.device.call_in_progress, "voip", "cellular"),
        fires=Example(gives=1.0, request={"device": {"call_in_progress": "voip"}}),
        quiet=Example(gives=0.0, request={"device": {"call_in_progress": "none"}}),
    ),
    _flag(
        "device.vpn",
        "使用代理网络",
        "It hides where somebody is; travellers and privacy-minded people use it too.",
        "LOCATION_UNUSUAL",
    ),
    _flag(
        "device.mock_location",
        "位置被伪造",
        "The phone is told to lie about where it is.",
        "LOCATION_FORGED",
    ),
    Signal(
        name="device.sim_mismatch",
        zh="设备内的卡与号码不符",
        why="The SIM in the phone is not the line that is to be closed: a stranger's phone, or a second-SIM owner.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing="the phone does not say which SIM it holds",
        reason="DEVICE_SIM_MISMATCH",
        compute=lambda m: is_one_of(m.request.device.sim_matches_line, "no"),
        fires=Example(gives=1.0, request={"device": {"sim_matches_line": "no"}}),
        quiet=Example(gives=0.0, request={"device": {"sim_matches_line": "yes"}}),
    ),
)
