"""One operator's network, by CAMARA: each source with its own guard, all over one set of connections."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from typing import Final, TypeVar

import httpx

from features.clock import Clock
from service.adapters.camara import changes, devices, lines, owners
from service.adapters.camara.calling import Caller
from service.adapters.camara.guard import Guard, Rules
from service.adapters.camara.oauth import Credentials, Tokens
from service.ports_network import (
    SOURCES,
    Change,
    Circle,
    Forwarding,
    Identity,
    Located,
    Match,
    SourceName,
    Subscription,
)

T = TypeVar("T")

RULES: Final[Mapping[SourceName, Rules]] = {
    "sim_swap": Rules(keep=timedelta(seconds=60)),
    "device_swap": Rules(keep=timedelta(seconds=60)),
    # Holds for this one session alone.
    "number_verification": Rules(keep=timedelta(0)),
    "location_verification": Rules(keep=timedelta(seconds=30), deadline=timedelta(milliseconds=300)),
    "call_forwarding_signal": Rules(keep=timedelta(seconds=30)),
    "kyc_match": Rules(keep=timedelta(0), deadline=timedelta(milliseconds=300)),
    "tenure": Rules(keep=timedelta(hours=6)),
    "number_recycling": Rules(keep=timedelta(hours=6)),
    "subscription_status": Rules(keep=timedelta(seconds=30)),
    "reachability": Rules(keep=timedelta(seconds=30)),
    "roaming": Rules(keep=timedelta(minutes=5)),
}
"""How each source is asked: what may have changed a minute ago is not remembered for longer."""


class CamaraNetwork:
    """The port `Network` on an operator's CAMARA gateway; see the port for what each failure degrades to."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        root: str,
        credentials: Credentials,
        clock: Clock,
        rules: Mapping[SourceName, Rules] = RULES,
    ) -> None:
        """Take shared connections, the operator's `apiRoot`, who we are there, the clock, and how to ask."""
        self._caller = Caller(http, Tokens(http, credentials), root)
        self._clock = clock
        self._guards = {source: Guard(rules.get(source, RULES[source])) for source in SOURCES}

    async def sim_change(self, number: str) -> Change | None:
        """Say when the SIM last changed."""
        return await self._ask("sim_swap", number, lambda: changes.sim_change(self._caller, self._clock, number))

    async def device_change(self, number: str) -> Change | None:
        """Say when the SIM was last put into another device."""
        return await self._ask("device_swap", number, lambda: changes.device_change(self._caller, self._clock, number))

    async def number_verified(self, number: str) -> bool | None:
        """Say whether the request comes from this line; None on Wi-Fi."""
        return await self._ask("number_verification", number, lambda: lines.number_verified(self._caller, number))

    async def located(self, number: str, area: Circle) -> Located | None:
        """Say whether the line is in an area."""
        about = f"{number} {area}"
        return await self._ask(
            "location_verification", about, lambda: devices.located(self._caller, self._clock, number, area)
        )

    async def call_forwarding(self, number: str) -> Forwarding | None:
        """Say whether calls go elsewhere."""
        return await self._ask("call_forwarding_signal", number, lambda: lines.call_forwarding(self._caller, number))

    async def kyc_match(self, number: str, identity: Identity) -> Match | None:
        """Compare an identity with the operator's own books; never remembered."""
        about = f"{number} {identity.name} {identity.document}"
        return await self._ask("kyc_match", about, lambda: owners.kyc_match(self._caller, number, identity))

    async def tenure_days(self, number: str) -> int | None:
        """Say how long the line has been its owner's, at least."""
        return await self._ask("tenure", number, lambda: owners.tenure_days(self._caller, self._clock, number))

    async def recycled(self, number: str, since: date) -> bool | None:
        """Say whether the number got another owner since a day."""
        about = f"{number} {since}"
        return await self._ask("number_recycling", about, lambda: owners.recycled(self._caller, number, since))

    async def subscription(self, number: str) -> Subscription | None:
        """Say whether the line works."""
        return await self._ask("subscription_status", number, lambda: lines.subscription(self._caller, number))

    async def reachable(self, number: str) -> bool | None:
        """Say whether the line can be reached."""
        return await self._ask("reachability", number, lambda: devices.reachable(self._caller, number))

    async def roaming(self, number: str) -> bool | None:
        """Say whether the line is abroad."""
        return await self._ask("roaming", number, lambda: devices.roaming(self._caller, number))

    async def _ask(self, source: SourceName, about: str, question: Callable[[], Awaitable[T]]) -> T | None:
        return await self._guards[source].ask(about, question)
