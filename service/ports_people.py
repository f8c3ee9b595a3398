"""Ports of the people: users with their secrets, attempts to sign in, and sessions. Down: nobody is let in."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from service.permissions import Person, Role

UserState = Literal["invited", "active", "disabled"]


class User(Struct, frozen=True, kw_only=True):
    """A user as lists show one; no secret is in it."""

    user_id: str
    tenant: str
    name: str
    role: Role
    state: UserState
    regions: tuple[str, ...]
    created_ms: int
    last_seen_ms: int | None = None
    revision: int = 1


class Secrets(Struct, frozen=True, kw_only=True):
    """What a user is recognised by; in no list and no log.

    Attributes:
        password_hash: Argon2id, with its parameters.
        totp_secret: base32, sealed in the database.
        totp_step: the last time step whose code was used; a code works once.
        invite_digest: SHA-256 of the one-time enrolment secret.
        invite_until_ms: until when it works.
    """

    password_hash: str | None
    totp_secret: str | None
    totp_step: int
    invite_digest: bytes | None
    invite_until_ms: int

    def __repr__(self) -> str:
        """Show nothing."""
        return "Secrets()"


class Session(Struct, frozen=True, kw_only=True):
    """A session that was found: whose it is, until when at the longest, and the token that forms must carry."""

    person: Person
    started_ms: int
    expires_ms: int
    csrf: str


class People(Protocol):
    """Users, throttles and sessions in the record."""

    async def add(self, user: User, invite_digest: bytes, invite_until_ms: int, *, by: str) -> User:
        """Write a new user.

        Raises:
            RefusedError: the name is taken.
        """
        ...

    async def users(self, tenant: str | None = None) -> Sequence[User]:
        """Return users, by name."""
        ...

    async def user(self, name: str) -> tuple[User, Secrets] | None:
        """Return a user by name, with what they are recognised by."""
        ...

    async def invite(self, name: str, invite_digest: bytes, invite_until_ms: int, *, by: str, now_ms: int) -> User:
        """Take a user's password and code generator away, end their sessions, and let them enrol anew.

        Raises:
            RefusedError: there is no such user.
        """
        ...

    async def offer_totp(self, name: str, totp_secret: str) -> None:
        """Keep the secret of a code generator that is being enrolled."""
        ...

    async def enrolled(self, name: str, invite_digest: bytes, password_hash: str, *, step: int, now_ms: int) -> bool:
        """Make an invited user active and use the invitation up; False when it was used already."""
        ...

    async def set_state(self, name: str, state: UserState, *, by: str, now_ms: int) -> User:
        """Disable or enable a user; disabling ends their sessions in the same transaction.

        Raises:
            RefusedError: there is no such user, or one that never enrolled cannot become active.
        """
        ...

    async def change(self, name: str, role: Role, regions: Sequence[str], *, by: str, now_ms: int) -> User:
        """Change a user's role and regions; in force at once."""
        ...

    async def use_step(self, user_id: str, step: int) -> bool:
        """Use a code's time step up; False when it or a later one was used."""
        ...

    async def rehash(self, user_id: str, password_hash: str) -> None:
        """Keep a password's hash under newer parameters."""
        ...

    async def attempt(self, limits: Mapping[str, int], now_ms: int) -> int:
        """Count an attempt against every subject before it is looked at.

        Args:
            limits: subject -> how many attempts are free before waiting begins.
            now_ms: the time.

        Returns:
            How many milliseconds are to be waited; 0 lets the attempt through. A refused attempt is not counted.
        """
        ...

    async def forgive(self, subjects: Sequence[str]) -> None:
        """Forget attempts, after one succeeded."""
        ...

    async def begin(self, digest: bytes, user_id: str, csrf: str, *, now_ms: int, expires_ms: int) -> None:
        """Write a session; only the digest of its id is kept."""
        ...

    async def session(self, digest: bytes, *, now_ms: int, idle_ms: int) -> Session | None:
        """Return a session that is neither expired, idle for too long nor of a user who is not active."""
        ...

    async def touch(self, digest: bytes, now_ms: int) -> None:
        """Note that a session was used."""
        ...

    async def end(self, digest: bytes, now_ms: int) -> None:
        """End a session."""
        ...
