"""The use case: ask the line's own network, in parallel, for what a request lacks and a policy wants to know.

What a caller stated is never replaced. A source that cannot tell leaves the fact as it was, missing; a source that
failed is named, because many failures together raise the answer.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import anyio
import msgspec

from features.clock import CHINA, Clock, moment
from features.request import ScreeningRequest
from service.ports_network import SOURCES, Change, Circle, Identities, Identity, Network, SourceFailedError, SourceName

logger = logging.getLogger(__name__)

Found = Mapping[str, Mapping[str, object]]
"""Group -> field -> what was found; None where the network cannot tell."""

HOUR: Final = timedelta(hours=1)
SMALLEST_RADIUS_M: Final = 2_000
"""Operators may refuse smaller circles, and a cell is not smaller."""
LARGEST_RADIUS_M: Final = 200_000
"""A position less sure than this says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Whom to ask about what."""

    network: Network
    identities: Identities
    tenant: str
    request: ScreeningRequest
    now_ms: int

    @property
    def number(self) -> str:
        """The line, in E.164 form."""
        return self.request.subscriber.msisdn


class Pulling:
    """Completes requests from the networks."""

    def __init__(
        self,
        networks: Mapping[str, Network],
        identities: Identities,
        wanted: Collection[SourceName],
        clock: Clock,
    ) -> None:
        """Take each tenant's network, the register of people, the sources that a policy wants, and the clock."""
        self._networks = networks
        self._identities = identities
        self._wanted = tuple(source for source in SOURCES if source in wanted)
        self._clock = clock

    async def complete(
        self, tenant: str, request: ScreeningRequest, budget: timedelta
    ) -> tuple[ScreeningRequest, tuple[SourceName, ...]]:
        """Return the request with what could be found, and the sources that failed, all within the budget."""
        network = self._networks.get(tenant)
        sources = [source for source in self._wanted if LACKS[source](request)]
        if network is None or not sources or not request.subscriber.msisdn.startswith("+"):
            return request, ()
        inquiry = Inquiry(
            network=network,
            identities=self._identities,
            tenant=tenant,
            request=request,
            now_ms=self._clock.now_ms(),
        )
        found = await _asked(inquiry, sources, budget)
        for source in sources:
            request, found[source] = _with(request, found[source])
        failed = tuple(source for source in sources if found[source] is None)
        return request, failed


async def _asked(
    inquiry: Inquiry, sources: Collection[SourceName], budget: timedelta
) -> dict[SourceName, Found | None]:
    """Ask all at once; a source that failed, or was not done in time, has None."""
    found: dict[SourceName, Found | None] = dict.fromkeys(sources)

    async def ask(source: SourceName) -> None:
        try:
            found[source] = await ASK[source](inquiry)
        except SourceFailedError as failure:
            logger.warning("source failed", extra={"source": source, "why": failure.why, "code": failure.code})
        except Exception as error:  # noqa: BLE001 - a defect in one source must not take the others with it
            logger.error("source broke", extra={"source": source, "error": type(error).__name__})  # noqa: TRY400

    with anyio.move_on_after(budget.total_seconds()) as scope:
        async with anyio.create_task_group() as group:
            for source in sources:
                group.start_soon(ask, source)
    if scope.cancelled_caught:
        late = ",".join(source for source in sources if found[source] is None)
        logger.warning("sources were not done in time", extra={"sources": late})
    return found


def _with(request: ScreeningRequest, found: Found | None) -> tuple[ScreeningRequest, Found | None]:
    """Fill in what is lacking; a value that a request could not state makes the source one that failed."""
    completed = request
    for group, values in (found or {}).items():
        part = getattr(completed, group)
        lacking = {name: value for name, value in values.items() if value is not None and getattr(part, name) is None}
        try:
            filled = msgspec.convert(msgspec.to_builtins(msgspec.structs.replace(part, **lacking)), type(part))
        except msgspec.ValidationError:
            return request, None
        completed = msgspec.structs.replace(completed, **{group: filled})
    return completed, found


async def _sim_swap(inquiry: Inquiry) -> Found:
    return {"network": _aged("sim", await inquiry.network.sim_change(inquiry.number), inquiry.now_ms)}


async def _device_swap(inquiry: Inquiry) -> Found:
    return {"network": _aged("device", await inquiry.network.device_change(inquiry.number), inquiry.now_ms)}


def _aged(what: str, change: Change | None, now_ms: int) -> Mapping[str, object]:
    """Say how old a change is; with none within N days, N is a lower bound of the age, and not an age."""
    if change is None:
        return {}
    if change.at is None:
        return {f"{what}_monitored_days": change.monitored_days}
    return {f"{what}_change_age_h": max(0.0, (moment(now_ms) - change.at) / HOUR)}


