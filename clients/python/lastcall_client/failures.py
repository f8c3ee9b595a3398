"""What went wrong when the service was asked, and what is decided without it: hold or challenge, never allow."""

from dataclasses import dataclass
from typing import Final, Literal

Cause = Literal[
    "timeout",
    "refused",
    "disconnected",
    "unavailable",
    "server_error",
    "throttled",
    "in_progress",
    "redirected",
    "wrong_type",
    "too_large",
    "truncated",
    "garbled",
    "unknown_answer",
    "mismatched",
    "bad_receipt",
    "unauthenticated",
    "forbidden",
    "rejected",
    "conflict",
    "invalid_request",
    "client_error",
]
"""`refused` is a connection that nobody takes; `rejected` is a request that the service will not have."""

MISTAKES: Final[frozenset[str]] = frozenset({"unauthenticated", "forbidden", "rejected", "conflict", "invalid_request"})
"""Causes that asking again does not mend: key, scope or request are wrong. Counted apart, and logged as errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no answer of the service.

    Attributes:
        cause: the kind of trouble.
        status: the HTTP status, where there was one.
        code: the service's own stable code, such as `SCOPE_MISSING`.
        path: the field that it will not have, such as `subscriber.msisdn`.
        detail: a word for whoever mends it; never a value that was sent.
        retry_after_s: when the service said to come again.
    """

    cause: Cause
    status: int | None = None
    code: str | None = None
    path: str | None = None
    detail: str | None = None
    retry_after_s: int | None = None

    @property
    def is_mistake(self) -> bool:
        """Whether the caller has to mend something."""
        return self.cause in MISTAKES


class Trouble(Exception):  # noqa: N818 - it carries a failure and never leaves this package
    """Carries a failure up to where it becomes an answer."""

    def __init__(self, cause: Cause, detail: str | None = None, *, failure: Failure | None = None) -> None:
        """Name the cause, or hand over a whole failure."""
        super().__init__(cause)
        self.failure = failure or Failure(cause=cause, detail=detail)


class LastcallError(Exception):
    """Raised instead of returning a failed result, only by a client made with `raise_failures=True`.

    Attributes:
        failure: what went wrong.
        result: what would have been returned; for a screening, the hold or challenge to act on.
    """

    def __init__(self, failure: Failure, result: object) -> None:
        """Say what went wrong without a value that was sent."""
        super().__init__(" ".join(str(part) for part in (failure.cause, failure.status, failure.code) if part))
        self.failure = failure
        self.result = result
