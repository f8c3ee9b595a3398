"""Reasons in words: why a request was stopped, for an analyst in full and for a caller in coarse public codes.

A thief who reads a public reason learns what is to be confirmed, never which signal gave them away or where a threshold
lies. Every code that a signal, a rule or a floor names has its sentences here; the tests see to that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from model.outcome import Decision


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code with its sentence, and the public code under which other callers see it."""

    code: str
    en: str
    zh: str
    public: str


PUBLIC: Final[Mapping[str, Words]] = {
    "IDENTITY_CHECK_NEEDED": Words("We need to confirm who is asking.", "需要核实办理人身份。"),
    "DEVICE_CHECK_NEEDED": Words("We need to confirm the phone that is used.", "需要核实所使用的设备。"),
    "LOCATION_CHECK_NEEDED": Words("We need to confirm where the request comes from.", "需要核实办理地点。"),
    "ACCOUNT_CHECK_NEEDED": Words("The state of the account needs a closer look.", "需要进一步核实账户状态。"),
    "ACTIVITY_CHECK_NEEDED": Words(
        "This request is unusual and needs a closer look.", "此次申请情况特殊，需要进一步核实。"
    ),
    "CHECK_UNAVAILABLE": Words("Part of our check cannot be reached just now.", "部分核验系统暂时无法访问。"),
}
"""The six coarse reasons."""

MOST_CONTRIBUTIONS: Final = 6
LEAST_LOG_ODDS: Final = 0.1
"""A signal that adds less than this to the log-odds of fraud explains nothing."""

_IDENTITY, _DEVICE, _LOCATION = "IDENTITY_CHECK_NEEDED", "DEVICE_CHECK_NEEDED", "LOCATION_CHECK_NEEDED"
_ACCOUNT, _ACTIVITY, _DOWN = "ACCOUNT_CHECK_NEEDED", "ACTIVITY_CHECK_NEEDED", "CHECK_UNAVAILABLE"

