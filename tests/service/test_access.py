"""Who may call: a route says what it needs, or the application does not start."""

import pytest
from fastapi import APIRouter, Depends, FastAPI

from service.api.access import DOCUMENTS, UndeclaredRouteError, anybody, check_all_declared, needs, who_may_call
from service.app import create_app
from service.ports_records import SCOPES
from service.settings import load

PUBLIC = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/.well-known/jwks.json",
    "/v1/status/{appeal_ref}",
    "/not-me/{token}",
}


def test_every_route_of_ours_declares_who_may_call() -> None:
    """What is public is a short list that is written here as well."""
    routes = who_may_call(create_app(load()).routes)
    assert {path for (_, path), scope in routes.items() if scope == "public"} == PUBLIC | DOCUMENTS
    assert {scope for scope in routes.values() if scope != "public"} <= set(SCOPES)
    assert routes["POST", "/v1/screenings"] == routes["GET", "/v1/screenings/{screening_id}"] == "screen"
    assert routes["POST", "/v1/events"] == "events"


def test_a_route_that_declares_nothing_stops_the_start() -> None:
    """It is named."""
    app = FastAPI()

    @app.get("/open", dependencies=[Depends(anybody)])
    def fine() -> None: ...

    @app.get("/guarded", dependencies=[Depends(needs("admin"))])
    def guarded() -> None: ...

    check_all_declared(app.routes)

    @app.get("/forgotten")
    def forgotten() -> None: ...

    with pytest.raises(UndeclaredRouteError, match="/forgotten"):
        check_all_declared(app.routes)


@pytest.mark.parametrize("depth", [1, 2])
def test_a_route_in_an_included_router_is_seen(depth: int) -> None:
    """However deep it stands."""
    router = APIRouter()

    @router.get("/forgotten")
    def forgotten() -> None: ...

    for _ in range(depth - 1):
        outer = APIRouter(prefix="/outer")
        outer.include_router(router)
        router = outer
    app = FastAPI()
    app.include_router(router)
    with pytest.raises(UndeclaredRouteError, match="/forgotten"):
        check_all_declared(app.routes)


def test_something_mounted_that_is_no_route_of_ours_stops_the_start() -> None:
    """An application within the application could hold anything."""
    app = FastAPI()
    app.mount("/inner", FastAPI())
    with pytest.raises(UndeclaredRouteError, match="/inner"):
        check_all_declared(app.routes)
