"""Honest counters: every call is counted once, as answered, failed by its cause, or given up by its caller."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final, Protocol, TypeVar

from lastcall_client.failures import Failure, LastcallError

logger: Final = logging.getLogger("lastcall_client")


class Result(Protocol):
    """Whatever a call gives back: it says whether it failed."""

    @property
    def failure(self) -> Failure | None:
        """Why there is no answer of the service; None when there is."""
        ...


R = TypeVar("R", bound=Result)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How calls of one kind went.

    `asked` is the sum of all others and of those still running.

    Attributes:
        asked: calls begun.
        answered: calls that the service answered in a way that can be trusted.
        failed: by cause, calls that failed over through no fault of the caller.
        mistaken: by cause, calls that the service refused, or that could not be written: the caller must mend them.
        abandoned: calls that their caller cancelled.
    """

    asked: int
    answered: int
    failed: Mapping[str, int]
    mistaken: Mapping[str, int]
    abandoned: int


class Books:
    """Counts and logs calls; safe to use from any thread."""

    def __init__(self, *, raise_failures: bool) -> None:
        """Start with empty books."""
        self._raise = raise_failures
        self._lock = Lock()
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def asked(self, name: str) -> None:
        """Note that a call begins."""
        self._add(name, "asked", "")

    def abandoned(self, name: str) -> None:
        """Note that the caller gave a call up."""
        self._add(name, "abandoned", "")

    def settled(self, name: str, result: R) -> R:
        """Note how a call ended, and return its result.

        Raises:
            LastcallError: it failed, and the client was asked to raise.
        """
        failure = result.failure
        if failure is None:
            self._add(name, "answered", "")
            return result
        self._add(name, "mistaken" if failure.is_mistake else "failed", failure.cause)
        level = logging.ERROR if failure.is_mistake else logging.WARNING
        known = (name, failure.cause, failure.status, failure.code, failure.path, failure.detail)
        logger.log(level, "%s failed: cause=%s status=%s code=%s path=%s detail=%s", *known)
        if self._raise:
            raise LastcallError(failure, result)
        return result

    def tally(self, name: str) -> Tally:
        """Return how calls of a kind went so far."""
        with self._lock:
            mine = {key[1:]: number for key, number in self._counts.items() if key[0] == name}
        return Tally(
            asked=mine.get(("asked", ""), 0),
            answered=mine.get(("answered", ""), 0),
            failed={cause: number for (how, cause), number in mine.items() if how == "failed"},
            mistaken={cause: number for (how, cause), number in mine.items() if how == "mistaken"},
            abandoned=mine.get(("abandoned", ""), 0),
        )

    def _add(self, name: str, how: str, cause: str) -> None:
        with self._lock:
            self._counts[name, how, cause] += 1
