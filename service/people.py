"""The use case: people enrol, sign in with a password and a code, and are out at once when they are disabled.

Passwords are kept as Argon2id (RFC 9106), codes are TOTP (RFC 6238) and each works once, attempts are counted before
they are looked at. A session is a random id of 256 bits, of which the record keeps the digest alone.
"""

import asyncio
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Final

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

from features.clock import Clock, milliseconds
from service.errors import Problem
from service.ids import new_id
from service.permissions import ROLES, Person, Role
from service.ports import Tokeniser
from service.ports_people import People, Secrets, Session, User
from service.ports_records import RefusedError

ABSOLUTE: Final = timedelta(hours=10)
IDLE: Final = timedelta(minutes=30)
TOUCH: Final = timedelta(minutes=1)
INVITED: Final = timedelta(hours=72)
STEP_S: Final = 30
LEAST_PASSWORD, LONGEST_PASSWORD = 12, 128
NAME: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}")
FREE_TOGETHER, FREE_OF_ADDRESS, FREE_OF_USER = 5, 20, 50
"""Attempts before waiting begins: of one user from one address, from one address, and of one user from anywhere.

The last is high, so that a stranger who hammers at a name does not lock its owner out who comes from elsewhere.
"""
ISSUER: Final = "Lastcall"
NOBODY: Final = "nobody"


class Enrolment(Struct, frozen=True, kw_only=True):
    """What is shown once while enrolling: the address for the code generator (as a QR code) and the secret in it."""

    name: str
    uri: str
    secret: str


class SignedIn(Struct, frozen=True, kw_only=True):
    """A new session: its id goes into a `__Host-` cookie and nowhere else."""

    token: str
    session: Session


