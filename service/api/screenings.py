"""Ask for a decision, and read one again."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Request, Response

from features.request import ScreeningRequest
from service.answer import Answer
from service.api.access import needs
from service.api.answered import decided, read_again
from service.api.body import decoded, read
from service.api.headers import KeyHeader
from service.api.schema import answers_with, takes
from service.errors import Problem, not_found
from service.ports import Credential
from service.screening import Asked
from service.telemetry import observe

router = APIRouter(prefix="/v1/screenings", tags=["screenings"])
Screener = Annotated[Credential, Depends(needs("screen"))]
BudgetHeader = Annotated[int | None, Header(alias="X-Request-Deadline-Ms")]

_decoder: Final = msgspec.json.Decoder(ScreeningRequest)


@router.post("", openapi_extra=takes(ScreeningRequest) | answers_with(Answer, HTTPStatus.OK, HTTPStatus.CREATED))
async def screen(
    request: Request, who: Screener, idempotency_key: KeyHeader = None, deadline_ms: BudgetHeader = None
) -> Response:
    """Weigh a request and answer allow, challenge, hold or block; 201 when decided now, 200 when it was before."""
    service = request.app.state.service
    asked = decoded(await read(request, service.settings.body_limit_bytes), _decoder)
    if not asked.subscriber.msisdn.startswith("+"):
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "INVALID_VALUE", "send a number in E.164 form", path="subscriber.msisdn"
        )
    whole = service.settings.deadline_ms
    budget = whole if deadline_ms is None else min(max(deadline_ms, 1), whole)
    with observe(asked.action) as note:
        given = await service.screening.screen(
            Asked(who.tenant, idempotency_key or asked.request_id, asked, timedelta(milliseconds=budget))
        )
        note(given.kept.answer)
    return decided(given, who)


@router.get("/{screening_id}", openapi_extra=answers_with(Answer, HTTPStatus.OK))
async def by_id(request: Request, who: Screener, screening_id: str) -> Response:
    """Read a decision again by our id."""
    found = await request.app.state.service.book.screening(who.tenant, screening_id)
    if found is None:
        raise not_found("screening")
    return read_again(found.kept, who)


@router.get("", openapi_extra=answers_with(Answer, HTTPStatus.OK))
async def by_request(
    request: Request, who: Screener, request_id: Annotated[str, Query(min_length=1, max_length=128)]
) -> Response:
    """Read a decision again by your own request id."""
    found = await request.app.state.service.book.by_request(who.tenant, request_id)
    if found is None:
        raise not_found("screening")
    return read_again(found.kept, who)
