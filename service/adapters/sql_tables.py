"""The tables of the record: what must never be lost. SQLite and PostgreSQL from the same definition.

Every row says whose it is (`tenant`). Ids are text, times whole milliseconds, money fen. Where a number, an address or
a place could stand there is a token, or a sealed column. `service/migrations` builds these tables; a test holds both
equal.
"""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from service.adapters.sql_columns import maybe_whole, maybe_words, raw, whole, words

EVERYBODY: Final = "*"
"""The tenant of what belongs to the whole service: models, policies, the start of a chain."""

metadata = MetaData()


decisions = Table(
    "decisions",
    metadata,
    words("screening_id", key=True),
    words("tenant"),
    words("idem_key"),
    words("fingerprint"),
    words("request_id"),
    words("event_id"),
    whole("created_ms"),
    whole("known_ms"),
    whole("seq"),
    words("region"),
    words("klass"),
    words("action"),
    words("channel"),
    words("decision"),
    Column("degraded", Boolean, nullable=False),
    Column("degraded_only", Boolean, nullable=False),
    maybe_whole("lifted_ms"),
    maybe_words("line"),
    maybe_words("party"),
    maybe_words("device"),
    maybe_words("model"),
    words("policy"),
    Column("probability", Float(53)),
    words("appeal_ref"),
    raw("record"),
    raw("answer"),
    Column("private", LargeBinary),
    raw("private_digest"),
    maybe_words("parent"),
    UniqueConstraint("tenant", "idem_key", name="decisions_once"),
    Index("decisions_by_line", "tenant", "line", "klass", "created_ms"),
    Index("decisions_by_request", "tenant", "request_id"),
    Index("decisions_by_appeal", "appeal_ref"),
    Index("decisions_in_order", "known_ms", "seq", "event_id"),
    Index("decisions_by_parent", "parent"),
    Index(
        "decisions_private",
        "created_ms",
        sqlite_where=text("private IS NOT NULL"),
        postgresql_where=text("private IS NOT NULL"),
    ),
    Index(
        "decisions_over_time",
        "tenant",
        "created_ms",
        "action",
        "channel",
        "decision",
        "degraded",
        "probability",
    ),
    Index(
        "decisions_degraded",
        "created_ms",
        sqlite_where=text("degraded_only AND lifted_ms IS NULL"),
        postgresql_where=text("degraded_only AND lifted_ms IS NULL"),
    ),
)
"""One row a screening, the saved answer too. `record` is the compressed log line, `answer` the compressed answer,
`private` the sealed numbers and places, `seq` the highest place that the velocity store gave its event, `lifted_ms`
when a step-up took the stickiness away, `parent` the screening that this one looked at again."""

events = Table(
    "events",
    metadata,
    words("tenant", key=True),
    words("event_id", key=True),
    words("kind"),
    whole("known_ms"),
    whole("seq"),
    words("intake"),
    maybe_whole("applied_ms"),
    raw("event"),
    Index("events_in_order", "known_ms", "seq", "event_id"),
    Index(
        "events_pending",
        "known_ms",
        sqlite_where=text("applied_ms IS NULL"),
        postgresql_where=text("applied_ms IS NULL"),
    ),
)
"""Reported events; `applied_ms` says when the velocity store took one in, `intake` with which report it came."""

past_screenings = Table(
    "past_screenings",
    metadata,
    words("tenant", key=True),
    words("event_id", key=True),
    whole("known_ms"),
    whole("seq"),
    words("intake"),
    raw("record"),
    Index("past_screenings_in_order", "known_ms", "seq", "event_id"),
)
"""Screenings of an imported log: they fill windows and train models, and are no decisions of ours."""

labels = Table(
    "labels",
    metadata,
    words("tenant", key=True),
    words("screening_id", key=True),
    words("source", key=True),
    words("label", key=True),
    whole("at_ms"),
    maybe_whole("loss_fen"),
    maybe_whole("recovered_fen"),
    maybe_words("persona"),
    maybe_whole("said_ms"),
    words("intake"),
    Index("labels_in_order", "at_ms", "screening_id"),
)
"""What turned out to be true; one screening may be labelled by several sources. `at_ms` is when we learned of it,
`said_ms` when its source says it was found."""

challenges = Table(
    "challenges",
    metadata,
    words("challenge_id", key=True),
    words("tenant"),
    Column("screening_id", ForeignKey("decisions.screening_id"), nullable=False),
    words("digest"),
    words("any_of"),
    words("state"),
    whole("opened_ms"),
    whole("expires_ms"),
    Index("challenges_by_screening", "screening_id"),
)
"""What was offered, bound to the digest of what was asked; `any_of` is JSON."""

outbox = Table(
    "outbox",
    metadata,
    words("message_id", key=True),
    words("tenant"),
    words("kind"),
    words("payload"),
    words("state"),
    Column("attempts", Integer, nullable=False),
    whole("next_ms"),
    Index("outbox_waiting", "state", "next_ms"),
)
"""Messages to the outside that were promised in the same transaction; `payload` is thin JSON without identities."""

audit_links = Table(
    "audit_links",
    metadata,
    words("chain", key=True),
    whole("n", key=True),
    whole("at_ms"),
    whole("size"),
    raw("prev"),
    raw("contents"),
    raw("hash"),
)
"""One link for every committed batch; one chain for every process that writes."""

audit_entries = Table(
    "audit_entries",
    metadata,
    words("chain", key=True),
    whole("n", key=True),
    whole("position", key=True),
    words("tenant"),
    words("what"),
    words("ref"),
    raw("digest"),
)
"""What a batch wrote: the digest of each thing, so that the thing itself may be erased and the chain still holds."""

service_keys = Table(
    "service_keys",
    metadata,
    words("key_id", key=True),
    words("tenant"),
    words("name"),
    words("scopes"),
    raw("digest"),
    whole("created_ms"),
    maybe_whole("revoked_ms"),
    maybe_whole("expires_ms"),
)
"""Who may call; of a key only its SHA-256 is kept, which is enough for 256 random bits."""

registry = Table(
    "registry",
    metadata,
    words("tenant", key=True),
    words("version", key=True),
    words("path"),
    words("digest"),
    words("state"),
    whole("revision"),
    whole("changed_ms"),
    words("changed_by"),
    Index(
        "registry_one_active",
        "tenant",
        unique=True,
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
)
"""Model bundles; `revision` counts the changes of a row. The database itself refuses a second active one."""

policies = Table(
    "policies",
    metadata,
    words("tenant", key=True),
    words("version", key=True),
    words("digest"),
    words("body"),
    words("state"),
    whole("changed_ms"),
    words("changed_by"),
)
"""Policies that were proposed, approved or in force."""

pulse = Table("pulse", metadata, words("process", key=True), whole("beat_ms"))
"""Written to prove that a write would succeed now."""
