"""Who may call: every route declares the scope that it needs or that it is public; without either nothing starts."""

from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Final, Literal

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute

from service.errors import Problem, not_recorded
from service.ports import Credential, Keyring, StoreDownError

Scope = Literal["screen", "events", "challenge", "redeem", "label", "risk:read", "cases", "admin"]
PUBLIC: Final = "public"
DOCUMENTS: Final = frozenset({"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"})
"""FastAPI's own routes, which describe the API and show nothing else; they declare nothing themselves."""
_DECLARED: Final = "__lastcall_scope__"


class UndeclaredRouteError(RuntimeError):
    """A route says neither which scope it needs nor that it is public."""


def needs(scope: Scope) -> Callable[[Request], Awaitable[Credential]]:
    """Return the dependency that lets in a key with the scope, and gives the route its credential."""

    async def credential(request: Request) -> Credential:
        keyring: Keyring = request.app.state.service.keyring
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        try:
            found = await keyring.credential(secret.strip()) if kind.lower() == "bearer" and secret else None
        except StoreDownError as error:
            raise not_recorded() from error
        if found is None:
            raise Problem(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", "send `Authorization: Bearer lc_...`")
        if scope not in found.scopes:
            raise Problem(HTTPStatus.FORBIDDEN, "SCOPE_MISSING", f"this key lacks the scope {scope}")
        return found

    setattr(credential, _DECLARED, scope)
    return credential


async def anybody() -> None:
    """Declare a route public."""


setattr(anybody, _DECLARED, PUBLIC)


def who_may_call(routes: Iterable[BaseRoute]) -> dict[tuple[str, str], str | None]:
    """Return what each (methods, path) declares: a scope, `public`, or None; those inside included routers too."""
    return {
        (" ".join(sorted(route.methods or ())), route.path or "?"): _declared(route)
        for route in iter_route_contexts(list(routes))
    }


def _declared(route: RouteContext) -> str | None:
    dependant: Dependant | None = getattr(route, "dependant", None)
    if dependant is None:
        return PUBLIC if route.path in DOCUMENTS else None
    found = [getattr(part.call, _DECLARED, None) for part in dependant.dependencies]
    return next((scope for scope in found if scope is not None), None)


def check_all_declared(routes: Iterable[BaseRoute]) -> None:
    """Refuse to start with a route that anybody could call because nobody thought of it.

    Raises:
        UndeclaredRouteError: names the routes.
    """
    bare = [path for (_, path), scope in who_may_call(routes).items() if scope is None]
    if bare:
        message = f"these routes declare no scope: {', '.join(sorted(bare))}"
        raise UndeclaredRouteError(message)
