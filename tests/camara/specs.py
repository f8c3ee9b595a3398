"""The official CAMARA specifications, read: operations, their right answers and their errors, as the files say them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "camara_specs"
needs_specs = pytest.mark.skipif(not FOLDER.is_dir(), reason="the official CAMARA specifications are not here")
FILES = (
    "CallForwardingSignal__call-forwarding-signal",
    "DeviceLocation__location-verification",
    "DeviceRoamingStatus__device-roaming-status",
    "DeviceStatus__device-reachability-status",
    "DeviceSwap__device-swap",
    "KnowYourCustomerMatch__kyc-match",
    "NumberRecycling__number-recycling",
    "NumberVerification__number-verification",
    "SimSwap__sim-swap",
    "SubscriptionStatus__subscription-status",
    "Tenure__kyc-tenure",
)


@dataclass(frozen=True)
class Operation:
    """An operation of a specification."""

    name: str
    method: str
    path: str
    scopes: frozenset[str]
    request: dict[str, Any] = field(repr=False)
    answer: dict[str, Any] = field(repr=False)
    answers: tuple[Any, ...] = field(repr=False)
    errors: tuple[tuple[int, str], ...] = field(repr=False)


@cache
def operations() -> dict[str, Operation]:
    """Return the operations of all files by their id."""
    found = [operation for name in FILES for operation in _read(FOLDER / f"{name}.yaml")] if FOLDER.is_dir() else []
    return {operation.name: operation for operation in found}


def _read(file: Path) -> Iterator[Operation]:
    spec = yaml.load(file.read_text(), Loader=_Plain)  # noqa: S506 - it is a safe loader
    base = spec["servers"][0]["url"].removeprefix("{apiRoot}")
    for path, methods in spec["paths"].items():
        for method, said in methods.items():
            if method in {"get", "post"}:
                yield _operation(spec, method, base + path, said)


class _Plain(yaml.SafeLoader):
    """Leaves dates as the text that they are on the wire."""


_Plain.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for letter, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _operation(spec: dict[str, Any], method: str, path: str, said: dict[str, Any]) -> Operation:
    right = _content(_at(spec, said["responses"]["200"]))
    body = _content(said.get("requestBody", {}))
    schema = right["schema"]
    return Operation(
        name=said["operationId"],
        method=method.upper(),
        path=path,
        scopes=frozenset(scope for way in said["security"] for scopes in way.values() for scope in scopes),
        request=_inside(spec, body.get("schema", {})),
        answer=_inside(spec, schema),
        answers=tuple(_examples(spec, right)) or tuple(_made(spec, schema)),
        errors=tuple(sorted(set(_errors(spec, said["responses"])))),
    )


def _inside(spec: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that finds what it refers to; OpenAPI's `nullable` is JSON Schema's `null`."""
    whole = {"components": {"schemas": spec["components"]["schemas"]}, **schema}
    return _nullable(whole)  # type: ignore[no-any-return]


def _nullable(node: Any) -> Any:
    if isinstance(node, list):
        return [_nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {name: _nullable(value) for name, value in node.items()}
    if made.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def _at(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/")]
        node = found
    return node


def _content(node: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = node.get("content", {}).get("application/json", {})
    return found


def _examples(spec: dict[str, Any], content: dict[str, Any]) -> Iterator[Any]:
    if "example" in content:
        yield content["example"]
    for example in content.get("examples", {}).values():
        yield _at(spec, example)["value"]


def _made(spec: dict[str, Any], schema: dict[str, Any]) -> list[Any]:
    """Return right answers made from a schema: every value of every enumeration and truth value comes up once."""
    schema = _at(spec, schema)
    if "enum" in schema:
        return list(schema["enum"])
    if schema.get("type") == "boolean":
        return [True, False]
    if schema.get("type") == "array":
        return [[item] for item in _made(spec, schema["items"])]
    if "properties" in schema:
        parts = {name: _made(spec, part) for name, part in schema["properties"].items()}
        most = max(len(values) for values in parts.values())
        return [{name: values[turn % len(values)] for name, values in parts.items()} for turn in range(most)]
    return [schema["example"]]


def _errors(spec: dict[str, Any], responses: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield status and code of every error, from the examples and from the enumerations of codes."""
    for status, response in responses.items():
        if status.startswith("2"):
            continue
        content = _content(_at(spec, response))
        for example in _examples(spec, content):
            yield int(status), example["code"]
        for code in _codes(spec, content.get("schema", {})):
            yield int(status), code


def _codes(spec: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    schema = _at(spec, schema)
    for part in schema.get("allOf", []):
        yield from _codes(spec, part)
    yield from schema.get("properties", {}).get("code", {}).get("enum", [])


def faults(schema: dict[str, Any], body: Any) -> list[str]:
    """Return what is wrong with a body by its schema."""
    return [error.message for error in Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(body)]
