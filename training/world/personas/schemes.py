"""Thieves who work by the dozen or in steps: scripts, porting farms, collectors, mules, the slow ones."""

from dataclasses import replace
from typing import Final

from training.world.outage import DAY_MS, HOUR_MS
from training.world.people import Person
from training.world.personas import Story
from training.world.personas.trade import NIGHTLY, OFFICE, Thief, hidden, persist, thief, victim
from training.world.stage import Stage
from training.world.visit import Visit

MULE_LINES: Final = 6


def bot(stage: Stage, day_ms: int) -> Story:
    """A script works through a list of numbers from one emulator, every so many seconds; stopped often, it slows."""
    dice, at_ms = stage.dice, stage.moment(day_ms, NIGHTLY)
    phone = replace(stage.newcomer(1), platform="android", provider="none")
    one = Thief(stage, stage.gangs.at(at_ms), phone, hidden(stage))
    pace_ms, count = int(dice.between(15, 60) * 1000), dice.whole(4, 9)
    bundled, stopped = dice.chance(0.3), 0
    for _ in range(count):
        visit = stage.visit(
            stage.register.person(),
            at_ms,
            action=dice.pick(("close", "close", "unsubscribe")),
            channel=dice.pick(("app", "app", "web", "partner_api")),
            phone=one.phone,
            own_sim=False,
            line_spot=None,
            ip=one.ip,
        )
        answer = yield one.disguise(_scripted(one, visit, count if bundled else None))
        stopped += answer != "allow"
        if stopped > 2:
            one.phone, one.ip, pace_ms, stopped = stage.newcomer(1), hidden(stage), pace_ms * 20, 0
        at_ms += pace_ms + dice.whole(0, pace_ms // 8)


def _scripted(one: Thief, visit: Visit, bundle: int | None) -> Visit:
    dice = one.stage.dice
    if visit.phone is not None:
        quick = round(dice.skewed(2 if one.slips(0.9) else 9, 0.7), 1)
        visit.put("confirmation", seconds_on_page=quick, edits=0 if dice.chance(0.7) else 1)
    if "hooked" in visit.body.get("device", {}):
        visit.put("device", emulator="yes" if one.slips(0.5) else "no", hooked=one.slips(0.4))
    if "otp" in visit.body:
        visit.put("otp", status=dice.pick(("failed", "expired", "passed", "not_sent")))
    if bundle is not None:
        visit.body["bundle_count"] = bundle
    return visit


def port_farmer(stage: Stage, day_ms: int) -> Story:
    """携号转网: a dealer ports or closes customers' lines for the commission, a handful in an afternoon."""
    dice, at_ms = stage.dice, stage.moment(day_ms, OFFICE)
    province = stage.country.birthplace()
    clerk = stage.shops.clerk(province)
    one = Thief(stage, stage.gangs.at(at_ms))
    for _ in range(dice.whole(2, 5)):
        person = victim(stage, at_ms)
        here = stage.country.spot(province) if dice.chance(0.5) else person.home
        channel = dice.pick(("store", "store", "hotline", "partner_api"))
        visit = stage.visit(person, at_ms, action="close", channel=channel, reason="port_out", spot=here)
        if visit.assisted:
            stage.handled_by(visit, clerk)
            visit.put("agent", override=stage.slips(0.4))
            if one.slips(0.6):
                visit.put("agent", beneficiary_token=one.gang.beneficiary)
        visit.put("network", port_pending=dice.pick(("requested", "authorised")) if one.slips(0.8) else "none")
        visit.put("requester", role=dice.pick(("agent", "delegate", "owner", "owner")))
        if (yield one.disguise(visit)) == "block":
            return
        at_ms += int(dice.waiting(30) * 60_000) + 60_000


def casher(stage: Stage, day_ms: int) -> Story:
    """Balances of several lines flow to one account within days; the lines are closed for it."""
    dice, at_ms = stage.dice, stage.moment(day_ms)
    one = thief(stage, at_ms, 40)
    for _ in range(dice.whole(2, 4)):
        person = victim(stage, at_ms)

        def attempt(moment: int, person: Person = person) -> Visit:
            visit = stage.visit(
                person,
                moment,
                action="close",
                channel=one.channel or stage.app("web", "web"),
                phone=one.phone,
                own_sim=False,
                line_spot=person.home,
                ip=one.ip,
            )
            if one.slips(0.7):
                visit.put("account", prepaid_balance_fen=int(dice.skewed(20_000, 0.8)))
            target = one.gang.target if one.slips(0.75) else dice.name("b")
            visit.put("balance_transfer", target_token=target, same_owner="no" if one.slips(0.6) else "unknown")
            return visit

        at_ms = yield from persist(one, person, at_ms, attempt)
        at_ms += int(dice.between(0.4, 2.5) * DAY_MS)


def mule_herder(stage: Stage, day_ms: int) -> Story:
    """Lines that made fraudulent calls for a few weeks are closed in a batch before anybody freezes them."""
    dice, at_ms = stage.dice, stage.moment(day_ms)
    holder = stage.register.person(tenure_days=25, lines=dice.whole(3, 12))
    phone = stage.register.phone(20 * 24)
    stage.past.of_phone(holder, phone, at_ms)
    one = Thief(stage, stage.gangs.at(at_ms), phone)
    channel = dice.pick(("app", "app", "web", "hotline"))
    for _ in range(dice.whole(2, MULE_LINES)):
        person = replace(holder, line=stage.register.line(holder.home.province, 25, 0))
        visit = stage.visit(person, at_ms, action="close", channel=one.channel or channel, phone=one.phone)
        visit.put("account", last_activity_days=dice.count(0.4), linked_services=dice.count(0.3))
        if one.slips(0.15):
            visit.put("account", status="suspended", frozen_reason="security")
        answer = yield one.disguise(visit)
        if answer != "allow":
            one.learns(holder, answer)
        at_ms += int(dice.waiting(1.5) * HOUR_MS) + 60_000


def precursor(stage: Stage, day_ms: int) -> Story:
    """恶意退订: alerts, call filter and closure lock go first; when nobody notices for some days, the line follows."""
    dice, at_ms = stage.dice, stage.moment(day_ms, NIGHTLY)
    person = victim(stage, at_ms)
    one = thief(stage, at_ms, 10)
    cancelled_ms = at_ms - int(dice.between(0.1, 30) * HOUR_MS)
    wanted = "unsubscribe"

    def attempt(moment: int) -> Visit:
        visit = stage.visit(
            person,
            moment,
            action=wanted,
            channel=one.channel or dice.pick(("app", "app", "web", "chatbot", "voice_assistant")),
            phone=one.phone,
            own_sim=False,
            line_spot=person.home,
            ip=one.ip,
        )
        if one.slips(0.65):
            visit.safety_cancelled((moment - cancelled_ms) / HOUR_MS)
        if one.slips(0.4):
            visit.lock_taken_off(dice.between(0.5, 60))
        for _ in range(dice.count(1.5 * one.care)):
            visit.say("login_failed", dice.between(0.1, 20))
        return visit

    at_ms = yield from persist(one, person, at_ms, attempt)
    wanted = "close"
    yield from persist(one, person, at_ms + int(dice.between(1, 12) * DAY_MS), attempt, first=False)


def silencer(stage: Stage, day_ms: int) -> Story:
    """The line is suspended so that its owner hears nothing from the bank, while the accounts are emptied."""
    dice, at_ms = stage.dice, stage.moment(day_ms)
    person = victim(stage, at_ms)
    one = thief(stage, at_ms, 8)

    def attempt(moment: int) -> Visit:
        visit = stage.visit(
            person,
            moment,
            action="suspend",
            channel=one.channel or dice.pick(("app", "app", "hotline", "web")),
            reason=dice.pick(("lost_stolen", "lost_stolen", "security_risk", "not_needed")),
            phone=one.phone,
            own_sim=False,
            line_spot=person.home,
            ip=one.ip,
        )
        visit.put("otp", bank_code_storm_1h=dice.whole(4, 14) if one.slips(0.75) else 0)
        if one.slips(0.5):
            visit.password_reset(dice.between(0.2, 30))
        if one.slips(0.4):
            visit.put("otp", status="passed", entry_latency_s=round(dice.skewed(45, 0.5), 1), same_province=False)
        return visit

    yield from persist(one, person, at_ms, attempt)
