"""Thieves: each has a way in, leaves some traces and hides others. None can be told by one signal alone."""

from dataclasses import replace
from typing import Final

from training.world.personas import Persona
from training.world.personas.trade import LATE, NIGHTLY, OFFICE, hidden, stranger, victim
from training.world.stage import Clerk, Stage


def remote_closer(stage: Stage, day_ms: int) -> None:
    """恶意异地销号: a stranger with a copy of the papers, far from the line, chooses a province that cannot check."""
    dice, at_ms = stage.dice, stage.moment(day_ms, OFFICE)
    person = victim(stage, at_ms, premium=dice.whole(3, 5) if dice.chance(0.35) else None)
    here = stage.country.spot(stage.country.elsewhere(person.home.province))
    visit = stage.visit(
        person,
        at_ms,
        action="close",
        channel=dice.pick(("app", "app", "web", "hotline", "store")),
        phone=stage.newcomer(3 if dice.chance(0.7) else 400),
        spot=here,
        line_spot=person.home,
        line_off=dice.chance(0.25),
        ip=hidden(stage) if dice.chance(0.5) else None,
        own_sim=False,
    )
    visit.put("kyc", name_match_score=dice.whole(88, 100), id_document_match="true" if dice.chance(0.9) else "false")
    if visit.action == "close_remote" and dice.chance(0.5):
        visit.put("cross_province", **dict.fromkeys(("contract", "bill", "balance"), "unavailable"))
    if visit.phone is not None and dice.chance(0.45):
        stage.evidence.face(visit, match=dice.between(0.4, 0.8), alive=0.85)
    elif dice.chance(0.4):
        visit.body["liveness"] = {"consent": "declined"}
    if dice.chance(0.4):
        visit.put(
            "otp", status="passed", entry_latency_s=round(dice.skewed(50, 0.5), 1), same_province=dice.chance(0.4)
        )
    stranger(visit, stage)
    stage.finish(visit)


def sim_swapper(stage: Stage, day_ms: int) -> None:
    """A new SIM by false papers this morning; the codes come to the thief now, and accounts fall one by one."""
    dice, at_ms = stage.dice, stage.moment(day_ms)
    person = victim(stage, at_ms, premium=dice.whole(3, 5) if dice.chance(0.15) else None)
    phone = stage.newcomer(5)
    visit = stage.visit(
        person,
        at_ms,
        action="close" if dice.chance(0.7) else "suspend",
        channel=stage.app("web", "hotline"),
        phone=phone,
        spot=stage.country.spot(person.home.province)
        if dice.chance(0.6)
        else stage.country.spot(stage.country.elsewhere(person.home.province)),
        own_sim=dice.chance(0.85),
        ip=hidden(stage) if dice.chance(0.3) else None,
    )
    if dice.chance(0.88):
        visit.sim_changed(dice.between(0.5, 66))
    if dice.chance(0.6):
        visit.line_moved_phone(dice.between(0.2, 40))
    if dice.chance(0.55):
        visit.password_reset(dice.between(0.2, 48))
    if dice.chance(0.35):
        visit.contact_changed(dice.between(0.2, 40))
    if dice.chance(0.8):
        visit.put("otp", status="passed", entry_latency_s=round(dice.skewed(9, 0.4), 1))
        if dice.chance(0.4):
            visit.put("otp", bank_code_storm_1h=dice.whole(4, 12))
    stranger(visit, stage)
    stage.finish(visit)


def premium_hunter(stage: Stage, day_ms: int) -> None:
    """A precious number that nobody watches is closed at a counter with forged papers, to be registered anew."""
    dice, at_ms = stage.dice, stage.moment(day_ms, OFFICE)
    person = stage.register.person(premium=dice.whole(3, 5), tenure_days=2500)
    stage.past.of_person(person, at_ms)
    visit = stage.visit(
        person,
        at_ms,
        action="close",
        channel=dice.pick(("store", "store", "hotline", "app")),
        phone=stage.newcomer(30),
        own_sim=False,
        line_off=dice.chance(0.7),
    )
    visit.put("account", last_activity_days=int(dice.skewed(120, 0.8)))
    visit.put("requester", role="delegate" if dice.chance(0.3) else "owner")
    visit.put("requester", document_status=dice.pick(("verified", "provided", "verified", "failed")))
    visit.put("kyc", name_match_score=dice.whole(70, 100), id_document_match="true" if dice.chance(0.8) else "false")
    if visit.assisted and dice.chance(0.4):
        visit.put("agent", beneficiary_token=f"y-hunter-{dice.whole(1, 6)}")
    stranger(visit, stage)
    stage.finish(visit)


