"""The tables of what follows a decision: what was redeemed, taken back and carried out, and how challenges go."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table

from service.adapters.sql_columns import maybe_whole, maybe_words, raw, whole, words
from service.adapters.sql_tables import metadata


def _decision() -> "Column[str]":
    return Column("screening_id", ForeignKey("decisions.screening_id"), nullable=False)


redemptions = Table(
    "redemptions",
    metadata,
    _decision(),
    words("step"),
    words("tenant"),
    words("idem_key"),
    whole("at_ms"),
    words("by"),
    words("answer"),
    PrimaryKeyConstraint("screening_id", "step"),
    Index("redemptions_by_time", "tenant", "at_ms"),
)
"""What executors were allowed to do, each step once: `act` at once, `close` after the cooling-off. `answer` is what was
answered, so that a lost reply can be given again to the same key."""

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("screening_id", ForeignKey("decisions.screening_id"), primary_key=True),
    words("tenant"),
    whole("at_ms"),
    words("by"),
    words("why"),
)
"""Closures that were taken back in the cooling-off: `withdrawn` by the customer, or `not_me`."""

outcomes = Table(
    "outcomes",
    metadata,
    _decision(),
    words("outcome"),
    words("tenant"),
    whole("at_ms"),
    whole("said_ms"),
    words("by"),
    Column("redeemed", Boolean, nullable=False),
    PrimaryKeyConstraint("screening_id", "outcome"),
    Index("outcomes_by_time", "tenant", "at_ms"),
)
"""What became of a request; `redeemed` is false for one that was carried out without asking us: an alarm."""

challenge_factors = Table(
    "challenge_factors",
    metadata,
    Column("challenge_id", ForeignKey("challenges.challenge_id"), nullable=False),
    words("factor"),
    whole("n"),
    words("result"),
    words("source"),
    words("performed_by"),
    maybe_words("reference"),
    whole("at_ms"),
    whole("said_ms"),
    PrimaryKeyConstraint("challenge_id", "factor", "n"),
)
"""How each factor of a challenge went, each try; `source` is `ours` for our own OTP and liveness, else `outside`."""

otp_codes = Table(
    "otp_codes",
    metadata,
    words("authentication_id", key=True),
    words("tenant"),
    Column("challenge_id", ForeignKey("challenges.challenge_id"), nullable=False),
    words("contact"),
    words("line"),
    maybe_words("device"),
    maybe_words("prefix"),
    raw("digest"),
    words("state"),
    Column("tries", Integer, nullable=False),
    whole("sent_ms"),
    whole("expires_ms"),
    maybe_whole("ended_ms"),
    Index("otp_codes_by_challenge", "challenge_id"),
    Index("otp_codes_by_line", "tenant", "line", "sent_ms"),
    Index("otp_codes_by_device", "tenant", "device", "sent_ms"),
    Index("otp_codes_by_prefix", "tenant", "prefix", "sent_ms"),
    Index("otp_codes_by_time", "sent_ms"),
)
"""One-time passwords: a keyed digest of each code, never the code; a try is spent before it is compared."""

liveness_sessions = Table(
    "liveness_sessions",
    metadata,
    words("session_id", key=True),
    words("tenant"),
    Column("challenge_id", ForeignKey("challenges.challenge_id"), nullable=False),
    words("line"),
    maybe_words("party"),
    words("nonce"),
    words("steps"),
    words("consent"),
    words("state"),
    Column("measures", LargeBinary),
    maybe_words("result"),
    whole("opened_ms"),
    whole("expires_ms"),
    Index("liveness_by_challenge", "challenge_id"),
)
"""Liveness sessions: `measures` are numbers taken from frames, sealed; no frame is ever kept."""

faces = Table(
    "faces",
    metadata,
    words("tenant", key=True),
    words("party", key=True),
    raw("template"),
    words("consent_version"),
    whole("consent_ms"),
    whole("enrolled_ms"),
    whole("expires_ms"),
    Index("faces_ending", "expires_ms"),
)
"""Enrolled faces: sealed templates of 128 numbers by separate consent, kept for a stated time, erased on withdrawal."""

webhooks = Table(
    "webhooks",
    metadata,
    words("endpoint_id", key=True),
    words("tenant"),
    words("url"),
    raw("secrets"),
    words("state"),
    whole("created_ms"),
    Index("webhooks_of_tenant", "tenant", "state"),
)
"""Where an operator's messages go; `secrets` is a sealed list, newest first; `gone` when the receiver wants none."""