_TABLE: Final[tuple[tuple[str, str, str, str], ...]] = (
    # Request
    (
        "REQUEST_UNUSUAL",
        _ACTIVITY,
        "The request is unusual for this kind of line and channel.",
        "申请与该类号码和渠道的常见情况不符。",
    ),
    ("REQUEST_AT_NIGHT", _ACTIVITY, "It was made late at night.", "在深夜提交申请。"),
    ("REQUEST_AUTOMATED", _ACTIVITY, "The form was filled in as a program does it.", "表单填写过程疑似由程序完成。"),
    (
        "REQUEST_HESITANT",
        _ACTIVITY,
        "The confirmation took unusually long, as when somebody dictates it.",
        "确认耗时异常，疑似受人指导操作。",
    ),
    ("REQUESTER_NOT_OWNER", _IDENTITY, "Somebody other than the owner asks.", "办理人不是机主本人。"),
    (
        "DOCUMENTS_NOT_VERIFIED",
        _IDENTITY,
        "The papers that were shown are not verified.",
        "所提供的证件或材料尚未核验通过。",
    ),
    (
        "IDENTITY_MISMATCH",
        _IDENTITY,
        "Name or identity document do not match the carrier's record.",
        "姓名或证件与登记信息不一致。",
    ),
    (
        "CONTACT_NOT_OWNER",
        _IDENTITY,
        "The contact that was left is not the owner's, or many lines name it.",
        "留下的联系方式不属于机主，或被多个号码使用。",
    ),
    ("BALANCE_TO_STRANGER", _ACCOUNT, "The balance is to go to somebody else.", "余额将转给他人。"),
    ("BALANCE_COLLECTED", _ACCOUNT, "Balances of several lines go to one target.", "多个号码的余额转往同一目标。"),
    # Account
    ("ACCOUNT_FROZEN", _ACCOUNT, "The account is frozen.", "账户处于冻结状态。"),
    (
        "ACCOUNT_LOCKED",
        _ACCOUNT,
        "The owner's closure lock is on, or was taken off a short while ago.",
        "机主设置了销户锁，或刚刚解除。",
    ),
    (
        "ACCOUNT_RECENTLY_CHANGED",
        _ACCOUNT,
        "Password, contact or a safety service was changed shortly before.",
        "申请前不久更改过密码、联系方式或安全服务。",
    ),
    (
        "ACCOUNT_UNUSUAL",
        _ACCOUNT,
        "Age, use or state of the line are unusual for a closure.",
        "号码的在网时长、使用情况或状态与常见销户不符。",
    ),
    (
        "ACCOUNT_PRECIOUS",
        _ACCOUNT,
        "The number is a precious one, or much depends on it.",
        "号码为靓号或关联重要服务。",
    ),
    ("CONTRACT_STATE", _ACCOUNT, "A contract binds the line.", "号码存在合约。"),
    (
        "BOOKS_DISAGREE",
        _ACCOUNT,
        "Home and handling province have different data on the line.",
        "归属省与受理省的登记信息不一致。",
    ),
    # Device
    (
        "DEVICE_NEW",
        _DEVICE,
        "The phone was never, or only just, seen on this line.",
        "该设备从未或刚刚在本号码上使用。",
    ),
    ("MANY_LINES_ONE_DEVICE", _DEVICE, "One phone speaks for many numbers.", "同一设备操作了多个号码。"),
    ("DEVICE_TAMPERED", _DEVICE, "The phone or the app was tampered with.", "设备或应用被篡改。"),
    (
        "DEVICE_EMULATED",
        _DEVICE,
        "The phone is an emulator, a rented phone or a clone of the app.",
        "设备为模拟器、云手机或应用分身。",
    ),
    (
        "DEVICE_REMOTE_CONTROLLED",
        _DEVICE,
        "Somebody or something else controls the phone.",
        "设备疑似被他人或其他程序控制。",
    ),
    ("DEVICE_SCREEN_SHARED", _DEVICE, "The screen is shared or recorded.", "屏幕正在共享或录制。"),
    ("DEVICE_CALL_DURING_REQUEST", _DEVICE, "A call went on while the request was made.", "办理过程中正在通话。"),
    ("DEVICE_SIM_MISMATCH", _DEVICE, "The SIM in the phone is not the line in question.", "设备中的卡与所办号码不符。"),
    # Location
    (
        "LOCATION_FAR_FROM_LINE",
        _LOCATION,
        "The requester is far from where the line's own phone is.",
        "办理地点与号码所在位置相距较远。",
    ),
    ("LOCATION_UNUSUAL", _LOCATION, "The place is unusual for this line.", "办理地点对该号码不常见。"),
    (
        "LOCATION_FORGED",
        _LOCATION,
        "The position that was given is forged or not credible.",
        "位置信息疑似伪造或不可信。",
    ),
    ("ADDRESS_DATACENTER", _LOCATION, "The internet address belongs to a data centre.", "网络地址来自数据中心。"),
    # One-time password
    ("OTP_FAILED", _IDENTITY, "The code was entered wrongly, too often or not at all.", "验证码多次输错或未能通过。"),
    (
        "OTP_RELAYED",
        _IDENTITY,
        "The code seems to have been passed on or read by a program.",
        "验证码疑似被转发或由程序读取。",
    ),
    ("OTP_STORM", _ACTIVITY, "Codes of banks or of ours came to the line in a burst.", "号码短时间内收到大量验证码。"),
    ("OTP_UNPROVEN", _IDENTITY, "The code does not prove this very request.", "验证码未能证明本次申请。"),
    # Face
    ("FACE_MISMATCH", _IDENTITY, "The face does not match the record.", "人脸与登记信息不匹配。"),
    ("FACE_NOT_LIVE", _IDENTITY, "The face check doubts that a living person was there.", "人脸核验疑似非真人。"),
    (
        "FACE_INJECTED",
        _IDENTITY,
        "The face came from a file or a program, not from a camera.",
        "人脸画面疑似由虚拟摄像头注入。",
    ),
    ("FACE_FAILED", _IDENTITY, "The face check failed several times.", "人脸核验多次失败。"),
    # Network
    (
        "NETWORK_SIM_CHANGED_RECENTLY",
        _IDENTITY,
        "The SIM of the line was changed a short while ago.",
        "号码不久前补换过卡。",
    ),
    (
        "NETWORK_DEVICE_CHANGED",
        _DEVICE,
        "The line was put into another phone a short while ago.",
        "号码不久前更换过设备。",
    ),
    (
        "NETWORK_NUMBER_NOT_VERIFIED",
        _IDENTITY,
        "The network says that the request does not come from this line.",
        "网络侧核验显示申请并非由本号码发起。",
    ),
    (
        "NETWORK_FORWARDING_ACTIVE",
        _IDENTITY,
        "Calls and codes of the line are forwarded elsewhere.",
        "号码已设置呼叫转移。",
    ),
    ("NETWORK_UNREACHABLE", _ACTIVITY, "The line cannot be reached.", "号码无法接通。"),
    ("NETWORK_ROAMING", _LOCATION, "The line is abroad.", "号码处于境外漫游状态。"),
    ("NETWORK_PORTING", _ACTIVITY, "The line is about to be ported to another carrier.", "号码正在办理携号转网。"),
    ("NETWORK_NUMBER_RECYCLED", _ACCOUNT, "The number had another owner before.", "号码此前曾属于他人。"),
    ("NETWORK_SCAM_CALL", _ACTIVITY, "A call with a suspected scammer is going on.", "号码正与疑似诈骗电话通话。"),
    # Velocity, graph, agents
    ("LOGIN_FAILURES", _ACTIVITY, "Many log-ins failed shortly before.", "申请前多次登录失败。"),
    ("MANY_REQUESTS", _ACTIVITY, "There were many requests in a short time.", "短时间内申请次数过多。"),
    ("MANY_LINES_ONE_PERSON", _ACTIVITY, "Many lines of one person are to be closed.", "同一人名下多个号码申请销户。"),
    (
        "FRAUD_NEARBY",
        _ACTIVITY,
        "Device, person or contact were part of a confirmed fraud.",
        "设备、人员或联系方式与已确认的欺诈有关。",
    ),
    ("AGENT_OVERRIDE", _ACTIVITY, "The clerk overrode a check.", "受理人员越过了核验环节。"),
    ("AGENT_UNUSUAL", _ACTIVITY, "The clerk's work is unusual in number or hour.", "受理人员的办理数量或时段异常。"),
    # Floors
    (
        "EVIDENCE_INSUFFICIENT",
        _IDENTITY,
        "Nothing that counts shows that the owner is asking.",
        "尚无有效证据证明是机主本人办理。",
    ),
    ("EARLIER_VERDICT", _ACTIVITY, "An earlier verdict on this line still holds.", "该号码先前的处理结论仍然有效。"),
    ("DEGRADED_VELOCITY", _DOWN, "Recent activity could not be looked up.", "无法查询近期活动记录。"),
    ("DEGRADED_MODEL", _DOWN, "No model could be asked.", "风险模型暂不可用。"),
    ("DEGRADED_SIGNALS", _DOWN, "Several sources of signals did not answer.", "多个信号来源没有响应。"),
)
REASONS: Final[Mapping[str, Reason]] = {code: Reason(code, en, zh, public) for code, public, en, zh in _TABLE}