def account_taker(stage: Stage, day_ms: int) -> None:
    """Leaked passwords: failures, then a way in; the contact is changed, a safety service dropped, the line closed."""
    dice, at_ms = stage.dice, stage.moment(day_ms, NIGHTLY)
    person = victim(stage, at_ms)
    phone = stage.newcomer(2)
    visit = stage.visit(
        person,
        at_ms,
        action=dice.pick(("close", "close", "close", "unsubscribe")),
        channel=dice.pick(("app", "web", "web")),
        phone=phone,
        own_sim=False,
        line_spot=person.home,
        ip=hidden(stage),
    )
    for _ in range(dice.count(4)):
        visit.say("login_failed", dice.between(0.05, 20))
    visit.put("confirmation", seconds_on_page=round(dice.skewed(5, 0.8), 1), edits=dice.count(0.5))
    if dice.chance(0.5):
        visit.contact_changed(dice.between(0.2, 30))
    if dice.chance(0.4):
        visit.password_reset(dice.between(0.2, 30))
    if dice.chance(0.3):
        visit.safety_cancelled(dice.between(0.2, 40))
    if dice.chance(0.3):
        visit.lock_taken_off(dice.between(0.5, 40))
    if dice.chance(0.6):
        visit.put(
            "otp", sends_1h=dice.whole(1, 5), failed_attempts=dice.count(1.2), status=dice.pick(("passed", "failed"))
        )
    stranger(visit, stage)
    stage.finish(visit)


def insider(stage: Stage, day_ms: int) -> None:
    """A clerk closes customers' lines for somebody outside, late, with a check skipped; two or three a night."""
    dice, at_ms = stage.dice, stage.moment(day_ms, LATE)
    clerk = Clerk(f"a-insider-{dice.whole(1, 5)}", f"s-franchise-{dice.whole(1, 3)}")
    friend = f"y-friend-{clerk.id[-1]}"
    for _ in range(dice.whole(1, 3)):
        person = victim(stage, at_ms, premium=dice.whole(2, 5) if dice.chance(0.4) else None)
        visit = stage.visit(person, at_ms, action="close", channel="store", spot=person.home)
        stage.handled_by(visit, clerk)
        visit.put("agent", override=dice.chance(0.65))
        if dice.chance(0.6):
            visit.put("agent", beneficiary_token=friend)
        if dice.chance(0.6):
            visit.body["otp"] = {"status": "not_sent"}
        stage.finish(visit)
        at_ms += int(dice.waiting(25) * 60_000)


def coached(stage: Stage, day_ms: int) -> None:
    """The owner's own phone, SIM, home and face, and a stranger's voice: only the hand on the screen gives it away."""
    dice, at_ms = stage.dice, stage.moment(day_ms, OFFICE)
    person = victim(stage, at_ms)
    visit = stage.visit(
        person, at_ms, action=dice.pick(("close", "close", "suspend", "unsubscribe")), channel=stage.app("web")
    )
    visit.put(
        "device",
        remote_control=dice.chance(0.5),
        screen_shared=dice.chance(0.6),
        call_in_progress=dice.pick(("voip", "cellular", "voip", "none")),
        unknown_accessibility=dice.chance(0.2),
    )
    visit.put("confirmation", seconds_on_page=round(dice.skewed(90, 0.7), 1))
    if dice.chance(0.35):
        visit.safety_cancelled(dice.between(0.1, 48))
    if "otp" in visit.body and dice.chance(0.8):
        visit.put("otp", status="passed", entry_latency_s=round(dice.between(25, 80), 1), input_method="typed")
    visit.put("network", scam_call_active=dice.chance(0.3) if dice.chance(0.4) else None)
    stranger(visit, stage)
    stage.finish(visit)


