"""Places: where numbers and addresses belong, by public tables that come with packages; no network is asked.

Numbers by the table of `phone` (2023: newer blocks are missing, and a ported number keeps its block). Addresses by
ip2region (`xdb-location`, 2025), or first by a MaxMind database that an operator brings. A look-up that finds nothing
is a fact that is not known. Tables err: an address tells a province at best, and one of a mobile network hardly that.
"""

import socket
import struct
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, cast

import h3.api.basic_int as h3
import maxminddb
import phonenumbers
from ip2region import searcher, util
from msgspec.structs import replace
from phone import Phone

from features.addresses import Address, of_maxmind, of_region, public
from features.facts import Confidence, Facts, IpKind
from features.provinces import capitals_apart_km, code_of, great_circle_km
from features.request import Location, ScreeningRequest
from features.subject import CHINA, prefix_of

MOBILE_LETTERS: Final = len("+8613800138000")
RESOLUTION: Final = 5
"""H3 cells of about 250 km²: coarse enough not to follow anybody home."""
IPV6: Final = 6
CELL_RADIUS_KM: Final = 2.0
"""How far the line's phone may be from where its radio cell is said to be."""
FIXED: Final = frozenset({"broadband", "edu"})
"""Kinds of provider whose addresses stay where they are."""
REAL_NETWORKS: Final = frozenset({1, 2, 3})
"""Types of number in the table of `phone`: 移动, 联通, 电信; the others are resold and often have no province."""


class NumberPlace(NamedTuple):
    """Where a number belongs: GB/T 2260 code and carrier, and how much the code is worth."""

    province: str | None = None
    carrier: str | None = None
    confidence: Confidence | None = None


