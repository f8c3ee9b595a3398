"""The keeper: it fills the velocity store from the record when it is cold, and hands it the events it missed.

A store is cold after any restart, however much of its own file it read back. The keeper first takes the mark away and
teaches the server our script: from then on requests are remembered again, though still answered as cold. Then it
replays the record, waits until whoever was under way has written, replays what came late, and sets the mark.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Final

from features.clock import Clock, milliseconds
from service.ports import StoreDownError, VelocityDownError
from service.wiring import FillableVelocity, Records, catalogue_plan

logger = logging.getLogger(__name__)

BATCH: Final = 500
MARGIN: Final = timedelta(days=1)
"""Filled a little further back than the longest window, so that no edge is short."""


class Keeper:
    """Keeps the velocity store warm."""

    def __init__(self, records: Records, velocity: FillableVelocity, clock: Clock, settle: timedelta) -> None:
        """Take the record, the store, the clock, and how long a request under way may still take to be written."""
        self._records = records
        self._velocity = velocity
        self._clock = clock
        self._settle_s = settle.total_seconds()

    async def look(self) -> bool:
        """Fill the store if it is cold and hand it what it missed; return whether it is warm now."""
        try:
            if not await self._velocity.warm():
                await self._fill()
            await self._catch_up()
        except (StoreDownError, VelocityDownError) as error:
            logger.warning("the velocity store is not filled", extra={"error": type(error).__name__})
            return False
        return True

    async def _fill(self) -> None:
        since_ms = self._clock.now_ms() - catalogue_plan().longest_ms - milliseconds(MARGIN)
        await self._velocity.begin_filling()
        count = await self._velocity.fill(self._records.journal.replay_log(since_ms=since_ms))
        await asyncio.sleep(self._settle_s)
        late = await self._velocity.fill(self._records.journal.replay_log(since_ms=self._clock.now_ms() - 60_000))
        await self._velocity.end_filling()
        logger.info("the velocity store is filled", extra={"events": count, "late": late})

    async def _catch_up(self) -> None:
        """Hand over reported events that were written while the store could not be reached."""
        while pending := await self._records.journal.pending(BATCH):
            for tenant in sorted({item.tenant for item in pending}):
                events = [item.event for item in pending if item.tenant == tenant]
                await self._velocity.remember(tenant, events, replaying=True)
                await self._records.journal.mark_applied(tenant, [event.id for event in events])
