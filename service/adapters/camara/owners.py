"""KYC Match 0.4, KYC Tenure 0.2 and Number Recycling 0.2: whose line it is, and since when."""

from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from features.clock import CHINA, Clock, moment
from service.adapters.camara.calling import Api, Caller, Wire
from service.adapters.camara.changes import together
from service.adapters.camara.errors import CamaraError
from service.ports_network import Identity, Match, SourceFailedError

MATCH: Final = Api("/kyc-match/v0.4/match", "kyc-match:match")
TENURE: Final = Api("/kyc-tenure/v0.2/check-tenure", "kyc-tenure:check-tenure")
RECYCLING: Final = Api("/number-recycling/v0.2/check", "number-recycling:check")

TENURE_DAYS: Final = (30, 180, 365)
MISMATCH: Final = "KNOW_YOUR_CUSTOMER.ID_DOCUMENT_MISMATCH"
Result = Literal["true", "false", "not_available"]


class MatchResponse(Wire, frozen=True):
    """How what was sent fits; a score comes only with a no, and not from every operator."""

    id_document_match: Result | None = None
    name_match: Result | None = None
    name_match_score: Annotated[int, Meta(ge=0, le=99)] | None = None


class TenureInfo(Wire, frozen=True):
    """Whether the line has been its owner's since a day."""

    tenure_date_check: bool
    contract_type: Literal["PAYG", "PAYM", "Business"] | None = None


class RecyclingInfo(Wire, frozen=True):
    """Whether the number got another owner since a day."""

    phone_number_recycled: bool


async def kyc_match(caller: Caller, number: str, identity: Identity) -> Match | None:
    """Compare an identity, of which something must be known.

    An operator that refuses because the document is not the owner's has said no.
    """
    body: dict[str, Any] = {"phoneNumber": number}
    body |= {} if identity.name is None else {"name": identity.name}
    body |= {} if identity.document is None else {"idDocument": identity.document}
    try:
        said = await caller.post(MATCH, body, MatchResponse)
    except CamaraError as error:
        if error.code == MISMATCH and error.status == 403 and identity.document is not None:  # noqa: PLR2004
            return Match(document="false")
        raise
    if said.id_document_match is None and said.name_match is None:
        # An answer holds what was asked for, and one of the two was.
        raise SourceFailedError("lying", "NOTHING")
    document = said.id_document_match if said.id_document_match != "not_available" else None
    found = Match(name_score=_score(said), document=document)
    return None if found == Match() else found


def _score(said: MatchResponse) -> int | None:
    if said.name_match == "true":
        return 100
    if said.name_match == "false":
        return said.name_match_score or 0
    return None


async def tenure_days(caller: Caller, clock: Clock, number: str) -> int | None:
    """Return how long the line has been its owner's, at least, of the spans that are asked for; 0: less than all."""
    checked: dict[int, bool] = {}

    async def ask(days: int) -> None:
        body = {"phoneNumber": number, "tenureDate": (_today(clock) - timedelta(days=days)).isoformat()}
        try:
            checked[days] = (await caller.post(TENURE, body, TenureInfo)).tenure_date_check
        except CamaraError as error:
            if error.code != "OUT_OF_RANGE" and not error.cannot_tell:
                raise

    await together([partial(ask, days) for days in TENURE_DAYS])
    held = [days for days, yes in checked.items() if yes]
    if any(days < max(held, default=0) for days, yes in checked.items() if not yes):
        raise SourceFailedError("lying", "CONTRADICTION")
    return max(held, default=0) if checked else None


async def recycled(caller: Caller, number: str, since: date) -> bool | None:
    """Return whether the number got another owner since a day; None when the operator does not look back so far."""
    body = {"phoneNumber": number, "specifiedDate": since.isoformat()}
    try:
        return (await caller.post(RECYCLING, body, RecyclingInfo)).phone_number_recycled
    except CamaraError as error:
        if error.code == "OUT_OF_RANGE":
            return None
        raise


def _today(clock: Clock) -> date:
    return moment(clock.now_ms()).astimezone(CHINA).date()
