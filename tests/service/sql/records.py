"""What tests write: a record that is put together as `wiring` does it, and entries as rich as real ones."""

import random
from typing import Any

import msgspec

from features.catalogue import catalogue
from features.clock import FixedClock
from features.codec import LoggedScreening
from features.event import Event
from features.facts import Facts
from features.request import ScreeningRequest
from model.reasons import REASONS
from service.adapters.secrets_folder import Key
from service.adapters.tokens import KeyedTokens
from service.answer import (
    Answer,
    ChallengeOffer,
    Contribution,
    Customer,
    Degraded,
    Eligibility,
    Hold,
    KeptAnswer,
    ReasonLine,
    Risk,
    Versions,
)
from service.ports import Asking, CaseOpened, ChallengeOpened, Entry
from tests.service.sql.opened import Record as Record  # noqa: PLC0414 - tests find it here, beside what they write into it

NOW_MS = 1_795_000_000_000
TENANT = "north"
MSISDN = "+8613800138000"
ADDRESS = "203.0.113.77"
LATITUDE = 31.230416
MovingClock = FixedClock


def asking(tenant: str, key: str, line: str, klass: str, since_ms: int, **more: Any) -> Asking:
    """What is asked of the book when a request comes in."""
    return Asking(tenant=tenant, key=key, line=line, klass=klass, since_ms=since_ms, **more)


def event(number: int, *, kind: str = "login_failed", known_ms: int = NOW_MS, **keys: str) -> Event:
    """A reported event."""
    names = keys or {"line": f"line-{number}"}
    return Event(id=f"e-{number}", kind=kind, occurred_ms=known_ms - 5, known_ms=known_ms, keys=names)


def past(number: int, *, known_ms: int = NOW_MS) -> LoggedScreening:
    """A screening of an imported log."""
    seen = event(number, kind="screening", known_ms=known_ms)
    return LoggedScreening(event=msgspec.structs.replace(seen, id=f"past-{number}"), request=request(f"past-{number}"))


def request(number: str, line: str = "line") -> ScreeningRequest:
    """A request with most groups filled, as it is kept: tokens for names, no place."""
    said: dict[str, Any] = {
        "request_id": f"bss-2026-{number}",
        "occurred_at": "2026-11-22T10:00:00+08:00",
        "action": "close_remote",
        "channel": "app",
        "reason": "moved",
        "order_ref": "productOrder/8f2c",
        "requester": {"role": "owner", "document_status": "not_needed"},
        "confirmation": {"seconds_on_page": 12.4, "edits": 1},
        "subscriber": {
            "msisdn": token(line),
            "party_id": token("party"),
            "id_token": token("identity"),
            "home_province": "440000",
            "handling_province": "310000",
        },
        "account": {
            "tenure_days": 912,
            "status": "active",
            "arrears_fen": 3000,
            "prepaid_balance_fen": 3200,
            "lines_on_id": 2,
            "last_activity_days": 1,
            "linked_services": 3,
            "closure_lock": "off",
            "days_to_cycle_end": 4,
        },
        "contract": {"types": ["none"], "remaining_days": 0},
        "cross_province": dict.fromkeys(("name", "product", "contract", "bill", "balance", "arrears"), "verified"),
        "sync": {"state": "in_sync", "lag_s": 2},
        "kyc": {"name_match_score": 97, "id_document_match": "true"},
        "contacts": [{"token": token("contact"), "source": "on_record", "since_h": 20000, "same_owner": "yes"}],
        "device": {
            "id": token("device"),
            "platform": "android",
            "os_version": "15",
            "app_version": "9.2.1",
            "attestation": {"provider": "none"},
            "access_risk": [],
            "rooted": "no",
            "hooked": False,
            "emulator": "no",
            "remote_control": False,
            "screen_shared": False,
            "call_in_progress": "none",
            "vpn": False,
            "sim_matches_line": "yes",
        },
        "location": {"accuracy_m": 30, "consent": "granted", "visited_province": "310000"},
        "otp": {
            "status": "passed",
            "channel": "sms",
            "sends_1h": 1,
            "entry_latency_s": 14.2,
            "input_method": "autofill",
        },
        "liveness": {"consent": "granted", "match_score": 0.93, "pad_score": 0.97, "challenge_latency_ms": [820, 1100]},
        "network": {"ip": token("ip"), "sim_monitored_days": 120, "number_verified": "true", "reachable": True},
        "bundle_count": 1,
    }
    return msgspec.convert(said, ScreeningRequest)


def token(name: str) -> str:
    """A token that is as random as real ones."""
    return KeyedTokens(_RING).token(TENANT, "test", name)


def entry(number: str = "1", **changes: Any) -> Entry:
    """A decision to write: a challenge on a close, with everything that one carries; `decision` sets the verdict."""
    decision, line, tenant = (
        changes.pop("decision", "challenge"),
        changes.pop("line", "line"),
        changes.get("tenant", TENANT),
    )
    kept = answer(number, decision)
    fields: dict[str, Any] = {
        "tenant": tenant,
        "key": f"key-{number}",
        "fingerprint": f"{number:0>64}",
        "screening_id": kept.answer.screening_id,
        "created_ms": NOW_MS,
        "region": "310000",
        "klass": "irreversible",
        "logged": logged(number, line),
        "kept": kept,
        "private": {"msisdn": MSISDN, "ip": ADDRESS, "latitude": LATITUDE},
        "degraded_only": False,
        "appeal_ref": f"LC-{number}",
        "case": case(number) if decision == "hold" else None,
        "challenge": challenge(number) if decision == "challenge" else None,
    }
    return Entry(**{**fields, **changes})


