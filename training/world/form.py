"""The form: what an ordinary request says about the account, the contract, the owner and the papers."""

from typing import Final

from training.world.country import Country
from training.world.dice import Choices, Dice
from training.world.visit import Visit, booked

YES_NO: Final = Choices.of({"yes": 0.78, "no": 0.12, "unknown": 0.1})
STATES: Final = Choices.of({"active": 0.92, "suspended": 0.04, "throttled": 0.02, "frozen": 0.02})
FROZEN: Final = Choices.of({"arrears": 0.5, "security": 0.2, "lost": 0.25, "police": 0.05})
LOCKS: Final = Choices.of({"off": 0.92, "on": 0.045, "recently_off": 0.035})
ITEMS: Final = Choices.of({"verified": 0.8, "unavailable": 0.12, "pending": 0.06, "mismatch": 0.02})
SYNC: Final = Choices.of({"in_sync": 0.92, "lagging": 0.05, "failed": 0.015, "unknown": 0.015})
PAPERS: Final = Choices.of({"verified": 0.78, "provided": 0.12, "pending": 0.06, "failed": 0.02, "not_needed": 0.02})
FEW_PAPERS: Final = Choices.of(
    {"not_needed": 0.86, "provided": 0.06, "verified": 0.06, "pending": 0.01, "failed": 0.01}
)
ID_MATCH: Final = Choices.of({"true": 0.94, "false": 0.015, "not_available": 0.03, "unavailable": 0.015})
ROLES: Final = Choices.of(
    {
        "owner": 0.93,
        "user": 0.025,
        "delegate": 0.02,
        "guardian": 0.008,
        "heir": 0.004,
        "enterprise_admin": 0.006,
        "agent": 0.007,
    }
)
CONTRACTS: Final = Choices.of(
    {
        "none": 0.74,
        "converged_bundle": 0.11,
        "device_subsidy": 0.06,
        "campus": 0.04,
        "group": 0.03,
        "premium_number": 0.02,
    }
)
KYC_ASKED: Final = {"store": 0.9, "hotline": 0.6, "app": 0.5, "web": 0.35, "chatbot": 0.25, "partner_api": 0.3}


class Form:
    """Fills in the carrier's part of a request as it looks for an ordinary customer."""

    def __init__(self, dice: Dice, country: Country) -> None:
        """Take chance and the country."""
        self._dice = dice
        self._country = country

    def fill(self, visit: Visit) -> None:
        """Write every group that the carrier's own books give."""
        self._subscriber(visit)
        self._account(visit)
        self._contract(visit)
        self._cross_province(visit)
        self._papers(visit)
        self._contacts(visit)

    def _subscriber(self, visit: Visit) -> None:
        person, dice = visit.person, self._dice
        visit.put(
            "subscriber",
            msisdn=person.line.msisdn,
            party_id=person.party if dice.chance(0.95) else None,
            home_province=person.line.home if dice.chance(0.97) else None,
            handling_province=visit.spot.province if dice.chance(0.93) else None,
        )
        visit.put(
            "slices",
            age_group=person.age if dice.chance(0.9) else None,
            accessibility=dice.chance(0.03) if dice.chance(0.5) else None,
        )

    def _account(self, visit: Visit) -> None:
        dice, line = self._dice, visit.person.line
        status = dice.one(STATES)
        visit.put(
            "account",
            tenure_days=line.tenure_days,
            status=status,
            frozen_reason="none" if status in {"active", "throttled"} else dice.one(FROZEN),
            prepaid_balance_fen=int(dice.skewed(2500, 1.1)),
            lines_on_id=visit.person.lines,
            last_activity_days=dice.count(0.8) if dice.chance(0.9) else int(dice.skewed(40, 1)),
            premium_tier=line.premium,
            linked_services=line.linked if dice.chance(0.8) else None,
            closure_lock=dice.one(LOCKS) if dice.chance(0.75) else None,
            days_to_cycle_end=dice.whole(0, 30) if dice.chance(0.75) else None,
        )
        if dice.chance(0.2):
            visit.put("account", arrears_fen=int(dice.skewed(2500, 1)), arrears_days=int(dice.skewed(25, 1)))
        else:
            visit.put("account", arrears_fen=0, arrears_days=0)
        self._changes(visit)

    def _changes(self, visit: Visit) -> None:
        """People change contacts and passwords too, some just before they ask: they forgot the old one."""
        dice = self._dice
        if dice.chance(0.13):
            visit.contact_changed(dice.skewed(1500, 1.9))
        if dice.chance(0.2):
            visit.password_reset(dice.skewed(900, 2.6))
        if dice.chance(0.03):
            visit.safety_cancelled(dice.skewed(600, 1.8))
        if dice.chance(0.012):
            visit.lock_taken_off(dice.between(1, 70))

    def _contract(self, visit: Visit) -> None:
        dice = self._dice
        if not dice.chance(0.93):
            return
        kind = dice.one(CONTRACTS)
        if kind == "none" or dice.chance(0.5):
            visit.put("contract", types=[kind], remaining_days=0, early_termination_fee_fen=0)
            return
        fee = int(dice.skewed(9000, 0.8))
        visit.put("contract", types=[kind], remaining_days=int(dice.skewed(150, 0.8)), early_termination_fee_fen=fee)

    def _cross_province(self, visit: Visit) -> None:
        """Home and handling province keep separate books; an item that cannot be checked says nothing of the person."""
        dice = self._dice
        visit.put("sync", state=dice.one(SYNC), lag_s=round(dice.waiting(20), 1))
        if visit.spot.province == visit.person.line.home:
            return
        dead = dice.chance(self._country.silent(visit.spot.province))
        items = ("name", "product", "contract", "bill", "balance", "arrears")
        visit.put("cross_province", **{item: "unavailable" if dead else dice.one(ITEMS) for item in items})

    def _papers(self, visit: Visit) -> None:
        dice = self._dice
        visit.put(
            "requester",
            role=dice.one(ROLES) if dice.chance(0.93) else None,
            document_status=dice.one(PAPERS if visit.channel == "store" else FEW_PAPERS),
        )
        if dice.chance(KYC_ASKED.get(visit.channel, 0.2)):
            low = dice.chance(0.05)
            score = int(dice.between(60, 94)) if low else dice.whole(90, 100)
            visit.put("kyc", name_match_score=score, id_document_match=dice.one(ID_MATCH))

    def _contacts(self, visit: Visit) -> None:
        dice, contacts = self._dice, []
        if dice.chance(0.65):
            contacts.append(
                {
                    "token": visit.person.contact,
                    "source": "on_record",
                    "since_h": booked(dice.skewed(12_000, 1.2)),
                    "same_owner": dice.one(YES_NO),
                    "is_closing_number": dice.chance(0.05),
                }
            )
        if dice.chance(0.16):
            contacts.append(self.supplied(dice.one(YES_NO)))
        if contacts:
            visit.body["contacts"] = contacts
        if visit.action in {"close", "close_remote"} and dice.chance(0.35):
            visit.put("balance_transfer", target_token=dice.name("b"), same_owner=dice.one(YES_NO))

    def supplied(self, same_owner: str) -> dict[str, object]:
        """Return a contact that the requester leaves now."""
        dice = self._dice
        closing = dice.chance(0.04)
        return {
            "token": dice.name("c"),
            "source": "supplied",
            "since_h": 0,
            "same_owner": same_owner,
            "is_closing_number": closing,
        }
