"""The rescreener: a hold that failures alone caused is looked at again when nothing fails any more.

Nobody is made to wait for an analyst because a store was down. While anything still fails nothing is written, and the
next look comes a little later.
"""

import logging
from datetime import timedelta
from typing import Final

from features.clock import Clock, milliseconds
from service.ports import StoreDownError
from service.ports_stepup import Challenges
from service.rescreening import Rescreening

logger = logging.getLogger(__name__)

BATCH: Final = 200
LOOK_BACK: Final = timedelta(hours=24)
"""Older ones have ended by themselves, and too much has changed since."""


class Rescreener:
    """Looks at degraded holds again."""

    def __init__(self, challenges: Challenges, rescreening: Rescreening, clock: Clock) -> None:
        """Take the record, the use case and the clock."""
        self._challenges = challenges
        self._rescreening = rescreening
        self._clock = clock

    async def look(self) -> int:
        """Look at those that wait, the oldest first; return how many were decided. It stops where something fails."""
        decided = 0
        since_ms = self._clock.now_ms() - milliseconds(LOOK_BACK)
        try:
            for tenant, screening_id in await self._challenges.degraded(since_ms, BATCH):
                if await self._rescreening.again(tenant, screening_id) is None:
                    break
                decided += 1
        except StoreDownError:
            logger.warning("degraded holds wait: the record cannot be reached")
        if decided:
            logger.info("degraded holds were screened again", extra={"decided": decided})
        return decided
