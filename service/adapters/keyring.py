"""Service keys: `lc_<id><secret>`, of which the database keeps the id and the SHA-256 of the whole.

A plain hash is enough here because the secret is 256 random bits, not a password: there is nothing to guess. A key that
was found is remembered for half a second, so a revoked one stops working within a second in every process.
"""

import hmac
import re
import secrets
import string
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from features.clock import Clock, milliseconds
from service.adapters.sql_audit import Trail, digest_of
from service.adapters.sql_reader import Reader
from service.adapters.sql_tables import service_keys
from service.adapters.sql_writer import Writer
from service.ports import Credential
from service.ports_records import SCOPES, RefusedError

k: Final = service_keys.c
ALPHABET: Final = string.ascii_letters + string.digits
ID_LENGTH: Final = 10
SECRET_LENGTH: Final = 43
"""43 letters of 62 are 256 random bits."""
SHAPE: Final = re.compile(rf"lc_([A-Za-z0-9]{{{ID_LENGTH}}})[A-Za-z0-9]{{{SECRET_LENGTH}}}")
REMEMBERED_S: Final = 0.5
MOST_REMEMBERED: Final = 10_000
COLUMNS: Final = ("key_id", "tenant", "name", "scopes", "digest", "created_ms", "revoked_ms", "expires_ms")
ALL: Final = select(*(k[name] for name in COLUMNS))


class SqlKeyring:
    """The ports `Keyring` and `KeyDesk` on SQL."""

    def __init__(
        self, writer: Writer, reader: Reader, clock: Clock, *, ticking: Callable[[], float] = time.monotonic
    ) -> None:
        """Write with the process's writer, read with its reader; `ticking` gives seconds that only go on."""
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._ticking = ticking
        self._remembered: dict[bytes, tuple[float, Credential]] = {}

    async def credential(self, secret: str) -> Credential | None:
        """Return who holds a secret; None when nobody does. Down: `StoreDownError`, nobody is let in."""
        shape = SHAPE.fullmatch(secret)
        if shape is None:
            return None
        digest = sha256(secret.encode()).digest()
        until, known = self._remembered.get(digest, (0.0, None))
        if self._ticking() < until:
            return known
        asked_at = self._ticking()
        mine = ALL.where(k.key_id == shape[1], _in_force(self._clock.now_ms()))
        row = await self._reader.quick(lambda connection: connection.execute(mine).first())
        if row is None or not hmac.compare_digest(row.digest, digest):
            self._remembered.pop(digest, None)
            return None
        credential = _credential(row)
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[digest] = (asked_at + REMEMBERED_S, credential)
        return credential

    async def create(
        self, tenant: str, name: str, scopes: Sequence[str], *, lasts: timedelta | None = None
    ) -> tuple[Credential, str]:
        """Make a key; the secret is returned this once and kept nowhere. It ends by itself after `lasts`."""
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown or not scopes:
            message = f"a key needs scopes out of {', '.join(SCOPES)}" + (
                f"; not {', '.join(unknown)}" if unknown else ""
            )
            raise RefusedError(message)
        key_id, secret = _random(ID_LENGTH), _random(SECRET_LENGTH)
        whole = f"lc_{key_id}{secret}"
        now_ms = self._clock.now_ms()
        made = {"digest": sha256(whole.encode()).digest(), "created_ms": now_ms, "revoked_ms": None}
        made["expires_ms"] = None if lasts is None else now_ms + milliseconds(lasts)
        row = {"key_id": key_id, "tenant": tenant, "name": name, "scopes": " ".join(sorted(set(scopes))), **made}
        return await self._writer.write(_create, row), whole

    async def rotate(self, key_id: str, overlap: timedelta) -> tuple[Credential, str]:
        """Make a key like another, which ends by itself after the overlap; both work until then."""
        old = next((key for key in await self.credentials() if key.key_id == key_id), None)
        if old is None:
            message = f"there is no key {key_id} in force"
            raise RefusedError(message)
        made = await self.create(old.tenant, old.name, sorted(old.scopes))
        await self._writer.write(_end, (key_id, self._clock.now_ms() + milliseconds(overlap)))
        return made

    async def credentials(self, tenant: str | None = None) -> Sequence[Credential]:
        """Return the keys in force, the oldest first."""
        query = ALL.where(_in_force(self._clock.now_ms())).order_by(k.created_ms, k.key_id)
        mine = query if tenant is None else query.where(k.tenant == tenant)
        rows = await self._reader.slow(lambda connection: connection.execute(mine).all())
        return [_credential(row) for row in rows]

    async def revoke(self, key_id: str) -> bool:
        """Withdraw a key; return whether it was in force."""
        revoked = await self._writer.write(_revoke, (key_id, self._clock.now_ms()))
        self._remembered.clear()
        return revoked


def key_digest(row: Any) -> bytes:  # noqa: ANN401 - a row of the table
    """Return what the trail holds of a key's row."""
    return digest_of(*(getattr(row, name) for name in COLUMNS))


def key_ref(row: Any) -> str:  # noqa: ANN401 - a row of the table
    """Return what the trail calls a key's state: made is its first, given an end its second, revoked its third."""
    return f"{row.key_id}#{3 if row.revoked_ms is not None else 1 if row.expires_ms is None else 2}"


def _create(connection: Connection, rows: Sequence[dict[str, Any]], trail: Trail) -> list[Credential]:
    return [_create_one(connection, row, trail) for row in rows]


def _create_one(connection: Connection, row: dict[str, Any], trail: Trail) -> Credential:
    connection.execute(insert(service_keys), row)
    return _noted(connection, row["key_id"], trail)


def _in_force(now_ms: int) -> ColumnElement[bool]:
    return and_(k.revoked_ms.is_(None), or_(k.expires_ms.is_(None), k.expires_ms > now_ms))


def _end(connection: Connection, jobs: Sequence[tuple[str, int]], trail: Trail) -> list[None]:
    for key_id, at_ms in jobs:
        connection.execute(update(service_keys).where(k.key_id == key_id).values(expires_ms=at_ms))
        _noted(connection, key_id, trail)
    return [None] * len(jobs)


def _revoke(connection: Connection, jobs: Sequence[tuple[str, int]], trail: Trail) -> list[bool]:
    return [_revoke_one(connection, key_id, now, trail) for key_id, now in jobs]


def _revoke_one(connection: Connection, key_id: str, now: int, trail: Trail) -> bool:
    in_force = (k.key_id == key_id) & k.revoked_ms.is_(None)
    if connection.execute(update(service_keys).where(in_force).values(revoked_ms=now)).rowcount == 0:
        return False
    _noted(connection, key_id, trail)
    return True


def _noted(connection: Connection, key_id: str, trail: Trail) -> Credential:
    row = connection.execute(ALL.where(k.key_id == key_id)).one()
    trail.note(row.tenant, "key", key_ref(row), key_digest(row))
    return _credential(row)


def _credential(row: Any) -> Credential:  # noqa: ANN401 - a row of the table
    told = {"key_id": row.key_id, "tenant": row.tenant, "name": row.name, "expires_ms": row.expires_ms}
    return Credential(**told, scopes=frozenset(row.scopes.split()))


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
