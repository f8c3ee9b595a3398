"""Everything: decisions and what follows from them, the log, the audit trail, keys and versions.

Revision ID: 0001
"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT: Final = sa.Text()
WHOLE: Final = sa.BigInteger()
COUNT: Final = sa.Integer()
RAW: Final = sa.LargeBinary()
FLAG: Final = sa.Boolean()
REAL: Final = sa.Float(53)

APPEND_ONLY: Final = ("audit_links", "audit_entries")
REFUSED: Final = "the audit trail is append-only"


def upgrade() -> None:
    """Build all tables, and make the database itself refuse to change the audit trail."""
    _decisions()
    _log()
    _follow_up()
    _audit()
    _keys_and_versions()
    for table in APPEND_ONLY:
        if op.get_bind().dialect.name == "sqlite":
            _append_only_sqlite(table)
        else:
            _append_only_postgresql(table)


def _decisions() -> None:
    """Every decision, with its answer and its sealed part."""
    op.create_table(
        "decisions",
        *_columns(TEXT, "screening_id tenant idem_key fingerprint request_id event_id"),
        *_columns(WHOLE, "created_ms known_ms seq"),
        *_columns(TEXT, "region klass action channel decision"),
        *_columns(FLAG, "degraded degraded_only"),
        *_maybe(WHOLE, "lifted_ms"),
        *_maybe(TEXT, "line party device model"),
        *_columns(TEXT, "policy"),
        *_maybe(REAL, "probability"),
        *_columns(TEXT, "appeal_ref"),
        *_columns(RAW, "record answer"),
        *_maybe(RAW, "private"),
        *_columns(RAW, "private_digest"),
        *_maybe(TEXT, "parent"),
        sa.PrimaryKeyConstraint("screening_id"),
        sa.UniqueConstraint("tenant", "idem_key", name="decisions_once"),
    )
    _index("decisions_by_appeal", "decisions", "appeal_ref")
    _index("decisions_by_line", "decisions", "tenant line klass created_ms")
    _index("decisions_degraded", "decisions", "created_ms", where="degraded_only AND lifted_ms IS NULL")
    _index("decisions_by_parent", "decisions", "parent")
    _index("decisions_private", "decisions", "created_ms", where="private IS NOT NULL")
    _index("decisions_by_request", "decisions", "tenant request_id")
    _index("decisions_in_order", "decisions", "known_ms seq event_id")


def _log() -> None:
    """What was reported, imported and labelled."""
    op.create_table(
        "events",
        *_columns(TEXT, "tenant event_id kind"),
        *_columns(WHOLE, "known_ms seq"),
        *_columns(TEXT, "intake"),
        *_maybe(WHOLE, "applied_ms"),
        *_columns(RAW, "event"),
        sa.PrimaryKeyConstraint("tenant", "event_id"),
    )
    _index("events_in_order", "events", "known_ms seq event_id")
    _index("events_pending", "events", "known_ms", where="applied_ms IS NULL")
    op.create_table(
        "past_screenings",
        *_columns(TEXT, "tenant event_id"),
        *_columns(WHOLE, "known_ms seq"),
        *_columns(TEXT, "intake"),
        *_columns(RAW, "record"),
        sa.PrimaryKeyConstraint("tenant", "event_id"),
    )
    _index("past_screenings_in_order", "past_screenings", "known_ms seq event_id")
    op.create_table(
        "labels",
        *_columns(TEXT, "tenant screening_id source label"),
        *_columns(WHOLE, "at_ms"),
        *_maybe(WHOLE, "loss_fen recovered_fen"),
        *_maybe(TEXT, "persona"),
        *_maybe(WHOLE, "said_ms"),
        *_columns(TEXT, "intake"),
        sa.PrimaryKeyConstraint("tenant", "screening_id", "source", "label"),
    )
    _index("labels_in_order", "labels", "at_ms screening_id")


def _follow_up() -> None:
    """What a decision sets going: cases, challenges, messages."""
    op.create_table(
        "cases",
        *_columns(TEXT, "case_id tenant screening_id region queue state"),
        *_columns(WHOLE, "opened_ms due_ms expires_ms expected_harm_fen"),
        sa.ForeignKeyConstraint(["screening_id"], ["decisions.screening_id"]),
        sa.PrimaryKeyConstraint("case_id"),
        sa.UniqueConstraint("screening_id", name="cases_once"),
    )
    _index("cases_ending", "cases", "state expires_ms")
    _index("cases_waiting", "cases", "tenant state queue expected_harm_fen")
    op.create_table(
        "challenges",
        *_columns(TEXT, "challenge_id tenant screening_id digest any_of state"),
        *_columns(WHOLE, "opened_ms expires_ms"),
        sa.ForeignKeyConstraint(["screening_id"], ["decisions.screening_id"]),
        sa.PrimaryKeyConstraint("challenge_id"),
    )
    _index("challenges_by_screening", "challenges", "screening_id")
    op.create_table(
        "outbox",
        *_columns(TEXT, "message_id tenant kind payload state"),
        *_columns(COUNT, "attempts"),
        *_columns(WHOLE, "next_ms"),
        sa.PrimaryKeyConstraint("message_id"),
    )
    _index("outbox_waiting", "outbox", "state next_ms")


def _audit() -> None:
    """The audit trail."""
    op.create_table(
        "audit_links",
        *_columns(TEXT, "chain"),
        *_columns(WHOLE, "n at_ms size"),
        *_columns(RAW, "prev contents hash"),
        sa.PrimaryKeyConstraint("chain", "n"),
    )
    op.create_table(
        "audit_entries",
        *_columns(TEXT, "chain"),
        *_columns(WHOLE, "n position"),
        *_columns(TEXT, "tenant what ref"),
        *_columns(RAW, "digest"),
        sa.PrimaryKeyConstraint("chain", "n", "position"),
    )


def _keys_and_versions() -> None:
    """Service keys, models, policies, and the row that proves a write."""
    op.create_table(
        "service_keys",
        *_columns(TEXT, "key_id tenant name scopes"),
        *_columns(RAW, "digest"),
        *_columns(WHOLE, "created_ms"),
        *_maybe(WHOLE, "revoked_ms expires_ms"),
        sa.PrimaryKeyConstraint("key_id"),
    )
    op.create_table(
        "registry",
        *_columns(TEXT, "tenant version path digest state"),
        *_columns(WHOLE, "revision changed_ms"),
        *_columns(TEXT, "changed_by"),
        sa.PrimaryKeyConstraint("tenant", "version"),
    )
    _index("registry_one_active", "registry", "tenant", unique=True, where="state = 'active'")
    op.create_table(
        "policies",
        *_columns(TEXT, "tenant version digest body state"),
        *_columns(WHOLE, "changed_ms"),
        *_columns(TEXT, "changed_by"),
        sa.PrimaryKeyConstraint("tenant", "version"),
    )
    op.create_table(
        "pulse",
        *_columns(TEXT, "process"),
        *_columns(WHOLE, "beat_ms"),
        sa.PrimaryKeyConstraint("process"),
    )


def _append_only_sqlite(table: str) -> None:
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        )


def _append_only_postgresql(table: str) -> None:
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )


def _columns(kind: sa.types.TypeEngine[Any], names: str) -> list[sa.Column[Any]]:
    """Return columns that must hold something."""
    return [sa.Column(name, kind, nullable=False, autoincrement=False) for name in names.split()]


def _maybe(kind: sa.types.TypeEngine[Any], names: str) -> list[sa.Column[Any]]:
    """Return columns that may be empty."""
    return [sa.Column(name, kind) for name in names.split()]


def _index(name: str, table: str, columns: str, *, unique: bool = False, where: str | None = None) -> None:
    only = None if where is None else sa.text(where)
    op.create_index(name, table, columns.split(), unique=unique, sqlite_where=only, postgresql_where=only)
