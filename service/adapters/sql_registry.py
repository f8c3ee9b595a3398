"""The registry: which model bundles there are and which one is in force; the database holds that it is one."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, insert, select, update

from features.clock import Clock
from service.adapters.sql_audit import Trail, digest_of
from service.adapters.sql_reader import Reader
from service.adapters.sql_tables import EVERYBODY, registry
from service.adapters.sql_writer import Writer
from service.ports_records import Bundle, BundleState, RefusedError

r: Final = registry.c
COLUMNS: Final = ("version", "path", "digest", "state", "changed_ms", "changed_by")
ALL: Final = select(*(r[name] for name in COLUMNS)).where(r.tenant == EVERYBODY)
HELD_FAST: Final = (*COLUMNS, "revision")


class Move(Struct, frozen=True):
    """A wish to change the state of a bundle."""

    version: str
    state: BundleState
    by: str
    at_ms: int


class SqlRegistry:
    """The port `Registry` on SQL. A change is written to the audit trail in the same transaction."""

    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        """Write with the process's writer, read with its reader."""
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def active(self) -> Bundle | None:
        """Return the bundle in force. Down: the caller keeps the one that it has loaded."""
        row = await self._reader.quick(lambda connection: connection.execute(ALL.where(r.state == "active")).first())
        return None if row is None else Bundle(**row._asdict())

    async def bundles(self) -> Sequence[Bundle]:
        """Return all bundles, the last changed first."""
        query = ALL.order_by(r.changed_ms.desc(), r.version)
        rows = await self._reader.slow(lambda connection: connection.execute(query).all())
        return [Bundle(**row._asdict()) for row in rows]

    async def register(self, version: str, path: str, digest: str, *, by: str) -> Bundle:
        """Write down a bundle as a candidate; other contents under a known version are refused."""
        now = self._clock.now_ms()
        bundle = Bundle(version=version, path=path, digest=digest, state="candidate", changed_ms=now, changed_by=by)
        return await self._writer.write(_register, bundle)

    async def move(self, version: str, state: BundleState, *, by: str) -> Bundle:
        """Change the state of a bundle; activating one retires the one before, in the same transaction."""
        return await self._writer.write(_move, Move(version, state, by, self._clock.now_ms()))


def bundle_digest(row: Any) -> bytes:  # noqa: ANN401 - a row of the table
    """Return what the trail holds of a bundle's row."""
    return digest_of(*(getattr(row, name) for name in HELD_FAST))


def bundle_ref(row: Any) -> str:  # noqa: ANN401 - a row of the table
    """Return what the trail calls a state of a bundle: each change has its number."""
    return f"{row.version}#{row.revision}"


def _register(connection: Connection, bundles: Sequence[Bundle], trail: Trail) -> list[Bundle]:
    return [_register_one(connection, bundle, trail) for bundle in bundles]


def _register_one(connection: Connection, bundle: Bundle, trail: Trail) -> Bundle:
    known = _find(connection, bundle.version)
    if known is not None:
        if known.digest != bundle.digest:
            message = f"the version {bundle.version} is registered with other contents: give this bundle its own"
            raise RefusedError(message)
        return known
    fields = {name: getattr(bundle, name) for name in COLUMNS}
    connection.execute(insert(registry), {"tenant": EVERYBODY, "revision": 1, **fields})
    return _noted(connection, bundle.version, trail)


def _move(connection: Connection, moves: Sequence[Move], trail: Trail) -> list[Bundle]:
    return [_move_one(connection, move, trail) for move in moves]


def _move_one(connection: Connection, move: Move, trail: Trail) -> Bundle:
    if _find(connection, move.version) is None:
        message = f"there is no bundle {move.version} in the registry"
        raise RefusedError(message)
    if move.state == "active":
        # First out, then in: the database refuses two active ones even for a moment.
        others = (r.tenant == EVERYBODY) & (r.state == "active") & (r.version != move.version)
        for version in connection.scalars(select(r.version).where(others)).all():
            _set(connection, replace(move, version=version, state="retired"), trail)
    return _set(connection, move, trail)


def _set(connection: Connection, move: Move, trail: Trail) -> Bundle:
    changed = {"state": move.state, "changed_ms": move.at_ms, "changed_by": move.by, "revision": r.revision + 1}
    connection.execute(update(registry).where(r.tenant == EVERYBODY, r.version == move.version).values(changed))
    return _noted(connection, move.version, trail)


def _noted(connection: Connection, version: str, trail: Trail) -> Bundle:
    row = connection.execute(select(registry).where(r.tenant == EVERYBODY, r.version == version)).one()
    trail.note(EVERYBODY, "registry", bundle_ref(row), bundle_digest(row))
    return Bundle(**{name: getattr(row, name) for name in COLUMNS})


def _find(connection: Connection, version: str) -> Bundle | None:
    row = connection.execute(ALL.where(r.version == version)).first()
    return None if row is None else Bundle(**row._asdict())
