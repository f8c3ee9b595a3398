"""The use case: what a device claims of itself is replaced by what its maker vouches for, where that can be verified.

A token is bound to one request: the app hashes `challenge` and hands the hash to Play Integrity (`requestHash`, or the
classic `nonce`) or to App Attest (`clientDataHash`). So a token of another request, line or action verifies nothing.
"""

import msgspec

from features.request import Attestation, ScreeningRequest
from service.ports_network import Attested, Attestor

VERSION = "lastcall-attestation-v1"


def challenge(request: ScreeningRequest) -> bytes:
    """Return what an app signs for a request: a JSON list of version, request id, action and number, without blanks."""
    return msgspec.json.encode([VERSION, request.request_id, request.action, request.subscriber.msisdn])


class Attesting:
    """Lays verified facts over a request."""

    def __init__(self, attestor: Attestor) -> None:
        """Take what verifies tokens."""
        self._attestor = attestor

    async def complete(self, tenant: str, request: ScreeningRequest) -> ScreeningRequest:
        """Return the request with what its token proves; without a token, as it was. The token itself is dropped."""
        stated = request.device.attestation
        if stated is None or stated.token is None:
            return request
        found = await self._attestor.verify(tenant, request)
        return _with(request, stated, found)


def _with(request: ScreeningRequest, stated: Attestation, found: Attested | None) -> ScreeningRequest:
    """A token that we cannot judge leaves what was stated; one that we can judge replaces it, whatever it says.

    Apps that were seen by the maker are added to those that the device named: neither can talk the other's away.
    """
    device = request.device
    if found is None:
        said = msgspec.structs.replace(stated, token=None)
        return msgspec.structs.replace(request, device=msgspec.structs.replace(device, attestation=said))
    said = Attestation(
        provider=stated.provider,
        verdict=found.verdict,
        age_s=found.age_s,
        app_recognition=found.app_recognition,
    )
    risk = device.access_risk
    if found.access_risk is not None:
        risk = tuple(sorted({*(risk or ()), *found.access_risk}))
    return msgspec.structs.replace(request, device=msgspec.structs.replace(device, attestation=said, access_risk=risk))
