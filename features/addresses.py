"""Addresses: what tables of internet addresses say of one, read into a country, a province and a kind of provider.

Two tables are read: ip2region's regions (`country|province|city|provider`) and records of MaxMind databases. Hong Kong,
Macao and Taiwan are provinces in both, as they are in GB/T 2260.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

from features.facts import IpKind
from features.provinces import BY_ISO, code_of

NOT_SAID: Final = frozenset({"", "0", "亚太地区"})
"""Countries that are none; `亚太地区` (Asia and the Pacific) may be China or not."""
CHINA: Final = "中国"
ABROAD: Final = "ZZ"
"""ISO 3166's code for no particular country: somewhere abroad that our short list does not name."""
UNASSIGNED: Final = "澳大利亚|昆士兰州|布里斯班|专线用户"
"""Where the registry of Asia and the Pacific has its office: said of every IPv6 address that it has not handed out."""

COUNTRIES: Final[Mapping[str, str]] = {
    "美国": "US",
    "日本": "JP",
    "韩国": "KR",
    "新加坡": "SG",
    "马来西亚": "MY",
    "泰国": "TH",
    "越南": "VN",
    "缅甸": "MM",
    "柬埔寨": "KH",
    "老挝": "LA",
    "菲律宾": "PH",
    "印度": "IN",
    "印度尼西亚": "ID",
    "澳大利亚": "AU",
    "英国": "GB",
    "德国": "DE",
    "法国": "FR",
    "荷兰": "NL",
    "俄罗斯": "RU",
    "加拿大": "CA",
}
KINDS: Final[Mapping[str, IpKind]] = {
    "移动": "mobile",
    "移动网络": "mobile",
    "电信": "broadband",
    "联通": "broadband",
    "铁通": "broadband",
    "鹏博士": "broadband",
    "长城宽带": "broadband",
    "方正宽带": "broadband",
    "广电网": "broadband",
    "家庭宽带": "broadband",
    "教育网": "edu",
    "阿里云": "datacenter",
    "阿里巴巴": "datacenter",
    "腾讯": "datacenter",
    "腾讯云": "datacenter",
    "百度": "datacenter",
    "百度云": "datacenter",
    "华为云": "datacenter",
    "金山云": "datacenter",
    "世纪互联": "datacenter",
    "亚马逊": "datacenter",
    "微软": "datacenter",
    "数据中心": "datacenter",
    "0": "unknown",
}
"""Providers by kind. 移动 runs broadband too; as mobile it weighs less, which errs kindly."""
MAXMIND_KINDS: Final[Mapping[str, IpKind]] = {"Cellular": "mobile", "Cable/DSL": "broadband"}


@dataclass(frozen=True, slots=True)
class Address:
    """What is known of an internet address; the city is for a reader, and two that differ in it alone are one."""

    country: str | None = None
    province: str | None = None
    kind: IpKind | None = None
    city: str | None = field(default=None, compare=False)

    @property
    def known(self) -> bool:
        """Whether anything at all is known."""
        return self != Address()

    def filled_from(self, other: "Address") -> "Address":
        """Return this with what it leaves open taken from another table; no province of a country it does not name."""
        country = self.country or other.country
        province = other.province if country == other.country else None
        agreed = province is not None and self.province in {None, province}
        city = self.city or (other.city if agreed else None)
        return Address(country, self.province or province, self.kind or other.kind, city)


def public(plain: str | None) -> IPv4Address | IPv6Address | None:
    """Return an address of the public internet, None for any other and for what cannot be read.

    An IPv4 address in IPv6 clothes (`::ffff:1.2.3.4`, as servers of both kinds report it) is taken out of them.
    """
    try:
        ip = ip_address((plain or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip if ip.is_global else None


def of_region(region: str) -> Address:
    """Return what a region of ip2region says: `country|province|city|provider`, `0` or nothing for not known."""
    country, province, city, provider = (region.split("|") + ["0"] * 4)[:4]
    if country in NOT_SAID or region == UNASSIGNED:
        return Address()
    kind = KINDS.get(provider)
    if not country.startswith(CHINA):
        return Address(COUNTRIES.get(country, ABROAD), None, kind)
    code = code_of(province) or code_of(country.removeprefix(CHINA))
    return Address("CN", code, kind, city if code is not None and city not in NOT_SAID else None)


def of_maxmind(record: Mapping[str, Any] | None) -> Address:
    """Return what a record of a City, Connection-Type or Anonymous-IP database says."""
    said = record or {}
    country = said.get("country", {}).get("iso_code")
    parts = said.get("subdivisions") or [{}]
    hosting = said.get("is_hosting_provider") or said.get("traits", {}).get("is_hosting_provider")
    kind = "datacenter" if hosting else MAXMIND_KINDS.get(said.get("connection_type", ""))
    if country in {"HK", "MO", "TW"}:
        return Address("CN", BY_ISO[country], kind)
    province = BY_ISO.get(parts[0].get("iso_code", "")) if country == "CN" else None
    city = said.get("city", {}).get("names", {})
    return Address(country, province, kind, city.get("zh-CN") or city.get("en") if province else None)
