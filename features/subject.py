"""Whom a request is about: the plain names of its entities, and the event by which windows will remember it.

The service turns the plain names into tokens before anything is kept; a simulated history keeps its invented ones.
"""

from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, Final

from features.event import Event
from features.facts import Facts
from features.request import ScreeningRequest

SUBSCRIBER_BITS: Final = 64
"""An IPv6 subscriber has a whole /64 (RFC 6177) and may take another address of it for every request."""
PREFIX_DIGITS: Final = 7
"""The first seven digits of a Chinese mobile number name its block: carrier, province and city."""
CHINA: Final = "+86"


def keys_of(request: ScreeningRequest) -> dict[str, str]:
    """Return the entities that a request names, by their plain identifiers; those not given are left out."""
    subscriber, agent = request.subscriber, request.agent
    supplied = [contact.token for contact in request.contacts if contact.source != "on_record"]
    found = {
        "line": subscriber.msisdn,
        "party": subscriber.party_id or subscriber.id_token,
        "device": request.device.id,
        "ip": subnet_of(request.network.ip),
        "agent": agent.id,
        "store": agent.store_id,
        "contact": supplied[0] if supplied else None,
        "target": request.balance_transfer.target_token,
        "beneficiary": agent.beneficiary_token,
        "prefix": prefix_of(subscriber.msisdn),
        "province": subscriber.handling_province or subscriber.home_province,
    }
    return {entity: plain for entity, plain in found.items() if plain is not None}


def reported_keys(said: Any) -> dict[str, str]:  # noqa: ANN401 - a reported event of any caller: fields are read by name
    """Return the entities that a reported event names, by their plain identifiers."""
    found = {
        "line": said.msisdn,
        "party": said.party_id,
        "device": said.device_id,
        "ip": subnet_of(said.ip),
        "agent": said.agent_id,
        "store": said.store_id,
        "contact": said.contact_token,
        "prefix": None if said.msisdn is None else prefix_of(said.msisdn),
        "province": said.province,
    }
    return {entity: plain for entity, plain in found.items() if plain is not None}


def subnet_of(plain: str | None) -> str | None:
    """Return what an address is remembered by: an IPv4 address itself, of IPv6 the subscriber's network.

    Tokens and what cannot be read stay as they are.
    """
    try:
        ip = ip_address((plain or "").partition("%")[0])
    except ValueError:
        return plain
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is None:
            return str(IPv6Network((ip, SUBSCRIBER_BITS), strict=False))
        ip = ip.ipv4_mapped
    return str(ip)


def prefix_of(msisdn: str) -> str | None:
    """Return the block of a Chinese mobile number, None for another country's or a token."""
    national = msisdn.removeprefix(CHINA)
    return national[:PREFIX_DIGITS] if msisdn.startswith(CHINA) and len(national) > PREFIX_DIGITS else None


def event_of(request: ScreeningRequest, facts: Facts, keys: Mapping[str, str], *, event_id: str, at_ms: int) -> Event:
    """Return the request's own event: remembered after its windows were read, so it is never in them.

    Args:
        request: the request, plain or with tokens.
        facts: what was looked up; the requester's cell is remembered for speed and habit.
        keys: its entities, plain or as tokens.
        event_id: unique per tenant, the same for every retry.
        at_ms: the server's time.
    """
    province = request.subscriber.handling_province or facts.requester_province or request.subscriber.home_province
    values = {"province": int(province) if province else None, "cell": facts.requester_cell}
    cell_key = {} if facts.requester_cell is None else {"cell": str(facts.requester_cell)}
    return Event(
        id=event_id,
        kind="screening",
        occurred_ms=at_ms,
        known_ms=at_ms,
        keys=dict(keys) | cell_key,
        values={name: value for name, value in values.items() if value is not None},
    )