async def _number_verification(inquiry: Inquiry) -> Found:
    verified = await inquiry.network.number_verified(inquiry.number)
    return {"network": {"number_verified": {True: "true", False: "false", None: None}[verified]}}


async def _location_verification(inquiry: Inquiry) -> Found:
    area = _area(inquiry.request)
    located = None if area is None else await inquiry.network.located(inquiry.number, area)
    if located is None:
        return {}
    return {"location": {"verification_result": located.result, "match_rate": located.match_rate}}


def _area(request: ScreeningRequest) -> Circle | None:
    """Return where the requester says to be; only by consent, and only when that is sure enough."""
    place = request.location
    if place.consent != "granted" or place.latitude is None or place.longitude is None:
        return None
    radius = max(SMALLEST_RADIUS_M, round(place.accuracy_m or 0))
    if radius > LARGEST_RADIUS_M:
        return None
    return Circle(latitude=place.latitude, longitude=place.longitude, radius_m=radius)


async def _call_forwarding(inquiry: Inquiry) -> Found:
    return {"network": {"call_forwarding": await inquiry.network.call_forwarding(inquiry.number)}}


async def _kyc_match(inquiry: Inquiry) -> Found:
    party = inquiry.request.subscriber.party_id
    identity = None if party is None else await inquiry.identities.identity(inquiry.tenant, party)
    if identity is None or identity == Identity():
        return {}
    match = await inquiry.network.kyc_match(inquiry.number, identity)
    if match is None:
        return {}
    return {"kyc": {"name_match_score": match.name_score, "id_document_match": match.document}}


async def _tenure(inquiry: Inquiry) -> Found:
    return {"account": {"tenure_days": await inquiry.network.tenure_days(inquiry.number)}}


async def _number_recycling(inquiry: Inquiry) -> Found:
    since = _owned_since(inquiry)
    recycled = None if since is None else await inquiry.network.recycled(inquiry.number, since)
    return {"network": {"number_recycled": {True: "true", False: "false", None: None}[recycled]}}


def _owned_since(inquiry: Inquiry) -> date | None:
    """Return the day after the owner got the line: getting it is no change of hands away from them."""
    days = inquiry.request.account.tenure_days
    today = moment(inquiry.now_ms).astimezone(CHINA).date()
    if not days or days > (today - date(1990, 1, 1)).days:
        return None
    return today - timedelta(days=days - 1)


async def _subscription(inquiry: Inquiry) -> Found:
    return {"account": {"status": await inquiry.network.subscription(inquiry.number)}}


async def _reachability(inquiry: Inquiry) -> Found:
    return {"network": {"reachable": await inquiry.network.reachable(inquiry.number)}}


async def _roaming(inquiry: Inquiry) -> Found:
    return {"network": {"roaming": await inquiry.network.roaming(inquiry.number)}}


def _none(group: str, *names: str) -> Callable[[ScreeningRequest], bool]:
    """Return what says that a request states none of some fields."""

    def lacks(request: ScreeningRequest) -> bool:
        part: Any = getattr(request, group)
        return all(getattr(part, name) is None for name in names)

    return lacks


ASK: Final[Mapping[SourceName, Callable[[Inquiry], Awaitable[Found]]]] = {
    "sim_swap": _sim_swap,
    "device_swap": _device_swap,
    "number_verification": _number_verification,
    "location_verification": _location_verification,
    "call_forwarding_signal": _call_forwarding,
    "kyc_match": _kyc_match,
    "tenure": _tenure,
    "number_recycling": _number_recycling,
    "subscription_status": _subscription,
    "reachability": _reachability,
    "roaming": _roaming,
}
LACKS: Final[Mapping[SourceName, Callable[[ScreeningRequest], bool]]] = {
    "sim_swap": _none("network", "sim_change_age_h", "sim_monitored_days"),
    "device_swap": _none("network", "device_change_age_h", "device_monitored_days"),
    "number_verification": _none("network", "number_verified"),
    "location_verification": _none("location", "verification_result"),
    "call_forwarding_signal": _none("network", "call_forwarding"),
    "kyc_match": _none("kyc", "name_match_score", "id_document_match"),
    "tenure": _none("account", "tenure_days"),
    "number_recycling": _none("network", "number_recycled"),
    "subscription_status": _none("account", "status"),
    "reachability": _none("network", "reachable"),
    "roaming": _none("network", "roaming"),
}
