"""Remembering: events of our own making are written first and handed to the windows after, each once.

While the velocity store is down they wait in the record, and the jobs process hands them over later.
"""

import logging
from collections.abc import Sequence

from features.event import Event
from service.ports import Book, Intake, Velocity, VelocityDownError
from service.ports_records import Journal

logger = logging.getLogger(__name__)


class Remembering:
    """Writes events down and lets windows remember them."""

    def __init__(self, book: Book, journal: Journal, velocity: Velocity) -> None:
        """Take the record and the store of windows."""
        self._book = book
        self._journal = journal
        self._velocity = velocity

    async def take(self, tenant: str, events: Sequence[Event]) -> Intake:
        """Write events, each id once, and have the new ones remembered; say which were new.

        Raises:
            StoreDownError: nothing was written.
        """
        taken = await self._book.report(tenant, events)
        if taken.fresh:
            await self._remember(tenant, taken.fresh)
        return taken

    async def _remember(self, tenant: str, fresh: Sequence[Event]) -> None:
        try:
            await self._velocity.remember(tenant, fresh)
        except VelocityDownError as error:
            logger.warning("events wait for the velocity store", extra={"why": error.why, "events": len(fresh)})
        else:
            await self._journal.mark_applied(tenant, [event.id for event in fresh])
