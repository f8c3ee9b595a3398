"""The shops: clerks at counters and on hotlines, careful and careless ones, and a few who work for somebody outside."""

from dataclasses import dataclass
from typing import Final

from training.world.dice import Dice
from training.world.people import Phone, Register

SHOPS_PER_PROVINCE: Final = 6
CLERKS_PER_SHOP: Final = 3
REGULARS: Final = 3


@dataclass(frozen=True, slots=True)
class Clerk:
    """Somebody at a counter or on a hotline.

    Attributes:
        id: their number.
        store: their shop's.
        careless: how often they skip a check.
        curious: how many records they look at for one that they serve.
    """

    id: str
    store: str
    careless: float
    curious: float


class Shops:
    """The shops of the country; each has its clerks and one phone on the counter that customers may use."""

    def __init__(self, dice: Dice, register: Register) -> None:
        """Take chance, and whoever makes phones."""
        self._dice = dice
        self._register = register
        self._clerks: dict[str, list[Clerk]] = {}
        self._crooked: list[tuple[str, Clerk, str]] = []
        self._counters: dict[str, Phone] = {}
        self._desks: dict[str, str] = {}
        self._regulars: dict[str, list[str]] = {}

    def clerk(self, province: str) -> Clerk:
        """Return a clerk of a province."""
        dice, clerks = self._dice, self._clerks.setdefault(province, [])
        if len(clerks) < SHOPS_PER_PROVINCE * CLERKS_PER_SHOP:
            shop = dice.name("s") if len(clerks) % CLERKS_PER_SHOP == 0 else clerks[-1].store
            careless = min(0.3, dice.skewed(0.025, 0.9))
            clerks.append(Clerk(dice.name("a"), shop, careless, min(6.0, dice.skewed(0.8, 0.6))))
            return clerks[-1]
        return dice.pick(clerks)

    def crooked(self, province: str, most: int) -> tuple[str, Clerk, str]:
        """Return one of a few clerks who work for somebody: province, clerk, and who that is. They serve others too."""
        if len(self._crooked) < most:
            self._crooked.append((province, self.clerk(province), self._dice.name("y")))
            return self._crooked[-1]
        return self._dice.pick(self._crooked)

    def counter_phone(self, store: str) -> Phone:
        """Return the phone on the counter of a shop, with which many lines are closed that have none."""
        if store not in self._counters:
            self._counters[store] = self._register.phone(300 * 24)
        return self._counters[store]

    def desk(self, store: str) -> str:
        """Return the number of a shop itself, which clerks write down for customers who have no other."""
        return self._desks.setdefault(store, self._dice.name("c"))

    def beneficiary(self, clerk: Clerk) -> str:
        """Return in whose name an ordinary customer's number goes on: a firm that comes often, or anybody."""
        regulars = self._regulars.setdefault(clerk.id, [])
        if len(regulars) < REGULARS or self._dice.chance(0.5):
            regulars.append(self._dice.name("y"))
            return regulars[-1]
        return self._dice.pick(regulars[:REGULARS])
