"""Cross-province: what the handling province could check in the home province's books (恶意异地销号)."""

from typing import Final

from features.request import CrossProvince
from features.signal import ELIGIBILITY_ONLY, Example, Moment, Signal, Value

ITEMS: Final = CrossProvince.__struct_fields__


def _count(m: Moment, *states: str) -> Value:
    """Return how many items are in one of the states, None when no item was given."""
    said = [getattr(m.request.cross_province, item) for item in ITEMS]
    known = [state for state in said if state is not None]
    return float(sum(state in states for state in known)) if known else None


SIGNALS: Final = (
    Signal(
        name="cross_province.mismatches",
        zh="异地信息不一致项数",
        why="What the requester said does not fit the home province's books; an owner knows their contract and bill.",
        origin="carrier",
        risk="rises",
        missing="nothing was checked across provinces",
        reason="BOOKS_DISAGREE",
        compute=lambda m: _count(m, "mismatch"),
        fires=Example(gives=2.0, request={"cross_province": {"name": "mismatch", "bill": "mismatch"}}),
        quiet=Example(gives=0.0, request={"cross_province": {"name": "verified", "bill": "unavailable"}}),
    ),
    Signal(
        name="cross_province.unavailable",
        zh="异地信息待确认项数",
        why="The home province has not answered yet: a matter of systems, not of the person.",
        origin="carrier",
        risk="none",
        missing="nothing was checked across provinces",
        reason="CONTRACT_STATE",
        use=ELIGIBILITY_ONLY,
        compute=lambda m: _count(m, "unavailable", "pending"),
        fires=Example(gives=2.0, request={"cross_province": {"name": "unavailable", "bill": "pending"}}),
        quiet=Example(gives=0.0, request={"cross_province": {"name": "verified"}}),
    ),
)
