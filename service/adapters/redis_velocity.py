"""The velocity store on Valkey or Redis: the online engine of the windows.

One script per entity reads what is remembered, gives the event its place and remembers it, all in one step; the scripts
of one request travel in one pipelined round trip. What a window means is computed here by `features.windows`, from the
records that came back, so there is no second definition in Lua. Keys carry a hash tag per entity, so a cluster works.

The store may lose what it acknowledged, so it is trusted only while it is *warm*: filled by us since the server
started. A restarted server has forgotten our script (`NOSCRIPT`), however much of its file it read back; an emptied one
has lost the mark. Either way every request is told `cold` until the store was filled again from the record.
"""

import asyncio
import struct
from collections.abc import AsyncIterable, Mapping, Sequence
from datetime import timedelta
from hashlib import sha1
from importlib.resources import files
from typing import Final, cast

from redis.asyncio import Redis
from redis.exceptions import (
    BusyLoadingError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import (
    TimeoutError as StoreTimeoutError,
)

from features.event import Event, cap_of, column_value, key_of, number_of, occurred_of, time_of
from features.windows import Answer, Chain, History, Plan, Records, Shelf, Window
from service.ports import VelocityDownError, Witness

KEEP_ANSWERS: Final = timedelta(minutes=15)
_HEADER: Final = 3
"""A reply begins with: repeated, time, sequence."""


class RedisVelocity:
    """The port `Velocity` on a Valkey or Redis server; see the port for what each failure degrades to."""

    def __init__(self, client: Redis, plan: Plan, deadline: timedelta) -> None:
        """Take a client made by `redis_client`, the windows to keep, and how long a whole round trip may take."""
        self._client = client
        self._deadline_s = deadline.total_seconds()
        self._plan = plan
        self._source = files("service.adapters").joinpath("witness.lua").read_text()
        # What `SCRIPT LOAD` will call it.
        self._sha = sha1(self._source.encode(), usedforsecurity=False).hexdigest()
        self._mark = f"lc:{plan.digest}:warm"

    async def witness(
        self, tenant: str, event: Event, beside: Sequence[Event] = (), at_ms: int | None = None
    ) -> Witness:
        """Answer the windows of an event and remember it and those beside it; at the server's time, or at `at_ms`."""
        return await self._ask("witness", tenant, event, beside, at_ms)

    async def recall(self, tenant: str, event: Event) -> Witness:
        """Answer the windows and remember nothing."""
        return await self._ask("recall", tenant, event, (), None)

    async def remember(self, tenant: str, events: Sequence[Event], *, replaying: bool = False) -> None:
        """Remember reported events, in one round trip; as they come in, or (`replaying`) as they were known then."""
        commands = [
            self._command("remember", tenant, event, shelf, time_of(event, shelf.by) if replaying else None)
            for event in events
            for shelf in self._shelves(event)
        ]
        await self._run(commands, cold_is_fine=False)

    async def warm(self) -> bool:
        """Say whether the store answers, knows our script and was filled since its server started."""
        try:
            mark = await self._client.get(self._mark)
            known = await self._client.script_exists(self._sha)
        except (RedisError, OSError):
            return False
        return mark is not None and bool(known[0])

    async def fill(self, tenant_events: AsyncIterable[tuple[str, Event]]) -> int:
        """Remember a log again, each event at the time it became known, and return how many; the store stays cold.

        Raises:
            VelocityDownError: the store failed on the way; filling can begin anew, an event counts once.
        """
        count = 0
        batch: list[list[bytes | str | int]] = []
        async for tenant, event in tenant_events:
            count += 1
            batch.extend(
                self._command("remember", tenant, event, shelf, time_of(event, shelf.by))
                for shelf in self._shelves(event)
            )
            if len(batch) >= 2000:  # noqa: PLR2004 - about a megabyte a round trip
                await self._run(batch, cold_is_fine=True)
                batch.clear()
        await self._run(batch, cold_is_fine=True)
        return count

    async def begin_filling(self) -> None:
        """Take away the mark, and only then teach the server our script: in between everybody sees a cold store."""
        try:
            await self._client.delete(self._mark)
            await self._client.script_load(self._source)
        except (RedisError, OSError) as error:
            raise VelocityDownError("down") from error

    async def end_filling(self) -> None:
        """Set the mark: from now on the store is warm."""
        try:
            await self._client.set(self._mark, b"1")
        except (RedisError, OSError) as error:
            raise VelocityDownError("down") from error

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.aclose()

    async def _ask(self, mode: str, tenant: str, event: Event, beside: Sequence[Event], at_ms: int | None) -> Witness:
        shelves = self._shelves(event, asking=True)
        commands = [self._command(mode, tenant, event, shelf, at_ms) for shelf in shelves]
        commands += [
            self._command("remember", tenant, other, shelf) for other in beside for shelf in self._shelves(other)
        ]
        replies = await self._run(commands, cold_is_fine=False)
        answers: dict[Window, Answer] = dict.fromkeys(self._plan.windows)
        stamps: dict[str, tuple[int, int]] = {}
        for shelf, reply in zip(shelves, replies, strict=False):
            stamps[shelf.by] = (int(reply[1]), int(reply[2]))
            own = (number_of(event.id), event.stamps.get(shelf.by, (None, 0))[0])
            answers.update(shelf.answers(_history(shelf, reply, *own)))
        return Witness(
            answers=answers, stamps=stamps, repeated=any(reply[0] == b"1" for reply in replies[: len(shelves)])
        )

    def _shelves(self, event: Event, *, asking: bool = False) -> list[Shelf]:
        """Return the shelves that an event touches: all that it names when it asks, else those that keep its kind."""
        return [
            shelf
            for shelf in self._plan.shelves.values()
            if key_of(event.keys, shelf.by) is not None and (asking or _keeps(shelf, event.kind))
        ]

    def _command(
        self, mode: str, tenant: str, event: Event, shelf: Shelf, at_ms: int | None = None
    ) -> list[bytes | str | int]:
        tag = f"lc:{self._plan.digest}:{{{shelf.by}:{tenant}:{key_of(event.keys, shelf.by)}}}"
        known = event.kind in shelf.columns
        chains = [(window.name, window.span_ms) for window in shelf.chains if event.kind in window.of]
        values = b"".join(
            struct.pack("<q", column_value(event, column)) for column in shelf.columns.get(event.kind, ())
        )
        return [
            self._sha,
            2,
            tag,
            f"{tag}:{event.id}",
            mode,
            struct.pack("<q", number_of(event.id)),
            "" if at_ms is None else at_ms,
            "" if mode == "witness" and at_ms is None else occurred_of(event, shelf.by),
            event.kind if known else "",
            values,
            cap_of(shelf.by),
            shelf.retention_ms,
            int(KEEP_ANSWERS.total_seconds() * 1000),
            len(chains),
            *(part for chain in chains for part in chain),
            *(() if mode == "remember" else _fields(shelf)),
        ]

    async def _run(self, commands: Sequence[Sequence[bytes | str | int]], *, cold_is_fine: bool) -> list[list[bytes]]:
        """Send scripts in one round trip, the warm mark first, and return their replies.

        Raises:
            VelocityDownError: no answer in time, or the store is cold and that is not fine.
        """
        pipeline = self._client.pipeline(transaction=False)
        pipeline.get(self._mark)
        for command in commands:
            pipeline.execute_command("EVALSHA", *command)
        try:
            async with asyncio.timeout(None if cold_is_fine else self._deadline_s):
                mark, *replies = await pipeline.execute()
        except NoScriptError as error:
            raise VelocityDownError("cold") from error
        except (StoreTimeoutError, TimeoutError) as error:
            raise VelocityDownError("slow") from error
        except (BusyLoadingError, ReadOnlyError, OutOfMemoryError, ResponseError) as error:
            raise VelocityDownError("refused") from error
        except (RedisError, OSError) as error:
            raise VelocityDownError("down") from error
        if mark is None and not cold_is_fine:
            raise VelocityDownError("cold")
        return cast("list[list[bytes]]", replies)


def _keeps(shelf: Shelf, kind: str) -> bool:
    return kind in shelf.columns or any(kind in window.of for window in shelf.chains)


def _fields(shelf: Shelf) -> list[str]:
    return [*shelf.columns, *(window.name for window in shelf.chains)]


def _history(shelf: Shelf, reply: Sequence[bytes], own: int, own_ms: int | None) -> History:
    """Read what a script gave back: blobs of records by kind, then chains.

    A retry that comes after its kept answer was forgotten finds its own first attempt (`own`) there, and does not count
    it; nor does a second look, whose first one (at `own_ms`) began a chain.
    """
    blobs = dict(zip(shelf.columns, reply[_HEADER:], strict=False))
    texts = reply[_HEADER + len(shelf.columns) :]
    found = {
        window.name: Chain(*(int(part) for part in text.split()))
        for window, text in zip(shelf.chains, texts, strict=True)
        if text
    }
    chains: Mapping[str, Chain] = {name: chain for name, chain in found.items() if chain.first_ms != own_ms}
    records = {kind: _records(blobs[kind], names, own) for kind, names in shelf.columns.items()}
    return History(at_ms=int(reply[1]), records=records, chains=chains)


def _records(blob: bytes, names: Sequence[str], own: int) -> Records:
    """Split a blob of records: when each occurred (8 bytes), its id (8 bytes), and its columns (8 bytes each)."""
    numbers = memoryview(blob).cast("q").tolist()
    width = 2 + len(names)
    if own in numbers[1::width]:
        at = width * numbers[1::width].index(own)
        del numbers[at : at + width]
    return Records(
        occurred=numbers[0::width],
        columns={name: numbers[2 + index :: width] for index, name in enumerate(names)},
    )
