"""Coverage on SQL: of what was allowed, how much was redeemed, and of what was carried out, how much had asked us."""

from typing import Any, Final

from sqlalchemy import Connection, func, select

from service.adapters.sql_reader import Reader
from service.adapters.sql_tables import decisions
from service.adapters.sql_tables_after import outcomes, redemptions
from service.ports_desk import Coverage

d: Final = decisions.c
r: Final = redemptions.c
o: Final = outcomes.c


class SqlCoverages:
    """The port `Coverages` on SQL."""

    def __init__(self, reader: Reader) -> None:
        """Read with the process's reader."""
        self._reader = reader

    async def coverage(self, tenant: str, since_ms: int) -> Coverage:
        """Return what was allowed, redeemed and carried out since then; `unasked` had no receipt."""
        return await self._reader.slow(lambda connection: _coverage(connection, tenant, since_ms))


def _coverage(connection: Connection, tenant: str, since_ms: int) -> Coverage:
    def counted(*conditions: Any) -> int:  # noqa: ANN401 - conditions of any table
        return connection.execute(select(func.count()).where(*conditions)).scalar_one()

    executed = (o.tenant == tenant, o.at_ms >= since_ms, o.outcome == "executed")
    return Coverage(
        allowed=counted(d.tenant == tenant, d.created_ms >= since_ms, d.decision == "allow"),
        redeemed=counted(r.tenant == tenant, r.at_ms >= since_ms, r.step == "act"),
        executed=counted(*executed),
        unasked=counted(*executed, o.redeemed.is_(False)),
    )
