"""Users on SQL: their secrets sealed or hashed, every change of theirs in the trail, and attempts counted first."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from service.adapters.sealing import Sealer
from service.adapters.sql_audit import Trail, digest_of
from service.adapters.sql_reader import Reader
from service.adapters.sql_sessions import Sessions, end_all
from service.adapters.sql_tables_people import sign_ins, users
from service.adapters.sql_upsert import insert_new
from service.adapters.sql_writer import Writer
from service.permissions import Role
from service.ports_people import Secrets, User, UserState
from service.ports_records import RefusedError

u: Final = users.c
HELD_FAST: Final = (
    "user_id",
    "tenant",
    "name",
    "role",
    "state",
    "regions",
    "password_hash",
    "invite_digest",
    "created_ms",
    "changed_by",
    "revision",
)
FIRST_WAIT_MS: Final = 30_000
LONGEST_WAIT_MS: Final = 900_000
FORGOTTEN_AFTER_MS: Final = 3_600_000
"""An attempt counts for an hour after the last."""


class SqlPeople(Sessions):
    """The port `People` on SQL."""

    def __init__(self, writer: Writer, reader: Reader, sealer: Sealer) -> None:
        """Write with the process's writer, read with its reader, seal the secrets of code generators."""
        super().__init__(writer, reader)
        self._sealer = sealer

    async def add(self, user: User, invite_digest: bytes, invite_until_ms: int, *, by: str) -> User:
        """Write a new user; a name that is taken is refused."""
        row = {name: getattr(user, name) for name in User.__struct_fields__}
        secrets = {"invite_digest": invite_digest, "invite_until_ms": invite_until_ms, "totp_step": 0}
        return await self._writer.write(
            _add, {**row, **secrets, "regions": " ".join(user.regions), "revision": 1, "changed_by": by}
        )

    async def users(self, tenant: str | None = None) -> Sequence[User]:
        """Return users, by name."""
        query = select(users).order_by(u.name)
        mine = query if tenant is None else query.where(u.tenant == tenant)
        rows = await self._reader.slow(lambda connection: connection.execute(mine).all())
        return [user_in(row) for row in rows]

    async def user(self, name: str) -> tuple[User, Secrets] | None:
        """Return a user by name, with what they are recognised by. Down: nobody signs in."""
        query = select(users).where(u.name == name)
        row = await self._reader.quick(lambda connection: connection.execute(query).first())
        if row is None:
            return None
        totp = row.totp_secret and self._sealer.open(row.totp_secret, place=_place(name)).decode()
        fields = {name: getattr(row, name) for name in Secrets.__struct_fields__}
        return user_in(row), Secrets(**{**fields, "totp_secret": totp})

    async def invite(self, name: str, invite_digest: bytes, invite_until_ms: int, *, by: str, now_ms: int) -> User:
        """Take password and code generator away, end the sessions, and let a user enrol anew."""
        values = {"password_hash": None, "totp_secret": None, "state": "invited"}
        invited = {"invite_digest": invite_digest, "invite_until_ms": invite_until_ms}
        return await self._writer.write(_change, (name, {**values, **invited, "changed_by": by}, now_ms))

    async def offer_totp(self, name: str, totp_secret: str) -> None:
        """Keep the secret of a code generator that is being enrolled."""
        sealed = self._sealer.seal(totp_secret.encode(), place=_place(name))
        await self._writer.write(_offer, (name, sealed))

    async def enrolled(self, name: str, invite_digest: bytes, password_hash: str, *, step: int, now_ms: int) -> bool:
        """Make an invited user active, once an invitation."""
        values = {"password_hash": password_hash, "invite_digest": None, "state": "active", "totp_step": step}
        seen = {"last_seen_ms": now_ms, "changed_by": name}
        return await self._writer.write(_enrolled, (name, invite_digest, {**values, **seen}))

    async def set_state(self, name: str, state: UserState, *, by: str, now_ms: int) -> User:
        """Disable or enable a user; disabling ends their sessions in the same transaction."""
        return await self._writer.write(_change, (name, {"state": state, "changed_by": by}, now_ms))

    async def change(self, name: str, role: Role, regions: Sequence[str], *, by: str, now_ms: int) -> User:
        """Change a user's role and regions."""
        values = {"role": role, "regions": " ".join(regions), "changed_by": by}
        return await self._writer.write(_change, (name, values, now_ms))

    async def use_step(self, user_id: str, step: int) -> bool:
        """Use a code's time step up; of two who show one code at once, one is let in."""
        return await self._writer.write(_use_step, (user_id, step))

    async def rehash(self, user_id: str, password_hash: str) -> None:
        """Keep a password's hash under newer parameters."""
        await self._writer.write(_rehash, (user_id, password_hash))

    async def attempt(self, limits: Mapping[str, int], now_ms: int) -> int:
        """Count an attempt against every subject, or return how long is to be waited. Down: nobody signs in."""
        return await self._writer.write(_attempt, (tuple(sorted(limits.items())), now_ms))

    async def forgive(self, subjects: Sequence[str]) -> None:
        """Forget attempts, after one succeeded."""
        await self._writer.write(_forgive, tuple(subjects))


def user_in(row: Any) -> User:  # noqa: ANN401 - a row of the table
    """Return the user of a row, without secrets."""
    fields = {name: getattr(row, name) for name in User.__struct_fields__}
    return User(**{**fields, "regions": tuple(row.regions.split())})


