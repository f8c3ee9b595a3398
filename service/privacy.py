"""What is kept of a request: tokens for numbers and names, facts for places, and the plain rest under seal.

The plain request lives in memory while it is screened. What is logged, counted and trained on has tokens; the number,
address and position go into the decision's sealed column, for the console's audited reveal and for notices.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from features.event import key_of
from features.request import Contact, ScreeningRequest
from model.factors import proves
from service.ports import Tokeniser

IDENTITY = "identity"
"""The kind under which an identity document's opaque hash is tokenised; it is no entity of windows by itself."""


def tokens_of(tokeniser: Tokeniser, tenant: str, plain: Mapping[str, str]) -> dict[str, str]:
    """Return the entity tokens of a request or an event from its plain keys."""
    return {entity: tokeniser.token(tenant, entity, value) for entity, value in plain.items()}


def without_names(
    request: ScreeningRequest, keys: Mapping[str, str], tokeniser: Tokeniser, tenant: str
) -> ScreeningRequest:
    """Return the request as it may be kept: no number, name, address, position or attestation token in it."""

    def token(kind: str, plain: str | None) -> str | None:
        return None if plain is None else tokeniser.token(tenant, kind, plain)

    attestation = request.device.attestation
    return replace(
        request,
        subscriber=replace(
            request.subscriber,
            msisdn=keys["line"],
            party_id=token("party", request.subscriber.party_id),
            id_token=token(IDENTITY, request.subscriber.id_token),
        ),
        balance_transfer=replace(
            request.balance_transfer, target_token=token("target", request.balance_transfer.target_token)
        ),
        contacts=tuple(_contact(contact, tokeniser, tenant) for contact in request.contacts),
        device=replace(
            request.device,
            id=token("device", request.device.id),
            attestation=None if attestation is None else replace(attestation, token=None),
        ),
        location=replace(request.location, latitude=None, longitude=None, line_latitude=None, line_longitude=None),
        network=replace(request.network, ip=keys.get("ip")),
        agent=replace(
            request.agent,
            id=token("agent", request.agent.id),
            store_id=token("store", request.agent.store_id),
            beneficiary_token=token("beneficiary", request.agent.beneficiary_token),
        ),
    )


def _contact(contact: Contact, tokeniser: Tokeniser, tenant: str) -> Contact:
    return replace(contact, token=tokeniser.token(tenant, "contact", contact.token))


def private_parts(request: ScreeningRequest) -> dict[str, str | float]:
    """Return what is kept under seal: the plain number, party, address and positions, where they were given."""
    found: dict[str, str | float | None] = {
        "msisdn": request.subscriber.msisdn,
        "party_id": request.subscriber.party_id,
        "ip": request.network.ip,
        "device_id": request.device.id,
        **_on_record(request),
        "second_contact": next((contact.token for contact in request.contacts if proves(contact)), None),
        "latitude": request.location.latitude,
        "longitude": request.location.longitude,
        "line_latitude": request.location.line_latitude,
        "line_longitude": request.location.line_longitude,
    }
    return {name: value for name, value in found.items() if value is not None}


def _on_record(request: ScreeningRequest) -> dict[str, str]:
    """Return the carrier's own tokens of the contacts on record, which must hear of a closure."""
    known = [c.token for c in request.contacts if c.source == "on_record" and not c.is_closing_number]
    return {f"contact_{place}": token for place, token in enumerate(known)}


def line_of(keys: Mapping[str, str]) -> str:
    """Return the line's token.

    Raises:
        KeyError: an event without a line was taken for a request.
    """
    line = key_of(keys, "line")
    if line is None:
        raise KeyError("line")
    return line
