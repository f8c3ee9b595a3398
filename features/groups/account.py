"""Account: what the carrier's books say of the line and its owner, and what was changed on it lately."""

from collections.abc import Callable
from functools import partial
from typing import Final

from features.request import Account
from features.signal import (
    ELIGIBILITY_ONLY,
    MODEL_AND_POLICY,
    POLICY_ONLY,
    Example,
    Moment,
    Signal,
    Value,
    is_one_of,
    number,
    stated,
)

NOT_SAID: Final = "the carrier's system does not say, as across provinces"


def _field(field: str) -> Callable[[Moment], Value]:
    assert field in Account.__struct_fields__, field  # noqa: S101 - a typo would read nothing
    return lambda m: number(getattr(m.request.account, field))


def _is(field: str, *wanted: str) -> Callable[[Moment], Value]:
    assert field in Account.__struct_fields__, field  # noqa: S101
    return lambda m: is_one_of(getattr(m.request.account, field), *wanted)


_signal = partial(stated, "account", missing=NOT_SAID)


def _change(field: str, zh: str, why: str) -> Signal:
    """Return how long ago something was changed; a change of this morning may be the thief's."""
    return _signal(
        field,
        zh,
        why,
        "falls",
        "ACCOUNT_RECENTLY_CHANGED",
        _field(field),
        (2.0, {field: 2.0}),
        (5000.0, {field: 5000.0}),
        missing="nothing of the kind is on record",
    )


def _id_mismatch(m: Moment) -> Value:
    said = m.request.kyc.id_document_match
    return {"true": 0.0, "false": 1.0}.get(said or "")


