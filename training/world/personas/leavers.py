"""Genuine people with an ordinary reason to go: students, migrants, the old, the forgetful, heirs."""

from typing import Final

from training.world.dice import Choices
from training.world.people import Phone
from training.world.personas import Story
from training.world.personas.manners import earlier, patiently
from training.world.stage import ACTIONS, DAY_MS, Stage
from training.world.visit import Visit

DAYTIME: Final = Choices.of(dict.fromkeys(range(9, 18), 1.0))


def everyday(stage: Stage, day_ms: int) -> Story:
    """Somebody drops a service, changes their mind, closes a second line."""
    person = stage.register.person()
    dice, at_ms = stage.dice, stage.moment(day_ms)
    stage.history(person, at_ms)
    # Some have a phone that was bought lately, some use the one on a shop's counter or borrow their family's.
    phone = bought(stage, 90) if dice.chance(0.12) else None
    borrowed = dice.chance(0.03)
    if borrowed:
        phone = stage.shops.counter_phone(stage.shops.clerk(person.home.province).store)
    at_ms = yield from earlier(stage, person, at_ms)
    wanted = dice.one(ACTIONS)

    def attempt(moment: int, door: str | None) -> Visit:
        door = door or ("app" if borrowed else None)
        return stage.visit(person, moment, action=wanted, channel=door, phone=phone, own_sim=not borrowed)

    yield from patiently(stage, at_ms, attempt)
    if dice.chance(0.04):
        # Given up on the first page, and done properly some hours later.
        yield stage.finish(attempt(at_ms + int(dice.between(0.1, 3) * DAY_MS) + 3 * DAY_MS, None))


def student(stage: Stage, day_ms: int) -> Story:
    """The university number is closed from the new city, by the phone that always used it."""
    person = stage.register.person(away=0.55, tenure_days=1300, age="adult")
    at_ms = stage.moment(day_ms)
    stage.history(person, at_ms, logins=4)

    def campus(visit: Visit) -> None:
        if stage.dice.chance(0.8):
            visit.put("contract", types=["campus"], remaining_days=0, early_termination_fee_fen=0)
        visit.put("account", arrears_fen=int(stage.dice.skewed(2000, 1)), days_to_cycle_end=stage.dice.whole(0, 6))

    dice = stage.dice
    reason = dice.pick(("moved", "not_needed", "moved", "number_change"))
    phone = bought(stage, 300) if dice.chance(0.15) else None
    campus_ip = stage.register.address(person.home.province, "edu") if dice.chance(0.3) else None

    def attempt(moment: int, door: str | None) -> Visit:
        return stage.visit(
            person,
            moment,
            action="close",
            channel=door or stage.app("web", "chatbot"),
            reason=reason,
            phone=phone,
            ip=campus_ip,
            fill=campus,
        )

    yield from patiently(stage, at_ms, attempt)


def migrant(stage: Stage, day_ms: int) -> Story:
    """The number of an earlier work city: the SIM lies in a drawer, the books of two provinces do not talk."""
    dice = stage.dice
    person = stage.register.person(away=0.8, tenure_days=1100)
    at_ms = stage.moment(day_ms)
    off = dice.chance(0.5)
    # Otherwise the SIM is with the parents at times, and rings in the province that it is from.
    there = stage.country.spot(person.line.home) if not off and dice.chance(0.4) else None
    away = off or there is not None
    stage.history(person, at_ms, logins=1.5)

    def idle(visit: Visit) -> None:
        visit.put("account", last_activity_days=int(dice.skewed(150, 0.7)), prepaid_balance_fen=dice.whole(0, 3000))
        if visit.action == "close_remote" and dice.chance(0.35):
            visit.put("cross_province", **dict.fromkeys(("contract", "bill", "arrears"), "unavailable"))

    channel = dice.pick(("app", "app", "hotline", "store", "web"))
    phone = bought(stage, 500) if dice.chance(0.35) else None

    def attempt(moment: int, door: str | None) -> Visit:
        visit = stage.visit(
            person,
            moment,
            action="close",
            channel=door or channel,
            phone=phone,
            own_sim=not away,
            line_off=off,
            line_spot=there,
            fill=idle,
        )
        return without_code(visit) if off else visit

    yield from patiently(stage, at_ms, attempt)


