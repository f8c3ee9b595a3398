"""What the record knows when a request comes in: one question with three answers, so it is one round trip."""

from typing import Final

from sqlalchemy import LargeBinary, Text, and_, bindparam, case, cast, null, or_, select, union_all

from service.adapters.sql_tables import decisions
from service.adapters.sql_tables_cases import releases

d: Final = decisions.c
r: Final = releases.c
_NO_TEXT: Final = cast(null(), Text)
_NO_BYTES: Final = cast(null(), LargeBinary)

_saved = select(d.fingerprint, d.answer, _NO_TEXT.label("verdict"), _NO_TEXT.label("released")).where(
    d.tenant == bindparam("tenant"), d.idem_key == bindparam("key")
)
_strongest = (
    select(
        _NO_TEXT.label("fingerprint"),
        _NO_BYTES.label("answer"),
        d.decision.label("verdict"),
        _NO_TEXT.label("released"),
    )
    .where(
        and_(d.tenant == bindparam("tenant"), d.line == bindparam("line"), d.klass == bindparam("klass")),
        and_(d.created_ms >= bindparam("since_ms"), or_(d.decision == "hold", d.decision == "block")),
        and_(d.degraded_only.is_(False), d.lifted_ms.is_(None)),
    )
    .order_by(case((d.decision == "block", 0), else_=1))
    .limit(1)
    .subquery()
)
_released = (
    select(
        _NO_TEXT.label("fingerprint"),
        _NO_BYTES.label("answer"),
        _NO_TEXT.label("verdict"),
        r.lowers_to.label("released"),
    )
    .where(
        and_(r.tenant == bindparam("tenant"), r.line == bindparam("line"), r.klass == bindparam("klass")),
        and_(r.action == bindparam("action"), r.from_ms <= bindparam("at_ms"), r.until_ms > bindparam("at_ms")),
    )
    .order_by(case((r.lowers_to == "allow", 0), else_=1))
    .limit(1)
    .subquery()
)
BEFORE: Final = union_all(_saved, select(_strongest), select(_released))
"""The saved answer of a key; the strongest verdict that sticks to the line; what a person released the line to."""
