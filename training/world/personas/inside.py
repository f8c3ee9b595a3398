"""Thieves who are near: a clerk, a collector at the counter, a voice on the telephone, somebody from the household."""

from typing import Final

from training.world.outage import DAY_MS, HOUR_MS
from training.world.personas import Story
from training.world.personas.trade import LATE, NIGHTLY, OFFICE, Thief, persist, thief, victim
from training.world.stage import Stage
from training.world.visit import Visit

INSIDERS: Final = 5
THEIR_OWN: Final = ("app",) * 7 + ("web", "chatbot")
TOOLS: Final = (
    ["UNKNOWN_CONTROLLING"],
    ["UNKNOWN_CAPTURING"],
    ["UNKNOWN_CAPTURING", "UNKNOWN_CONTROLLING"],
    ["KNOWN_CONTROLLING", "UNKNOWN_OVERLAYS"],
)


def premium_hunter(stage: Stage, day_ms: int) -> Story:
    """A precious number that nobody watches is closed at a counter with forged papers, to be registered anew."""
    dice, at_ms = stage.dice, stage.moment(day_ms, OFFICE)
    person = stage.register.person(premium=dice.whole(3, 5), tenure_days=2500)
    stage.past.of_person(person, at_ms)
    one = thief(stage, at_ms, 30, away=False)
    # Weeks before, somebody who may look asks whose the number is and whether it is in use.
    for _ in range(dice.count(1.2)):
        clerk = stage.shops.clerk(person.line.home)
        ago_ms = int(dice.between(1, 30) * DAY_MS)
        stage.past.about("record_viewed_by_agent", person, at_ms - ago_ms, others={"agent": clerk.id})

    province, clerk, friend = stage.shops.crooked(person.line.home, INSIDERS)
    helped = dice.chance(0.4)

    def attempt(moment: int) -> Visit:
        visit = stage.visit(
            person,
            moment,
            action="close",
            channel=one.channel or ("store" if helped else dice.pick(("store", "store", "hotline", "app"))),
            phone=one.phone,
            spot=stage.country.spot(province) if helped and one.slips(0.5) else None,
            own_sim=False,
            line_off=dice.chance(0.7),
        )
        if helped and visit.assisted:
            stage.handled_by(visit, clerk)
        return _with_forged_papers(one, visit, friend if helped else one.gang.beneficiary)

    yield from persist(one, person, at_ms, attempt)
    if dice.chance(0.5):
        # The number is ordered again within weeks, which only those who look back see.
        later_ms = at_ms + int(dice.between(2, 20) * DAY_MS)
        stage.past.about("number_reregistered", person, later_ms, province=person.line.home)


def _with_forged_papers(one: Thief, visit: Visit, beneficiary: str) -> Visit:
    """The papers look right, or nearly so; somebody is named who gets the number."""
    dice = one.stage.dice
    visit.put("account", last_activity_days=int(dice.skewed(120, 0.8)))
    papers = ("verified", "provided", "verified", "failed" if one.slips(0.5) else "pending")
    visit.put("requester", role="delegate" if dice.chance(0.3) else "owner", document_status=dice.pick(papers))
    matched = "false" if one.slips(0.15) else "true"
    visit.put("kyc", name_match_score=dice.whole(60, 100), id_document_match=matched)
    if visit.assisted and one.slips(0.5):
        visit.put("agent", beneficiary_token=beneficiary)
    if visit.line_spot is None and dice.chance(0.8):
        visit.body["otp"] = {"status": "not_possible"}
    return visit


