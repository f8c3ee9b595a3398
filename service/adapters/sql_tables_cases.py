"""The tables of the casework: cases and what was done with them, releases, proposals, who looked, who is named."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from service.adapters.sql_columns import maybe_whole, maybe_words, whole, words
from service.adapters.sql_tables import metadata

ON_TIME: Final = "state = 'open' AND level = 0"
ASLEEP: Final = "state = 'snoozed'"
GOING_ON: Final = "state IN ('open', 'snoozed', 'merged')"
UNLABELLED: Final = "state = 'decided' AND labelled_ms IS NULL"
OF_FRAUD: Final = "kind = 'labelled_fraud'"
"""Conditions of partial indexes; a query says the same words, for a database matches them to no parameter."""
TWO_PEOPLE: Final = "state NOT IN ('approved', 'done') OR (decided_by IS NOT NULL AND decided_by <> proposer)"
"""Held by the database: nobody approves what they proposed."""

cases = Table(
    "cases",
    metadata,
    words("case_id", key=True),
    words("tenant"),
    Column("screening_id", ForeignKey("decisions.screening_id"), nullable=False),
    words("region"),
    words("queue"),
    words("state"),
    whole("opened_ms"),
    whole("due_ms"),
    whole("expires_ms"),
    whole("expected_harm_fen"),
    Column("origin", Text, nullable=False, server_default="hold"),
    Column("level", Integer, nullable=False, server_default="0"),
    Column("rank_ms", BigInteger, nullable=False, server_default="0"),
    maybe_words("taken_by"),
    maybe_whole("taken_until_ms"),
    maybe_whole("first_taken_ms"),
    maybe_whole("wake_ms"),
    maybe_words("merged_into"),
    maybe_words("verdict"),
    maybe_words("label"),
    maybe_whole("loss_fen"),
    maybe_whole("recovered_fen"),
    maybe_whole("decided_ms"),
    maybe_words("decided_by"),
    maybe_whole("labelled_ms"),
    maybe_words("line"),
    maybe_words("party"),
    maybe_words("device"),
    Column("revision", Integer, nullable=False, server_default="0"),
    UniqueConstraint("screening_id", name="cases_once"),
    Index("cases_next", "tenant", "state", "rank_ms", "case_id"),
    Index("cases_next_of_queue", "tenant", "state", "queue", "rank_ms", "case_id"),
    Index("cases_next_of_region", "tenant", "state", "region", "rank_ms", "case_id"),
    Index("cases_ending", "expires_ms", sqlite_where=text(GOING_ON), postgresql_where=text(GOING_ON)),
    Index("cases_overdue", "due_ms", sqlite_where=text(ON_TIME), postgresql_where=text(ON_TIME)),
    Index("cases_waking", "wake_ms", sqlite_where=text(ASLEEP), postgresql_where=text(ASLEEP)),
    Index("cases_decided", "tenant", "decided_ms"),
    Index("cases_merged", "merged_into"),
    Index("cases_of_line", "tenant", "line"),
    Index("cases_of_party", "tenant", "party"),
    Index("cases_of_device", "tenant", "device"),
    Index("cases_taken", "tenant", "taken_by"),
    Index("cases_unlabelled", "decided_ms", sqlite_where=text(UNLABELLED), postgresql_where=text(UNLABELLED)),
)
"""One row for every hold that is not merely degraded, and for every challenge that was drawn to be looked at.

`rank_ms` is the order of the queue, `level` 1 when a lead must look, `revision` counts its changes; whoever works on it
has it until `taken_until_ms`."""

case_history = Table(
    "case_history",
    metadata,
    words("entry_id", key=True),
    words("tenant"),
    Column("case_id", ForeignKey("cases.case_id"), nullable=False),
    Column("n", Integer, nullable=False),
    whole("at_ms"),
    words("by"),
    words("act"),
    words("text"),
    Index("case_history_in_order", "case_id", "n", unique=True),
)
"""What was done with a case, by whom, and the note that they left; only added to."""

releases = Table(
    "releases",
    metadata,
    words("release_id", key=True),
    words("tenant"),
    words("line"),
    words("klass"),
    words("action"),
    words("lowers_to"),
    Column("screening_id", ForeignKey("decisions.screening_id"), nullable=False),
    maybe_words("case_id"),
    whole("from_ms"),
    whole("until_ms"),
    words("released_by"),
    maybe_words("approved_by"),
    Index("releases_of_line", "tenant", "line", "klass", "until_ms"),
)
"""A person's word that one line may go on with one action until a moment."""

proposals = Table(
    "proposals",
    metadata,
    words("proposal_id", key=True),
    words("tenant"),
    words("kind"),
    words("subject"),
    words("payload"),
    words("reason"),
    words("proposer"),
    whole("proposed_ms"),
    whole("expires_ms"),
    words("state"),
    maybe_words("decided_by"),
    maybe_whole("decided_ms"),
    words("note"),
    Column("revision", Integer, nullable=False),
    CheckConstraint(TWO_PEOPLE, name="proposals_two_people"),
    Index("proposals_in_order", "tenant", "state", "proposed_ms"),
    Index("proposals_of_subject", "tenant", "subject"),
)
"""What one person proposes and another must approve; `payload` is JSON."""

accesses = Table(
    "accesses",
    metadata,
    words("access_id", key=True),
    words("tenant"),
    whole("at_ms"),
    words("by"),
    words("what"),
    words("subject"),
    words("reason"),
    Index("accesses_of_person", "tenant", "by", "what", "at_ms"),
    Index("accesses_in_order", "tenant", "at_ms"),
)
"""Who looked at what, and why; written before it is shown."""

mentions = Table(
    "mentions",
    metadata,
    words("tenant", key=True),
    words("entity", key=True),
    words("token", key=True),
    whole("at_ms", key=True),
    words("kind", key=True),
    words("event_id", key=True),
    Index("mentions_by_event", "tenant", "event_id", "entity", "token"),
    Index("mentions_by_token", "tenant", "token", "at_ms"),
    Index("mentions_of_fraud", "tenant", "token", sqlite_where=text(OF_FRAUD), postgresql_where=text(OF_FRAUD)),
)
"""Which event names whom: the index by which the console finds things. Made from the journal, and made anew at will."""

cursors = Table("cursors", metadata, words("name", key=True), whole("at_ms"))
"""How far a reader of the journal has come."""
