"""After a decision: redeem a receipt, take a closure back, tell what became of it, say what it was."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from service.api.access import anybody, needs
from service.api.answered import JSON, answered
from service.api.body import decoded, read
from service.api.headers import KeyHeader
from service.api.schema import answers_with, takes
from service.labelling import Label, Labelled
from service.ports import Credential
from service.ports_after import Became
from service.redeem import Executor, Permission, Shown
from service.status import Status

router = APIRouter(tags=["after a decision"])
Redeemer = Annotated[Credential, Depends(needs("redeem"))]
Asker = Annotated[Credential, Depends(needs("screen"))]
Teller = Annotated[Credential, Depends(needs("label"))]


class OutcomeTold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of a request, and when."""

    outcome: Became
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class OutcomeTaken(msgspec.Struct, frozen=True, kw_only=True):
    """How an outcome was taken: `accepted` is false for one that was known; `redeemed` false is an alarm."""

    screening_id: str
    outcome: Became
    accepted: bool
    redeemed: bool


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """A closure was taken back."""

    screening_id: str
    withdrawn: bool = True


_shown: Final = msgspec.json.Decoder(Shown)
_outcome: Final = msgspec.json.Decoder(OutcomeTold)
_label: Final = msgspec.json.Decoder(Label)
OK: Final = HTTPStatus.OK


@router.post("/v1/screenings/{screening_id}/redeem", openapi_extra=takes(Shown) | answers_with(Permission, OK))
async def redeem(request: Request, who: Redeemer, screening_id: str, idempotency_key: KeyHeader = None) -> Response:
    """Say what may be done with an allow, once; only then may it be done."""
    service = request.app.state.service
    shown = decoded(await read(request, service.settings.body_limit_bytes), _shown)
    executor = Executor(who.tenant, who.key_id, idempotency_key or "")
    return Response(await service.redeeming.redeem(executor, screening_id, shown), media_type=JSON)


@router.post("/v1/screenings/{screening_id}/withdraw", openapi_extra=answers_with(Withdrawn, OK))
async def withdraw(request: Request, who: Asker, screening_id: str) -> Response:
    """Take a closure back while it cools off: the second receipt dies."""
    await request.app.state.service.redeeming.withdraw(Executor(who.tenant, who.key_id), screening_id)
    return answered(Withdrawn(screening_id=screening_id))


@router.post("/v1/screenings/{screening_id}/outcome", openapi_extra=takes(OutcomeTold) | answers_with(OutcomeTaken, OK))
async def outcome(request: Request, who: Teller, screening_id: str) -> Response:
    """Tell what became of a request: executed, abandoned, withdrawn or reversed."""
    service = request.app.state.service
    told = decoded(await read(request, service.settings.body_limit_bytes), _outcome)
    written = await service.redeeming.outcome(Executor(who.tenant, who.key_id), screening_id, told.outcome, told.at)
    taken = OutcomeTaken(
        screening_id=screening_id, outcome=told.outcome, accepted=not written.again, redeemed=written.redeemed
    )
    return answered(taken)


@router.post("/v1/screenings/{screening_id}/labels", openapi_extra=takes(Label) | answers_with(Labelled, OK))
async def label(request: Request, who: Teller, screening_id: str) -> Response:
    """Say what a request turned out to be: windows, models and analysts learn of it."""
    service = request.app.state.service
    said = decoded(await read(request, service.settings.body_limit_bytes), _label)
    taken = await service.labelling.label(who.tenant, screening_id, said, by=who.key_id)
    return answered(taken)


@router.get("/v1/status/{appeal_ref}", dependencies=[Depends(anybody)], openapi_extra=answers_with(Status, OK))
async def status(request: Request, appeal_ref: str) -> Response:
    """Tell a customer how their request stands, by the reference they were given."""
    found = await request.app.state.service.counter.status(appeal_ref)
    return answered(found)
