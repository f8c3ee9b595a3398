"""The caretaker of cases: what is snoozed wakes, what is overdue goes to a lead, a hold ends at its limit by itself."""

import logging

from features.clock import Clock
from service.casework import Casework
from service.ports import StoreDownError
from service.ports_desk import Mentions

logger = logging.getLogger(__name__)


class Caretaker:
    """Does with cases what time asks for, and keeps the index of who is named where up to date."""

    def __init__(self, casework: Casework, mentions: Mentions, clock: Clock) -> None:
        """Take the use case, the index and the clock."""
        self._casework = casework
        self._mentions = mentions
        self._clock = clock

    async def look(self) -> int:
        """Do what is due; return how many holds ended. When the record is down it is done the next time."""
        try:
            ended = await self._casework.tick()
            if ended:
                logger.info("holds ended by themselves", extra={"cases": len(ended)})
        except StoreDownError:
            logger.warning("cases wait: the record cannot be written")
            return 0
        return len(ended)

    async def index(self) -> int:
        """Read what is new in the journal into the index; return how many mentions were."""
        try:
            return await self._mentions.catch_up(self._clock.now_ms())
        except StoreDownError:
            logger.warning("the index waits: the record cannot be read or written")
            return 0
