"""Reading answers of other people's servers: bounded, and as they come, so a small one cannot grow into a large one."""

from typing import Final

import httpx

IDENTITY: Final = {"Accept-Encoding": "identity"}
"""Sent with every request, so that nothing has to be unpacked."""


class BodyTooLargeError(Exception):
    """An answer is longer than we read."""


async def bounded(response: httpx.Response, limit: int) -> bytes:
    """Return the body of a streamed answer.

    Raises:
        BodyTooLargeError: it is longer than the limit; no more was read.
        httpx.HTTPError: the connection broke.
    """
    found = bytearray()
    async for piece in response.aiter_raw():
        found += piece
        if len(found) > limit:
            raise BodyTooLargeError
    return bytes(found)


def says_json(response: httpx.Response) -> bool:
    """Say whether an answer is JSON, not compressed."""
    kind: str = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" and "content-encoding" not in response.headers
