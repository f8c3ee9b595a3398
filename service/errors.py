"""What a caller is told when something is wrong: RFC 9457 problems with a stable code.

Use cases raise `Problem`; the web layer writes it. A problem names the field's path, and never repeats a value that the
caller sent: numbers and identities stay out of errors and logs.
"""

from http import HTTPStatus

PROBLEM_TYPE = "urn:lastcall:problem:"


class Problem(Exception):  # noqa: N818 - the field's own name (RFC 9457)
    """A problem that is answered to the caller.

    Args:
        status: the HTTP status.
        code: stable, in capitals; callers may branch on it.
        detail: a sentence that says what to mend.
        path: the field, such as `subscriber.msisdn`.
        retry_after_s: when to come again.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        path: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        """Describe the problem."""
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.path = path
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, str | int]:
        """Return the members of the problem document."""
        members: dict[str, str | int] = {
            "type": PROBLEM_TYPE + self.code.lower().replace("_", "-"),
            "title": self.status.phrase,
            "status": self.status.value,
            "code": self.code,
            "detail": self.detail,
        }
        if self.path is not None:
            members["path"] = self.path
        return members


def key_reused() -> Problem:
    """The same key came with another body."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "IDEMPOTENCY_KEY_REUSED",
        "this key was used for another body; use a new key for a new request",
    )


def still_running() -> Problem:
    """The same key is being answered right now."""
    return Problem(
        HTTPStatus.CONFLICT, "REQUEST_IN_PROGRESS", "the same request is being answered; ask again", retry_after_s=1
    )


def not_recorded() -> Problem:
    """The record cannot be written, so nothing may be answered."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "STORE_UNAVAILABLE",
        "the decision could not be written down, so none was made; hold the request and ask again",
        retry_after_s=2,
    )


def not_found(what: str) -> Problem:
    """There is no such thing, or it is another tenant's."""
    return Problem(HTTPStatus.NOT_FOUND, "NOT_FOUND", f"there is no such {what}")
