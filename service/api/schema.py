"""OpenAPI for bodies that msgspec decodes: the very types that are enforced, so they cannot drift apart."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_REF: Final = "#/components/schemas/{name}"
_TYPES: Final[dict[str, type[msgspec.Struct]]] = {}
_PROBLEM: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "path": {"type": "string"},
    },
}


def takes(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the OpenAPI part of a route that takes a type as its JSON body."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _ref(kind)}}}}


def answers_with(kind: type[msgspec.Struct], *statuses: HTTPStatus) -> dict[str, Any]:
    """Return the OpenAPI part of a route that answers with a type, and with problems otherwise."""
    fine = {
        str(status.value): {
            "description": status.phrase,
            "content": {"application/json": {"schema": _ref(kind)}},
        }
        for status in statuses
    }
    problem = {
        "description": "A problem",
        "content": {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}},
    }
    return {"responses": fine | {"default": problem}}


def install(app: FastAPI) -> None:
    """Make an app describe itself with the types that its routes named."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _described(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    _, components = msgspec.json.schema_components(_TYPES.values(), ref_template=_REF)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(components)
    schemas["Problem"] = dict(_PROBLEM)
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "lc_..."}}
    document["security"] = [{"key": []}]
    return document


def _ref(kind: type[msgspec.Struct]) -> dict[str, str]:
    _TYPES[kind.__name__] = kind
    return {"$ref": _REF.format(name=kind.__name__)}
