"""Casework: who works on a case and what was decided, what two people agree on, who looked at what, and users.

Revision ID: 0010
"""

from math import log2
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0002"

TEXT: Final = sa.Text()
WHOLE: Final = sa.BigInteger()
COUNT: Final = sa.Integer()
RAW: Final = sa.LargeBinary()
DOUBLING_MS: Final = 7_200_000
TWO_PEOPLE: Final = "state NOT IN ('approved', 'done') OR (decided_by IS NOT NULL AND decided_by <> proposer)"


def upgrade() -> None:
    """Widen the cases, and build the tables."""
    _cases()
    _work()
    _lookups()
    _people()
    for table in ("case_history", "accesses"):
        _append_only(table)


def _cases() -> None:
    """Let a case say who has it and what became of it, and put those there are into the order of the queue."""
    added: tuple[sa.Column[Any], ...] = (
        sa.Column("origin", TEXT, nullable=False, server_default="hold"),
        sa.Column("level", COUNT, nullable=False, server_default="0"),
        sa.Column("rank_ms", WHOLE, nullable=False, server_default="0"),
        *_maybe(TEXT, "taken_by merged_into verdict label decided_by line party device"),
        *_maybe(WHOLE, "taken_until_ms first_taken_ms wake_ms loss_fen recovered_fen decided_ms labelled_ms"),
        sa.Column("revision", COUNT, nullable=False, server_default="0"),
    )
    for column in added:
        op.add_column("cases", column)
    op.drop_index("cases_waiting", "cases")
    _index("cases_next", "cases", "tenant state rank_ms case_id")
    _index("cases_next_of_queue", "cases", "tenant state queue rank_ms case_id")
    _index("cases_next_of_region", "cases", "tenant state region rank_ms case_id")
    on_time = sa.text("state = 'open' AND level = 0")
    op.create_index("cases_overdue", "cases", ["due_ms"], sqlite_where=on_time, postgresql_where=on_time)
    asleep, going_on = sa.text("state = 'snoozed'"), sa.text("state IN ('open', 'snoozed', 'merged')")
    op.create_index("cases_waking", "cases", ["wake_ms"], sqlite_where=asleep, postgresql_where=asleep)
    op.drop_index("cases_ending", "cases")
    op.create_index("cases_ending", "cases", ["expires_ms"], sqlite_where=going_on, postgresql_where=going_on)
    _index("cases_decided", "cases", "tenant decided_ms")
    _index("cases_merged", "cases", "merged_into")
    _index("cases_of_line", "cases", "tenant line")
    _index("cases_of_party", "cases", "tenant party")
    _index("cases_of_device", "cases", "tenant device")
    _index("cases_taken", "cases", "tenant taken_by")
    unlabelled = sa.text("state = 'decided' AND labelled_ms IS NULL")
    op.create_index("cases_unlabelled", "cases", ["decided_ms"], sqlite_where=unlabelled, postgresql_where=unlabelled)
    _index("decisions_over_time", "decisions", "tenant created_ms action channel decision degraded probability")
    _fill_those_there_are()


def _fill_those_there_are() -> None:
    cases = sa.table("cases", *(sa.column(name) for name in ("case_id", "due_ms", "expected_harm_fen", "rank_ms")))
    database = op.get_bind()
    for row in database.execute(sa.select(cases.c.case_id, cases.c.due_ms, cases.c.expected_harm_fen)).all():
        rank_ms = row.due_ms - round(DOUBLING_MS * log2(max(row.expected_harm_fen, 1)))
        database.execute(sa.update(cases).where(cases.c.case_id == row.case_id).values(rank_ms=rank_ms))
    for name in ("line", "party", "device"):
        op.execute(
            f"UPDATE cases SET {name} = (SELECT decisions.{name} FROM decisions "  # noqa: S608 - names of ours
            "WHERE decisions.screening_id = cases.screening_id)"
        )


