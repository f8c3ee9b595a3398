"""The provinces: their GB/T 2260 codes, their names in tables of numbers and addresses, where their capitals lie."""

from dataclasses import dataclass
from functools import cache
from math import asin, cos, radians, sin, sqrt
from typing import Final

EARTH_KM: Final = 6371.0


@dataclass(frozen=True, slots=True)
class Province:
    """A province.

    Attributes:
        code: GB/T 2260, six digits.
        zh: its name without the ending for its kind (省, 市, 自治区).
        iso: the last part of its ISO 3166-2 code.
        latitude: of its capital, in degrees.
        longitude: of its capital, in degrees.
    """

    code: str
    zh: str
    iso: str
    latitude: float
    longitude: float


PROVINCES: Final = tuple(
    Province(*row)
    for row in (
        ("110000", "北京", "BJ", 39.90, 116.41),
        ("120000", "天津", "TJ", 39.13, 117.20),
        ("130000", "河北", "HE", 38.04, 114.51),
        ("140000", "山西", "SX", 37.87, 112.55),
        ("150000", "内蒙古", "NM", 40.84, 111.75),
        ("210000", "辽宁", "LN", 41.80, 123.43),
        ("220000", "吉林", "JL", 43.82, 125.32),
        ("230000", "黑龙江", "HL", 45.80, 126.53),
        ("310000", "上海", "SH", 31.23, 121.47),
        ("320000", "江苏", "JS", 32.06, 118.80),
        ("330000", "浙江", "ZJ", 30.27, 120.15),
        ("340000", "安徽", "AH", 31.82, 117.23),
        ("350000", "福建", "FJ", 26.07, 119.30),
        ("360000", "江西", "JX", 28.68, 115.86),
        ("370000", "山东", "SD", 36.65, 117.12),
        ("410000", "河南", "HA", 34.75, 113.63),
        ("420000", "湖北", "HB", 30.59, 114.31),
        ("430000", "湖南", "HN", 28.23, 112.94),
        ("440000", "广东", "GD", 23.13, 113.26),
        ("450000", "广西", "GX", 22.82, 108.37),
        ("460000", "海南", "HI", 20.04, 110.34),
        ("500000", "重庆", "CQ", 29.56, 106.55),
        ("510000", "四川", "SC", 30.57, 104.07),
        ("520000", "贵州", "GZ", 26.65, 106.63),
        ("530000", "云南", "YN", 25.04, 102.71),
        ("540000", "西藏", "XZ", 29.65, 91.14),
        ("610000", "陕西", "SN", 34.34, 108.94),
        ("620000", "甘肃", "GS", 36.06, 103.83),
        ("630000", "青海", "QH", 36.62, 101.78),
        ("640000", "宁夏", "NX", 38.49, 106.23),
        ("650000", "新疆", "XJ", 43.83, 87.62),
        ("710000", "台湾", "TW", 25.03, 121.57),
        ("810000", "香港", "HK", 22.32, 114.17),
        ("820000", "澳门", "MO", 22.19, 113.54),
    )
)
BY_CODE: Final = {province.code: province for province in PROVINCES}
BY_ISO: Final = {province.iso: province.code for province in PROVINCES}


@cache
def code_of(name: str) -> str | None:
    """Return the code of a province by a name that may carry its ending (`广东省`, `内蒙古自治区`)."""
    return next((province.code for province in PROVINCES if name.startswith(province.zh)), None)


def great_circle_km(from_latitude: float, from_longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Return the distance over the ground between two positions in degrees (haversine formula)."""
    north, east = radians(to_latitude - from_latitude), radians(to_longitude - from_longitude)
    half = sin(north / 2) ** 2 + cos(radians(from_latitude)) * cos(radians(to_latitude)) * sin(east / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(half)))


def capitals_apart_km(one: str, other: str) -> float | None:
    """Return how far the capitals of two provinces are apart, None for a code that is no province's."""
    first, second = BY_CODE.get(one), BY_CODE.get(other)
    if first is None or second is None:
        return None
    return great_circle_km(first.latitude, first.longitude, second.latitude, second.longitude)
