"""Genuine people: students, migrants, the old, the forgetful, the unlucky. Many of them look suspicious in one way."""

from dataclasses import replace
from typing import Final

from features.facts import IpKind
from training.world.dice import Choices
from training.world.people import Phone
from training.world.personas import Persona
from training.world.stage import Stage
from training.world.visit import Visit


def everyday(stage: Stage, day_ms: int) -> None:
    """Somebody drops a service, changes their mind, closes a second line."""
    person = stage.register.person()
    at_ms = stage.moment(day_ms)
    stage.history(person, at_ms)
    if stage.dice.chance(0.12):
        # A phone that was bought last week.
        stage.finish(stage.visit(person, at_ms, phone=_bought(stage, 90)))
        return
    stage.finish(stage.visit(person, at_ms))


def student(stage: Stage, day_ms: int) -> None:
    """The university number is closed from the new city, by the phone that always used it."""
    person = stage.register.person(away=0.55, tenure_days=1300, age="adult")
    at_ms = stage.moment(day_ms)
    stage.history(person, at_ms, logins=4)

    def campus(visit: Visit) -> None:
        if stage.dice.chance(0.8):
            visit.put("contract", types=["campus"], remaining_days=0, early_termination_fee_fen=0)
        visit.put("account", arrears_fen=int(stage.dice.skewed(2000, 1)), days_to_cycle_end=stage.dice.whole(0, 6))

    reason = stage.dice.pick(("moved", "not_needed", "moved", "number_change"))
    phone = _bought(stage, 300) if stage.dice.chance(0.15) else None
    stage.finish(
        stage.visit(
            person, at_ms, action="close", channel=stage.app("web", "chatbot"), reason=reason, phone=phone, fill=campus
        )
    )


def migrant(stage: Stage, day_ms: int) -> None:
    """The number of an earlier work city: the SIM lies in a drawer, the books of two provinces do not talk."""
    dice = stage.dice
    person = stage.register.person(away=0.8, tenure_days=1100)
    at_ms = stage.moment(day_ms)
    off = dice.chance(0.5)
    stage.history(person, at_ms, logins=1.5)

    def idle(visit: Visit) -> None:
        visit.put("account", last_activity_days=int(dice.skewed(150, 0.7)), prepaid_balance_fen=dice.whole(0, 3000))
        if visit.action == "close_remote" and dice.chance(0.35):
            visit.put("cross_province", **dict.fromkeys(("contract", "bill", "arrears"), "unavailable"))

    channel = dice.pick(("app", "app", "hotline", "store", "web"))
    phone = _bought(stage, 500) if dice.chance(0.35) else None
    visit = stage.visit(
        person, at_ms, action="close", channel=channel, phone=phone, own_sim=not off, line_off=off, fill=idle
    )
    if off:
        visit.body["otp"] = {"status": "not_possible"}
    stage.finish(visit)


def elderly(stage: Stage, day_ms: int) -> None:
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
    stage.finish(visit)


def dormant(stage: Stage, day_ms: int) -> None:
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

    channel = dice.pick(("app", "hotline", "store", "web"))
    phone = stage.newcomer(3) if dice.chance(0.5) else _bought(stage, 700)
    visit = stage.visit(
        person,
        at_ms,
        action="close",
        channel=channel,
        reason=dice.pick(("arrears", "not_needed", "cost")),
        phone=phone,
        own_sim=not lost,
        line_off=lost,
        fill=owing,
    )
    if lost:
        visit.body["otp"] = {"status": "not_possible"}
    stage.finish(visit)


def lost_phone(stage: Stage, day_ms: int) -> None:
    """A phone was lost or stolen: new SIM, new phone, in a hurry. It looks like a SIM swap, near home."""
    dice = stage.dice
    person = stage.register.person()
    at_ms = stage.moment(day_ms, ALL_DAY)
    stage.history(person, at_ms)
    wanted = "suspend" if dice.chance(0.75) else dice.pick(("close", "resume"))
    visit = stage.visit(
        person,
        at_ms,
        action=wanted,
        channel=dice.pick(("app", "hotline", "store", "app")),
        reason=dice.pick(("lost_stolen", "lost_stolen", "security_risk")),
        phone=stage.newcomer(8),
        own_sim=dice.chance(0.6),
    )
    if dice.chance(0.6):
        visit.sim_changed(dice.between(0.5, 70))
        visit.line_moved_phone(dice.between(0.3, 60))
    if dice.chance(0.35):
        visit.password_reset(dice.between(0.2, 40))
    stage.finish(visit)


def churner(stage: Stage, day_ms: int) -> None:
    """Another carrier is cheaper; the contract is at its end."""
    dice = stage.dice
    person = stage.register.person(tenure_days=700)
    at_ms = stage.moment(day_ms)
    stage.history(person, at_ms)
    visit = stage.visit(
        person, at_ms, action="close", reason=dice.pick(("port_out", "cost", "number_change")), channel=stage.app("web")
    )
    if dice.chance(0.5):
        visit.put("network", port_pending=dice.pick(("requested", "authorised")))
    stage.finish(visit)


def traveller(stage: Stage, day_ms: int) -> None:
    """On the road or behind a proxy: the address is anywhere, the phone is the one they always had."""
    dice = stage.dice
    person = stage.register.person()
    at_ms = stage.moment(day_ms, ALL_DAY)
    stage.history(person, at_ms)
    away = stage.country.spot(stage.country.elsewhere(person.home.province))
    kind: IpKind = "datacenter" if dice.chance(0.45) else "broadband"
    ip = stage.register.address(stage.country.birthplace(), kind)
    visit = stage.visit(person, at_ms, spot=away if dice.chance(0.6) else None, channel=stage.app("web"), ip=ip)
    visit.put("device", vpn=dice.chance(0.7))
    visit.put("network", roaming=dice.chance(0.25))
    stage.finish(visit)


