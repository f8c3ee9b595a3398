"""Location Verification 3.0, Device Reachability Status 1.0 and Device Roaming Status 1.1: where the phone is."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from msgspec import Meta

from features.clock import FUTURE_TOLERANCE, Clock, moment
from service.adapters.camara.calling import Api, Caller, Wire
from service.ports_network import Circle, Located, SourceFailedError

LOCATION: Final = Api("/location-verification/v3/verify", "location-verification:verify")
REACHABILITY: Final = Api("/device-reachability-status/v1/retrieve", "device-reachability-status:read")
ROAMING: Final = Api("/device-roaming-status/v1/retrieve", "device-roaming-status:read")

FRESH: Final = timedelta(hours=1)
"""A place older than this says nothing of where the phone is now."""


class LocationResponse(Wire, frozen=True):
    """Whether the phone is in the area, and when that was known."""

    verification_result: Literal["TRUE", "FALSE", "PARTIAL"]
    last_location_time: datetime
    match_rate: Annotated[int, Meta(ge=1, le=99)] | None = None


class ReachabilityResponse(Wire, frozen=True):
    """Whether the phone can be reached, and by what."""

    reachable: bool
    last_status_time: datetime | None = None
    connectivity: frozenset[Literal["DATA", "SMS"]] | None = None


class RoamingResponse(Wire, frozen=True):
    """Whether the phone is abroad; which province it is in is not covered."""

    roaming: bool
    last_status_time: datetime


async def located(caller: Caller, clock: Clock, number: str, area: Circle) -> Located | None:
    """Return whether a line is in an area; None when the last known place is too old, or in the future."""
    body = {
        "device": {"phoneNumber": number},
        "area": {
            "areaType": "CIRCLE",
            "center": {"latitude": area.latitude, "longitude": area.longitude},
            "radius": area.radius_m,
        },
        "maxAge": int(FRESH.total_seconds()),
    }
    said = await caller.post(LOCATION, body, LocationResponse)
    if said.last_location_time.tzinfo is None:
        raise SourceFailedError("lying", "DATE")
    age = moment(clock.now_ms()) - said.last_location_time
    if not -FUTURE_TOLERANCE <= age <= FRESH + FUTURE_TOLERANCE:
        return None
    rate = said.match_rate if said.verification_result == "PARTIAL" else None
    return Located(result=said.verification_result, match_rate=rate)


async def reachable(caller: Caller, number: str) -> bool:
    """Return whether the line can be reached."""
    return (await caller.post(REACHABILITY, {"device": {"phoneNumber": number}}, ReachabilityResponse)).reachable


async def roaming(caller: Caller, number: str) -> bool:
    """Return whether the line is abroad."""
    return (await caller.post(ROAMING, {"device": {"phoneNumber": number}}, RoamingResponse)).roaming
