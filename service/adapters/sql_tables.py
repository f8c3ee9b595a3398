"""The tables of the record: what must never be lost. SQLite and PostgreSQL from the same definition.

Every row says whose it is (`tenant`). Ids are text, times whole milliseconds, money fen. Where a number, an address or
a place could stand there is a token, or a sealed column. `service/migrations` builds these tables; a test holds both
equal.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

EVERYBODY: Final = "*"
"""The tenant of what belongs to the whole service: models, policies, the start of a chain."""

metadata = MetaData()


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _maybe_text(name: str) -> Column[str]:
    return Column(name, Text)


def _whole(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


def _maybe_whole(name: str) -> Column[int]:
    return Column(name, BigInteger)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


decisions = Table(
    "decisions",
    metadata,
    _text("screening_id", key=True),
    _text("tenant"),
    _text("idem_key"),
    _text("fingerprint"),
    _text("request_id"),
    _text("event_id"),
    _whole("created_ms"),
    _whole("known_ms"),
    _whole("seq"),
    _text("region"),
    _text("klass"),
    _text("action"),
    _text("channel"),
    _text("decision"),
    Column("degraded", Boolean, nullable=False),
    Column("degraded_only", Boolean, nullable=False),
    _maybe_whole("lifted_ms"),
    _maybe_text("line"),
    _maybe_text("party"),
    _maybe_text("device"),
    _maybe_text("model"),
    _text("policy"),
    Column("probability", Float(53)),
    _text("appeal_ref"),
    _bytes("record"),
    _bytes("answer"),
    Column("private", LargeBinary),
    _bytes("private_digest"),
    UniqueConstraint("tenant", "idem_key", name="decisions_once"),
    Index("decisions_by_line", "tenant", "line", "klass", "created_ms"),
    Index("decisions_by_request", "tenant", "request_id"),
    Index("decisions_by_appeal", "appeal_ref"),
    Index("decisions_in_order", "known_ms", "seq", "event_id"),
)
"""One row a screening, the saved answer too. `record` is the compressed log line, `answer` the compressed answer,
`private` the sealed numbers and places, `seq` the highest place that the velocity store gave its event, `lifted_ms`
when a step-up took the stickiness away."""

events = Table(
    "events",
    metadata,
    _text("tenant", key=True),
    _text("event_id", key=True),
    _text("kind"),
    _whole("known_ms"),
    _whole("seq"),
    _text("intake"),
    _maybe_whole("applied_ms"),
    _bytes("event"),
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
    _text("tenant", key=True),
    _text("event_id", key=True),
    _whole("known_ms"),
    _whole("seq"),
    _text("intake"),
    _bytes("record"),
    Index("past_screenings_in_order", "known_ms", "seq", "event_id"),
)
"""Screenings of an imported log: they fill windows and train models, and are no decisions of ours."""

labels = Table(
    "labels",
    metadata,
    _text("tenant", key=True),
    _text("screening_id", key=True),
    _text("source", key=True),
    _text("label", key=True),
    _whole("at_ms"),
    _maybe_whole("loss_fen"),
    _maybe_whole("recovered_fen"),
    _maybe_text("persona"),
    _text("intake"),
    Index("labels_in_order", "at_ms", "screening_id"),
)
"""What turned out to be true; one screening may be labelled by several sources."""

cases = Table(
    "cases",
    metadata,
    _text("case_id", key=True),
    _text("tenant"),
    Column("screening_id", ForeignKey("decisions.screening_id"), nullable=False),
    _text("region"),
    _text("queue"),
    _text("state"),
    _whole("opened_ms"),
    _whole("due_ms"),
    _whole("expires_ms"),
    _whole("expected_harm_fen"),
    UniqueConstraint("screening_id", name="cases_once"),
    Index("cases_waiting", "tenant", "state", "queue", "expected_harm_fen"),
    Index("cases_ending", "state", "expires_ms"),
)
"""One row for every hold that is not merely degraded."""

challenges = Table(
    "challenges",
    metadata,
    _text("challenge_id", key=True),
    _text("tenant"),
    Column("screening_id", ForeignKey("decisions.screening_id"), nullable=False),
    _text("digest"),
    _text("any_of"),
    _text("state"),
    _whole("opened_ms"),
    _whole("expires_ms"),
    Index("challenges_by_screening", "screening_id"),
)
"""What was offered, bound to the digest of what was asked; `any_of` is JSON."""

outbox = Table(
    "outbox",
    metadata,
    _text("message_id", key=True),
    _text("tenant"),
    _text("kind"),
    _text("payload"),
    _text("state"),
    Column("attempts", Integer, nullable=False),
    _whole("next_ms"),
    Index("outbox_waiting", "state", "next_ms"),
)
"""Messages to the outside that were promised in the same transaction; `payload` is thin JSON without identities."""

audit_links = Table(
    "audit_links",
    metadata,
    _text("chain", key=True),
    _whole("n", key=True),
    _whole("at_ms"),
    _whole("size"),
    _bytes("prev"),
    _bytes("contents"),
    _bytes("hash"),
)
"""One link for every committed batch; one chain for every process that writes."""

audit_entries = Table(
    "audit_entries",
    metadata,
    _text("chain", key=True),
    _whole("n", key=True),
    _whole("position", key=True),
    _text("tenant"),
    _text("what"),
    _text("ref"),
    _bytes("digest"),
)
"""What a batch wrote: the digest of each thing, so that the thing itself may be erased and the chain still holds."""

service_keys = Table(
    "service_keys",
    metadata,
    _text("key_id", key=True),
    _text("tenant"),
    _text("name"),
    _text("scopes"),
    _bytes("digest"),
    _whole("created_ms"),
    _maybe_whole("revoked_ms"),
)
"""Who may call; of a key only its SHA-256 is kept, which is enough for 256 random bits."""

registry = Table(
    "registry",
    metadata,
    _text("tenant", key=True),
    _text("version", key=True),
    _text("path"),
    _text("digest"),
    _text("state"),
    _whole("revision"),
    _whole("changed_ms"),
    _text("changed_by"),
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
    _text("tenant", key=True),
    _text("version", key=True),
    _text("digest"),
    _text("body"),
    _text("state"),
    _whole("changed_ms"),
    _text("changed_by"),
)
"""Policies that were proposed, approved or in force."""

pulse = Table("pulse", metadata, _text("process", key=True), _whole("beat_ms"))
"""Written to prove that a write would succeed now."""
