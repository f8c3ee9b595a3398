"""Retention: what has had its time is erased: plain numbers and places, codes, sessions, faces, messages that went out.

Windows need no more of the log than the catalogue's longest span; the velocity store forgets by itself after it.
"""

import logging
from datetime import timedelta
from typing import Final

from features.clock import Clock, milliseconds
from service.ports import StoreDownError
from service.wiring import Ends, Retention

logger = logging.getLogger(__name__)

MESSAGES_STAY: Final = timedelta(days=30)
OVER_STAYS: Final = timedelta(days=1)
"""Codes and sessions are kept a day after their end, for whoever looks into a complaint; faces not an hour."""


class Eraser:
    """Erases what has had its time."""

    def __init__(self, retention: Retention, clock: Clock, private: timedelta) -> None:
        """Take the record, the clock, and how long plain numbers and places are kept."""
        self._retention = retention
        self._clock = clock
        self._private = private

    async def look(self) -> int:
        """Erase until nothing is left that has had its time; return how much it was."""
        now_ms, total = self._clock.now_ms(), 0
        ends = Ends(
            now_ms=now_ms,
            private_ms=now_ms - milliseconds(self._private),
            sent_ms=now_ms - milliseconds(MESSAGES_STAY),
            over_ms=now_ms - milliseconds(OVER_STAYS),
        )
        try:
            while (erased := await self._retention.erase(ends)).total:
                total += erased.total
        except StoreDownError:
            logger.warning("nothing can be erased: the record cannot be written")
        if total:
            logger.info("erased", extra={"things": total})
        return total