class Accounts:
    """Users and their sessions."""

    def __init__(
        self, people: People, tokeniser: Tokeniser, clock: Clock, hasher: PasswordHasher | None = None
    ) -> None:
        """Take the record of people, the maker of tokens (for addresses), the clock, and parameters of Argon2id."""
        self._people = people
        self._tokeniser = tokeniser
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._decoy = ""

    async def create(
        self, name: str, role: str, *, tenant: str, by: str, regions: Sequence[str] = ()
    ) -> tuple[User, str]:
        """Make a user who may enrol; the one-time secret is returned this once and works for three days.

        Raises:
            RefusedError: a name or a role that cannot be, or a name that is taken.
        """
        if not NAME.fullmatch(name):
            message = "a name has 2 to 32 small letters, digits, dots and dashes, and begins with a letter"
            raise RefusedError(message)
        now_ms = self._clock.now_ms()
        user = User(
            user_id=new_id("usr", now_ms),
            tenant=tenant,
            name=name,
            role=_role(role),
            state="invited",
            regions=tuple(regions),
            created_ms=now_ms,
        )
        secret = secrets.token_urlsafe(24)
        return await self._people.add(user, _digest(secret), now_ms + milliseconds(INVITED), by=by), secret

    async def users(self, tenant: str | None = None) -> Sequence[User]:
        """Return the users, by name."""
        return await self._people.users(tenant)

    async def disable(self, name: str, *, by: str) -> User:
        """Disable a user; their sessions end in the same moment."""
        return await self._people.set_state(name, "disabled", by=by, now_ms=self._clock.now_ms())

    async def enable(self, name: str, *, by: str) -> User:
        """Let a disabled user sign in again."""
        return await self._people.set_state(name, "active", by=by, now_ms=self._clock.now_ms())

    async def change(self, name: str, role: str, regions: Sequence[str], *, by: str) -> User:
        """Change a user's role and regions; in force at the next click."""
        return await self._people.change(name, _role(role), regions, by=by, now_ms=self._clock.now_ms())

    async def reset(self, name: str, *, by: str) -> str:
        """Take password and code generator away and return a new one-time secret for enrolling."""
        now_ms, secret = self._clock.now_ms(), secrets.token_urlsafe(24)
        await self._people.invite(name, _digest(secret), now_ms + milliseconds(INVITED), by=by, now_ms=now_ms)
        return secret

    async def begin_enrolment(self, name: str, invitation: str, address: str) -> Enrolment:
        """Begin with the one-time secret: returns what the code generator needs.

        Raises:
            Problem: 401 for a wrong or used invitation, 429 after too many.
        """
        await self._attempt(name, address)
        found = await self._invited(name, invitation)
        totp = found.totp_secret or pyotp.random_base32()
        await self._people.offer_totp(name, totp)
        await self._people.forgive(self._subjects(name, address)[:2])
        return Enrolment(name=name, uri=pyotp.TOTP(totp).provisioning_uri(name=name, issuer_name=ISSUER), secret=totp)

    async def finish_enrolment(self, name: str, invitation: str, password: str, code: str, address: str) -> None:
        """Set the password, once a first code shows that the code generator works; then the invitation is used up.

        Raises:
            Problem: 401 for a wrong invitation or code, 422 for a password that is too weak, 429 after too many.
        """
        await self._attempt(name, address)
        found = await self._invited(name, invitation)
        _check_password(name, password)
        step = self._step_of(found, code)
        if step is None:
            raise _wrong()
        hashed = await asyncio.to_thread(self._hasher.hash, password)
        now_ms = self._clock.now_ms()
        if not await self._people.enrolled(name, _digest(invitation), hashed, step=step, now_ms=now_ms):
            raise _wrong()
        await self._people.forgive(self._subjects(name, address)[:2])

    async def sign_in(self, name: str, password: str, code: str, address: str) -> SignedIn:
        """Begin a session with name, password and code; which of them was wrong is not told.

        Raises:
            Problem: 401 `SIGN_IN_REFUSED`, or 429 `TOO_MANY_ATTEMPTS` with how long to wait.
        """
        await self._attempt(name, address)
        found = await self._people.user(name)
        user, known = found or (None, None)
        right = await self._right(known, password)
        step = self._step_of(known, code) if known is not None else None
        if user is None or known is None or user.state != "active" or not right or step is None:
            raise _wrong()
        if not await self._people.use_step(user.user_id, step):
            raise _wrong()
        await self._people.forgive(self._subjects(name, address)[:2])
        return await self._begun(user)

    async def who(self, token: str) -> Session | None:
        """Return the session of a token, None when it is over for whatever reason; asked at every click and event."""
        now_ms = self._clock.now_ms()
        return await self._people.session(_digest(token), now_ms=now_ms, idle_ms=milliseconds(IDLE))

    async def touch(self, token: str) -> None:
        """Keep a session from falling idle; for a person's own acts, not for a page that refreshes itself."""
        await self._people.touch(_digest(token), self._clock.now_ms())

    async def sign_out(self, token: str) -> None:
        """End a session."""
        await self._people.end(_digest(token), self._clock.now_ms())

    async def _begun(self, user: User) -> SignedIn:
        now_ms, token, csrf = self._clock.now_ms(), secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        expires_ms = now_ms + milliseconds(ABSOLUTE)
        await self._people.begin(_digest(token), user.user_id, csrf, now_ms=now_ms, expires_ms=expires_ms)
        return SignedIn(
            token=token, session=Session(person=person_of(user), started_ms=now_ms, expires_ms=expires_ms, csrf=csrf)
        )

    async def _attempt(self, name: str, address: str) -> None:
        """Count an attempt before it is looked at, so that many at once are no way round."""
        limits = zip(self._subjects(name, address), (FREE_TOGETHER, FREE_OF_ADDRESS, FREE_OF_USER), strict=True)
        wait_ms = await self._people.attempt(dict(limits), self._clock.now_ms())
        if wait_ms:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "TOO_MANY_ATTEMPTS",
                "too many attempts; wait before the next",
                retry_after_s=-(-wait_ms // 1000),
            )

    def _subjects(self, name: str, address: str) -> tuple[str, str, str]:
        token = self._tokeniser.token(NOBODY, "ip", address)
        short = _digest(name).hex()[:32]
        return f"both:{short}:{token}", f"address:{token}", f"user:{short}"

    async def _invited(self, name: str, invitation: str) -> Secrets:
        found = await self._people.user(name)
        if found is None or found[0].state != "invited" or found[1].invite_digest is None:
            raise _wrong()
        late = self._clock.now_ms() >= found[1].invite_until_ms
        if late or not secrets.compare_digest(found[1].invite_digest, _digest(invitation)):
            raise _wrong()
        return found[1]

    async def _right(self, known: Secrets | None, password: str) -> bool:
        """Compare a password; a user who is not there takes as long as one who is."""
        if not self._decoy:
            self._decoy = await asyncio.to_thread(self._hasher.hash, secrets.token_urlsafe(16))
        hashed = (known.password_hash if known is not None else None) or self._decoy
        try:
            await asyncio.to_thread(self._hasher.verify, hashed, password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False
        return hashed is not self._decoy

    def _step_of(self, known: Secrets, code: str) -> int | None:
        """Return the time step that a code belongs to: this one or a neighbour, and later than any that was used."""
        if known.totp_secret is None or not (code.isascii() and code.isdecimal()):
            return None
        totp, now = pyotp.TOTP(known.totp_secret), self._clock.now_ms() // 1000 // STEP_S
        steps = (step for step in (now - 1, now, now + 1) if step > known.totp_step)
        return next((step for step in steps if secrets.compare_digest(totp.at(step * STEP_S), code)), None)


def person_of(user: User) -> Person:
    """Return a user as whoever acts."""
    return Person(user_id=user.user_id, tenant=user.tenant, name=user.name, role=user.role, regions=user.regions)


def _check_password(name: str, password: str) -> None:
    """Refuse passwords that are short, endless, the name, or few letters repeated (NIST SP 800-63B-4)."""
    fine = LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD
    if not fine or name in password.lower() or len(set(password)) < LEAST_PASSWORD // 2:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "PASSWORD_TOO_WEAK",
            f"a password has {LEAST_PASSWORD} to {LONGEST_PASSWORD} letters, of several kinds, and not your name",
            path="password",
        )


def _role(role: str) -> Role:
    found = next((known for known in ROLES if known == role), None)
    if found is None:
        message = f"there is no role {role}: one of {', '.join(ROLES)}"
        raise RefusedError(message)
    return found


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _wrong() -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, "SIGN_IN_REFUSED", "name, password or code is wrong, or the code was used")
