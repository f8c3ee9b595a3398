"""Face checks and enrolled faces on SQL: numbers under seal alone, erased as soon as a verdict is there."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from service.adapters.sql_audit import Trail, digest_of
from service.adapters.sql_challenges import looks
from service.adapters.sql_reader import Reader
from service.adapters.sql_tables_after import faces, liveness_sessions
from service.adapters.sql_writer import Writer
from service.ports_liveness import Face, Session, State

s: Final = liveness_sessions.c
f: Final = faces.c
MOST_MEASURES: Final = 8 * 1024 * 1024
"""Three hundred pictures' numbers take half of it."""
Added = tuple[str, str, bytes, int]
Finished = tuple[str, str, State, str]


class SqlSessions:
    """The port `Sessions` on SQL."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Write with the process's writer, read with its reader."""
        self._writer = writer
        self._reader = reader

    async def open(self, session: Session) -> None:
        """Write a new session."""
        await self._writer.write(_open_all, session)

    async def session(self, tenant: str, session_id: str) -> Session | None:
        """Return a session; another tenant's is None."""
        query = select(liveness_sessions).where(s.session_id == session_id, s.tenant == tenant)
        row = await self._reader.quick(lambda connection: connection.execute(query).first())
        return None if row is None else _session(row)

    async def add(self, tenant: str, session_id: str, measured: bytes, now_ms: int) -> int | None:
        """Add what was measured; None when the session takes nothing more."""
        return await self._writer.write(_add_all, (tenant, session_id, measured, now_ms))

    async def measures(self, tenant: str, session_id: str) -> bytes:
        """Return all that was measured."""
        query = select(s.measures).where(s.session_id == session_id, s.tenant == tenant)
        found: bytes | None = await self._reader.quick(lambda connection: connection.execute(query).scalar())
        return found or b""

    async def finish(self, tenant: str, session_id: str, state: State, result: str) -> bool:
        """Write the verdict, once, and erase what was measured."""
        return await self._writer.write(_finish_all, (tenant, session_id, state, result))

    async def newest(self, tenant: str, root: str) -> Session | None:
        """Return the newest finished session of a request, over all its looks."""
        query = (
            select(liveness_sessions)
            .where(s.tenant == tenant, s.challenge_id.in_(looks(tenant, root)), s.state != "open")
            .order_by(s.opened_ms.desc())
            .limit(1)
        )
        row = await self._reader.quick(lambda connection: connection.execute(query).first())
        return None if row is None else _session(row)


class SqlFaces:
    """The port `EnrolledFaces` on SQL."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Write with the process's writer, read with its reader."""
        self._writer = writer
        self._reader = reader

    async def enrol(self, face: Face) -> None:
        """Write a face, in place of an earlier one."""
        await self._writer.write(_enrol_all, face)

    async def face(self, tenant: str, party: str, now_ms: int) -> Face | None:
        """Return a face that may still be used."""
        query = select(faces).where(f.tenant == tenant, f.party == party, f.expires_ms > now_ms)
        row = await self._reader.quick(lambda connection: connection.execute(query).first())
        return None if row is None else Face(**row._asdict())

    async def erase(self, tenant: str, party: str) -> bool:
        """Erase a face; return whether there was one."""
        return await self._writer.write(_erase_all, (tenant, party))

    async def count(self, tenant: str) -> int:
        """Return how many faces are kept."""
        query = select(func.count()).select_from(faces).where(f.tenant == tenant)
        found: int = await self._reader.quick(lambda connection: connection.execute(query).scalar_one())
        return found


def _open_all(connection: Connection, sessions: Sequence[Session], trail: Trail) -> list[None]:
    for session in sessions:
        row = {**msgspec.structs.asdict(session), "steps": msgspec.json.encode(session.steps).decode()}
        connection.execute(insert(liveness_sessions), {**row, "measures": None})
        trail.note(session.tenant, "liveness.opened", session.session_id, digest_of(session.challenge_id))
    return [None] * len(sessions)


def _add_all(connection: Connection, jobs: Sequence[Added], _trail: Trail) -> list[int | None]:
    return [_add(connection, *job) for job in jobs]


def _add(connection: Connection, tenant: str, session_id: str, measured: bytes, now_ms: int) -> int | None:
    mine = (s.session_id == session_id) & (s.tenant == tenant)
    still = (s.state == "open") & (s.expires_ms > now_ms)
    row = connection.execute(select(s.measures).where(mine, still).with_for_update()).first()
    whole = None if row is None else (row.measures or b"") + measured
    if whole is None or len(whole) > MOST_MEASURES:
        return None
    connection.execute(update(liveness_sessions).where(mine).values(measures=whole))
    return len(whole)


def _finish_all(connection: Connection, jobs: Sequence[Finished], trail: Trail) -> list[bool]:
    return [_finish(connection, job, trail) for job in jobs]


def _finish(connection: Connection, job: Finished, trail: Trail) -> bool:
    tenant, session_id, state, result = job
    mine = (s.session_id == session_id) & (s.tenant == tenant) & (s.state == "open")
    values = {"state": state, "result": result, "measures": None}
    if connection.execute(update(liveness_sessions).where(mine).values(values)).rowcount == 0:
        return False
    trail.note(tenant, "liveness.judged", session_id, digest_of(state, result))
    return True


def _enrol_all(connection: Connection, enrolled: Sequence[Face], trail: Trail) -> list[None]:
    for face in enrolled:
        connection.execute(delete(faces).where(f.tenant == face.tenant, f.party == face.party))
        connection.execute(insert(faces), msgspec.structs.asdict(face))
        trail.note(face.tenant, "face.enrolled", face.party, digest_of(face.consent_version, face.consent_ms))
    return [None] * len(enrolled)


def _erase_all(connection: Connection, jobs: Sequence[tuple[str, str]], trail: Trail) -> list[bool]:
    return [_erase(connection, tenant, party, trail) for tenant, party in jobs]


def _erase(connection: Connection, tenant: str, party: str, trail: Trail) -> bool:
    if connection.execute(delete(faces).where(f.tenant == tenant, f.party == party)).rowcount == 0:
        return False
    trail.note(tenant, "face.erased", party, digest_of(None))
    return True


def _session(row: Any) -> Session:  # noqa: ANN401 - a row of the table
    names = set(Session.__struct_fields__) - {"steps"}
    steps = msgspec.json.decode(row.steps, type=tuple[str, ...])
    return Session(**{name: getattr(row, name) for name in names}, steps=steps)