SIGNALS: Final = (
    _signal(
        "tenure_days",
        "在网时长（天）",
        "A line of a few days is closed to hide traces; one of many years is worth stealing. Neither end is proof.",
        "either",
        "ACCOUNT_UNUSUAL",
        _field("tenure_days"),
        (3.0, {"tenure_days": 3}),
        (900.0, {"tenure_days": 900}),
    ),
    _signal(
        "frozen",
        "账户冻结",
        "A frozen account is frozen for a reason that has to be looked at first.",
        "rises",
        "ACCOUNT_FROZEN",
        _is("status", "frozen"),
        (1.0, {"status": "frozen"}),
        (0.0, {"status": "active"}),
        use=MODEL_AND_POLICY | ELIGIBILITY_ONLY,
    ),
    _signal(
        "frozen_for_security",
        "因安全原因冻结",
        "Somebody saw danger on this line; closing it would end the search.",
        "rises",
        "ACCOUNT_FROZEN",
        _is("frozen_reason", "security", "police"),
        (1.0, {"frozen_reason": "security"}),
        (0.0, {"frozen_reason": "arrears"}),
    ),
    _signal(
        "police_freeze",
        "司法冻结",
        "Frozen by order of the police or a court: it must stay as it is, whoever asks.",
        "rises",
        "ACCOUNT_FROZEN",
        _is("frozen_reason", "police"),
        (1.0, {"frozen_reason": "police"}),
        (0.0, {"frozen_reason": "security"}),
        use=POLICY_ONLY,
    ),
    _signal(
        "suspended",
        "号码停机",
        "A suspended line cannot receive codes; mostly it is suspended for arrears, which is no sign of fraud.",
        "either",
        "ACCOUNT_UNUSUAL",
        _is("status", "suspended"),
        (1.0, {"status": "suspended"}),
        (0.0, {"status": "active"}),
        use=POLICY_ONLY | ELIGIBILITY_ONLY,
    ),
    _signal(
        "arrears_fen",
        "欠费（分）",
        "What is owed is to be paid before a line is closed; it says nothing of fraud.",
        "none",
        "ACCOUNT_UNUSUAL",
        _field("arrears_fen"),
        (3000.0, {"arrears_fen": 3000}),
        (0.0, {"arrears_fen": 0}),
        use=ELIGIBILITY_ONLY,
    ),
    _signal(
        "arrears_days",
        "欠费天数",
        "How long it has been owed, for the late fee; it says nothing of fraud.",
        "none",
        "ACCOUNT_UNUSUAL",
        _field("arrears_days"),
        (40.0, {"arrears_days": 40}),
        (0.0, {"arrears_days": 0}),
        use=ELIGIBILITY_ONLY,
    ),
    _signal(
        "prepaid_balance_fen",
        "预存余额（分）",
        "A large balance that leaves with the closure is a reason to steal a line.",
        "either",
        "ACCOUNT_UNUSUAL",
        _field("prepaid_balance_fen"),
        (80_000.0, {"prepaid_balance_fen": 80_000}),
        (2000.0, {"prepaid_balance_fen": 2000}),
        use=MODEL_AND_POLICY | ELIGIBILITY_ONLY,
    ),
    _signal(
        "lines_on_id",
        "名下号码数",
        "Many lines on one identity: a farm, an enterprise, or somebody whose identity was misused.",
        "either",
        "MANY_LINES_ONE_PERSON",
        _field("lines_on_id"),
        (18.0, {"lines_on_id": 18}),
        (2.0, {"lines_on_id": 2}),
    ),
    _signal(
        "last_activity_days",
        "最近使用距今（天）",
        "A line that lay idle for months is closed by its owner to save money, or hunted because nobody watches it.",
        "either",
        "ACCOUNT_UNUSUAL",
        _field("last_activity_days"),
        (300.0, {"last_activity_days": 300}),
        (1.0, {"last_activity_days": 1}),
    ),
    _signal(
        "premium_tier",
        "靓号等级",
        "A precious number is worth a year's pay to whoever registers it next.",
        "rises",
        "ACCOUNT_PRECIOUS",
        _field("premium_tier"),
        (5.0, {"premium_tier": 5}),
        (0.0, {"premium_tier": 0}),
    ),
    _signal(
        "linked_services",
        "关联服务数",
        "The more banks and accounts hang on a number, the more its loss does to the owner.",
        "either",
        "ACCOUNT_PRECIOUS",
        _field("linked_services"),
        (9.0, {"linked_services": 9}),
        (1.0, {"linked_services": 1}),
    ),
    _signal(
        "closure_lock_on",
        "销户锁开启",
        "The owner asked that nobody close this line without asking them.",
        "rises",
        "ACCOUNT_LOCKED",
        _is("closure_lock", "on"),
        (1.0, {"closure_lock": "on"}),
        (0.0, {"closure_lock": "off"}),
        use=POLICY_ONLY,
    ),
    _signal(
        "closure_lock_recently_off",
        "销户锁刚解除",
        "The lock came off just before the request: first the lock, then the door.",
        "rises",
        "ACCOUNT_LOCKED",
        _is("closure_lock", "recently_off"),
        (1.0, {"closure_lock": "recently_off"}),
        (0.0, {"closure_lock": "off"}),
    ),
    _change(
        "safety_service_cancelled_h",
        "安全服务退订距今（小时）",
        "Alerts and call filters are dropped before an attack, so that the owner hears of nothing.",
    ),
    _change(
        "contact_changed_h",
        "联系方式变更距今（小时）",
        "A contact that changed just before sends the notice of closure to somebody else.",
    ),
    _change(
        "password_reset_h",
        "服务密码重置距今（小时）",
        "A reset just before is how a takeover begins; forgetful owners reset theirs too.",
    ),
    Signal(
        name="account.kyc_name_score",
        zh="姓名匹配分",
        why="How well the name that was given fits the one on record (CAMARA KYC Match, 100 is exact).",
        origin="carrier",
        risk="falls",
        missing="many app flows do not ask for the name",
        reason="IDENTITY_MISMATCH",
        compute=lambda m: number(m.request.kyc.name_match_score),
        fires=Example(gives=20.0, request={"kyc": {"name_match_score": 20}}),
        quiet=Example(gives=98.0, request={"kyc": {"name_match_score": 98}}),
    ),
    Signal(
        name="account.kyc_id_mismatch",
        zh="证件与登记不符",
        why="The identity document is not the one on record; relatives and honest mistakes show it too.",
        origin="carrier",
        risk="rises",
        missing="the document was not compared, or could not be",
        reason="IDENTITY_MISMATCH",
        compute=_id_mismatch,
        fires=Example(gives=1.0, request={"kyc": {"id_document_match": "false"}}),
        quiet=Example(gives=0.0, request={"kyc": {"id_document_match": "true"}}),
    ),
)
