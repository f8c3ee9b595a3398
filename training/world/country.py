"""The country: provinces with their people and migrants, numbers and addresses that look up right, distances in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Final, Protocol

from features.facts import Facts, IpKind
from features.request import ScreeningRequest
from training.world.dice import Choices, Dice

KM_PER_DEGREE: Final = 111.2


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where somebody is."""

    province: str
    latitude: float
    longitude: float

    def near(self, dice: Dice, km: float) -> "Spot":
        """Return a spot some kilometres off, in the same province."""
        latitude = self.latitude + dice.normal(0, km) / KM_PER_DEGREE
        longitude = self.longitude + dice.normal(0, km) / (KM_PER_DEGREE * cos(radians(self.latitude)))
        return Spot(self.province, latitude, longitude)


class Atlas(Protocol):
    """Which numbers and addresses belong where; `features.places.Places` is one."""

    def numbers_of(self, province: str) -> Sequence[str]:
        """Return first digits of numbers of a province."""
        ...

    def addresses_of(self, province: str, kind: IpKind) -> Sequence[str]:
        """Return addresses of a province and a kind of provider."""
        ...

    def facts(self, request: ScreeningRequest) -> Facts:
        """Return what serving would look up about a request."""
        ...


# Code: people in millions (census of 2020), share of migrants who come here, position of its capital.
PROVINCES: Final[dict[str, tuple[float, float, float, float]]] = {
    "110000": (21.9, 8.4, 39.90, 116.41),
    "120000": (13.9, 3.5, 39.13, 117.20),
    "130000": (74.6, 3.2, 38.04, 114.51),
    "140000": (34.9, 1.6, 37.87, 112.55),
    "150000": (24.0, 1.7, 40.84, 111.75),
    "210000": (42.6, 2.8, 41.80, 123.43),
    "220000": (24.1, 1.0, 43.82, 125.32),
    "230000": (31.9, 0.8, 45.80, 126.53),
    "310000": (24.9, 10.5, 31.23, 121.47),
    "320000": (84.7, 10.3, 32.06, 118.80),
    "330000": (64.6, 16.2, 30.27, 120.15),
    "340000": (61.0, 1.6, 31.82, 117.23),
    "350000": (41.5, 4.9, 26.07, 119.30),
    "360000": (45.2, 1.3, 28.68, 115.86),
    "370000": (101.5, 4.1, 36.65, 117.12),
    "410000": (99.4, 1.3, 34.75, 113.63),
    "420000": (57.8, 2.2, 30.59, 114.31),
    "430000": (66.4, 1.6, 28.23, 112.94),
    "440000": (126.0, 29.6, 23.13, 113.26),
    "450000": (50.1, 1.4, 22.82, 108.37),
    "460000": (10.1, 1.1, 20.04, 110.34),
    "500000": (32.1, 2.2, 29.56, 106.55),
    "510000": (83.7, 2.6, 30.57, 104.07),
    "520000": (38.6, 1.1, 26.65, 106.63),
    "530000": (47.2, 2.2, 25.04, 102.71),
    "540000": (3.6, 0.4, 29.65, 91.14),
    "610000": (39.5, 1.9, 34.34, 108.94),
    "620000": (25.0, 0.8, 36.06, 103.83),
    "630000": (5.9, 0.4, 36.62, 101.78),
    "640000": (7.2, 0.7, 38.49, 106.23),
    "650000": (25.9, 3.4, 43.83, 87.62),
}


class Country:
    """Draws places, numbers and addresses."""

    def __init__(self, dice: Dice, atlas: Atlas) -> None:
        """Take chance and the look-ups."""
        self._dice = dice
        self._atlas = atlas
        self._people = Choices.of({code: row[0] for code, row in PROVINCES.items()})
        self._migrants = Choices.of({code: row[1] for code, row in PROVINCES.items()})
        self._given: set[str] = set()

    def birthplace(self) -> str:
        """Return a province, by how many people live there."""
        return self._dice.one(self._people)

    def elsewhere(self, home: str) -> str:
        """Return another province, by how many migrants go there."""
        while (found := self._dice.one(self._migrants)) == home:
            continue
        return found

    def spot(self, province: str) -> Spot:
        """Return where somebody lives in a province: around its capital."""
        _, _, latitude, longitude = PROVINCES[province]
        return Spot(province, latitude, longitude).near(self._dice, 45)

    def number(self, province: str) -> str:
        """Return a number of a province that nobody has yet."""
        while True:
            prefix = self._dice.pick(self._atlas.numbers_of(province))
            number = f"+86{prefix}{self._dice.whole(0, 9999):04d}"
            if number not in self._given:
                self._given.add(number)
                return number

    def address(self, province: str, kind: IpKind) -> str:
        """Return an address of a province."""
        return self._dice.pick(self._atlas.addresses_of(province, kind))

    def facts(self, request: ScreeningRequest) -> Facts:
        """Return what serving would look up about a request."""
        return self._atlas.facts(request)
