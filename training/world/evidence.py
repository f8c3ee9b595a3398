"""The evidence: what the phone, the place, the code, the face and the network show of an ordinary request."""

from datetime import timedelta
from typing import Final

from training.world.dice import Choices, Dice
from training.world.visit import APP_LIKE, ONLINE, Visit

FEW_YES: Final = Choices.of({"yes": 0.008, "no": 0.932, "unknown": 0.06})
VERDICTS: Final = Choices.of({"strong": 0.38, "device": 0.46, "basic": 0.12, "fail": 0.015, "error": 0.025})
RECOGNISED: Final = Choices.of({"recognized": 0.9, "unevaluated": 0.08, "unrecognized": 0.02})
RISKS: Final = Choices.of(
    {
        "KNOWN_OVERLAYS": 0.4,
        "KNOWN_CAPTURING": 0.25,
        "KNOWN_CONTROLLING": 0.15,
        "UNKNOWN_OVERLAYS": 0.12,
        "UNKNOWN_CAPTURING": 0.07,
        "UNKNOWN_CONTROLLING": 0.05,
    }
)
CALLS: Final = Choices.of({"none": 0.93, "cellular": 0.045, "voip": 0.025})
CONSENT: Final = Choices.of({"granted": 0.6, "declined": 0.2, "not_asked": 0.2})
LOCATED: Final = Choices.of({"TRUE": 0.86, "PARTIAL": 0.08, "FALSE": 0.03, "UNKNOWN": 0.03})
OTP_ASKED: Final = {
    "app": 0.78,
    "web": 0.85,
    "chatbot": 0.7,
    "voice_assistant": 0.55,
    "hotline": 0.5,
    "store": 0.3,
    "partner_api": 0.4,
}
OTP_ENDS: Final = Choices.of(
    {"passed": 0.915, "failed": 0.025, "expired": 0.02, "not_sent": 0.03, "not_possible": 0.01}
)
OTP_CHANNELS: Final = Choices.of({"sms": 0.84, "voice": 0.04, "push": 0.06, "network_auth": 0.06})
METHODS: Final = Choices.of({"autofill": 0.45, "typed": 0.42, "paste": 0.12, "api": 0.01})
WEB_METHODS: Final = Choices.of({"autofill": 0.08, "typed": 0.75, "paste": 0.16, "api": 0.01})
FACE_CONSENT: Final = Choices.of({"granted": 0.82, "declined": 0.13, "not_asked": 0.05})
PAD_LEVELS: Final = Choices.of({"ibeta_l2": 0.5, "ibeta_l1": 0.35, "other": 0.1, "none": 0.05})
FACE_STEPS: Final = Choices.of(
    {
        "head_turn": 0.3,
        "blink": 0.25,
        "colour_flash": 0.2,
        "mouth": 0.1,
        "digits_aloud": 0.07,
        "video_agent": 0.05,
        "none": 0.03,
    }
)
FORWARDING: Final = Choices.of({"inactive": 0.88, "conditional": 0.09, "unconditional": 0.012, "unavailable": 0.018})
VERIFIED: Final = Choices.of({"true": 0.55, "unavailable": 0.42, "false": 0.03})
PORTING: Final = Choices.of({"none": 0.965, "requested": 0.025, "authorised": 0.01})
RECYCLED: Final = Choices.of(
    {"no": 0.45, "false": 0.42, "unknown": 0.04, "unavailable": 0.04, "yes": 0.025, "true": 0.025}
)
"""Some systems answer as CAMARA Number Recycling does, others in words of their own."""


