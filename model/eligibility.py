"""Eligibility: what is to be settled before a line can be closed. It says nothing of fraud and never feeds a verdict.

A person who owes money is not a thief, and a thief whose victim owes nothing is still one: so the two are told apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from features.signal import Value
from features.vocabulary import IRREVERSIBLE
from model.reasons import Words

Row = Mapping[str, Value]
CLOSING: Final = IRREVERSIBLE
ANY: Final = frozenset({"unsubscribe", "suspend", "resume", "close", "close_remote"})


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something to settle.

    Attributes:
        code: stable.
        amount_fen: what is owed (or, for a balance, given back), where it is a sum.
        hinders: whether the line cannot be closed before it is settled.
        next_action: what somebody can do about it.
    """

    code: str
    amount_fen: int | None
    hinders: bool
    next_action: str


@dataclass(frozen=True, slots=True)
class _Rule:
    code: str
    reads: tuple[str, ...]
    applies: Callable[[Row], bool]
    next_action: str
    amount: str | None = None
    actions: frozenset[str] = CLOSING
    hinders: bool = True


SENTENCES: Final[Mapping[str, Words]] = {
    "ARREARS_DUE": Words("Fees are unpaid.", "存在未缴费用。"),
    "CONTRACT_IN_FORCE": Words("A contract is still in force.", "合约尚未到期。"),
    "TERMINATION_FEE_DUE": Words("Ending the contract early costs a fee.", "提前解约需支付费用。"),
    "PREMIUM_NUMBER_AGREEMENT": Words("A premium-number agreement binds the line.", "号码受靓号协议约束。"),
    "BUNDLE_TO_DISSOLVE": Words(
        "The line belongs to a bundle that has to be dissolved first.", "号码属于融合套餐，需先解除。"
    ),
    "DEVICE_INSTALMENT": Words("A phone is still being paid for with this line.", "终端合约款尚未结清。"),
    "BALANCE_TO_REFUND": Words("A balance is left and will be given back.", "账户尚有余额，将予以退还。"),
    "PENDING_ORDER": Words("Another order on the line is under way.", "号码有在途订单。"),
    "CROSS_PROVINCE_UNAVAILABLE": Words(
        "The home province has not confirmed every point yet.", "归属省尚未确认全部信息。"
    ),
    "SYNC_LAGGING": Words("The carrier's systems do not agree with one another yet.", "业务系统数据尚未同步。"),
    "SERVICE_FROZEN": Words("The service is frozen.", "服务处于冻结状态。"),
    "UNSUBSCRIBE_NOT_ENABLED": Words("Unsubscribing was not enabled for this service.", "该服务未开通退订功能。"),
}


def _over(name: str) -> Callable[[Row], bool]:
    return lambda row: _number(row, name) > 0


def _all(*names: str) -> Callable[[Row], bool]:
    return lambda row: all(_number(row, name) > 0 for name in names)


_RULES: Final = (
    _Rule("ARREARS_DUE", ("account.arrears_fen",), _over("account.arrears_fen"), "PAY_ARREARS", "account.arrears_fen"),
    _Rule(
        "CONTRACT_IN_FORCE",
        ("contract.binding", "contract.remaining_days"),
        _all("contract.binding", "contract.remaining_days"),
        "END_CONTRACT",
    ),
    _Rule(
        "TERMINATION_FEE_DUE",
        ("contract.early_termination_fee_fen",),
        _over("contract.early_termination_fee_fen"),
        "PAY_TERMINATION_FEE",
        "contract.early_termination_fee_fen",
    ),
    _Rule(
        "PREMIUM_NUMBER_AGREEMENT",
        ("contract.premium_number",),
        _over("contract.premium_number"),
        "END_PREMIUM_AGREEMENT",
    ),
    _Rule("BUNDLE_TO_DISSOLVE", ("contract.converged_bundle",), _over("contract.converged_bundle"), "DISSOLVE_BUNDLE"),
    _Rule(
        "DEVICE_INSTALMENT",
        ("contract.device_subsidy", "contract.remaining_days"),
        _all("contract.device_subsidy", "contract.remaining_days"),
        "SETTLE_DEVICE",
    ),
    _Rule(
        "BALANCE_TO_REFUND",
        ("account.prepaid_balance_fen",),
        _over("account.prepaid_balance_fen"),
        "NAME_REFUND_ACCOUNT",
        "account.prepaid_balance_fen",
        hinders=False,
    ),
    _Rule(
        "PENDING_ORDER", ("network.port_pending",), _over("network.port_pending"), "FINISH_PENDING_ORDER", hinders=False
    ),
    _Rule(
        "CROSS_PROVINCE_UNAVAILABLE",
        ("cross_province.unavailable",),
        _over("cross_province.unavailable"),
        "WAIT_FOR_HOME_PROVINCE",
        actions=frozenset({"close_remote"}),
    ),
    _Rule("SYNC_LAGGING", ("contract.sync_lagging",), _over("contract.sync_lagging"), "WAIT_FOR_SYNC", actions=ANY),
    _Rule("SERVICE_FROZEN", ("account.frozen",), _over("account.frozen"), "LIFT_FREEZE", actions=CLOSING | {"resume"}),
)
"""`UNSUBSCRIBE_NOT_ENABLED` is in the contract, but no field of a request tells it; a carrier's own check does."""

READS: Final = tuple(sorted({name for rule in _RULES for name in rule.reads}))
"""The signals that eligibility is told from."""


def obligations(action: str, row: Row) -> tuple[Obligation, ...]:
    """Return what is to be settled for an action; a missing signal obliges nobody."""
    return tuple(
        Obligation(rule.code, _amount(row, rule.amount), rule.hinders, rule.next_action)
        for rule in _RULES
        if action in rule.actions and rule.applies(row)
    )


def _amount(row: Row, name: str | None) -> int | None:
    return None if name is None else int(_number(row, name))


def _number(row: Row, name: str) -> float:
    value = row.get(name)
    return value if isinstance(value, float | int) else 0.0
