"""The tables of the people who use the console: users, attempts to sign in, sessions."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, UniqueConstraint

from service.adapters.sql_columns import maybe_whole, maybe_words, whole, words
from service.adapters.sql_tables import metadata

users = Table(
    "users",
    metadata,
    words("user_id", key=True),
    words("tenant"),
    words("name"),
    words("role"),
    words("state"),
    words("regions"),
    maybe_words("password_hash"),
    Column("totp_secret", LargeBinary),
    whole("totp_step"),
    Column("invite_digest", LargeBinary),
    whole("invite_until_ms"),
    whole("created_ms"),
    maybe_whole("last_seen_ms"),
    Column("revision", Integer, nullable=False),
    words("changed_by"),
    UniqueConstraint("name", name="users_once"),
    Index("users_of_tenant", "tenant", "name"),
)
"""Users. `totp_secret` is sealed, `totp_step` the last time step whose code was used, `invite_digest` of the one-time
secret with which a user enrols."""

sign_ins = Table(
    "sign_ins",
    metadata,
    words("subject", key=True),
    Column("failures", Integer, nullable=False),
    whole("last_ms"),
    whole("until_ms"),
)
"""Attempts that did not succeed yet, by user, by address and by both; no name and no address is in it."""

sessions = Table(
    "sessions",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("user_id", ForeignKey("users.user_id"), nullable=False),
    words("csrf"),
    whole("started_ms"),
    whole("seen_ms"),
    whole("expires_ms"),
    maybe_whole("ended_ms"),
    Index("sessions_of_user", "user_id"),
)
"""Sessions by the SHA-256 of their id."""