def user_digest(row: Any) -> bytes:  # noqa: ANN401 - a row of the table
    """Return what the trail holds of a user's state."""
    return digest_of(*(getattr(row, name) for name in HELD_FAST))


def user_ref(row: Any) -> str:  # noqa: ANN401 - a row of the table
    """Return what the trail calls a user's state."""
    return f"{row.user_id}#{row.revision}"


def _place(name: str) -> str:
    return f"users|totp_secret|{name}"


def _add(connection: Connection, rows: Sequence[dict[str, Any]], trail: Trail) -> list[User]:
    return [_add_one(connection, row, trail) for row in rows]


def _add_one(connection: Connection, row: dict[str, Any], trail: Trail) -> User:
    statement = insert_new(connection, users, "name").returning(u.user_id)
    if connection.scalar(statement, row) is None:
        message = f"the name {row['name']} is taken"
        raise RefusedError(message)
    return _noted(connection, row["name"], trail)


def _change(connection: Connection, wishes: Sequence[tuple[str, dict[str, Any], int]], trail: Trail) -> list[User]:
    return [_change_one(connection, *wish, trail=trail) for wish in wishes]


def _change_one(connection: Connection, name: str, values: dict[str, Any], now_ms: int, *, trail: Trail) -> User:
    row = connection.execute(select(users).where(u.name == name).with_for_update()).first()
    if row is None:
        message = f"there is no user {name}"
        raise RefusedError(message)
    if values.get("state") == "active" and row.password_hash is None:
        message = f"{name} never enrolled: give them a new secret with `lastcall users reset`"
        raise RefusedError(message)
    connection.execute(update(users).where(u.name == name).values({**values, "revision": u.revision + 1}))
    if values.get("state") in {"disabled", "invited"}:
        end_all(connection, row.user_id, now_ms)
    return _noted(connection, name, trail)


def _offer(connection: Connection, wishes: Sequence[tuple[str, bytes]], _trail: Trail) -> list[None]:
    for name, sealed in wishes:
        connection.execute(update(users).where(u.name == name, u.state == "invited").values(totp_secret=sealed))
    return [None] * len(wishes)


def _enrolled(connection: Connection, wishes: Sequence[tuple[str, bytes, dict[str, Any]]], trail: Trail) -> list[bool]:
    return [_enrolled_one(connection, *wish, trail=trail) for wish in wishes]


def _enrolled_one(connection: Connection, name: str, digest: bytes, values: dict[str, Any], *, trail: Trail) -> bool:
    invited = (u.name == name) & (u.state == "invited") & (u.invite_digest == digest)
    done = connection.execute(update(users).where(invited).values({**values, "revision": u.revision + 1}))
    if done.rowcount == 0:
        return False
    _noted(connection, name, trail)
    return True


def _use_step(connection: Connection, wishes: Sequence[tuple[str, int]], _trail: Trail) -> list[bool]:
    return [
        connection.execute(
            update(users).where(u.user_id == user_id, u.totp_step < step).values(totp_step=step)
        ).rowcount
        == 1
        for user_id, step in wishes
    ]


def _rehash(connection: Connection, wishes: Sequence[tuple[str, str]], trail: Trail) -> list[None]:
    for user_id, hashed in wishes:
        values = {"password_hash": hashed, "revision": u.revision + 1}
        connection.execute(update(users).where(u.user_id == user_id).values(values))
        _noted(connection, connection.execute(select(u.name).where(u.user_id == user_id)).scalar_one(), trail)
    return [None] * len(wishes)


def _attempt(
    connection: Connection, wishes: Sequence[tuple[tuple[tuple[str, int], ...], int]], _trail: Trail
) -> list[int]:
    return [_attempt_one(connection, limits, now_ms) for limits, now_ms in wishes]


def _attempt_one(connection: Connection, limits: tuple[tuple[str, int], ...], now_ms: int) -> int:
    """Count, or say how long is to be waited: waiting doubles with every attempt beyond the free ones."""
    s = sign_ins.c
    fresh = [{"subject": subject, "failures": 0, "last_ms": now_ms, "until_ms": 0} for subject, _ in limits]
    connection.execute(insert_new(connection, sign_ins, "subject"), fresh)
    asked = select(sign_ins).where(s.subject.in_([subject for subject, _ in limits])).order_by(s.subject)
    rows = {row.subject: row for row in connection.execute(asked.with_for_update())}
    wait_ms = max(int(row.until_ms) - now_ms for row in rows.values())
    if wait_ms > 0:
        return wait_ms
    for subject, free in limits:
        row = rows[subject]
        failures = 1 if now_ms - row.last_ms > FORGOTTEN_AFTER_MS else row.failures + 1
        beyond = failures - free
        wait = 0 if beyond < 0 else min(FIRST_WAIT_MS << min(beyond, 16), LONGEST_WAIT_MS)
        values = {"failures": failures, "last_ms": now_ms, "until_ms": now_ms + wait if wait else 0}
        connection.execute(update(sign_ins).where(s.subject == subject).values(values))
    return 0


def _forgive(connection: Connection, wishes: Sequence[tuple[str, ...]], _trail: Trail) -> list[None]:
    for subjects in wishes:
        connection.execute(delete(sign_ins).where(sign_ins.c.subject.in_(sorted(subjects))))
    return [None] * len(wishes)


def _noted(connection: Connection, name: str, trail: Trail) -> User:
    row = connection.execute(select(users).where(u.name == name)).one()
    trail.note(row.tenant, "user", user_ref(row), user_digest(row))
    return user_in(row)
