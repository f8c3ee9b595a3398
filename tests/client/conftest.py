"""Both clients behind one way of asking, so that every test holds for both."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import anyio
import pytest

from lastcall_client import AsyncLastcall, Lastcall, Options, Tally

QUICK = timedelta(milliseconds=400)
"""A deadline that a test can wait for."""
AT_ONCE = timedelta(seconds=20)
"""A deadline that no test waits for."""

Asking = Callable[..., tuple[Any, Tally]]


def _sync(url: str, method: str, *args: Any, options: Options, **named: Any) -> tuple[Any, Tally]:
    with Lastcall(url, "lc_secret", options) as client:
        return getattr(client, method)(*args, **named), client.tally(method)  # type: ignore[arg-type]


def _async(url: str, method: str, *args: Any, options: Options, **named: Any) -> tuple[Any, Tally]:
    async def run() -> tuple[Any, Tally]:
        async with AsyncLastcall(url, "lc_secret", options) as client:
            call: Coroutine[Any, Any, Any] = getattr(client, method)(*args, **named)
            return await call, client.tally(method)  # type: ignore[arg-type]

    return anyio.run(run)


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Asking:
    """Make one call with a new client; gives its result and how it was counted."""
    client = request.param

    def asking(url: str, method: str, *args: Any, options: Options | None = None, **named: Any) -> tuple[Any, Tally]:
        return client(url, method, *args, options=options or Options(deadline=AT_ONCE), **named)  # type: ignore[no-any-return]

    return asking