def code_thief(stage: Stage, day_ms: int) -> None:
    """Calls and codes are forwarded, or read by malware, and entered elsewhere."""
    dice, at_ms = stage.dice, stage.moment(day_ms)
    person = victim(stage, at_ms)
    visit = stage.visit(
        person,
        at_ms,
        action="close",
        channel=stage.app("web"),
        phone=stage.newcomer(20) if dice.chance(0.6) else None,
        ip=hidden(stage),
        own_sim=False,
        line_spot=person.home,
    )
    if dice.chance(0.65):
        visit.forwarding_set(dice.between(0.2, 30), dice.pick(("unconditional", "unconditional", "conditional")))
    visit.put(
        "otp",
        status="passed",
        channel=dice.pick(("voice", "sms")),
        same_province=dice.chance(0.45),
        entry_latency_s=round(dice.pick((dice.between(0.3, 2), dice.between(40, 110))), 1),
        input_method=dice.pick(("api", "paste", "typed", "typed")),
    )
    visit.put("device", unknown_accessibility=dice.chance(0.4))
    stranger(visit, stage)
    stage.finish(visit)


def bot(stage: Stage, day_ms: int) -> None:
    """A script works through a list of numbers from one emulator, every so many seconds."""
    dice, at_ms = stage.dice, stage.moment(day_ms, NIGHTLY)
    phone = replace(stage.newcomer(1), platform="android", provider="none")
    ip = hidden(stage)
    pace_ms = int(dice.between(15, 60) * 1000)
    for _ in range(dice.whole(4, 9)):
        person = stage.register.person()
        visit = stage.visit(
            person,
            at_ms,
            action=dice.pick(("close", "close", "unsubscribe")),
            channel=dice.pick(("app", "app", "web")),
            phone=phone,
            own_sim=False,
            line_spot=person.home,
            ip=ip,
        )
        visit.put("confirmation", seconds_on_page=round(dice.skewed(2, 0.7), 1), edits=0 if dice.chance(0.7) else 1)
        if "hooked" in visit.body.get("device", {}):
            visit.put("device", emulator="yes" if dice.chance(0.4) else "no", hooked=dice.chance(0.3))
        if "otp" in visit.body:
            visit.put("otp", status=dice.pick(("failed", "expired", "passed", "not_sent")))
        stage.finish(visit)
        at_ms += pace_ms + dice.whole(0, pace_ms // 8)


def deepfake(stage: Stage, day_ms: int) -> None:
    """The face is perfect because a program draws it; the papers are right because they were stolen."""
    dice, at_ms = stage.dice, stage.moment(day_ms)
    person = victim(stage, at_ms)
    visit = stage.visit(
        person,
        at_ms,
        action="close",
        channel="app",
        phone=stage.newcomer(6),
        own_sim=False,
        line_spot=person.home,
        ip=hidden(stage),
    )
    stage.evidence.face(visit, match=0.9, alive=dice.between(0.3, 0.9))
    visit.put(
        "liveness",
        virtual_camera=dice.chance(0.5),
        motion_gyro_corr=round(dice.normal(0.05, 0.15), 2) if dice.chance(0.7) else None,
        challenge_latency_ms=[800 + dice.whole(0, 9) for _ in range(3)] if dice.chance(0.5) else None,
    )
    visit.put("kyc", name_match_score=dice.whole(95, 100), id_document_match="true")
    stranger(visit, stage)
    stage.finish(visit)


def relative(stage: Stage, day_ms: int) -> None:
    """Somebody from the household, with the phone and the papers at hand: hardly to be told from the owner."""
    dice, at_ms = stage.dice, stage.moment(day_ms, NIGHTLY)
    person = victim(stage, at_ms)
    visit = stage.visit(person, at_ms, action="close", channel=stage.app("web"))
    if dice.chance(0.5):
        stage.evidence.face(visit, match=dice.between(0.45, 0.8))
    else:
        visit.body["liveness"] = {"consent": "declined"}
    if dice.chance(0.4):
        visit.contact_changed(dice.between(1, 200))
    stranger(visit, stage)
    stage.finish(visit)


PERSONAS: Final = (
    Persona("remote_closer", "fraud", 0.18, remote_closer),
    Persona("sim_swapper", "fraud", 0.20, sim_swapper),
    Persona("premium_hunter", "fraud", 0.10, premium_hunter),
    Persona("account_taker", "fraud", 0.15, account_taker),
    Persona("insider", "fraud", 0.06, insider),
    Persona("coached", "fraud", 0.13, coached),
    Persona("code_thief", "fraud", 0.06, code_thief),
    Persona("bot", "fraud", 0.03, bot),
    Persona("deepfake", "fraud", 0.05, deepfake),
    Persona("relative", "fraud", 0.04, relative),
)
