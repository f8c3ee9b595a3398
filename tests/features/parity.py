"""Streams of events that look for trouble, and the three engines that must answer them alike.

Times are drawn on the edges of windows, events come late, twice and at one instant, caps are hit, and one token names a
line, a device and an address at once. The judge is `tests.features.naive`; nothing of the engines is used there.
"""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import count, groupby
from math import isclose
from pathlib import Path
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from features.event import Event
from features.replay import Answers, log_of, work
from features.replay.kernels import Kernels
from features.windows import Answer, Count, Distinct, First, Gaps, Last, Plan, Sum, Window
from service.adapters.redis_client import answers, velocity_client
from service.adapters.redis_velocity import RedisVelocity
from tests.features.naive import answer
from training.engines import compiled

TEN: Final = timedelta(minutes=10)
HOUR: Final = timedelta(hours=1)
DAYS: Final = timedelta(days=3)
DEADLINE: Final = timedelta(seconds=10)
HOUR_MS: Final = 3_600_000
START: Final = 1_800_000_000_000
WINDOWS: Final[tuple[Window, ...]] = (
    Count(by="line", of=("screening",), span=HOUR),
    Count(by="line", of=("screening", "login_failed"), span=DAYS),
    Count(by="device", of=("screening", "login_failed"), span=TEN),
    Count(by="line+device", of=("login_failed",), span=HOUR),
    Count(by="ip", of=("screening", "login_failed"), span=DAYS),
    Distinct(what="line", by="device", of=("screening",), span=HOUR),
    Distinct(what="line", by="ip", of=("screening", "login_succeeded"), span=DAYS),
    Distinct(what="province", by="line", of=("screening", "login_succeeded"), span=HOUR),
    Sum(what="province", by="line", of=("login_failed", "screening"), span=HOUR),
    First(by="line+device", of=("login_succeeded",), span=HOUR),
    First(by="device", of=("login_succeeded", "screening"), span=TEN),
    Last(by="line", of=("login_failed",), span=HOUR),
    Last(by="device", of=("login_failed", "screening"), span=DAYS, having="province"),
    Last(by="line", of=("screening", "login_succeeded"), span=HOUR, value="province"),
    Last(by="ip", of=("screening",), span=DAYS, value="line"),
    Gaps(by="device", of=("screening", "login_succeeded"), span=HOUR),
)
PLAN: Final = Plan.of(WINDOWS)
SPANS: Final = tuple(sorted({window.span_ms for window in WINDOWS}))
EDGES: Final = [0, 0, 0, 1, 7_000, *(span + off for span in SPANS for off in (-HOUR_MS, -1, 0, 1) if span + off > 0)]
LATE: Final = [0] * 8 + [1, *(span + off for span in SPANS for off in (-1, 0, 1))]
AT_ONCE: Final = 600_001
"""A repeat is told while the store still remembers the first: after the next event at the latest, and soon."""


class Step(NamedTuple):
    """What happens next."""

    kind: str
    line: str
    device: str | None
    ip: str | None
    step: int
    late: int
    province: int | None
    again: int
    times: int


TOKENS: Final = ("x", "y")
STEPS: Final = st.builds(
    Step,
    kind=st.sampled_from(["screening", "screening", "login_failed", "login_succeeded"]),
    line=st.sampled_from(TOKENS),
    device=st.sampled_from([*TOKENS, None]),
    ip=st.sampled_from([*TOKENS, None, None]),
    step=st.sampled_from(EDGES),
    late=st.sampled_from(LATE),
    province=st.sampled_from([None, 310000, 440000]),
    again=st.sampled_from([0, 0, 0, 0, 1, 2]),
    times=st.sampled_from([1] * 120 + [2, 2, 63, 64, 65]),
)
LENGTHS: Final = st.lists(STEPS, max_size=12) | st.lists(STEPS, min_size=12, max_size=40)
STREAMS: Final = st.tuples(LENGTHS, st.sampled_from([0] * 100 + [255, 256, 257]))


def stream(drawn: tuple[Sequence[Step], int]) -> list[Event]:
    """Return a stream as events, in the order in which they become known, with repeats.

    The second number is how many failed logins from one address come first: as many as an address remembers, or so.
    """
    steps, flood = drawn
    numbers, now = count(), START
    events = [_event(next(numbers), Step("login_failed", "x", None, "x", 0, 0, None, 0, 1), now) for _ in range(flood)]
    owed: list[Event] = []
    for step in steps:
        now += step.step
        for _ in range(step.times):
            event = _event(next(numbers), step, now)
            events += [event, *(owed if step.step <= AT_ONCE else ())]
            owed = [event] if step.again == 2 else []
            events += [event] if step.again == 1 else []
    return events


