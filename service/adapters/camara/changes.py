"""SIM Swap 2.1 and Device Swap 1.0: when the SIM, or the phone it is in, last changed.

A null date is not missing: with `monitoredPeriod` it means *not within that many days*. With neither, the operator only
says yes or no for a span, so a few spans are asked at once and the change is placed between two of them, as recent as
it can be.
"""

from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final

import anyio
from msgspec import UNSET, Meta, UnsetType

from features.clock import FUTURE_TOLERANCE, Clock, moment
from service.adapters.camara.calling import Api, Caller, Wire
from service.adapters.camara.errors import CamaraError
from service.ports_network import Change, SourceFailedError

SIM_DATE: Final = Api("/sim-swap/v2/retrieve-date", "sim-swap:retrieve-date")
SIM_CHECK: Final = Api("/sim-swap/v2/check", "sim-swap:check")
DEVICE_DATE: Final = Api("/device-swap/v1/retrieve-date", "device-swap:retrieve-date")
DEVICE_CHECK: Final = Api("/device-swap/v1/check", "device-swap:check")

SPANS_H: Final = (24, 72, 168, 720)
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""Before there were SIM cards: a date that is none."""

MonitoredDays = Annotated[int, Meta(ge=0, le=100_000)]


class SimSwapInfo(Wire, frozen=True):
    """The date must be said, and may be null."""

    latest_sim_change: datetime | None
    monitored_period: MonitoredDays | None = None


class DeviceSwapInfo(Wire, frozen=True):
    """The date must be said, and may be null."""

    latest_device_change: datetime | None
    monitored_period: MonitoredDays | None = None


class CheckInfo(Wire, frozen=True):
    """Whether there was a change within the span that was asked for."""

    swapped: bool


async def sim_change(caller: Caller, clock: Clock, number: str) -> Change | None:
    """Return when the SIM last changed."""
    said = await caller.post(SIM_DATE, {"phoneNumber": number}, SimSwapInfo)
    if said.latest_sim_change is None and said.monitored_period is None:
        return await _between(caller, SIM_CHECK, clock, number)
    return _change(said.latest_sim_change, said.monitored_period, clock)


async def device_change(caller: Caller, clock: Clock, number: str) -> Change | None:
    """Return when the SIM was last put into another device."""
    said = await caller.post(DEVICE_DATE, {"phoneNumber": number}, DeviceSwapInfo)
    if said.latest_device_change is None and said.monitored_period is None:
        return await _between(caller, DEVICE_CHECK, clock, number)
    return _change(said.latest_device_change, said.monitored_period, clock)


def _change(at: datetime | None, monitored_days: int | None, clock: Clock) -> Change:
    if at is None:
        return Change(monitored_days=monitored_days)
    if at.tzinfo is None or not EARLIEST <= at <= moment(clock.now_ms()) + FUTURE_TOLERANCE:
        raise SourceFailedError("lying", "DATE")
    return Change(at=at)


async def _between(caller: Caller, api: Api, clock: Clock, number: str) -> Change | None:
    """Ask a few spans at once; the answers must not contradict one another."""
    swapped: list[bool | UnsetType] = [UNSET] * len(SPANS_H)

    async def ask(place: int) -> None:
        try:
            body = {"phoneNumber": number, "maxAge": SPANS_H[place]}
            swapped[place] = (await caller.post(api, body, CheckInfo)).swapped
        except CamaraError as error:
            # The operator keeps less than this span, or does not tell: the shorter ones say what there is.
            if error.code != "OUT_OF_RANGE" and not error.cannot_tell:
                raise

    await together([partial(ask, place) for place in range(len(SPANS_H))])
    told = [(hours, answer) for hours, answer in zip(SPANS_H, swapped, strict=True) if isinstance(answer, bool)]
    return _placed(told, clock)


def _placed(told: Sequence[tuple[int, bool]], clock: Clock) -> Change | None:
    quiet = [hours for hours, answer in told if not answer]
    changed = [hours for hours, answer in told if answer]
    if quiet and changed and max(quiet) > min(changed):
        raise SourceFailedError("lying", "CONTRADICTION")
    if changed:
        return Change(at=moment(clock.now_ms()) - timedelta(hours=max(quiet, default=0)))
    return Change(monitored_days=max(quiet) // 24) if quiet else None


async def together(questions: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Ask several questions at once; the first failure ends the others and is raised by itself."""
    try:
        async with anyio.create_task_group() as group:
            for question in questions:
                group.start_soon(question)
    except* (CamaraError, SourceFailedError) as errors:
        raise first(errors) from None


def first(errors: BaseExceptionGroup[Exception]) -> Exception:
    """Return the first failure of a group."""
    inner = errors.exceptions[0]
    return first(inner) if isinstance(inner, BaseExceptionGroup) else inner