def tinkerer(stage: Stage, day_ms: int) -> None:
    """A rooted phone, a foreign system, a tool that looks odd: an enthusiast, and no thief."""
    dice = stage.dice
    person = stage.register.person()
    at_ms = stage.moment(day_ms, ALL_DAY)
    stage.history(person, at_ms)
    visit = stage.visit(person, at_ms, channel="app")
    visit.put(
        "device",
        rooted="yes" if dice.chance(0.7) else "no",
        multi_open=dice.chance(0.35),
        hooked=dice.chance(0.12),
        emulator="yes" if dice.chance(0.08) else "no",
        mock_location=dice.chance(0.1),
        vpn=dice.chance(0.3),
        unknown_accessibility=dice.chance(0.15),
    )
    stage.finish(visit)


def heir(stage: Stage, day_ms: int) -> None:
    """A relative closes the line of somebody who died."""
    dice = stage.dice
    person = stage.register.person(age="elderly", tenure_days=3000)
    at_ms = stage.moment(day_ms, DAYTIME)
    visit = stage.visit(
        person, at_ms, action="close", channel=dice.pick(("store", "hotline", "store")), reason="deceased"
    )
    visit.put("requester", role="heir", document_status=dice.pick(("pending", "verified", "provided", "verified")))
    visit.put("kyc", name_match_score=dice.whole(5, 60), id_document_match="false" if dice.chance(0.8) else "true")
    visit.put("account", last_activity_days=dice.whole(10, 200))
    stage.finish(visit)


def misuse_victim(stage: Stage, day_ms: int) -> None:
    """Lines were opened in somebody's name all over the country: closing them looks like a farm."""
    dice = stage.dice
    person = stage.register.person(tenure_days=200)
    count = dice.whole(4, 9)
    at_ms = stage.moment(day_ms, DAYTIME)
    channel = dice.pick(("store", "hotline", "app"))
    for _ in range(count):
        line = stage.register.line(stage.country.birthplace(), 150)
        visit = stage.visit(
            replace(person, line=line),
            at_ms,
            action="close",
            channel=channel,
            line_off=True,
            reason="identity_misuse" if dice.chance(0.7) else "not_needed",
        )
        visit.put("account", lines_on_id=count + 1, tenure_days=line.tenure_days)
        visit.put("requester", role="owner", document_status="verified" if dice.chance(0.7) else "provided")
        visit.body["otp"] = {"status": "not_possible"}
        stage.finish(visit)
        at_ms += int(dice.waiting(9) * 60_000)


def enterprise(stage: Stage, day_ms: int) -> None:
    """A company closes staff lines from one desk, one after the other, in working hours."""
    dice = stage.dice
    admin = stage.register.person(tenure_days=700)
    at_ms = stage.moment(day_ms, DAYTIME)
    count = dice.whole(4, 10)
    stage.history(admin, at_ms)
    for _ in range(count):
        line = stage.register.line(admin.line.home, 600)
        visit = stage.visit(replace(admin, line=line), at_ms, action="close", channel="web", own_sim=False)
        visit.put("requester", role="enterprise_admin", document_status="verified")
        visit.body["bundle_count"] = count
        visit.put("otp", status="passed", destination_is_closing_number=False)
        stage.finish(visit)
        at_ms += int(dice.skewed(80, 0.3) * 1000)


def screen_reader(stage: Stage, day_ms: int) -> None:
    """Somebody who cannot see the screen: slow, helped by another program, and not by their face."""
    dice = stage.dice
    person = stage.register.person()
    at_ms = stage.moment(day_ms)
    stage.history(person, at_ms)
    visit = stage.visit(person, at_ms, channel="app")
    visit.put("confirmation", seconds_on_page=round(dice.between(50, 200), 1))
    visit.put("device", unknown_accessibility=dice.chance(0.15))
    visit.put("slices", accessibility=True)
    visit.body["liveness"] = {"consent": "declined"} if dice.chance(0.6) else {"consent": "granted", "exempt": True}
    stage.finish(visit)


def _bought(stage: Stage, days: float) -> Phone:
    """Return a phone that was bought about so many days ago; the line has not used it much."""
    return stage.register.phone(days * 24)


DAYTIME: Final = Choices.of(dict.fromkeys(range(9, 18), 1.0))
ALL_DAY: Final = Choices.of({hour: 1.0 if 7 <= hour < 23 else 0.45 for hour in range(24)})

PERSONAS: Final = (
    Persona("everyday", "legitimate", 0.30, everyday),
    Persona("student", "legitimate", 0.14, student),
    Persona("migrant", "legitimate", 0.11, migrant),
    Persona("elderly", "legitimate", 0.08, elderly),
    Persona("dormant", "legitimate", 0.11, dormant),
    Persona("lost_phone", "legitimate", 0.07, lost_phone),
    Persona("churner", "legitimate", 0.11, churner),
    Persona("traveller", "legitimate", 0.05, traveller),
    Persona("tinkerer", "legitimate", 0.035, tinkerer),
    Persona("heir", "legitimate", 0.02, heir),
    Persona("misuse_victim", "legitimate", 0.006, misuse_victim),
    Persona("enterprise", "legitimate", 0.006, enterprise),
    Persona("screen_reader", "legitimate", 0.02, screen_reader),
)
