"""The queue of the analysts: open cases, the one with the most to lose first."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from service.adapters.sql_reader import Reader
from service.adapters.sql_tables import cases
from service.ports_records import Case

c: Final = cases.c
MOST: Final = 1000


class SqlCases:
    """The port `Cases` on SQL."""

    def __init__(self, reader: Reader) -> None:
        """Read with the process's reader."""
        self._reader = reader

    async def waiting(self, tenant: str, *, queue: str | None = None, region: str | None = None) -> Sequence[Case]:
        """Return open cases of a tenant, of one queue or region when asked, at most a thousand."""
        query = select(*(c[name] for name in Case.__struct_fields__)).where(c.tenant == tenant, c.state == "open")
        if queue is not None:
            query = query.where(c.queue == queue)
        if region is not None:
            query = query.where(c.region == region)
        ordered = query.order_by(c.expected_harm_fen.desc(), c.due_ms, c.case_id).limit(MOST)
        rows = await self._reader.slow(lambda connection: connection.execute(ordered).all())
        return [Case(**row._asdict()) for row in rows]
