"""Go on with a challenge: report what was done outside, see how it stands, have the request looked at again."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from service.answer import Answer
from service.api.access import needs
from service.api.answered import answered, decided
from service.api.body import decoded, read
from service.api.headers import KeyHeader
from service.api.schema import answers_with, takes
from service.ports import Credential
from service.rescreening import StepUpResult
from service.stepup import ChallengeState, FactorReport

router = APIRouter(tags=["step-up"])
Performer = Annotated[Credential, Depends(needs("challenge"))]
Asker = Annotated[Credential, Depends(needs("screen"))]
OK: Final = HTTPStatus.OK

_report: Final = msgspec.json.Decoder(FactorReport)
_result: Final = msgspec.json.Decoder(StepUpResult)


@router.post(
    "/v1/challenges/{challenge_id}/factors", openapi_extra=takes(FactorReport) | answers_with(ChallengeState, OK)
)
async def report(request: Request, who: Performer, challenge_id: str) -> Response:
    """Report how a factor went that was done outside: a password, a call-back, a video agent, a store, a wait."""
    service = request.app.state.service
    said = decoded(await read(request, service.settings.body_limit_bytes), _report)
    return answered(await service.stepup.report(who.tenant, challenge_id, said))


@router.get("/v1/challenges/{challenge_id}", openapi_extra=answers_with(ChallengeState, OK))
async def state(request: Request, who: Performer, challenge_id: str) -> Response:
    """See how a challenge stands."""
    return answered(await request.app.state.service.stepup.state(who.tenant, challenge_id))


@router.post(
    "/v1/screenings/{screening_id}/rescreen",
    openapi_extra=takes(StepUpResult) | answers_with(Answer, OK, HTTPStatus.CREATED),
)
async def rescreen(request: Request, who: Asker, screening_id: str, idempotency_key: KeyHeader = None) -> Response:
    """Look at a request again after a step-up; what the device said stays as it was."""
    service = request.app.state.service
    said = decoded(await read(request, service.settings.body_limit_bytes), _result)
    budget = timedelta(milliseconds=service.settings.deadline_ms)
    given = await service.rescreening.rescreen(who.tenant, screening_id, said, key=idempotency_key, budget=budget)
    return decided(given, who)
