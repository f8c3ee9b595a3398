"""People: who they are, the line they may close, the phones they use and where they live and work."""

from dataclasses import dataclass
from typing import Final, Literal

from features.facts import IpKind
from training.world.country import Country, Spot
from training.world.dice import Choices, Dice

Platform = Literal["android", "ios", "harmony", "other"]
AgeGroup = Literal["minor", "adult", "elderly"]

PLATFORMS: Final = Choices.of({"android": 0.58, "ios": 0.22, "harmony": 0.18, "other": 0.02})
PROVIDERS: Final = {
    "android": Choices.of({"none": 0.72, "play_integrity": 0.16, "oem": 0.12}),
    "ios": Choices.of({"app_attest": 0.93, "none": 0.07}),
    "harmony": Choices.of({"none": 0.6, "oem": 0.4}),
    "other": Choices.of({"none": 1.0}),
}
OS_VERSIONS: Final = {
    "android": Choices.of({"15": 0.35, "14": 0.3, "13": 0.2, "11": 0.15}),
    "ios": Choices.of({"26.1": 0.4, "18.6": 0.45, "17.5": 0.15}),
    "harmony": Choices.of({"5.1": 0.5, "4.2": 0.5}),
    "other": Choices.of({"1": 1.0}),
}
APP_VERSIONS: Final = Choices.of({"9.2.1": 0.5, "9.2.0": 0.25, "9.1.4": 0.15, "8.8.0": 0.1})
PREMIUM: Final = Choices.of({0: 0.84, 1: 0.07, 2: 0.04, 3: 0.025, 4: 0.015, 5: 0.01})
AGES: Final[Choices[AgeGroup]] = Choices.of({"adult": 0.86, "elderly": 0.1, "minor": 0.04})

ADDRESSES: Final[dict[IpKind, int]] = {"broadband": 60, "mobile": 6, "edu": 3, "datacenter": 15, "unknown": 10}
"""Addresses per province that a simulation knows: neighbours share one at times, a mobile network's gateway has very
many behind it (CGNAT), and a campus all of its students."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone, and what it is like for good."""

    id: str
    platform: str
    os_version: str
    app_version: str
    provider: str
    age_h: float
    rooted: bool
    multi_open: bool
    accessibility: bool


@dataclass(frozen=True, slots=True)
class Line:
    """The number that may be closed."""

    msisdn: str
    home: str
    tenure_days: int
    premium: int
    linked: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a line.

    Attributes:
        party: who they are in the carrier's books.
        age: for slices alone.
        line: the number.
        lines: how many numbers they have.
        home: where they live now; their line may be from elsewhere.
        phone: the one they use every day.
        broadband: their address at home.
        mobile: their address on mobile data; shared by very many.
        contact: a second way to reach them.
    """

    party: str
    age: str
    line: Line
    lines: int
    home: Spot
    phone: Phone
    broadband: str
    mobile: str
    contact: str


class Register:
    """Makes people, phones and lines."""

    def __init__(self, dice: Dice, country: Country) -> None:
        """Take chance and the country."""
        self._dice = dice
        self._country = country
        self._households: dict[tuple[str, IpKind], list[str]] = {}

    def person(  # noqa: PLR0913 - what personas differ in
        self,
        *,
        away: float = 0.12,
        tenure_days: float = 900,
        phone_h: float = 400 * 24,
        age: AgeGroup | None = None,
        lines: int | None = None,
        premium: int | None = None,
    ) -> Person:
        """Make somebody.

        Args:
            away: how likely they live in another province than their line's.
            tenure_days: median age of the line.
            phone_h: median age of the phone in their hands, in hours.
            age: their age group, drawn when not given.
            lines: how many lines they have, drawn when not given.
            premium: how precious the number is, drawn when not given.
        """
        dice = self._dice
        born = self._country.birthplace()
        lives = self._country.elsewhere(born) if dice.chance(away) else born
        return Person(
            party=dice.name("p"),
            age=age or dice.one(AGES),
            line=self.line(born, tenure_days, premium),
            lines=lines or 1 + dice.count(0.9),
            home=self._country.spot(lives),
            phone=self.phone(phone_h),
            broadband=self.address(lives, "broadband"),
            mobile=self.address(lives, "mobile"),
            contact=dice.name("c"),
        )

    def line(self, province: str, tenure_days: float = 900, premium: int | None = None) -> Line:
        """Make a line of a province."""
        dice = self._dice
        # Now and then a number was carried over from elsewhere, and its block says so.
        block = self._country.elsewhere(province) if dice.chance(0.015) else province
        return Line(
            msisdn=self._country.number(block),
            home=province,
            tenure_days=min(9000, int(dice.skewed(tenure_days, 0.9))),
            premium=dice.one(PREMIUM) if premium is None else premium,
            linked=dice.count(3.5),
        )

    def phone(self, age_h: float, sigma: float = 0.9) -> Phone:
        """Make a phone of about this age, in hours."""
        dice = self._dice
        platform = dice.one(PLATFORMS)
        return Phone(
            id=dice.name("d"),
            platform=platform,
            os_version=dice.one(OS_VERSIONS[platform]),
            app_version=dice.one(APP_VERSIONS),
            provider=dice.one(PROVIDERS[platform]),
            age_h=dice.skewed(age_h, sigma),
            rooted=dice.chance(0.03),
            multi_open=dice.chance(0.05),
            accessibility=dice.chance(0.015),
        )

    def address(self, province: str, kind: IpKind) -> str:
        """Return an address that a few others in the province use too."""
        pool = self._households.setdefault((province, kind), [])
        if len(pool) < ADDRESSES[kind]:
            pool.append(self._country.address(province, kind))
            return pool[-1]
        return self._dice.pick(pool)
