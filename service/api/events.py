"""Report what happened to a line, a person or a device: windows remember it for the requests to come."""

from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from service.api.access import needs
from service.api.answered import answered
from service.api.body import decoded, read
from service.api.schema import answers_with, takes
from service.intake import Batch, Taken
from service.ports import Credential

router = APIRouter(prefix="/v1/events", tags=["events"])
Reporter = Annotated[Credential, Depends(needs("events"))]

BATCH_LIMIT_BYTES: Final = 512 * 1024
"""Five hundred events need more room than one request."""


class _RawBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    events: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=500)]


_decoder: Final = msgspec.json.Decoder(_RawBatch)


@router.post("", openapi_extra=takes(Batch) | answers_with(Taken, HTTPStatus.ACCEPTED))
async def report(request: Request, who: Reporter) -> Response:
    """Take a batch of 1 to 500 events; each is accepted, known already, or rejected with its place and a code."""
    batch = decoded(await read(request, BATCH_LIMIT_BYTES), _decoder)
    taken = await request.app.state.service.intake.take(who.tenant, batch.events)
    return answered(taken, HTTPStatus.ACCEPTED)
