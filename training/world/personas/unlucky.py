"""Genuine people who look suspicious in one way: a lost phone, a proxy, a rooted phone, many lines at once."""

from dataclasses import replace
from typing import Final

from features.facts import IpKind
from training.world.dice import Choices
from training.world.personas import Story
from training.world.personas.leavers import DAYTIME, without_code
from training.world.personas.manners import earlier, patiently
from training.world.stage import DAY_MS, Stage
from training.world.visit import Visit

ALL_DAY: Final = Choices.of({hour: 1.0 if 7 <= hour < 23 else 0.45 for hour in range(24)})


def lost_phone(stage: Stage, day_ms: int) -> Story:
    """A phone was lost or stolen: new SIM, new phone, in a hurry. It looks like a SIM swap, near home."""
    dice = stage.dice
    person = stage.register.person()
    at_ms = stage.moment(day_ms, ALL_DAY)
    stage.history(person, at_ms)
    wanted = "suspend" if dice.chance(0.75) else dice.pick(("close", "resume"))
    at_ms = yield from earlier(stage, person, at_ms)
    reason, phone, swapped = (
        dice.pick(("lost_stolen", "lost_stolen", "security_risk")),
        stage.newcomer(8),
        dice.chance(0.6),
    )

    def attempt(moment: int, door: str | None) -> Visit:
        visit = stage.visit(
            person,
            moment,
            action=wanted,
            channel=door or dice.pick(("app", "hotline", "store", "app")),
            reason=reason,
            phone=phone,
            own_sim=dice.chance(0.6),
        )
        if swapped:
            visit.sim_changed(dice.between(0.5, 70))
            visit.line_moved_phone(dice.between(0.3, 60))
        if dice.chance(0.35):
            visit.password_reset(dice.between(0.2, 40))
        return visit

    yield from patiently(stage, at_ms, attempt)
    if wanted == "suspend" and dice.chance(0.25):
        # Found again under the sofa, or the new SIM is in.
        again = stage.visit(person, at_ms + int(dice.between(3, 9) * DAY_MS), action="resume", reason="other")
        yield stage.finish(again)


def traveller(stage: Stage, day_ms: int) -> Story:
    """On the road or behind a proxy: the address is anywhere, the phone is the one they always had."""
    dice = stage.dice
    person = stage.register.person()
    at_ms = stage.moment(day_ms, ALL_DAY)
    stage.history(person, at_ms)
    away = stage.country.spot(stage.country.elsewhere(person.home.province))
    kind: IpKind = "datacenter" if dice.chance(0.45) else "broadband"
    proxy = stage.register.address(stage.country.birthplace(), kind)
    ip = stage.country.abroad() if dice.chance(0.2) else proxy
    at_ms = yield from earlier(stage, person, at_ms, 0.25)
    visit = stage.visit(person, at_ms, spot=away if dice.chance(0.6) else None, channel=stage.app("web"), ip=ip)
    visit.put("device", vpn=dice.chance(0.7))
    visit.put("network", roaming=dice.chance(0.25))
    yield stage.finish(visit)


def tinkerer(stage: Stage, day_ms: int) -> Story:
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
    if dice.chance(0.3):
        visit.put("device", access_risk=dice.pick((["UNKNOWN_CONTROLLING"], ["KNOWN_CAPTURING", "UNKNOWN_CAPTURING"])))
    yield stage.finish(visit)


def misuse_victim(stage: Stage, day_ms: int) -> Story:
    """Lines were opened in somebody's name all over the country: closing them looks like a farm."""
    dice = stage.dice
    person = stage.register.person(tenure_days=200)
    count = dice.whole(4, 9)
    at_ms = stage.moment(day_ms, DAYTIME)
    channel = dice.pick(("store", "hotline", "app"))
    contact = dice.name("c")
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
        without_code(visit).body["contacts"] = [stage.form.supplied("yes") | {"token": contact}]
        yield stage.finish(visit)
        at_ms += int(dice.waiting(9) * 60_000)


def enterprise(stage: Stage, day_ms: int) -> Story:
    """A company closes staff lines from one desk, one after the other, in working hours."""
    dice = stage.dice
    admin = stage.register.person(tenure_days=700)
    at_ms = stage.moment(day_ms, DAYTIME)
    count = dice.whole(4, 10)
    stage.history(admin, at_ms)
    purse, desk = dice.name("b"), dice.name("c")
    for _ in range(count):
        line = stage.register.line(admin.line.home, 600)
        visit = stage.visit(replace(admin, line=line), at_ms, action="close", channel="web", own_sim=False)
        visit.put("requester", role="enterprise_admin", document_status="verified")
        visit.body["bundle_count"] = count
        visit.put("balance_transfer", target_token=purse, same_owner="yes")
        visit.body["contacts"] = [stage.form.supplied("yes") | {"token": desk}]
        visit.put("otp", status="passed", destination_is_closing_number=False)
        yield stage.finish(visit)
        at_ms += int(dice.skewed(80, 0.3) * 1000)


def screen_reader(stage: Stage, day_ms: int) -> Story:
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
    yield stage.finish(visit)


def parent(stage: Stage, day_ms: int) -> Story:
    """A parent closes or suspends the line of a child, from their own phone, which knows several lines."""
    dice, at_ms = stage.dice, stage.moment(day_ms)
    adult, children = stage.register.person(lines=dice.whole(2, 5)), dice.whole(1, 2)
    stage.history(adult, at_ms)
    for _ in range(children):
        child = replace(adult, line=stage.register.line(adult.line.home, 500), age="minor")
        visit = stage.visit(
            child,
            at_ms,
            action=dice.pick(("close", "close", "suspend", "unsubscribe")),
            channel=dice.pick(("app", "app", "store", "hotline", "web")),
            own_sim=dice.chance(0.3),
        )
        visit.put("requester", role=dice.pick(("guardian", "guardian", "owner")))
        yield stage.finish(visit)
        at_ms += int(dice.waiting(20) * 60_000) + 60_000