def elderly(stage: Stage, day_ms: int) -> Story:
    """At a counter, with papers and often with somebody from the family; a face check is hard for them."""
    dice = stage.dice
    person = stage.register.person(age="elderly", tenure_days=2600)
    at_ms = stage.moment(day_ms, DAYTIME)
    stage.past.of_person(person, at_ms)
    visit = stage.visit(person, at_ms, action=dice.pick(("close", "unsubscribe", "suspend")), channel="store")
    visit.put(
        "requester",
        role="delegate" if dice.chance(0.25) else "owner",
        document_status="verified" if dice.chance(0.95) else "provided",
    )
    if dice.chance(0.3):
        stage.evidence.face(visit, match=0.78)
    visit.put("slices", accessibility=dice.chance(0.2))
    if dice.chance(0.12):
        # The clerk writes down the shop's own number.
        desk = stage.shops.desk(visit.body["agent"]["store_id"])
        visit.body["contacts"] = [stage.form.supplied("unknown") | {"token": desk}]
    yield stage.finish(visit)


def dormant(stage: Stage, day_ms: int) -> Story:
    """A line that nobody used for a year, with a late fee that grows; the SIM is lost and the phone long replaced."""
    dice = stage.dice
    person = stage.register.person(away=0.35, tenure_days=1500)
    at_ms = stage.moment(day_ms)
    lost = dice.chance(0.75)

    def owing(visit: Visit) -> None:
        owed = int(dice.skewed(9000, 0.8))
        visit.put(
            "account",
            last_activity_days=int(dice.skewed(320, 0.5)),
            arrears_fen=owed,
            arrears_days=int(dice.skewed(200, 0.5)),
            status="suspended" if dice.chance(0.7) else "active",
            frozen_reason="arrears" if dice.chance(0.5) else "none",
        )

    phone = stage.newcomer(3) if dice.chance(0.5) else bought(stage, 700)

    def attempt(moment: int, door: str | None) -> Visit:
        visit = stage.visit(
            person,
            moment,
            action="close",
            channel=door or dice.pick(("app", "hotline", "store", "web")),
            reason=dice.pick(("arrears", "not_needed", "cost")),
            phone=phone,
            own_sim=not lost,
            line_off=lost,
            fill=owing,
        )
        return without_code(visit) if lost else visit

    yield from patiently(stage, at_ms, attempt)


def churner(stage: Stage, day_ms: int) -> Story:
    """Another carrier is cheaper; the contract is at its end."""
    dice = stage.dice
    person = stage.register.person(tenure_days=700)
    at_ms = stage.moment(day_ms)
    stage.history(person, at_ms)
    reason = dice.pick(("port_out", "cost", "number_change"))
    at_ms = yield from earlier(stage, person, at_ms)

    def attempt(moment: int, door: str | None) -> Visit:
        visit = stage.visit(person, moment, action="close", reason=reason, channel=door or stage.app("web"))
        if dice.chance(0.5):
            visit.put("network", port_pending=dice.pick(("requested", "authorised")))
        return visit

    yield from patiently(stage, at_ms, attempt)


def heir(stage: Stage, day_ms: int) -> Story:
    """A relative closes the line of somebody who died."""
    dice = stage.dice
    person = stage.register.person(age="elderly", tenure_days=3000)
    at_ms = stage.moment(day_ms, DAYTIME)
    idle_days, papers = dice.whole(10, 200), ("pending", "verified", "provided", "verified")

    def attempt(moment: int, door: str | None) -> Visit:
        channel = door or dice.pick(("store", "hotline", "store"))
        visit = stage.visit(person, moment, action="close", channel=channel, reason="deceased")
        visit.put("requester", role="heir", document_status="verified" if door else dice.pick(papers))
        visit.put("kyc", name_match_score=dice.whole(5, 60), id_document_match="false" if dice.chance(0.8) else "true")
        visit.put("account", last_activity_days=idle_days)
        return visit

    yield from patiently(stage, at_ms, attempt)


def without_code(visit: Visit) -> Visit:
    """Return a visit of somebody whose SIM is off or lost: no code can reach it."""
    visit.body["otp"] = {"status": "not_possible"}
    return visit


def bought(stage: Stage, days: float) -> Phone:
    """Return a phone that was bought about so many days ago; the line has not used it much."""
    return stage.register.phone(days * 24)