class Places:
    """Looks up numbers, addresses and distances; tables are read when first asked and stay in memory."""

    def __init__(self, ip_database: Path | None = None) -> None:
        """Take a MaxMind database (City, Connection-Type or Anonymous-IP) that is asked before the built-in table.

        Raises:
            OSError: the database is not there.
            maxminddb.InvalidDatabaseError: it is not one.
        """
        self._own = None if ip_database is None else maxminddb.open_database(ip_database)

    def facts(self, request: ScreeningRequest) -> Facts:
        """Return what can be looked up about a request, from its plain numbers, address and positions."""
        number = self.number(request.subscriber.msisdn)
        address, ip_source = self.located(request.network.ip)
        here = _requester_province(request, address)
        place = _agreed(request.location)
        distance, source = _distance(place, here)
        return Facts(
            number_province=number.province,
            number_carrier=number.carrier,
            number_source="prefix_table" if number.carrier else None,
            number_confidence=number.confidence,
            ip_province=address.province,
            ip_city=address.city,
            ip_source=ip_source,
            ip_confidence=_confidence(address),
            ip_kind=address.kind,
            ip_country=address.country,
            requester_cell=_cell(place.latitude, place.longitude),
            line_cell=_cell(place.line_latitude, place.line_longitude),
            distance_km=distance,
            distance_source=source,  # type: ignore[arg-type]
            requester_province=here,
        )

    def number(self, msisdn: str) -> "NumberPlace":
        """Return where a Chinese mobile number belongs by its block; nothing for one that cannot be a number."""
        prefix = prefix_of(msisdn)
        if prefix is None or not _valid(prefix, len(msisdn)):
            return NumberPlace()
        found = self._numbers.find(prefix)
        if found is None:
            return NumberPlace()
        province, carrier = code_of(found["province"]), found["phone_type"]
        return NumberPlace(province, carrier, None if province is None else "low" if "虚拟" in carrier else "high")

    def address(self, plain: str | None) -> Address:
        """Return what is known of an address; one that is private or cannot be read is not known."""
        return self.located(plain)[0]

    def located(self, plain: str | None) -> tuple[Address, Literal["operator", "ip2region"] | None]:
        """Return what is known of an address, and the table that knew where it is."""
        ip = public(plain)
        if ip is None:
            return Address(), None
        table = self._ipv4 if isinstance(ip, IPv4Address) else self._ipv6
        own = self._by_own(ip)
        known = own.filled_from(of_region(table.search(str(ip))))
        return known, "operator" if own.country else "ip2region" if known.known else None

    def _by_own(self, ip: IPv4Address | IPv6Address) -> Address:
        """Return what the operator's own database says; one for IPv4 alone knows no IPv6 address."""
        if self._own is None or (ip.version == IPV6 and self._own.metadata().ip_version != IPV6):
            return Address()
        return of_maxmind(cast("Mapping[str, Any] | None", self._own.get(ip)))

    def numbers_of(self, province: str) -> Sequence[str]:
        """Return blocks (seven digits) whose numbers belong to a province."""
        return self._blocks[province]

    def addresses_of(self, province: str, kind: IpKind) -> Sequence[str]:
        """Return addresses of a province and a kind; of the kind anywhere in China where the province has none."""
        return self._ranges.get((province, kind)) or self._ranges["", kind]

    @cached_property
    def _numbers(self) -> Any:  # noqa: ANN401 - `phone` has no types
        return Phone()

    @cached_property
    def _ipv4(self) -> Any:  # noqa: ANN401 - neither has `ip2region`
        return searcher.new_with_buffer(util.IPv4, (_tables() / "ip2region_v4.xdb").read_bytes())

    @cached_property
    def _ipv6(self) -> Any:  # noqa: ANN401
        return searcher.new_with_buffer(util.IPv6, (_tables() / "ip2region_v6.xdb").read_bytes())

    @cached_property
    def _blocks(self) -> Mapping[str, Sequence[str]]:
        """Every hundredth block of each province or so: enough for a simulated world, and the same every time."""
        table = self._numbers
        found: dict[str, list[str]] = defaultdict(list)
        records = struct.iter_unpack(table.phone_fmt, table.buf[table.first_phone_record_offset :])
        names: dict[int, str | None] = {}
        for block, offset, kind in records:
            if kind not in REAL_NETWORKS:
                continue
            if offset not in names:
                names[offset] = code_of(table.buf[offset : table.buf.index(b"|", offset)].decode())
            if (code := names[offset]) is not None:
                found[code].append(str(block))
        drawn = {code: blocks[:: max(1, len(blocks) // 400)] for code, blocks in found.items()}
        return {code: [block for block in blocks if _valid(block, MOBILE_LETTERS)] for code, blocks in drawn.items()}

    @cached_property
    def _ranges(self) -> Mapping[tuple[str, IpKind], Sequence[str]]:
        """Addresses by province and kind, spread over the ranges of the table's source.

        Source and index differ in a few ranges, so only addresses are taken that look up as they should.
        """
        found: dict[tuple[str, IpKind], list[str]] = defaultdict(list)
        with (_tables() / "ipv4_source.txt").open(encoding="utf-8") as lines:
            for line in lines:
                start, _, rest = line.partition("|")
                _, _, region = rest.partition("|")
                known = of_region(region.strip())
                if known.country == "CN" and known.kind is not None:
                    # An address inside the range, not the network's own.
                    inside = socket.inet_ntoa(struct.pack(">I", struct.unpack(">I", socket.inet_aton(start))[0] + 7))
                    found["", known.kind].append(inside)
                    if known.province is not None:
                        found[known.province, known.kind].append(inside)
        drawn = {key: spread[:: max(1, len(spread) // 200)] for key, spread in found.items()}
        return {
            (province, kind): [
                plain for plain in some if _fits(of_region(self._ipv4.search(plain)), province or None, kind)
            ]
            for (province, kind), some in drawn.items()
        }


@lru_cache(maxsize=65_536)
def _valid(prefix: str, length: int) -> bool:
    """Say whether numbers of a block can exist, by the numbering plan that `phonenumbers` carries.

    The plan tells blocks and lengths apart and nothing finer, so one answer holds for a whole block.
    """
    digits = prefix + "0" * (length - len(CHINA) - len(prefix))
    try:
        return prefix.isdecimal() and phonenumbers.is_valid_number(phonenumbers.parse(CHINA + digits))
    except phonenumbers.NumberParseException:
        return False


def _confidence(address: Address) -> Confidence | None:
    """Return how much an address's province is worth: a household's or a campus's much, a gateway's little."""
    if address.province is None:
        return None
    return "high" if address.kind in FIXED else "low"


def _fits(known: Address, province: str | None, kind: IpKind) -> bool:
    return known.kind == kind and (province is None or known.province == province)


def _tables() -> Path:
    """Return the folder of ip2region's tables; the package that carries them is not imported."""
    spec = find_spec("xdb_location")
    if spec is None or spec.origin is None:
        message = "the address table is missing; run `make setup`"
        raise ModuleNotFoundError(message)
    return Path(spec.origin).parent / "data"


def _requester_province(request: ScreeningRequest, address: Address) -> str | None:
    """Return where the requester is: as the carrier states it, else by the address of a household."""
    if request.subscriber.handling_province is not None:
        return request.subscriber.handling_province
    return address.province if address.kind in FIXED else None


def _agreed(place: Location) -> Location:
    """Return the location without the requester's position, unless they agreed that it be used."""
    return place if place.consent == "granted" else replace(place, latitude=None, longitude=None)


def _cell(latitude: float | None, longitude: float | None) -> int | None:
    if latitude is None or longitude is None:
        return None
    return int(h3.latlng_to_cell(latitude, longitude, RESOLUTION))


def _distance(place: Location, here: str | None) -> tuple[float | None, str | None]:
    """Return how far the requester is from the line, less both accuracies; else by capitals of provinces."""
    fix = (place.latitude, place.longitude, place.line_latitude, place.line_longitude)
    if None not in fix:
        apart = great_circle_km(*cast("tuple[float, float, float, float]", fix))
        return max(0.0, apart - CELL_RADIUS_KM - (place.accuracy_m or 0.0) / 1000), "position"
    if place.visited_province is None or here is None:
        return None, None
    apart_km = 0.0 if place.visited_province == here else capitals_apart_km(place.visited_province, here)
    return (None, None) if apart_km is None else (apart_km, "province")