class Evidence:
    """Fills in what shows who is asking, as it looks for an ordinary customer."""

    def __init__(self, dice: Dice) -> None:
        """Take chance."""
        self._dice = dice

    def fill(self, visit: Visit) -> None:
        """Write every group of evidence that the channel can give."""
        self._confirmation(visit)
        self._device(visit)
        self._location(visit)
        self._otp(visit)
        self._liveness(visit)
        self._network(visit)

    def _confirmation(self, visit: Visit) -> None:
        dice = self._dice
        if visit.channel in ONLINE and dice.chance(0.88):
            edits = dice.count(1.1) if visit.channel == "app" and dice.chance(0.8) else None
            visit.put("confirmation", seconds_on_page=round(dice.skewed(14, 0.8), 1), edits=edits)

    def _device(self, visit: Visit) -> None:
        dice, phone = self._dice, visit.phone
        if phone is None:
            return
        if visit.channel not in APP_LIKE:
            cookie = phone.id if dice.chance(0.75) else None
            visit.put("device", id=cookie, platform="web", vpn=dice.chance(0.06) if dice.chance(0.7) else None)
            return
        visit.put("device", id=phone.id, platform=phone.platform, app_version=phone.app_version)
        if dice.chance(0.1 if visit.channel == "app" else 0.5):
            return  # an old release of the app, or a door that does not look at the phone
        visit.put(
            "device",
            os_version=phone.os_version,
            rooted="yes" if phone.rooted else dice.one(FEW_YES),
            hooked=dice.chance(0.003),
            emulator=dice.one(FEW_YES) if dice.chance(0.5) else "no",
            multi_open=phone.multi_open,
            remote_control=dice.chance(0.004),
            screen_shared=dice.chance(0.012),
            unknown_accessibility=phone.accessibility or dice.chance(0.004),
            call_in_progress=dice.one(CALLS) if dice.chance(0.7) else None,
            vpn=dice.chance(0.06),
            mock_location=dice.chance(0.006),
            sim_matches_line=self._sim(visit),
        )
        self._attestation(visit, phone.provider)

    def _sim(self, visit: Visit) -> str:
        dice = self._dice
        if dice.chance(0.22):
            return "unknown"
        return "yes" if visit.own_sim and dice.chance(0.94) else "no"

    def _attestation(self, visit: Visit, provider: str) -> None:
        dice = self._dice
        if provider == "none":
            visit.put("device", attestation={"provider": "none"})
            return
        risks = sorted({dice.one(RISKS) for _ in range(dice.count(0.12))})
        visit.put(
            "device",
            access_risk=risks if provider == "play_integrity" else None,
            attestation={
                "provider": provider,
                "verdict": dice.one(VERDICTS),
                "age_s": round(dice.waiting(40), 1),
                "app_recognition": dice.one(RECOGNISED),
            },
        )

    def _location(self, visit: Visit) -> None:
        dice, line = self._dice, visit.line_spot
        if visit.phone is not None and visit.channel in APP_LIKE:
            consent = dice.one(CONSENT)
            visit.put("location", consent=consent)
            if consent == "granted" and dice.chance(0.9):
                fix = visit.spot.near(dice, 2)
                visit.put(
                    "location",
                    latitude=round(fix.latitude, 4),
                    longitude=round(fix.longitude, 4),
                    accuracy_m=self._accuracy(),
                    captured_at=visit.captured_at(timedelta(seconds=dice.whole(1, 90))),
                )
        if line is not None and dice.chance(0.82):
            visit.put("location", visited_province=line.province)
            if dice.chance(0.35):
                cell = line.near(dice, 3)
                visit.put("location", line_latitude=round(cell.latitude, 3), line_longitude=round(cell.longitude, 3))
        if dice.chance(0.15):
            result = dice.one(LOCATED)
            visit.put(
                "location", verification_result=result, match_rate=dice.whole(30, 90) if result == "PARTIAL" else None
            )

    def _accuracy(self) -> float:
        """Indoors a fix is vague to kilometres, and some phones say nought when they do not know."""
        dice = self._dice
        if dice.chance(0.02):
            return 0.0 if dice.chance(0.3) else round(dice.between(2000, 9000), 1)
        return round(dice.skewed(40, 1), 1)

    def _otp(self, visit: Visit) -> None:
        dice = self._dice
        if not dice.chance(OTP_ASKED[visit.channel]):
            return
        ends = dice.one(OTP_ENDS)
        if ends in {"not_sent", "not_possible"}:
            visit.put("otp", status=ends)
            return
        sends, failures = 1 + dice.count(0.25), dice.count(0.15) + (2 if ends == "failed" else 0)
        online = visit.channel in ONLINE
        visit.put(
            "otp",
            status=ends,
            channel=dice.one(OTP_CHANNELS),
            destination_is_closing_number=dice.chance(0.9),
            sends_1h=sends,
            failed_attempts=failures,
            entry_latency_s=self._entry_s() if ends == "passed" else None,
            input_method=None if not online else dice.one(METHODS if visit.channel == "app" else WEB_METHODS),
            same_province=dice.chance(0.95) if dice.chance(0.8) else None,
            delivery_receipt_s=round(dice.skewed(3, 0.7), 1) if dice.chance(0.85) else None,
            bank_code_storm_1h=self._bank_codes() if dice.chance(0.7) else None,
            bound_to_request=dice.chance(0.93) if dice.chance(0.9) else None,
        )
        for _ in range(sends):
            visit.say("otp_sent", dice.between(0.01, 0.2))
        for _ in range(failures):
            visit.say("otp_failed", dice.between(0.005, 0.1))
        if ends == "passed":
            visit.say("otp_passed", dice.between(0.001, 0.008))

    def _entry_s(self) -> float:
        """Most look for the message and type; now and then a phone fills the code in as it comes."""
        dice = self._dice
        return round(dice.between(0.6, 3) if dice.chance(0.03) else dice.skewed(15, 0.65), 1)

    def _bank_codes(self) -> int:
        return self._dice.count(0.25) if self._dice.chance(0.985) else self._dice.whole(4, 9)

    def _liveness(self, visit: Visit) -> None:
        """A face check: scores only when the person agreed; declining leaves nothing behind but the word itself."""
        dice = self._dice
        irreversible = visit.action in {"close", "close_remote"}
        if not dice.chance({"app": 0.5, "store": 0.2}.get(visit.channel, 0.06) if irreversible else 0.06):
            return
        consent = dice.one(FACE_CONSENT)
        visit.put("liveness", consent=consent)
        if consent != "granted":
            return
        self.face(visit)

    def face(self, visit: Visit, *, match: float = 0.9, alive: float = 0.93) -> None:
        """Write a face check that was done, with these usual scores."""
        dice = self._dice
        blurred, dim = dice.chance(0.06), dice.chance(0.05)
        visit.put(
            "liveness",
            consent="granted",
            provider="vendor",
            match_score=round(
                min(0.999, max(0.01, dice.between(0.5, 0.78) if blurred else dice.normal(match, 0.05))), 3
            ),
            pad_score=round(min(0.999, max(0.01, dice.between(0.4, 0.75) if dim else dice.normal(alive, 0.05))), 3),
            pad_level=dice.one(PAD_LEVELS),
            challenge_type=dice.one(FACE_STEPS),
            challenge_latency_ms=[round(dice.skewed(900, 0.35)) for _ in range(dice.whole(0, 4))],
            virtual_camera=dice.chance(0.004),
            motion_gyro_corr=round(min(1.0, max(-1.0, dice.normal(0.6, 0.2))), 2) if dice.chance(0.7) else None,
            failures_24h=dice.count(0.3) + (dice.whole(1, 4) if blurred or dim else 0),
            exempt=dice.chance(0.01),
        )

    def _network(self, visit: Visit) -> None:
        dice, online = self._dice, visit.channel in ONLINE
        visit.put(
            "network",
            ip=visit.ip,
            sim_monitored_days=120 if dice.chance(0.85) else None,
            device_monitored_days=120 if dice.chance(0.75) else None,
            number_verified=self._verified(visit) if online and dice.chance(0.75) else None,
            call_forwarding=dice.one(FORWARDING) if dice.chance(0.8) else None,
            reachable=visit.line_spot is not None if dice.chance(0.75) else None,
            roaming=dice.chance(0.01) if dice.chance(0.7) else None,
            port_pending=dice.one(PORTING) if dice.chance(0.85) else None,
            number_recycled=dice.one(RECYCLED) if dice.chance(0.4) else None,
            scam_call_active=dice.chance(0.004) if dice.chance(0.25) else None,
        )
        if dice.chance(0.06):
            visit.sim_changed(dice.skewed(700, 1.6))
        if dice.chance(0.08):
            visit.line_moved_phone(dice.skewed(600, 1.7))
        if visit.body["network"].get("call_forwarding") in {"conditional", "unconditional"} and dice.chance(0.6):
            visit.forwarding_set(dice.skewed(3000, 1.8), visit.body["network"]["call_forwarding"])

    def _verified(self, visit: Visit) -> str:
        """On the line's own SIM and on mobile data the network can tell; on Wi-Fi it cannot, which means nothing."""
        if visit.own_sim:
            return self._dice.one(VERIFIED)
        return "false" if self._dice.chance(0.35) else "unavailable"
