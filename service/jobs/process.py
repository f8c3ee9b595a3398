"""The jobs process: what has to be done beside answering, each job at its own pace, until told to stop."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from features.clock import SystemClock
from service.jobs.caretaker import Caretaker
from service.jobs.keeper import Keeper
from service.jobs.rescreener import Rescreener
from service.jobs.retention import Eraser
from service.settings import Settings
from service.wiring import Service, open_service, open_velocity

logger = logging.getLogger(__name__)

FILL_DEADLINE: Final = timedelta(seconds=30)
Job = Callable[[], Awaitable[object]]


def work_forever(settings: Settings) -> None:
    """Do the jobs of these settings until told to stop."""
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_service(settings) as service:
        velocity = open_velocity(settings, FILL_DEADLINE)
        keeper = Keeper(service.records, velocity, SystemClock(), timedelta(milliseconds=settings.deadline_ms))
        try:
            await asyncio.gather(*(_repeat(stop, every_s, job) for every_s, job in _jobs(service, keeper)))
        finally:
            await velocity.close()


def _jobs(service: Service, keeper: Keeper) -> list[tuple[float, Job]]:
    rescreener = Rescreener(service.records.challenges, service.rescreening, SystemClock())
    eraser = Eraser(service.records.retention, SystemClock(), timedelta(days=service.settings.private_days))
    caretaker = Caretaker(service.casework, service.records.mentions, SystemClock())
    messages = [(1.0, service.messenger.look)]
    cases = [(1.0, caretaker.look), (2.0, caretaker.index)]
    return [(0.5, keeper.look), (1.0, rescreener.look), (600.0, eraser.look), *messages, *cases]


async def _repeat(stop: asyncio.Event, every_s: float, job: Job) -> None:
    """Do a job again and again; one that fails is told of, and does not stop the others."""
    while not stop.is_set():
        try:
            await job()
        except Exception:
            logger.exception("a job failed", extra={"job": getattr(job, "__qualname__", "?")})
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_s)
