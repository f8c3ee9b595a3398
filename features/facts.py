"""Facts: what was looked up or measured from plain numbers and places before they were made tokens.

Computed once when a request comes in, logged with the decision, and never asked again: training reads the log, so it
sees what serving saw and never needs a plain number, address or position.
"""

from typing import Literal

from msgspec import Struct

Confidence = Literal["high", "low"]
IpKind = Literal["mobile", "broadband", "datacenter", "edu", "unknown"]


class Facts(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Look-ups about one request; None where nothing is known.

    Attributes:
        number_province: GB/T 2260 code by the number's prefix (stale after porting: a fallback).
        number_carrier: carrier by prefix.
        number_source: the table that said so.
        number_confidence: `low` for a resold block: its province is where it was sold in bulk.
        ip_province: GB/T 2260 code by address; soft for mobile and shared addresses.
        ip_city: the city's name, as the table has it.
        ip_source: the table that said so: the operator's own, or the built-in one.
        ip_confidence: `low` for mobile networks and carriers' shared addresses, which one gateway serves far and wide.
        ip_kind: what kind of provider the address belongs to.
        ip_country: ISO 3166 alpha-2.
        requester_cell: H3 cell (resolution 5 or coarser) of the requester's position, when they consented.
        line_cell: H3 cell of the line's own position, from the network.
        distance_km: from the requester to the line, less both accuracies; measured or by province.
        distance_source: how good the distance is: `position`, `province` (visited province against the requester's).
        requester_province: where the requester is by the best source at hand.
    """

    number_province: str | None = None
    number_carrier: str | None = None
    number_source: Literal["prefix_table"] | None = None
    number_confidence: Confidence | None = None
    ip_province: str | None = None
    ip_city: str | None = None
    ip_source: Literal["operator", "ip2region"] | None = None
    ip_confidence: Confidence | None = None
    ip_kind: IpKind | None = None
    ip_country: str | None = None
    requester_cell: int | None = None
    line_cell: int | None = None
    distance_km: float | None = None
    distance_source: Literal["position", "province"] | None = None
    requester_province: str | None = None
