"""The web application. Nothing happens at import, and nothing is opened before the application starts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version

from fastapi import FastAPI

from features.clock import Clock
from service.api import (
    access,
    after,
    cases,
    challenges,
    events,
    faces,
    health,
    otp,
    owner,
    problems,
    schema,
    screenings,
)
from service.settings import Settings
from service.wiring import open_service

DESCRIPTION = "The last check before a phone number is closed: allow, challenge, hold or block, with reasons."


def create_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """Return the application for these settings; another clock is for tests.

    Raises:
        UndeclaredRouteError: a route declares neither a scope nor that it is public.
    """

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        async with open_service(settings, clock) as service:
            app.state.service = service
            yield

    app = FastAPI(title="Lastcall", version=version("lastcall"), description=DESCRIPTION, lifespan=life)
    problems.install(app)
    for room in (screenings, challenges, otp, faces, after, cases, owner, events, health):
        app.include_router(room.router)
    access.check_all_declared(app.routes)
    schema.install(app)
    if settings.console:
        _mount_console(app, clock)
    return app


def _mount_console(app: FastAPI, clock: Clock | None) -> None:
    """Mount the console; what it is made of takes a second to import, which only who wants it pays."""
    from service.console.mount import mount  # noqa: PLC0415
    from service.console.opening import console_of  # noqa: PLC0415

    mount(app, cache(lambda: console_of(app.state.service, clock)))
