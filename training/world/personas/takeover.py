"""Thieves who come from outside: with papers, a SIM, a password, a code or a face that is not theirs."""

from dataclasses import replace
from typing import Final

from training.world.outage import HOUR_MS
from training.world.people import Person
from training.world.personas import Story
from training.world.personas.trade import NIGHTLY, OFFICE, Thief, persist, thief, victim
from training.world.stage import Stage
from training.world.visit import Visit

ONLINE_DOORS: Final = ("app", "app", "app", "web", "web", "web", "web", "chatbot", "voice_assistant")
ALL_DOORS: Final = ("app", "app", "app", "web", "web", "hotline", "store", "chatbot", "voice_assistant")


def remote_closer(stage: Stage, day_ms: int) -> Story:
    """恶意异地销号: a stranger with a copy of the papers, far from the line, chooses a province that cannot check."""
    dice, at_ms = stage.dice, stage.moment(day_ms, OFFICE)
    person = victim(stage, at_ms, premium=dice.whole(3, 5) if dice.chance(0.35) else None)
    one = thief(stage, at_ms, 3 if dice.chance(0.7) else 400)
    here = stage.country.spot(stage.country.blind(person.home.province))

    def attempt(moment: int) -> Visit:
        visit = stage.visit(
            person,
            moment,
            action="close",
            channel=one.channel or dice.pick(ALL_DOORS),
            phone=one.phone,
            spot=here,
            line_spot=person.home,
            line_off=dice.chance(0.25),
            ip=one.ip if dice.chance(0.5) else None,
            own_sim=False,
        )
        return _from_afar(one, visit)

    at_ms = yield from persist(one, person, at_ms, attempt)
    if person.lines > 1 and dice.chance(0.3):
        # The papers open every line of their owner.
        person = replace(person, line=stage.register.line(person.line.home))
        yield from persist(one, person, at_ms + int(dice.between(0.2, 30) * HOUR_MS), attempt, first=False)


def _from_afar(one: Thief, visit: Visit) -> Visit:
    """The papers are right, the face may not be; codes are relayed, or the SIM is off and there are none."""
    stage, dice = one.stage, one.stage.dice
    visit.put("kyc", name_match_score=dice.whole(88, 100), id_document_match="true" if dice.chance(0.93) else "false")
    if visit.action == "close_remote" and dice.chance(0.4):
        visit.put("cross_province", **dict.fromkeys(("contract", "bill", "balance"), "unavailable"))
    if visit.phone is not None and dice.chance(0.45):
        stage.evidence.face(visit, match=dice.between(0.4, 0.8) if one.slips(0.9) else 0.85, alive=0.85)
    elif dice.chance(0.4):
        exempt = dice.chance(0.12)
        visit.body["liveness"] = {"consent": "granted", "exempt": True} if exempt else {"consent": "declined"}
    if "hooked" in visit.body.get("device", {}):
        visit.put("device", mock_location=one.slips(0.12))
    if visit.line_spot is None:
        visit.body["otp"] = {"status": "not_possible"}
    elif dice.chance(0.4):
        relayed = round(dice.skewed(50 if one.slips(0.8) else 20, 0.5), 1)
        visit.put("otp", status="passed", entry_latency_s=relayed, same_province=not one.slips(0.6))
    return visit


def sim_swapper(stage: Stage, day_ms: int) -> Story:
    """A new SIM by false papers this morning; the codes come to the thief now, and accounts fall one by one."""
    dice, at_ms = stage.dice, stage.moment(day_ms)
    person = victim(stage, at_ms, premium=dice.whole(3, 5) if dice.chance(0.15) else None)
    one = thief(stage, at_ms, 5, away=dice.chance(0.3))
    near = dice.chance(0.6)
    spot = stage.country.spot(person.home.province if near else stage.country.elsewhere(person.home.province))
    wanted = dice.pick(("close",) * 7 + ("suspend", "suspend", "resume"))
    swapped_ms = at_ms - int(dice.between(0.5, 66) * HOUR_MS)

    def attempt(moment: int) -> Visit:
        visit = stage.visit(
            person,
            moment,
            action=wanted,
            channel=one.channel or stage.app("web", "hotline"),
            phone=one.phone,
            spot=spot,
            own_sim=dice.chance(0.85),
            ip=one.ip,
        )
        return _with_new_sim(one, visit, (moment - swapped_ms) / HOUR_MS)

    at_ms = yield from persist(one, person, at_ms, attempt)
    if wanted != "close" and dice.chance(0.4):
        # First quiet, then gone.
        wanted = "close"
        yield from persist(one, person, at_ms + int(dice.between(0.3, 40) * HOUR_MS), attempt, first=False)


def _with_new_sim(one: Thief, visit: Visit, sim_h: float) -> Visit:
    """The network knows of the SIM, most books of the rest."""
    dice = one.stage.dice
    if one.slips(0.88):
        visit.sim_changed(sim_h)
    if one.slips(0.6):
        visit.line_moved_phone(dice.between(0.2, 40))
    if one.slips(0.55):
        visit.password_reset(dice.between(0.2, 48))
    if one.slips(0.35):
        visit.contact_changed(dice.between(0.2, 40))
    if dice.chance(0.8):
        visit.put("otp", status="passed", entry_latency_s=round(dice.skewed(9, 0.4), 1))
        if one.slips(0.4):
            visit.put("otp", bank_code_storm_1h=dice.whole(4, 12))
    return visit