def insider(stage: Stage, day_ms: int) -> Story:
    """A clerk closes customers' lines for somebody outside, late, with a check skipped; the same few do, for weeks."""
    dice, at_ms = stage.dice, stage.moment(day_ms, LATE)
    province, clerk, friend = stage.shops.crooked(stage.country.birthplace(), INSIDERS)
    for _ in range(dice.whole(1, 3)):
        person = victim(stage, at_ms, premium=dice.whole(2, 5) if dice.chance(0.4) else None)
        here = stage.country.spot(province) if dice.chance(0.4) else person.home
        visit = stage.visit(person, at_ms, action="close", channel="store", spot=here)
        stage.handled_by(visit, clerk)
        visit.put("agent", override=stage.slips(0.65))
        if stage.slips(0.65):
            visit.put("agent", beneficiary_token=friend)
        for _ in range(dice.count(2.5)):
            visit.say("record_viewed_by_agent", dice.between(0.1, 20), agent=clerk.id, store=clerk.store)
        if stage.slips(0.5):
            visit.body["otp"] = {"status": "not_sent"}
        answer = yield stage.finish(visit)
        if answer != "allow" and dice.chance(0.5):
            return  # too hot for tonight
        at_ms += int(dice.waiting(25) * 60_000)


def coached(stage: Stage, day_ms: int) -> Story:
    """The owner's own phone, SIM, home and face, and a stranger's voice: only the hand on the screen gives it away.

    Often a service goes first, and the line itself hours or days later.
    """
    dice, at_ms = stage.dice, stage.moment(day_ms, OFFICE)
    person = victim(stage, at_ms)
    one = thief(stage, at_ms, away=False)
    first = dice.chance(0.3)

    def attempt(moment: int) -> Visit:
        wanted = "close" if one.channel else dice.pick(("close", "close", "suspend", "unsubscribe"))
        return _dictated(one, stage.visit(person, moment, action=wanted, channel=one.channel or dice.pick(THEIR_OWN)))

    if first:
        step = stage.visit(person, at_ms, action=dice.pick(("unsubscribe", "suspend")), channel=dice.pick(THEIR_OWN))
        yield stage.finish(_dictated(one, step))
        at_ms += int(min(dice.skewed(9, 1), 200.0) * HOUR_MS) + 60_000
    yield from persist(one, person, at_ms, attempt, first=not first)


def _dictated(one: Thief, visit: Visit) -> Visit:
    """One step that the voice asks for."""
    dice = one.stage.dice
    if "hooked" in visit.body.get("device", {}):
        visit.put(
            "device",
            remote_control=one.slips(0.6),
            screen_shared=one.slips(0.65),
            call_in_progress=dice.pick(("voip", "cellular", "voip", "none")),
            unknown_accessibility=one.slips(0.2),
        )
        if visit.body["device"].get("access_risk") is not None and one.slips(0.5):
            visit.put("device", access_risk=dice.pick(TOOLS))
    if visit.phone is not None:
        visit.put("confirmation", seconds_on_page=round(dice.skewed(90 if one.slips(0.9) else 25, 0.7), 1))
    if one.slips(0.35):
        visit.safety_cancelled(dice.between(0.1, 48))
    if visit.body.get("otp", {}).get("status") == "passed" and one.slips(0.8):
        visit.put("otp", entry_latency_s=round(dice.between(25, 80), 1), input_method="typed")
    visit.put("network", scam_call_active=one.slips(0.5) if dice.chance(0.5) else None)
    return visit


def relative(stage: Stage, day_ms: int) -> Story:
    """Somebody from the household, with the phone and the papers at hand: hardly to be told from the owner."""
    dice, at_ms = stage.dice, stage.moment(day_ms, NIGHTLY)
    person = victim(stage, at_ms)
    one = Thief(stage, stage.gangs.at(at_ms))

    def attempt(moment: int) -> Visit:
        visit = stage.visit(person, moment, action="close", channel=one.channel or stage.app("web"))
        if dice.chance(0.5):
            stage.evidence.face(visit, match=dice.between(0.45, 0.8))
        else:
            visit.body["liveness"] = {"consent": "declined"}
        if one.slips(0.4):
            visit.contact_changed(dice.between(1, 200))
        return visit

    yield from persist(one, person, at_ms, attempt)
