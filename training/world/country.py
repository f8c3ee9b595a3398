"""The country: provinces with their people and migrants, numbers and addresses that look up right, distances in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Final, Protocol

from features.facts import Facts, IpKind
from features.provinces import BY_CODE
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


# Code: people in millions (census of 2020), share of migrants who come here.
PROVINCES: Final[dict[str, tuple[float, float]]] = {
    "110000": (21.9, 8.4),
    "120000": (13.9, 3.5),
    "130000": (74.6, 3.2),
    "140000": (34.9, 1.6),
    "150000": (24.0, 1.7),
    "210000": (42.6, 2.8),
    "220000": (24.1, 1.0),
    "230000": (31.9, 0.8),
    "310000": (24.9, 10.5),
    "320000": (84.7, 10.3),
    "330000": (64.6, 16.2),
    "340000": (61.0, 1.6),
    "350000": (41.5, 4.9),
    "360000": (45.2, 1.3),
    "370000": (101.5, 4.1),
    "410000": (99.4, 1.3),
    "420000": (57.8, 2.2),
    "430000": (66.4, 1.6),
    "440000": (126.0, 29.6),
    "450000": (50.1, 1.4),
    "460000": (10.1, 1.1),
    "500000": (32.1, 2.2),
    "510000": (83.7, 2.6),
    "520000": (38.6, 1.1),
    "530000": (47.2, 2.2),
    "540000": (3.6, 0.4),
    "610000": (39.5, 1.9),
    "620000": (25.0, 0.8),
    "630000": (5.9, 0.4),
    "640000": (7.2, 0.7),
    "650000": (25.9, 3.4),
}


ABROAD: Final = ("8.8", "77.88", "168.126", "126.20", "81.2")
"""First halves of addresses outside China: America, Russia, Korea, Japan, Britain."""


class Country:
    """Draws places, numbers and addresses."""

    def __init__(self, dice: Dice, atlas: Atlas) -> None:
        """Take chance and the look-ups."""
        self._dice = dice
        self._atlas = atlas
        self.people = Choices.of({code: row[0] for code, row in PROVINCES.items()})
        self._migrants = Choices.of({code: row[1] for code, row in PROVINCES.items()})
        self._given: set[str] = set()
        self._silent = {code: min(0.5, dice.skewed(0.07, 0.8)) for code in PROVINCES}

    def birthplace(self) -> str:
        """Return a province, by how many people live there."""
        return self._dice.one(self.people)

    def elsewhere(self, home: str) -> str:
        """Return another province, by how many migrants go there."""
        while (found := self._dice.one(self._migrants)) == home:
            continue
        return found

    def silent(self, province: str) -> float:
        """Return how often a province's books cannot be asked from another."""
        return self._silent[province]

    def blind(self, home: str) -> str:
        """Return another province that can seldom check; thieves know which."""
        found = (self.elsewhere(home) for _ in range(3))
        return max(found, key=self._silent.__getitem__)

    def spot(self, province: str) -> Spot:
        """Return where somebody lives in a province: around its capital."""
        capital = BY_CODE[province]
        return Spot(province, capital.latitude, capital.longitude).near(self._dice, 45)

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

    def abroad(self) -> str:
        """Return an address outside the country."""
        return f"{self._dice.pick(ABROAD)}.{self._dice.whole(1, 254)}.{self._dice.whole(1, 254)}"

    def facts(self, request: ScreeningRequest) -> Facts:
        """Return what serving would look up about a request."""
        return self._atlas.facts(request)
