"""Requests with tokens, and what becomes of them: a store of keys in memory, the real use case and adapter."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from features.clock import FixedClock
from features.request import ScreeningRequest
from service.adapters.attestation import Apps, OfflineAttestor
from service.attesting import Attesting, challenge
from service.ports import StoreDownError
from service.ports_network import AttestedKey
from tests.service.attested import play_app
from tests.service.sql.records import NOW_MS

BARE: Mapping[str, Any] = {
    "request_id": "r-1",
    "action": "close",
    "channel": "app",
    "subscriber": {"msisdn": "+8613800138000"},
}


class Memory:
    """Keeps keys, as a store would: setting a counter and looking at it are one step."""

    def __init__(self) -> None:
        """Know none."""
        self.keys: dict[tuple[str, str], AttestedKey] = {}
        self.down = False

    async def key(self, tenant: str, key_id: str) -> AttestedKey | None:
        """Return a key."""
        if self.down:
            raise StoreDownError
        return self.keys.get((tenant, key_id))

    async def enrol(self, tenant: str, key_id: str, key: AttestedKey) -> bool:
        """Keep a new key."""
        return self.keys.setdefault((tenant, key_id), key) is key

    async def advance(self, tenant: str, key_id: str, counter: int) -> bool:
        """Set the counter."""
        known = self.keys[tenant, key_id]
        if counter <= known.counter:
            return False
        self.keys[tenant, key_id] = msgspec.structs.replace(known, counter=counter)
        return True


def asking(
    provider: str | None = "play_integrity", token: str | None = None, request: Mapping[str, Any] = BARE, **device: Any
) -> ScreeningRequest:
    """Return a request with a token, whose device claims the best of itself."""
    said = {"provider": provider, "token": token, "verdict": "strong", "app_recognition": "recognized", "age_s": 1.0}
    return msgspec.convert({**request, "device": {"attestation": said, **device}}, ScreeningRequest)


BOUND = challenge(asking())


def completed(
    request: ScreeningRequest, apps: Apps | None = None, keys: Memory | None = None, tenant: str = "north"
) -> ScreeningRequest:
    """Return the request with what its token proves."""
    known = apps or Apps(play=play_app())
    attestor = OfflineAttestor({"north": known}, keys or Memory(), FixedClock(NOW_MS), timedelta(seconds=30))
    return asyncio.run(Attesting(attestor).complete(tenant, request))


def verdict(request: ScreeningRequest) -> tuple[str | None, str | None, float | None]:
    """Return what is said of the device."""
    said = request.device.attestation
    assert said is not None
    assert said.token is None
    return said.verdict, said.app_recognition, said.age_s


NOTHING = ("error", None, None)
