"""Twelve people, one service: what each of them gets at the API, and why.

Every story runs against a real server with a real store over HTTP. Genuine people are let through or asked; thieves are
stopped; and where the evidence cannot tell, there is always a way on.
"""

from typing import Any

from tests.builders import Body, long_known, merged, msisdn, number, request
from tests.e2e.cluster import Caller

FACE_FREE = {
    "number_verification",
    "otp_second_contact",
    "otp_closing_number",
    "callback_second_contact",
    "video_agent",
    "store_visit",
    "service_password",
    "second_confirmation",
    "wait_period",
}
REMOTE = {"subscriber": {"handling_province": "310000"}, "location": {"visited_province": "310000"}}


def codes(answer: dict[str, Any]) -> set[str]:
    """Return the reason codes of an answer."""
    return {reason["code"] for reason in answer["reasons"]}


def ways(answer: dict[str, Any]) -> list[list[str]]:
    """Return the ways on that an answer offers."""
    return (answer["challenge"] or {}).get("any_of", [])


def has_faceless_way(answer: dict[str, Any]) -> bool:
    """Say whether somebody without a face check can go on."""
    return any(set(way) <= FACE_FREE for way in ways(answer))


def remote(patch: Body) -> Body:
    """Return a closure from another province."""
    return request(merged({"action": "close_remote", **REMOTE}, patch))


def test_student_closes_off_province_with_a_known_device(caller: Caller) -> None:
    """The university number is closed from the new city, on the phone that always used it: let through."""
    body = remote({"reason": "moved", "account": {"tenure_days": 1400}, "contract": {"types": ["campus"]}})
    caller.report(long_known(body))
    answer = caller.screen(body)
    assert answer["decision"] == "allow"
    assert answer["reasons"] == []
    assert answer["eligibility"]["eligible"]
    assert answer["receipt"]


def test_dormant_line_with_arrears_and_no_sim(caller: Caller) -> None:
    """The SIM is lost and a late fee grows: asked for proof in a way that is open to them, and told what is owed."""
    body = request(
        {
            "action": "close_remote",
            "channel": "hotline",
            "reason": "arrears",
            "account": {
                "last_activity_days": 400,
                "arrears_fen": 9000,
                "arrears_days": 200,
                "status": "suspended",
                "frozen_reason": "arrears",
            },
            "subscriber": {"handling_province": "310000"},
            "confirmation": {"seconds_on_page": None, "edits": None},
            "device": None,
            "location": None,
            "otp": {
                "status": "not_possible",
                "channel": None,
                "destination_is_closing_number": None,
                "entry_latency_s": None,
                "input_method": None,
                "delivery_receipt_s": None,
                "bound_to_request": None,
            },
            "network": {"reachable": False, "number_verified": "unavailable"},
            "kyc": {"name_match_score": None, "id_document_match": None},
        }
    )
    answer = caller.screen(body)
    assert answer["decision"] in {"challenge", "hold"}
    assert has_faceless_way(answer)
    assert not any("otp_closing_number" in way for way in ways(answer))
    assert not answer["eligibility"]["eligible"]
    owed = {item["code"]: item["amount_fen"] for item in answer["eligibility"]["obligations"]}
    assert owed["ARREARS_DUE"] == 9000
    assert "EVIDENCE_INSUFFICIENT" in codes(answer)


def test_lost_phone_asks_for_suspension(caller: Caller) -> None:
    """Protective: a new phone and a new SIM look like a theft, and still the owner is never held up."""
    body = request(
        {
            "action": "suspend",
            "reason": "lost_stolen",
            "device": {"id": f"d-new-{number()}", "sim_matches_line": "no"},
            "network": {"sim_change_age_h": 2.0, "device_change_age_h": 1.0, "number_verified": "unavailable"},
            "otp": {"status": "not_possible"},
        }
    )
    answer = caller.screen(body)
    assert answer["decision"] in {"allow", "challenge"}
    assert answer["hold"] is None


def test_heir_with_pending_papers(caller: Caller) -> None:
    """A relative closes the line of somebody who died: a person looks at it, nobody is called a thief."""
    body = request(
        {
            "channel": "store",
            "reason": "deceased",
            "requester": {"role": "heir", "document_status": "pending"},
            "account": {"last_activity_days": 60},
            "kyc": {"name_match_score": 20, "id_document_match": "false"},
            "device": None,
            "agent": {"id": "a-7", "store_id": "s-7"},
        }
    )
    answer = caller.screen(body)
    assert answer["decision"] == "hold"
    assert answer["hold"]["case_id"]
    assert answer["hold"]["on_expiry"] in {"rescreen", "store_referral"}
    assert codes(answer) & {"DOCUMENTS_NOT_VERIFIED", "REQUESTER_NOT_OWNER"}


def test_victim_of_identity_misuse_closes_many_lines(caller: Caller) -> None:
    """Eighteen lines were opened in their name: closing them looks like a farm, and must not be blocked."""
    party, last = f"p-victim-{number()}", {}
    for _ in range(8):
        body = remote(
            {
                "channel": "store",
                "reason": "identity_misuse",
                "requester": {"role": "owner", "document_status": "verified"},
                "subscriber": {"party_id": party},
                "account": {"lines_on_id": 18, "tenure_days": 60},
                "device": None,
                "otp": {"status": "not_possible"},
                "network": {"number_verified": "unavailable", "reachable": False},
                "agent": {"id": f"a-{number()}", "store_id": f"s-{number()}"},
            }
        )
        last = caller.screen(body)
        assert last["decision"] != "block"
    assert last["decision"] in {"hold", "challenge"}
    assert "MANY_LINES_ONE_PERSON" in codes(last)


