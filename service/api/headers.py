"""Headers that several routes take."""

from typing import Annotated

from fastapi import Header

KeyHeader = Annotated[
    str | None, Header(alias="Idempotency-Key", min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")
]
"""The caller's idempotency key: printable, without spaces."""
