"""Every question that we put to an operator, by the operation of the specification that answers it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from features.clock import FixedClock, to_ms
from service.adapters.camara.guard import Rules
from service.adapters.camara.network import CamaraNetwork
from service.adapters.camara.oauth import Credentials
from service.ports_network import SOURCES, Circle, Identity, Network
from tests.camara.gateway import Gateway, error, gateway, http

NUMBER = "+8613800138000"
SHANGHAI = Circle(latitude=31.2304, longitude=121.4737, radius_m=2000)
WANG = Identity(name="王小明", document="110101199003070000")
PATIENT = {source: Rules(deadline=timedelta(seconds=20), keep=timedelta(0), failures=10_000) for source in SOURCES}
EXAMPLES_ARE_OF = datetime(2024, 9, 20, tzinfo=UTC)
"""A few days after the dates in the examples of the swap APIs."""
LOCATED_AT = datetime(2023, 9, 7, 10, 41, tzinfo=UTC)
"""Just after the time in the examples of Location Verification."""

Question = Callable[[Network], Awaitable[Any]]
NO_DATE = {"latestSimChange": None, "latestDeviceChange": None}

QUESTIONS: dict[str, Question] = {
    "retrieveSimSwapDate": lambda network: network.sim_change(NUMBER),
    "checkSimSwap": lambda network: network.sim_change(NUMBER),
    "retrieveDeviceSwapDate": lambda network: network.device_change(NUMBER),
    "checkDeviceSwap": lambda network: network.device_change(NUMBER),
    "phoneNumberVerify": lambda network: network.number_verified(NUMBER),
    "verifyLocation": lambda network: network.located(NUMBER, SHANGHAI),
    "retrieveCallForwarding": lambda network: network.call_forwarding(NUMBER),
    "retrieveUnconditionalCallForwarding": lambda network: network.call_forwarding(NUMBER),
    "KYC_Match": lambda network: network.kyc_match(NUMBER, WANG),
    "checkTenure": lambda network: network.tenure_days(NUMBER),
    "checkNumberRecycling": lambda network: network.recycled(NUMBER, date(2024, 3, 1)),
    "retriveSubscriptionStatus": lambda network: network.subscription(NUMBER),
    "getReachabilityStatus": lambda network: network.reachable(NUMBER),
    "getRoamingStatus": lambda network: network.roaming(NUMBER),
}
BEFORE = {
    "checkSimSwap": ("retrieveSimSwapDate", http(200, NO_DATE)),
    "checkDeviceSwap": ("retrieveDeviceSwapDate", http(200, NO_DATE)),
    "retrieveUnconditionalCallForwarding": ("retrieveCallForwarding", error(501, "NOT_IMPLEMENTED")),
}
"""Operations that are asked only after another one answered this."""


def network(
    made: Gateway, http_client: httpx.AsyncClient, at: datetime = EXAMPLES_ARE_OF, rules: Any = PATIENT
) -> CamaraNetwork:
    """Return the adapter on a gateway."""
    credentials = Credentials(f"{made.root}/token", "lastcall", "s:cret")
    return CamaraNetwork(http_client, made.root, credentials, FixedClock(to_ms(at)), rules)


def answered(
    operation: str, set_up: Callable[[Gateway], None], at: datetime | None = None, rules: Any = PATIENT
) -> tuple[Any, Gateway]:
    """Put one question to a new gateway; a failure is returned and not raised."""

    async def run() -> tuple[Any, Gateway]:
        async with gateway() as made, httpx.AsyncClient(trust_env=False) as client:
            if operation in BEFORE:
                made.always(*BEFORE[operation])
            set_up(made)
            when = at or (LOCATED_AT if operation == "verifyLocation" else EXAMPLES_ARE_OF)
            try:
                return await QUESTIONS[operation](network(made, client, when, rules)), made
            except Exception as failure:  # noqa: BLE001 - the test looks at it
                return failure, made

    return asyncio.run(run())
