"""Reading an answer field by field: what decides is checked, so a damaged answer is never half believed."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from lastcall_client.failures import Trouble

T = TypeVar("T")
Body = Mapping[str, object]


def mapping(value: object, name: str) -> Body:
    """Return an object.

    Raises:
        Trouble: `unknown_answer`, as all functions here when a field is not what the contract says.
    """
    if not isinstance(value, dict):
        raise Trouble("unknown_answer", name)
    return value


def text(body: Body, name: str) -> str:
    """Return a text that must be there."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Trouble("unknown_answer", name)
    return value


def maybe_text(body: Body, name: str) -> str | None:
    """Return a text or None."""
    return None if body.get(name) is None else text(body, name)


def flag(body: Body, name: str) -> bool:
    """Return a truth value; 1 and "true" are none."""
    value = body.get(name)
    if not isinstance(value, bool):
        raise Trouble("unknown_answer", name)
    return value


def maybe_flag(body: Body, name: str) -> bool | None:
    """Return a truth value or None."""
    return None if body.get(name) is None else flag(body, name)


def count(body: Body, name: str) -> int:
    """Return a whole number from 0."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Trouble("unknown_answer", name)
    return value


def maybe_count(body: Body, name: str) -> int | None:
    """Return a whole number from 0, or None."""
    return None if body.get(name) is None else count(body, name)


def maybe_number(body: Body, name: str) -> float | None:
    """Return a number or None."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Trouble("unknown_answer", name)
    return float(value)


def part(body: Body, name: str, make: Callable[[Body], T]) -> T | None:
    """Return a part of the answer, or None."""
    value = body.get(name)
    return None if value is None else make(mapping(value, name))


def whole(body: Body, name: str, make: Callable[[Body], T]) -> T:
    """Return a part that must be there."""
    return make(mapping(body.get(name), name))


def parts(body: Body, name: str, make: Callable[[Body], T]) -> tuple[T, ...]:
    """Return a list of parts; an absent list is empty."""
    return tuple(make(mapping(value, name)) for value in _list(body.get(name), name))


def texts(value: object, name: str) -> tuple[str, ...]:
    """Return a list of texts; an absent one is empty."""
    found = _list(value, name)
    if not all(isinstance(item, str) for item in found):
        raise Trouble("unknown_answer", name)
    return tuple(str(item) for item in found)


def lists_of_texts(body: Body, name: str) -> tuple[tuple[str, ...], ...]:
    """Return a list of lists of texts."""
    return tuple(texts(value, name) for value in _list(body.get(name), name))


def _list(value: object, name: str) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Trouble("unknown_answer", name)
    return value
