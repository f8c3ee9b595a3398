"""One-time passwords, shaped like CAMARA OneTimePasswordSMS."""

from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from service.api.access import needs
from service.api.answered import answered
from service.api.body import decoded, read
from service.api.schema import answers_with, takes
from service.otp import CodeSent, SendCode, ValidateCode
from service.ports import Credential

router = APIRouter(prefix="/v1/otp", tags=["step-up"])
Performer = Annotated[Credential, Depends(needs("challenge"))]

_send: Final = msgspec.json.Decoder(SendCode)
_validate: Final = msgspec.json.Decoder(ValidateCode)


@router.post("/send-code", openapi_extra=takes(SendCode) | answers_with(CodeSent, HTTPStatus.OK))
async def send_code(request: Request, who: Performer) -> Response:
    """Send a code to the closing number or to the second contact on record; a new one replaces the last."""
    service = request.app.state.service
    said = decoded(await read(request, service.settings.body_limit_bytes), _send)
    sent = await service.otp.send(who.tenant, said)
    return answered(sent)


@router.post("/validate-code", status_code=HTTPStatus.NO_CONTENT, openapi_extra=takes(ValidateCode))
async def validate_code(request: Request, who: Performer) -> Response:
    """Try a code: 204 when it passes, else one of CAMARA's errors; five tries, ten minutes, once."""
    service = request.app.state.service
    said = decoded(await read(request, service.settings.body_limit_bytes), _validate)
    await service.otp.validate(who.tenant, said)
    return Response(status_code=HTTPStatus.NO_CONTENT)