def _work() -> None:
    """What people write about cases."""
    op.create_table(
        "case_history",
        *_columns(TEXT, "entry_id tenant case_id"),
        *_columns(COUNT, "n"),
        *_columns(WHOLE, "at_ms"),
        *_columns(TEXT, "by act text"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"]),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    op.create_index("case_history_in_order", "case_history", ["case_id", "n"], unique=True)
    op.create_table(
        "releases",
        *_columns(TEXT, "release_id tenant line klass action lowers_to screening_id"),
        *_maybe(TEXT, "case_id"),
        *_columns(WHOLE, "from_ms until_ms"),
        *_columns(TEXT, "released_by"),
        *_maybe(TEXT, "approved_by"),
        sa.ForeignKeyConstraint(["screening_id"], ["decisions.screening_id"]),
        sa.PrimaryKeyConstraint("release_id"),
    )
    _index("releases_of_line", "releases", "tenant line klass until_ms")
    op.create_table(
        "proposals",
        *_columns(TEXT, "proposal_id tenant kind subject payload reason proposer"),
        *_columns(WHOLE, "proposed_ms expires_ms"),
        *_columns(TEXT, "state"),
        *_maybe(TEXT, "decided_by"),
        *_maybe(WHOLE, "decided_ms"),
        *_columns(TEXT, "note"),
        *_columns(COUNT, "revision"),
        sa.CheckConstraint(TWO_PEOPLE, name="proposals_two_people"),
        sa.PrimaryKeyConstraint("proposal_id"),
    )
    _index("proposals_in_order", "proposals", "tenant state proposed_ms")
    _index("proposals_of_subject", "proposals", "tenant subject")


def _lookups() -> None:
    """Who looked at what, and the index of who is named where."""
    op.create_table(
        "accesses",
        *_columns(TEXT, "access_id tenant"),
        *_columns(WHOLE, "at_ms"),
        *_columns(TEXT, "by what subject reason"),
        sa.PrimaryKeyConstraint("access_id"),
    )
    _index("accesses_of_person", "accesses", "tenant by what at_ms")
    _index("accesses_in_order", "accesses", "tenant at_ms")
    op.create_table(
        "mentions",
        *_columns(TEXT, "tenant entity token"),
        *_columns(WHOLE, "at_ms"),
        *_columns(TEXT, "kind event_id"),
        sa.PrimaryKeyConstraint("tenant", "entity", "token", "at_ms", "kind", "event_id"),
    )
    _index("mentions_by_event", "mentions", "tenant event_id entity token")
    _index("mentions_by_token", "mentions", "tenant token at_ms")
    fraud = sa.text("kind = 'labelled_fraud'")
    op.create_index("mentions_of_fraud", "mentions", ["tenant", "token"], sqlite_where=fraud, postgresql_where=fraud)
    op.create_table("cursors", *_columns(TEXT, "name"), *_columns(WHOLE, "at_ms"), sa.PrimaryKeyConstraint("name"))


def _people() -> None:
    """Users of the console."""
    op.create_table(
        "users",
        *_columns(TEXT, "user_id tenant name role state regions"),
        *_maybe(TEXT, "password_hash"),
        *_maybe(RAW, "totp_secret"),
        *_columns(WHOLE, "totp_step"),
        *_maybe(RAW, "invite_digest"),
        *_columns(WHOLE, "invite_until_ms created_ms"),
        *_maybe(WHOLE, "last_seen_ms"),
        *_columns(COUNT, "revision"),
        *_columns(TEXT, "changed_by"),
        sa.PrimaryKeyConstraint("user_id"),
        sa.UniqueConstraint("name", name="users_once"),
    )
    _index("users_of_tenant", "users", "tenant name")
    op.create_table(
        "sign_ins",
        *_columns(TEXT, "subject"),
        *_columns(COUNT, "failures"),
        *_columns(WHOLE, "last_ms until_ms"),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_table(
        "sessions",
        *_columns(RAW, "digest"),
        *_columns(TEXT, "user_id csrf"),
        *_columns(WHOLE, "started_ms seen_ms expires_ms"),
        *_maybe(WHOLE, "ended_ms"),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"]),
        sa.PrimaryKeyConstraint("digest"),
    )
    _index("sessions_of_user", "sessions", "user_id")


def _append_only(table: str) -> None:
    """Make the database itself refuse to change or take away what was written."""
    refused = "what people did is only added to"
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{refused}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{refused}'; END $$"
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


def _index(name: str, table: str, columns: str) -> None:
    op.create_index(name, table, columns.split())
