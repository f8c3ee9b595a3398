"""The outbox on SQL, and the register of endpoints: secrets under seal, every change in the trail."""

import secrets as chance
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from features.clock import Clock
from service.adapters.sealing import Sealer
from service.adapters.sql_audit import Trail, digest_of
from service.adapters.sql_reader import Reader
from service.adapters.sql_tables import outbox
from service.adapters.sql_tables_after import webhooks
from service.adapters.sql_writer import Writer
from service.ports_outbox import Address, Promised
from service.ports_webhooks import Endpoint, new_secret

o: Final = outbox.c
w: Final = webhooks.c
KEPT_SECRETS: Final = 2


class SqlOutbox:
    """The port `Outbox` on SQL."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Write with the process's writer, read with its reader."""
        self._writer = writer
        self._reader = reader

    async def due(self, now_ms: int, limit: int) -> Sequence[Promised]:
        """Return messages whose time has come."""
        names = Promised.__struct_fields__
        query = select(*(o[name] for name in names)).where(o.state == "waiting", o.next_ms <= now_ms)
        ordered = query.order_by(o.next_ms, o.message_id).limit(limit)
        rows = await self._reader.slow(lambda connection: connection.execute(ordered).all())
        return [Promised(**row._asdict()) for row in rows]

    async def sent(self, message_id: str) -> None:
        """Write that a message went out."""
        await self._writer.write(_settle, (message_id, "sent", None))

    async def later(self, message_id: str, next_ms: int | None) -> None:
        """Write that an attempt failed, and when the next comes."""
        await self._writer.write(_settle, (message_id, "dead" if next_ms is None else "waiting", next_ms))

    async def dead(self) -> int:
        """Count the dead letters."""
        query = select(func.count()).select_from(outbox).where(o.state == "dead")
        found: int = await self._reader.slow(lambda connection: connection.execute(query).scalar_one())
        return found


class SqlAddresses:
    """The port `Addresses` on SQL."""

    def __init__(self, writer: Writer, reader: Reader, sealer: Sealer, clock: Clock) -> None:
        """Write with the process's writer, read with its reader, seal the secrets."""
        self._writer = writer
        self._reader = reader
        self._sealer = sealer
        self._clock = clock

    async def add(self, tenant: str, url: str) -> tuple[Address, str]:
        """Register an endpoint; return its secret, this once."""
        made = Address(endpoint_id=f"whk_{chance.token_hex(8)}", tenant=tenant, url=url, state="open")
        secret = new_secret()
        row = msgspec.structs.asdict(made) | {
            "secrets": self._closed(made.endpoint_id, [secret]),
            "created_ms": self._clock.now_ms(),
        }
        await self._writer.write(_add, row)
        return made, secret

    async def rotate(self, endpoint_id: str) -> str | None:
        """Give an endpoint a new secret; the last one goes on signing beside it."""
        query = select(w.secrets).where(w.endpoint_id == endpoint_id, w.state == "open")
        closed = await self._reader.quick(lambda connection: connection.execute(query).scalar())
        if closed is None:
            return None
        secret = new_secret()
        ring = [secret, *self._opened(endpoint_id, closed)][:KEPT_SECRETS]
        await self._writer.write(_change, (endpoint_id, {"secrets": self._closed(endpoint_id, ring)}, "rotated"))
        return secret

    async def close(self, endpoint_id: str, state: Literal["gone", "removed"]) -> bool:
        """Send nothing to an endpoint any more."""
        return await self._writer.write(_change, (endpoint_id, {"state": state}, state))

    async def all(self, tenant: str | None = None) -> Sequence[Address]:
        """Return the endpoints, the oldest first."""
        query = select(w.endpoint_id, w.tenant, w.url, w.state).order_by(w.created_ms)
        mine = query if tenant is None else query.where(w.tenant == tenant)
        rows = await self._reader.slow(lambda connection: connection.execute(mine).all())
        return [Address(**row._asdict()) for row in rows]

    async def endpoints(self, tenant: str) -> Sequence[tuple[str, Endpoint]]:
        """Return the open endpoints of a tenant, with their secrets."""
        query = select(w.endpoint_id, w.url, w.secrets).where(w.tenant == tenant, w.state == "open")
        rows = await self._reader.slow(lambda connection: connection.execute(query).all())
        return [
            (row.endpoint_id, Endpoint(url=row.url, secrets=tuple(self._opened(row.endpoint_id, row.secrets))))
            for row in rows
        ]

    def _closed(self, endpoint_id: str, ring: Sequence[str]) -> bytes:
        return self._sealer.seal(msgspec.json.encode(ring), place=f"webhooks|secrets|{endpoint_id}")

    def _opened(self, endpoint_id: str, closed: bytes) -> list[str]:
        return msgspec.json.decode(self._sealer.open(closed, place=f"webhooks|secrets|{endpoint_id}"), type=list[str])


def _settle(connection: Connection, jobs: Sequence[tuple[str, str, int | None]], _trail: Trail) -> list[None]:
    for message_id, state, next_ms in jobs:
        values: dict[str, Any] = {"state": state}
        if state != "sent":
            values["attempts"] = o.attempts + 1
        if next_ms is not None:
            values["next_ms"] = next_ms
        connection.execute(update(outbox).where(o.message_id == message_id).values(values))
    return [None] * len(jobs)


def _add(connection: Connection, rows: Sequence[dict[str, Any]], trail: Trail) -> list[None]:
    for row in rows:
        connection.execute(insert(webhooks), row)
        trail.note(row["tenant"], "webhook.added", row["endpoint_id"], digest_of(row["url"]))
    return [None] * len(rows)


def _change(connection: Connection, jobs: Sequence[tuple[str, dict[str, Any], str]], trail: Trail) -> list[bool]:
    return [_change_one(connection, *job, trail) for job in jobs]


def _change_one(connection: Connection, endpoint_id: str, values: dict[str, Any], what: str, trail: Trail) -> bool:
    mine = (w.endpoint_id == endpoint_id) & (w.state == "open")
    tenant = connection.scalar(select(w.tenant).where(mine))
    if tenant is None:
        return False
    connection.execute(update(webhooks).where(mine).values(values))
    trail.note(tenant, f"webhook.{what}", endpoint_id, digest_of(what))
    return True