def _event(number: int, step: Step, now: int) -> Event:
    named = {"line": step.line, "device": step.device, "ip": step.ip}
    return Event(
        id=f"e{number}",
        kind=step.kind,
        # A request is seen as it happens; what is told may be told late.
        occurred_ms=now - (0 if step.kind == "screening" else step.late),
        known_ms=now,
        keys={entity: token for entity, token in named.items() if token is not None},
        values={} if step.province is None else {"province": step.province},
    )


def once(events: Sequence[Event]) -> list[Event]:
    """Return each event once, where it came first."""
    first: dict[str, Event] = {}
    for event in events:
        first.setdefault(event.id, event)
    return list(first.values())


def naive(events: Sequence[Event]) -> list[Answers]:
    """Return what the judge says at every screening."""
    log = once(events)
    places = [place for place, event in enumerate(log) if event.kind == "screening"]
    return [{window: answer(window, log, place) for window in PLAN.windows} for place in places]


def offline(events: Sequence[Event], kernels: Kernels | None = None, **how: Any) -> list[Answers]:
    """Return what the offline engine says at every screening."""
    found, tasks = work(log_of(events, PLAN), PLAN, kernels=kernels or compiled(), **how)
    for task in tasks:
        task.do()
    return list(found.rows())


class Online:
    """The online engine on a server; every stream is another tenant's, so none sees another."""

    tenants = count()

    def __init__(self, url: str, engine: type[RedisVelocity] = RedisVelocity, plan: Plan = PLAN) -> None:
        """Warm the store."""
        self._runner = asyncio.Runner()
        self.store = engine(velocity_client(url, DEADLINE), plan, DEADLINE)
        for step in (self.store.begin_filling, self.store.end_filling):
            self._runner.run(step())

    def __call__(self, events: Sequence[Event]) -> list[Answers]:
        """Return what the store says at every screening: once, however often it comes."""
        return self._runner.run(self._answers(events, f"t{next(self.tenants)}"))

    async def _answers(self, events: Sequence[Event], tenant: str) -> list[Answers]:
        found: dict[str, Answers] = {}
        for asks, some in groupby(events, lambda event: event.kind == "screening"):
            if not asks:
                await self.store.remember(tenant, list(some), replaying=True)
                continue
            for event in some:
                seen = (await self.store.witness(tenant, event, at_ms=event.known_ms)).answers
                assert found.setdefault(event.id, seen) == seen, "a repeat was answered otherwise"
        return list(found.values())

    def stamped(self, events: Sequence[Event]) -> list[Event]:
        """Return events with the places that the store gives them, whatever their kind."""
        return self._runner.run(self._stamped(events, f"t{next(self.tenants)}"))

    async def _stamped(self, events: Sequence[Event], tenant: str) -> list[Event]:
        return [
            replace(event, stamps=(await self.store.witness(tenant, event, at_ms=event.known_ms)).stamps)
            for event in events
        ]

    def close(self) -> None:
        """Give back the connections."""
        self._runner.run(self.store.close())
        self._runner.close()


def compare(found: Sequence[Answers], judged: Sequence[Answers]) -> None:
    """Fail where an engine and the judge differ.

    The judge works out gaps and hours in another way, so they may differ in the last bits; whole numbers may not.
    """
    assert len(found) == len(judged)
    for place, (said, right) in enumerate(zip(found, judged, strict=True)):
        for window in PLAN.windows:
            assert _same(said[window], right[window]), (place, window.name, said[window], right[window])


def _same(said: Answer, right: Answer) -> bool:
    if said is None or right is None:
        return said is right
    return said == right if isinstance(right, int) else isclose(said, right, rel_tol=1e-12)


@contextmanager
def redis_server(folder: Path) -> Iterator[str | None]:
    """Start the Redis of this machine, if there is one, and give its address."""
    binary = shutil.which("redis-server")
    if binary is None:
        yield None
        return
    socket = folder / "redis.sock"
    options = ("--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", "")
    with subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL) as process:  # noqa: S603 - the machine's own server
        while not answers(socket) and process.poll() is None:
            time.sleep(0.02)
        yield f"unix://{socket}"
        process.terminate()