def test_sim_changed_five_hours_ago_then_close(caller: Caller) -> None:
    """A code to the new SIM proves nothing: it is neither offered nor counted."""
    body = request({"network": {"sim_change_age_h": 5.0}})
    caller.report(long_known(body))
    answer = caller.screen(body)
    assert answer["decision"] in {"challenge", "hold"}
    assert not any("otp_closing_number" in way for way in ways(answer))
    assert "NETWORK_SIM_CHANGED_RECENTLY" in codes(answer)
    assert has_faceless_way(answer)


def test_remote_closer_far_from_the_line(caller: Caller) -> None:
    """A stranger in Shanghai, the phone in Guangdong, a new device, a face that does not match."""
    body = remote(
        {
            "device": {"id": f"d-stranger-{number()}", "sim_matches_line": "no"},
            "location": {
                "latitude": 31.2304,
                "longitude": 121.4737,
                "accuracy_m": 30,
                "line_latitude": 23.1291,
                "line_longitude": 113.2644,
                "visited_province": "440000",
            },
            "liveness": {
                "consent": "granted",
                "provider": "vendor",
                "match_score": 0.41,
                "pad_score": 0.9,
                "failures_24h": 3,
            },
            "network": {"number_verified": "false"},
            "otp": {"status": "failed", "failed_attempts": 3},
        }
    )
    answer = caller.screen(body)
    assert answer["decision"] in {"hold", "block"}
    assert codes(answer) & {"FACE_MISMATCH", "LOCATION_FAR_FROM_LINE"}


def test_bot_farm_on_one_device(caller: Caller) -> None:
    """Thirty numbers from one device within minutes: blocked from some point on, and it stays so."""
    device, decisions = f"d-farm-{number()}", []
    for _ in range(30):
        body = remote({"device": {"id": device}, "confirmation": {"seconds_on_page": 0.8, "edits": 0}})
        answer = caller.screen(body)
        decisions.append(answer["decision"])
    first = decisions.index("block")
    assert first < 15
    assert set(decisions[first:]) == {"block"}
    assert "MANY_LINES_ONE_DEVICE" in codes(answer)


def test_coerced_owner_under_remote_control(caller: Caller) -> None:
    """The owner's own phone, SIM, home and face, and somebody else's hand: held with a call back, never let through."""
    body = request(
        {
            "device": {"remote_control": True, "screen_shared": True, "call_in_progress": "voip"},
            "confirmation": {"seconds_on_page": 150.0},
            "liveness": {"consent": "granted", "match_score": 0.96, "pad_score": 0.98, "failures_24h": 0},
            "otp": {"input_method": "typed", "entry_latency_s": 48.0},
        }
    )
    caller.report(long_known(body))
    answer = caller.screen(body)
    assert answer["decision"] == "hold"
    assert any("callback_second_contact" in way for way in ways(answer))
    assert not any("otp_closing_number" in way for way in ways(answer))
    assert "DEVICE_REMOTE_CONTROLLED" in codes(answer)


def test_code_relayed_with_forwarding_on(caller: Caller) -> None:
    """Calls and codes go to somebody else: the passed code does not count as evidence."""
    body = request(
        {
            "network": {
                "call_forwarding": "unconditional",
                "call_forward_set_h": 3.0,
                "number_verified": "unavailable",
            },
            "kyc": {"name_match_score": None, "id_document_match": None},
            "otp": {"channel": "voice", "entry_latency_s": 75.0},
        }
    )
    caller.report(long_known(body))
    answer = caller.screen(body)
    assert answer["decision"] in {"challenge", "hold", "block"}
    assert "EVIDENCE_INSUFFICIENT" in codes(answer)
    assert "NETWORK_FORWARDING_ACTIVE" in codes(answer)
    assert not any("otp_closing_number" in way for way in ways(answer))


def test_insider_agent_overrides_at_night(night: Caller) -> None:
    """A clerk waves a closure through late in the evening, for a beneficiary they have served before."""
    for _ in range(3):
        night.screen(_insider())
    answer = night.screen(_insider())
    assert answer["decision"] == "hold"
    assert "AGENT_OVERRIDE" in codes(answer)


def _insider() -> Body:
    return remote(
        {
            "channel": "store",
            "agent": {"id": "a-insider", "store_id": "s-franchise", "override": True, "beneficiary_token": "b-1"},
            "device": None,
            "otp": {"status": "not_sent"},
            "network": {"number_verified": "unavailable"},
        }
    )


def test_virtual_camera_with_a_perfect_face(caller: Caller) -> None:
    """The face is perfect because it is a film: it counts against, not for."""
    body = remote(
        {
            "device": {"id": f"d-cam-{number()}"},
            "liveness": {
                "consent": "granted",
                "match_score": 0.99,
                "pad_score": 0.95,
                "virtual_camera": True,
                "motion_gyro_corr": 0.01,
                "challenge_latency_ms": [800, 805, 802],
            },
        }
    )
    answer = caller.screen(body)
    assert answer["decision"] in {"hold", "block"}
    assert "FACE_INJECTED" in codes(answer)


def test_msisdn_is_free_of_collisions() -> None:
    """Stories must not share lines: a verdict sticks to one."""
    assert len({msisdn(n) for n in range(1000)}) == 1000
