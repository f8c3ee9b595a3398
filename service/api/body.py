"""Reading bodies: bounded while they come in, decoded and checked in one pass, and refused with the field's path.

What was sent is never repeated in an error: a number that stands in the wrong field must not end up in a log.
"""

import re
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec
from fastapi import Request

from service.errors import Problem

T = TypeVar("T")

_AT: Final = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_FIELD: Final = re.compile(r"field `(?P<name>[^`]*)`")
_CODES: Final = (
    ("Object contains unknown field", "UNKNOWN_FIELD", "this field is not known; a typo would silently drop a signal"),
    ("Object missing required field", "MISSING_FIELD", "this field is required"),
    ("Invalid enum value", "INVALID_VALUE", "this value is not one of those allowed"),
    ("Invalid value", "INVALID_VALUE", "this value is not one of those allowed"),
)


async def read(request: Request, limit: int) -> bytes:
    """Return the body, refusing a longer one before it is read whole.

    Raises:
        Problem: 413 for a body over the limit, 415 for one that does not say it is JSON.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", "send application/json")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:12]) > limit:
        raise _too_large(limit)
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > limit:
            raise _too_large(limit)
    return bytes(parts)


def decoded(raw: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return what a body says.

    Raises:
        Problem: 400 for what is not JSON, 422 with the field's path for what is not the type.
    """
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        again = _without_null_groups(raw, decoder.type) if "got `null`" in str(error) else None
        if again is None:
            raise invalid(error) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Problem(HTTPStatus.BAD_REQUEST, "MALFORMED_JSON", "the body is not valid JSON") from None
    try:
        return decoder.decode(again)
    except msgspec.ValidationError as error:
        raise invalid(error) from None


def invalid(error: msgspec.ValidationError) -> Problem:
    """Return a decoder's complaint as a problem with the field's path and without the value."""
    text = str(error)
    found = _AT.search(text)
    path = re.sub(r"\[\.\.\.\]", "", found["path"]) if found else ""
    complaint = text[: found.start()] if found else text
    for start, code, detail in _CODES:
        if complaint.startswith(start):
            name = _FIELD.search(complaint)
            whole = ".".join(part for part in (path, name["name"] if name else "") if part)
            return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, code, detail, path=whole or None)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "INVALID_VALUE", complaint, path=path or None)


def _without_null_groups(raw: bytes, kind: Any) -> bytes | None:  # noqa: ANN401 - a struct's type
    """Return the body without its top-level nulls: a whole group that is null says no more than one left out.

    A null under a name that is not a field stays, and is refused for its name.
    """
    try:
        body: Any = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(body, dict) or None not in body.values():
        return None
    fields = frozenset(getattr(kind, "__struct_encode_fields__", ()))
    kept = {name: value for name, value in body.items() if value is not None or name not in fields}
    return msgspec.json.encode(kept)


def _too_large(limit: int) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "BODY_TOO_LARGE", f"a body may have {limit} bytes; this one has more"
    )