def entry_of_its_own(number: int) -> Entry:
    """A decision whose names and values are like no other's, so that nothing is smaller than it would be."""
    chance = random.Random(number)  # noqa: S311 - the same numbers in every run
    made = entry(
        f"{chance.getrandbits(64):x}-{number}", line=f"line-{number}", decision=chance.choice(["challenge", "hold"])
    )
    row = {name: chance.choice((None, 1.0, 0.0, round(chance.random() * 900, 3))) for name in made.logged.row or {}}
    keys = {name: token(f"{name}-{number}") for name in made.logged.event.keys}
    seen = msgspec.structs.replace(made.logged.event, keys=keys)
    said = msgspec.structs.replace(made.logged, row=row, event=seen, probability=chance.random())
    parts = tuple(
        Contribution(feature=name, value=value, log_odds=chance.gauss(0, 0.5)) for name, value in list(row.items())[:30]
    )
    told = msgspec.structs.replace(
        made.kept.answer, risk=Risk(probability=chance.random(), score=1, contributions=parts)
    )
    return msgspec.structs.replace(made, logged=said, kept=KeptAnswer(answer=told, public_reasons=told.reasons[:4]))


def logged(number: str, line: str = "line") -> LoggedScreening:
    """The log line of a decision, with a row of a hundred signals."""
    keys = {name: token(name) for name in ("party", "device", "ip", "contact", "prefix")} | {"line": token(line)}
    stamps = {by: (NOW_MS, NOW_MS + place) for place, by in enumerate((*keys, "line+device"))}
    seen = Event(
        id=f"scr:key-{number}", kind="screening", occurred_ms=NOW_MS, known_ms=NOW_MS, keys=keys, stamps=stamps
    )
    return LoggedScreening(
        event=seen,
        request=request(number, line),
        facts=Facts(number_province="440000", ip_province="310000", ip_kind="mobile", distance_km=1213.4),
        row={name: _signal(n % 10) for n, name in enumerate(SIGNALS[:100])},
        decision="challenge",
        probability=0.0123,
        versions={"model": "demo-20261122", "policy": "default-1", "catalogue": "0123456789abcdef"},
    )


def answer(number: str, decision: str) -> KeptAnswer:
    """An answer in full: eight reasons in both languages, contributions, what was missing."""
    codes = list(REASONS.values())[len(number) % 7 :][:8]
    reasons = tuple(ReasonLine(code=found.code, en=found.en, zh=found.zh) for found in codes)
    whole = Answer(
        screening_id=f"scr_01JD{number:0>22}",
        request_id=f"bss-2026-{number}",
        created_at="2026-11-18T22:13:20.000Z",
        decision=decision,  # type: ignore[arg-type]
        enforced=True,
        reasons=reasons,
        challenge=ChallengeOffer(
            challenge_id=f"chl_{number}", any_of=(("number_verification",), ("store_visit",)), expires_at="2026-11-18"
        )
        if decision == "challenge"
        else None,
        hold=Hold(case_id=f"cas_{number}", expires_at="2026-11-18", on_expiry="rescreen", retry_after_s=600)
        if decision == "hold"
        else None,
        eligibility=Eligibility(eligible=True),
        cooling_off=None,
        next_actions=(),
        degraded=Degraded(is_degraded=False, missing=tuple(SIGNALS[3:100:10])),
        receipt=None,
        customer=Customer(en="Please confirm that it is you.", zh="请确认是您本人操作。", appeal_ref=f"LC-{number}"),
        versions=Versions(model="demo-20261122", policy="default-1", catalogue="0123456789abcdef"),
        risk=Risk(
            probability=0.0123,
            score=412,
            contributions=tuple(
                Contribution(feature=name, value=_signal(n % 10), log_odds=round(0.1731 * n, 4))
                for n, name in enumerate(SIGNALS[:30])
            ),
        ),
    )
    return KeptAnswer(answer=whole, public_reasons=reasons[:4])


def case(number: str) -> CaseOpened:
    """A case in a queue."""
    due = {"due_ms": NOW_MS + 3_600_000, "expires_ms": NOW_MS + 86_400_000}
    return CaseOpened(case_id=f"cas_{number}", queue="irreversible", expected_harm_fen=300_000, **due)


def challenge(number: str) -> ChallengeOpened:
    """A challenge that was offered."""
    ways = (("number_verification",), ("otp_second_contact", "face_liveness"), ("store_visit",))
    return ChallengeOpened(challenge_id=f"chl_{number}", digest="d" * 64, any_of=ways, expires_ms=NOW_MS + 1_800_000)


SIGNALS = tuple(catalogue().signals)
_RING = (Key(number=1, secret=b"k" * 32),)


def _signal(n: int) -> float | str | None:
    return None if n == 3 else ("in_sync" if n == 7 else round(3.7 * n * n + 0.25, 2))
