"""How a route answers: a struct as JSON, or a decision as its caller may see it."""

from http import HTTPStatus

import msgspec
from fastapi import Response

from service.answer import KeptAnswer, seen_with, to_json
from service.ports import Credential
from service.screening import Given

JSON = "application/json"


def answered(told: msgspec.Struct, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Answer with a struct."""
    return Response(msgspec.json.encode(told), status_code=status, media_type=JSON)


def read_again(kept: KeptAnswer, who: Credential) -> Response:
    """Answer with a decision that was made before."""
    return Response(_seen(kept, who), media_type=JSON)


def decided(given: Given, who: Credential) -> Response:
    """Answer with a decision: 201 when it was made now, 200 with a header when its key was answered before."""
    if given.replayed:
        return Response(_seen(given.kept, who), headers={"Idempotent-Replayed": "true"}, media_type=JSON)
    return Response(_seen(given.kept, who), status_code=HTTPStatus.CREATED, media_type=JSON)


def _seen(kept: KeptAnswer, who: Credential) -> bytes:
    return to_json(seen_with(kept, risk_read="risk:read" in who.scopes))
