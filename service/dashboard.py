"""The use case: the dashboard's numbers, and how many people a threshold would need."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from features.clock import Clock, milliseconds
from service.permissions import Person, require
from service.ports_desk import Board, Bucket, Coverages, Numbers, Staffing, Standing

LONGEST: Final = timedelta(days=92)
SAMPLE: Final = 2000
"""Slices stand in the log line alone, so they are counted in a sample of the newest decisions."""
WORKING_DAY: Final = timedelta(hours=6)
"""What is left of a shift for cases."""


class Dashboard:
    """Numbers for everybody who works here."""

    def __init__(self, numbers: Numbers, coverages: Coverages, standing: Callable[[], Standing], clock: Clock) -> None:
        """Take the counts, coverage, what is in force, and the clock."""
        self._numbers = numbers
        self._coverages = coverages
        self._standing = standing
        self._clock = clock

    async def board(self, who: Person, span: timedelta, bucket: Bucket = "day") -> Board:
        """Return the numbers of a span that ends now, at most three months."""
        require(who, "dashboard.read")
        numbers, tenant, until_ms = self._numbers, who.tenant, self._clock.now_ms()
        since_ms = until_ms - milliseconds(min(span, LONGEST))
        fraud, loss_fen, recovered_fen = await numbers.outcome(tenant, since_ms)
        friction = await numbers.friction(tenant, since_ms, until_ms)
        slices = await numbers.slices(tenant, SAMPLE)
        return Board(
            since_ms=since_ms,
            until_ms=until_ms,
            bucket=bucket,
            flow=tuple(await numbers.flow(tenant, since_ms, until_ms, bucket)),
            friction=(*friction, *slices),
            sampled=max((found.total for found in slices), default=0),
            queues=tuple(await numbers.queues(tenant, until_ms)),
            overrides_by_agent=tuple(await numbers.overrides(tenant, since_ms)),
            releases_by_analyst=tuple(await numbers.releases(tenant, since_ms)),
            fraud_stopped=fraud,
            loss_fen=loss_fen,
            recovered_fen=recovered_fen,
            coverage=await self._coverages.coverage(tenant, since_ms),
            degraded_minutes=await numbers.degraded_minutes(tenant, since_ms, until_ms),
            standing=self._standing(),
        )

    async def staffing(self, who: Person, threshold: float, span: timedelta = timedelta(days=14)) -> Staffing:
        """Return what holding everything from a probability on would mean, by the decisions of a span."""
        require(who, "dashboard.read")
        until_ms = self._clock.now_ms()
        since_ms = until_ms - milliseconds(min(span, LONGEST))
        days = (until_ms - since_ms) / milliseconds(timedelta(days=1))
        above, held = await self._numbers.above(who.tenant, threshold, since_ms, until_ms)
        minutes = await self._numbers.minutes_per_case(who.tenant, since_ms)
        per_day = above / days
        working = WORKING_DAY / timedelta(minutes=1)
        return Staffing(
            threshold=threshold,
            cases_per_day=per_day,
            now_per_day=held / days,
            minutes_per_case=minutes,
            people=None if minutes is None else per_day * minutes / working,
        )
