"""Factor validity: what a thief may hold is neither offered nor counted, and everybody has a way on."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import msgspec
import pytest

from features.request import ScreeningRequest
from features.signal import Value
from model import factors
from model.eligibility import obligations
from tests.builders import request

WAYS = (
    ("number_verification",),
    ("otp_closing_number",),
    ("otp_second_contact",),
    ("service_password", "second_confirmation"),
    ("face_liveness", "second_confirmation"),
    ("callback_second_contact",),
    ("video_agent",),
    ("store_visit",),
)


def asked(patch: Mapping[str, Any] | None = None) -> ScreeningRequest:
    """Return an ordinary request with a patch."""
    return msgspec.convert(request(patch), ScreeningRequest)


@pytest.mark.parametrize(
    ("row", "gone"),
    [
        ({"network.sim_change_age_h": 71.9}, {"otp_closing_number", "number_verification"}),
        ({"velocity.sim_changed_h": 1.0}, {"otp_closing_number", "number_verification"}),
        ({"network.forwarding_unconditional": 1.0}, {"otp_closing_number"}),
        ({"network.forwarding_active": 1.0, "network.forwarding_set_h": 3.0}, {"otp_closing_number"}),
        ({"network.unreachable": 1.0}, {"otp_closing_number"}),
        ({"otp.other_province": 1.0}, {"otp_closing_number"}),
        ({"liveness.virtual_camera": 1.0}, {"face_liveness"}),
        ({"account.contact_changed_h": 2.0}, {"otp_second_contact", "callback_second_contact"}),
        ({"account.password_reset_h": 2.0}, {"service_password"}),
        (
            {"device.remote_control": 1.0},
            {
                "number_verification",
                "otp_closing_number",
                "otp_second_contact",
                "service_password",
                "second_confirmation",
                "face_liveness",
            },
        ),
        ({"network.sim_change_age_h": 72.0}, set()),
        ({"network.forwarding_active": 1.0, "network.forwarding_set_h": 2000.0}, set()),
        ({}, set()),
    ],
)
def test_what_spoils_what(row: dict[str, Value], gone: set[str]) -> None:
    """The table, row by row."""
    assert set(factors.spoiled(row)) == gone
    offered = {factor for way in factors.offered(WAYS, asked(), row) for factor in way}
    assert not offered & gone
    assert "store_visit" in offered


def test_a_spoiled_factor_is_not_counted() -> None:
    """A code that passed on a SIM of this morning shows nothing."""
    passed = {"otp.passed": 1.0, "otp.to_other_number": 0.0}
    assert factors.shown(asked(), passed) == {"otp_closing_number"}
    assert factors.shown(asked(), passed | {"network.sim_change_age_h": 5.0}) == frozenset()


def test_a_face_alone_is_not_enough() -> None:
    """NIST SP 800-63B: a biometric goes with something else."""
    assert not factors.sufficient({"face_liveness"})
    assert not factors.sufficient(())
    assert factors.sufficient({"face_liveness", "kyc"})
    assert factors.sufficient({"number_verification"})


@pytest.mark.parametrize(
    ("contact", "valid"),
    [
        ({}, True),
        ({"source": "supplied"}, False),
        ({"same_owner": "no"}, False),
        ({"same_owner": "unknown"}, False),
        ({"since_h": 71.0}, False),
        ({"since_h": None}, False),
        ({"is_closing_number": True}, False),
    ],
)
def test_which_second_contact_proves_something(contact: dict[str, Any], valid: bool) -> None:  # noqa: FBT001
    """On record, the owner's, three days old, and not the line itself."""
    base = {"token": "c", "source": "on_record", "since_h": 500, "same_owner": "yes", "is_closing_number": False}
    found = factors.second_contact(asked({"contacts": [base | contact]}))
    assert found is valid
    offered = factors.offered(WAYS, asked({"contacts": [base | contact]}), {})
    assert (("otp_second_contact",) in offered) is valid


@pytest.mark.parametrize("patch", [{"liveness": {"consent": "declined"}}, {"liveness": {"exempt": True}}])
def test_refusing_a_face_check_closes_that_way_alone(patch: dict[str, Any]) -> None:
    """Everything else that was offered still is."""
    without = factors.offered(WAYS, asked(patch), {})
    assert set(factors.offered(WAYS, asked(), {})) - set(without) == {("face_liveness", "second_confirmation")}


def test_everybody_has_a_way_without_a_face_whatever_is_spoiled() -> None:
    """Under every pair of spoilers."""
    states = [dict.fromkeys(spoiler.reads, 1.0) for spoiler in factors.SPOILERS]
    for first, second in combinations(states, 2):
        ways = factors.offered(WAYS, asked({"contacts": []}), first | second)
        assert any("face_liveness" not in way for way in ways)


def test_what_was_shown_already_is_not_asked_again() -> None:
    """A way whose every factor passed is no way on."""
    assert ("number_verification",) not in factors.offered(WAYS, asked(), {"network.number_verified": 1.0})


@pytest.mark.parametrize(
    ("action", "row", "codes", "hindered"),
    [
        ("close", {"account.arrears_fen": 3000.0}, ["ARREARS_DUE"], True),
        ("suspend", {"account.arrears_fen": 3000.0}, [], False),
        ("close", {"account.prepaid_balance_fen": 500.0}, ["BALANCE_TO_REFUND"], False),
        ("close", {"contract.binding": 1.0, "contract.remaining_days": 0.0}, [], False),
        ("close", {"contract.binding": 1.0, "contract.remaining_days": 9.0}, ["CONTRACT_IN_FORCE"], True),
        ("close", {"contract.early_termination_fee_fen": 1.0}, ["TERMINATION_FEE_DUE"], True),
        ("close", {"contract.premium_number": 1.0}, ["PREMIUM_NUMBER_AGREEMENT"], True),
        ("close", {"contract.converged_bundle": 1.0}, ["BUNDLE_TO_DISSOLVE"], True),
        ("close", {"cross_province.unavailable": 2.0}, [], False),
        ("close_remote", {"cross_province.unavailable": 2.0}, ["CROSS_PROVINCE_UNAVAILABLE"], True),
        ("unsubscribe", {"contract.sync_lagging": 1.0}, ["SYNC_LAGGING"], True),
        ("close", {"account.frozen": 1.0}, ["SERVICE_FROZEN"], True),
        ("close", {}, [], False),
    ],
)
def test_what_is_to_be_settled(action: str, row: dict[str, Value], codes: list[str], hindered: bool) -> None:  # noqa: FBT001
    """Each obligation, where it applies and where not; a missing signal obliges nobody."""
    owed = obligations(action, row)
    assert [found.code for found in owed] == codes
    assert any(found.hinders for found in owed) is hindered