def account_taker(stage: Stage, day_ms: int) -> Story:
    """Leaked passwords: failures, then a way in; the contact is changed, a safety service dropped, the line closed."""
    dice, at_ms = stage.dice, stage.moment(day_ms, NIGHTLY)
    person = victim(stage, at_ms)
    one = thief(stage, at_ms, 2)
    wanted = dice.pick(("close", "close", "close", "close", "close", "unsubscribe", "unsubscribe", "resume"))

    def attempt(moment: int) -> Visit:
        visit = stage.visit(
            person,
            moment,
            action=wanted,
            channel=one.channel or dice.pick(ONLINE_DOORS),
            phone=one.phone,
            own_sim=False,
            line_spot=person.home,
            ip=one.ip,
        )
        return _broken_into(one, visit)

    at_ms = yield from persist(one, person, at_ms, attempt)
    if wanted != "close" and dice.chance(0.4):
        wanted = "close"
        yield from persist(one, person, at_ms + int(dice.between(2, 200) * HOUR_MS), attempt, first=False)


def _broken_into(one: Thief, visit: Visit) -> Visit:
    """Passwords were tried, and what would warn the owner was changed."""
    dice = one.stage.dice
    for _ in range(dice.count(4 * one.care)):
        visit.say("login_failed", dice.between(0.05, 20))
    if visit.phone is not None:
        hasty = dice.skewed(5 if one.slips(0.9) else 12, 0.8)
        visit.put("confirmation", seconds_on_page=round(hasty, 1), edits=dice.count(0.5))
    if one.slips(0.5):
        visit.contact_changed(dice.between(0.2, 30))
    if one.slips(0.4):
        visit.password_reset(dice.between(0.2, 30))
    if one.slips(0.3):
        visit.safety_cancelled(dice.between(0.2, 40))
    if one.slips(0.3):
        visit.lock_taken_off(dice.between(0.5, 40))
    if dice.chance(0.6):
        ends = dice.pick(("passed", "passed", "passed", "failed"))
        visit.put("otp", sends_1h=dice.whole(1, 5), failed_attempts=dice.count(1.2), status=ends)
    return visit


def code_thief(stage: Stage, day_ms: int) -> Story:
    """Calls and codes are forwarded, or read by malware, and entered elsewhere."""
    dice, at_ms = stage.dice, stage.moment(day_ms)
    person = victim(stage, at_ms)
    one = thief(stage, at_ms, 20 if dice.chance(0.6) else None)

    def attempt(moment: int) -> Visit:
        visit = stage.visit(
            person,
            moment,
            action="close",
            channel=one.channel or stage.app("web"),
            phone=one.phone,
            ip=one.ip or hidden_by_victim(person),
            own_sim=False,
            line_spot=person.home,
        )
        return _with_codes(one, visit)

    yield from persist(one, person, at_ms, attempt)


def hidden_by_victim(person: Person) -> str:
    """Return the victim's own address: malware asks from there."""
    return person.mobile


def _with_codes(one: Thief, visit: Visit) -> Visit:
    """A code that was sent to one place and entered in another."""
    dice = one.stage.dice
    if one.slips(0.65):
        visit.forwarding_set(dice.between(0.2, 30), dice.pick(("unconditional", "unconditional", "conditional")))
    visit.put(
        "otp",
        status="passed",
        channel=dice.pick(("voice", "sms")),
        same_province=not one.slips(0.55),
        entry_latency_s=round(dice.pick((dice.between(0.3, 2), dice.between(40, 110))), 1),
        input_method=dice.pick(("api", "paste", "typed", "typed")),
    )
    if "hooked" in visit.body.get("device", {}):
        visit.put("device", unknown_accessibility=one.slips(0.4))
    return visit


def deepfake(stage: Stage, day_ms: int) -> Story:
    """The face is perfect because a program draws it; the papers are right because they were stolen."""
    dice, at_ms = stage.dice, stage.moment(day_ms)
    person = victim(stage, at_ms)
    one = thief(stage, at_ms, 6)

    def attempt(moment: int) -> Visit:
        visit = stage.visit(
            person,
            moment,
            action="close",
            channel="app",
            phone=one.phone,
            own_sim=False,
            line_spot=person.home,
            ip=one.ip,
        )
        stage.evidence.face(visit, match=0.9, alive=dice.between(0.3, 0.9) if one.slips(0.9) else 0.93)
        visit.put(
            "liveness",
            virtual_camera=one.slips(0.5),
            motion_gyro_corr=round(dice.normal(0.05, 0.15), 2) if one.slips(0.7) else None,
            challenge_latency_ms=[800 + dice.whole(0, 9) for _ in range(3)] if one.slips(0.5) else None,
        )
        visit.put("kyc", name_match_score=dice.whole(95, 100), id_document_match="true")
        return visit

    yield from persist(one, person, at_ms, attempt)
