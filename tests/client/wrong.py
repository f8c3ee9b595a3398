"""Every way in which an answer can be wrong, and the cause it is counted under."""

import gzip
import json

from tests.client.examples import raw
from tests.client.raw import Script, reply, says


def problem(status: str, code: str, *more: str, **members: str) -> bytes:
    """Return a problem document."""
    return reply(json.dumps({"code": code, **members}).encode(), status, "application/problem+json", *more)


WRONG: dict[str, tuple[Script, str]] = {
    "closed at once": (says(b""), "disconnected"),
    "not HTTP": (says(b"\x00\x01 hello\r\n\r\n"), "disconnected"),
    "500": (says(problem("500 Internal Server Error", "INTERNAL_ERROR")), "server_error"),
    "502 of a proxy": (says(reply(b"<html>", "502 Bad Gateway", "text/html")), "server_error"),
    "503": (says(problem("503 Service Unavailable", "STORE_UNAVAILABLE", "Retry-After: 7")), "unavailable"),
    "429": (says(problem("429 Too Many Requests", "RATE_LIMITED")), "throttled"),
    "408": (says(reply(b"", "408 Request Timeout")), "timeout"),
    "in progress": (says(problem("409 Conflict", "REQUEST_IN_PROGRESS")), "in_progress"),
    "redirect": (says(reply(b"", "307 Temporary Redirect", "text/plain", "Location: /elsewhere")), "redirected"),
    "204": (says(b"HTTP/1.1 204 No Content\r\n\r\n"), "wrong_type"),
    "truncated": (says(reply(raw(), length=9999)), "truncated"),
    "wrong type": (says(reply(raw(), kind="text/html")), "wrong_type"),
    "compressed": (
        says(reply(gzip.compress(raw()), "200 OK", "application/json", "Content-Encoding: gzip")),
        "wrong_type",
    ),
    "huge": (says(reply(b'"' + b"x" * 2_000_000 + b'"')), "too_large"),
    "not JSON": (says(reply(b"{decision: allow}")), "garbled"),
    "not UTF-8": (says(reply(b'{"decision": "\xff"}')), "garbled"),
    "deep JSON": (says(reply(b"[" * 100_000)), "garbled"),
    "a list": (says(reply(b"[]")), "unknown_answer"),
    "nothing in it": (says(reply(b"{}")), "unknown_answer"),
    "unknown word": (says(reply(raw(decision="approve"))), "unknown_answer"),
    "a word in capitals": (says(reply(raw(decision="ALLOW"))), "unknown_answer"),
    "no word": (says(reply(raw(decision=None))), "unknown_answer"),
    "a number for a flag": (says(reply(raw(enforced=0))), "unknown_answer"),
    "a text for a flag": (says(reply(raw(enforced="false"))), "unknown_answer"),
    "no id": (says(reply(raw(screening_id=None))), "unknown_answer"),
    "a receipt with a hold": (says(reply(raw(decision="hold"))), "unknown_answer"),
    "a receipt for what is owed": (says(reply(raw(eligibility={"eligible": False}))), "unknown_answer"),
    "a list for a receipt": (says(reply(raw(receipt=["a.b.c"]))), "unknown_answer"),
    "reasons that are none": (says(reply(raw(reasons="none"))), "unknown_answer"),
    "somebody else's answer": (says(reply(raw(request_id="r-2"))), "mismatched"),
}
MISTAKES: dict[str, tuple[Script, str]] = {
    "401": (says(problem("401 Unauthorized", "UNAUTHENTICATED")), "unauthenticated"),
    "403": (says(problem("403 Forbidden", "SCOPE_MISSING")), "forbidden"),
    "422": (says(problem("422 Unprocessable Entity", "INVALID_VALUE", path="subscriber.msisdn")), "rejected"),
    "413": (says(problem("413 Content Too Large", "BODY_TOO_LARGE")), "rejected"),
    "409": (says(problem("409 Conflict", "OTP_CONTRADICTED")), "conflict"),
}