NEXT_ACTIONS: Final[Mapping[str, Words]] = {
    "PAY_ARREARS": Words("Pay what is owed; this can be done online.", "请先结清欠费，可在线缴纳。"),
    "END_CONTRACT": Words(
        "End the contract that binds the line, or wait until it ends.", "请先解除合约，或等待合约到期。"
    ),
    "PAY_TERMINATION_FEE": Words("Settle the fee for ending the contract early.", "请先结清提前解约费用。"),
    "END_PREMIUM_AGREEMENT": Words("End the agreement on the premium number.", "请先解除靓号协议。"),
    "DISSOLVE_BUNDLE": Words("Take the line out of its bundle.", "请先将号码从融合套餐中解除。"),
    "SETTLE_DEVICE": Words("Settle what remains to be paid for the phone.", "请先结清终端合约余款。"),
    "NAME_REFUND_ACCOUNT": Words("Name an account of your own for the refund.", "请提供本人账户用于退还余额。"),
    "FINISH_PENDING_ORDER": Words("Finish or withdraw the order that is under way.", "请先完成或撤销在途订单。"),
    "WAIT_FOR_HOME_PROVINCE": Words(
        "The home province still has to confirm some points; you need not come again.",
        "部分信息待归属省确认，您无需重复提交。",
    ),
    "WAIT_FOR_SYNC": Words(
        "Our records are being brought up to date; please try again later.", "系统数据正在同步，请稍后再试。"
    ),
    "LIFT_FREEZE": Words("Ask for the freeze to be lifted first.", "请先申请解除冻结。"),
    "CONFIRM_IDENTITY": Words("Confirm in one of the ways offered that it is you.", "请任选一种方式确认是您本人办理。"),
    "WAIT_FOR_REVIEW": Words("Wait for our review; it ends by itself.", "请等待人工复核，到期将自动处理。"),
    "ASK_AGAIN_LATER": Words("Ask again in a little while.", "请稍后再次提交。"),
    "VISIT_STORE": Words(
        "Come to one of our own stores with your identity document.", "请携带身份证件到自有营业厅办理。"
    ),
    "ASK_FOR_REVIEW": Words("Ask for a person to review this decision.", "您可以申请人工复核。"),
}
"""What somebody can do next."""


def full_reasons(decision: Decision, said: Iterable[str], pointing: Sequence[tuple[str, float]]) -> tuple[Reason, ...]:
    """Return the reasons for an analyst: of rules and floors first, then of the signals that weighed most.

    Args:
        decision: an allow needs no reasons.
        said: codes of the rules that were hit and of the floors.
        pointing: (code, log-odds) of the model's signals, the weightiest first; those that speak for the customer are
            left out.
    """
    if decision == "allow":
        return ()
    weighty = [code for code, log_odds in pointing if log_odds >= LEAST_LOG_ODDS][:MOST_CONTRIBUTIONS]
    codes = list(dict.fromkeys((*said, *weighty))) or ["REQUEST_UNUSUAL"]
    return tuple(REASONS[code] for code in codes)


def public_reasons(full: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return the coarse reasons for other callers, each once, at most six."""
    codes = dict.fromkeys(reason.public for reason in full)
    return tuple(Reason(code, PUBLIC[code].en, PUBLIC[code].zh, code) for code in codes)
