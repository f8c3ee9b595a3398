"""After the decision: what is redeemed, taken back and carried out; factors of challenges, codes, sessions and faces.

Revision ID: 0002
"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT: Final = sa.Text()
WHOLE: Final = sa.BigInteger()
COUNT: Final = sa.Integer()
RAW: Final = sa.LargeBinary()
FLAG: Final = sa.Boolean()


def upgrade() -> None:
    """Build the tables."""
    _executed()
    _challenges()
    _faces()
    _endpoints()


def _executed() -> None:
    """What executors did, and what was taken back."""
    op.create_table(
        "redemptions",
        *_columns(TEXT, "screening_id step tenant idem_key"),
        *_columns(WHOLE, "at_ms"),
        *_columns(TEXT, "by answer"),
        _of("screening_id", "decisions"),
        sa.PrimaryKeyConstraint("screening_id", "step"),
    )
    _index("redemptions_by_time", "redemptions", "tenant at_ms")
    op.create_table(
        "withdrawals",
        *_columns(TEXT, "screening_id tenant"),
        *_columns(WHOLE, "at_ms"),
        *_columns(TEXT, "by why"),
        _of("screening_id", "decisions"),
        sa.PrimaryKeyConstraint("screening_id"),
    )
    op.create_table(
        "outcomes",
        *_columns(TEXT, "screening_id outcome tenant"),
        *_columns(WHOLE, "at_ms said_ms"),
        *_columns(TEXT, "by"),
        *_columns(FLAG, "redeemed"),
        _of("screening_id", "decisions"),
        sa.PrimaryKeyConstraint("screening_id", "outcome"),
    )
    _index("outcomes_by_time", "outcomes", "tenant at_ms")


def _challenges() -> None:
    """Factors, and our own codes."""
    op.create_table(
        "challenge_factors",
        *_columns(TEXT, "challenge_id factor"),
        *_columns(WHOLE, "n"),
        *_columns(TEXT, "result source performed_by"),
        *_maybe(TEXT, "reference"),
        *_columns(WHOLE, "at_ms said_ms"),
        _of("challenge_id", "challenges"),
        sa.PrimaryKeyConstraint("challenge_id", "factor", "n"),
    )
    op.create_table(
        "otp_codes",
        *_columns(TEXT, "authentication_id tenant challenge_id contact line"),
        *_maybe(TEXT, "device prefix"),
        *_columns(RAW, "digest"),
        *_columns(TEXT, "state"),
        *_columns(COUNT, "tries"),
        *_columns(WHOLE, "sent_ms expires_ms"),
        *_maybe(WHOLE, "ended_ms"),
        _of("challenge_id", "challenges"),
        sa.PrimaryKeyConstraint("authentication_id"),
    )
    _index("otp_codes_by_challenge", "otp_codes", "challenge_id")
    _index("otp_codes_by_line", "otp_codes", "tenant line sent_ms")
    _index("otp_codes_by_device", "otp_codes", "tenant device sent_ms")
    _index("otp_codes_by_prefix", "otp_codes", "tenant prefix sent_ms")
    _index("otp_codes_by_time", "otp_codes", "sent_ms")


def _faces() -> None:
    """Liveness sessions and enrolled faces."""
    op.create_table(
        "liveness_sessions",
        *_columns(TEXT, "session_id tenant challenge_id line"),
        *_maybe(TEXT, "party"),
        *_columns(TEXT, "nonce steps consent state"),
        *_maybe(RAW, "measures"),
        *_maybe(TEXT, "result"),
        *_columns(WHOLE, "opened_ms expires_ms"),
        _of("challenge_id", "challenges"),
        sa.PrimaryKeyConstraint("session_id"),
    )
    _index("liveness_by_challenge", "liveness_sessions", "challenge_id")
    op.create_table(
        "faces",
        *_columns(TEXT, "tenant party"),
        *_columns(RAW, "template"),
        *_columns(TEXT, "consent_version"),
        *_columns(WHOLE, "consent_ms enrolled_ms expires_ms"),
        sa.PrimaryKeyConstraint("tenant", "party"),
    )
    _index("faces_ending", "faces", "expires_ms")


def _endpoints() -> None:
    """Where messages go."""
    op.create_table(
        "webhooks",
        *_columns(TEXT, "endpoint_id tenant url"),
        *_columns(RAW, "secrets"),
        *_columns(TEXT, "state"),
        *_columns(WHOLE, "created_ms"),
        sa.PrimaryKeyConstraint("endpoint_id"),
    )
    _index("webhooks_of_tenant", "webhooks", "tenant state")


def _of(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{table}.{column}"])


def _columns(kind: sa.types.TypeEngine[Any], names: str) -> list[sa.Column[Any]]:
    """Return columns that must hold something."""
    return [sa.Column(name, kind, nullable=False, autoincrement=False) for name in names.split()]


def _maybe(kind: sa.types.TypeEngine[Any], names: str) -> list[sa.Column[Any]]:
    """Return columns that may be empty."""
    return [sa.Column(name, kind) for name in names.split()]


def _index(name: str, table: str, columns: str) -> None:
    op.create_index(name, table, columns.split())
