"""Contract: what binds the line and whether the carrier's systems agree. For eligibility alone: it never feeds risk."""

from collections.abc import Callable
from typing import Any, Final

from features.signal import ELIGIBILITY_ONLY, Moment, Signal, Value, is_one_of, number, stated
from features.vocabulary import ContractType

NOT_SAID: Final = "the carrier's system does not say, as across provinces"


def _bound_by(*kinds: ContractType) -> Callable[[Moment], Value]:
    def compute(m: Moment) -> Value:
        types = m.request.contract.types
        return None if types is None else float(any(kind in types for kind in kinds))

    return compute


def _signal(  # noqa: PLR0913 - what entries of this file differ in
    name: str,
    zh: str,
    why: str,
    compute: Callable[[Moment], Value],
    fires: tuple[float, dict[str, Any]],
    quiet: tuple[float, dict[str, Any]],
    group: str = "contract",
) -> Signal:
    """Return an entry that nothing but eligibility may read."""
    return stated(
        "contract",
        name,
        zh,
        why,
        "none",
        "CONTRACT_STATE",
        compute,
        fires,
        quiet,
        missing=NOT_SAID,
        use=ELIGIBILITY_ONLY,
        said_in=group,
    )


SIGNALS: Final = (
    _signal(
        "binding",
        "存在合约",
        "A campus, group, bundle, phone or premium-number contract binds the line until it ends.",
        _bound_by("premium_number", "device_subsidy", "converged_bundle", "campus", "group"),
        (1.0, {"types": ["campus"]}),
        (0.0, {"types": ["none"]}),
    ),
    _signal(
        "premium_number",
        "靓号协议",
        "A premium-number agreement has to be ended first; its terms differ by province.",
        _bound_by("premium_number"),
        (1.0, {"types": ["premium_number"]}),
        (0.0, {"types": ["none"]}),
    ),
    _signal(
        "device_subsidy",
        "终端合约",
        "A phone is being paid for with the line.",
        _bound_by("device_subsidy"),
        (1.0, {"types": ["device_subsidy"]}),
        (0.0, {"types": ["none"]}),
    ),
    _signal(
        "converged_bundle",
        "融合套餐",
        "Broadband or other lines hang on this one and have to be moved first.",
        _bound_by("converged_bundle"),
        (1.0, {"types": ["converged_bundle"]}),
        (0.0, {"types": ["none"]}),
    ),
    _signal(
        "remaining_days",
        "合约剩余天数",
        "How long the contract still runs.",
        lambda m: number(m.request.contract.remaining_days),
        (120.0, {"remaining_days": 120}),
        (0.0, {"remaining_days": 0}),
    ),
    _signal(
        "early_termination_fee_fen",
        "提前解约费（分）",
        "What ending the contract early costs.",
        lambda m: number(m.request.contract.early_termination_fee_fen),
        (12_000.0, {"early_termination_fee_fen": 12_000}),
        (0.0, {"early_termination_fee_fen": 0}),
    ),
    _signal(
        "sync_lagging",
        "系统数据未同步",
        "The carrier's systems do not agree with one another yet: what they say of the line may be old.",
        lambda m: is_one_of(m.request.sync.state, "lagging", "failed"),
        (1.0, {"state": "lagging"}),
        (0.0, {"state": "in_sync"}),
        group="sync",
    ),
    _signal(
        "sync_lag_s",
        "同步延迟（秒）",
        "How old what the systems say may be.",
        lambda m: number(m.request.sync.lag_s),
        (900.0, {"lag_s": 900}),
        (1.0, {"lag_s": 1}),
        group="sync",
    ),
)
