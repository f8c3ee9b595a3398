"""What stands before a source: its own deadline, a rest after it failed often, and a short memory of its answers."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Final, TypeVar

import anyio

from service.adapters.camara.errors import CamaraError
from service.ports_network import SourceFailedError, Why

T = TypeVar("T")
LARGEST_MEMORY: Final = 10_000
_OURS: Final[frozenset[Why]] = frozenset({"misused", "resting"})
"""Failures that say nothing of the source's health."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a source is asked.

    Attributes:
        deadline: the longest that one question may take.
        keep: how long an answer is good for.
        failures: how many in a row make the source rest.
        rest: how long it is then not asked; after that, one question tries it.
    """

    deadline: timedelta = timedelta(milliseconds=200)
    keep: timedelta = timedelta(seconds=60)
    failures: int = 5
    rest: timedelta = timedelta(seconds=15)


class Breaker:
    """A circuit breaker (Nygard, *Release It!*): closed, open for a while, then one trial."""

    def __init__(self, failures: int, rest: timedelta) -> None:
        """Take how many failures in a row open it, and for how long."""
        self._most = failures
        self._rest_s = rest.total_seconds()
        self._failed = 0
        self._closed_from_s = float("-inf")
        self._trying = False

    def enter(self, now_s: float) -> None:
        """Let a question through, or not.

        Raises:
            SourceFailedError: `resting`.
        """
        if self._failed < self._most:
            return
        if now_s < self._closed_from_s or self._trying:
            raise SourceFailedError("resting")
        self._trying = True

    def leave(self, now_s: float, *, healthy: bool) -> None:
        """Learn how a question went."""
        self._trying = False
        self._failed = 0 if healthy else self._failed + 1
        if not healthy:
            self._closed_from_s = now_s + self._rest_s


class Guard:
    """Stands before one source of one operator."""

    def __init__(self, rules: Rules) -> None:
        """Take the rules."""
        self._rules = rules
        self._breaker = Breaker(rules.failures, rules.rest)
        self._memory: dict[bytes, tuple[float, object]] = {}
        self._salt = secrets.token_bytes(32)

    async def ask(self, about: str, question: Callable[[], Awaitable[T]]) -> T | None:
        """Return what a source answers, or answered a moment ago; None when it cannot tell.

        Args:
            about: the line and all else that the answer depends on; kept as a keyed hash alone.
            question: asks the source.

        Raises:
            SourceFailedError: no answer in time, none that can be trusted, or the source rests.
        """
        key = blake2b(about.encode(), key=self._salt, digest_size=16).digest()
        kept = self._memory.get(key)
        if kept is not None and anyio.current_time() < kept[0]:
            return kept[1]  # type: ignore[return-value]  # what this very question answered
        self._breaker.enter(anyio.current_time())
        answer = await self._asked(question)
        self._remember(key, answer)
        return answer

    async def _asked(self, question: Callable[[], Awaitable[T]]) -> T | None:
        healthy = False
        try:
            with anyio.fail_after(self._rules.deadline.total_seconds()):
                answer = await question()
        except TimeoutError:
            raise SourceFailedError("slow") from None
        except CamaraError as error:
            if not error.cannot_tell:
                failure = error.failure()
                healthy = failure.why in _OURS
                raise failure from None
            healthy = True
            return None
        except SourceFailedError as failure:
            healthy = failure.why in _OURS
            raise
        else:
            healthy = True
            return answer
        finally:
            # A question that is cancelled from outside took longer than there was time: it counts as a failure.
            self._breaker.leave(anyio.current_time(), healthy=healthy)

    def _remember(self, key: bytes, answer: object) -> None:
        keep_s = self._rules.keep.total_seconds()
        if keep_s <= 0:
            return
        self._memory.pop(key, None)
        while len(self._memory) >= LARGEST_MEMORY:
            del self._memory[next(iter(self._memory))]
        self._memory[key] = (anyio.current_time() + keep_s, answer)
