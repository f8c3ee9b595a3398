"""Against gateways made from the official files: every right answer and every error code that stands in them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from features.clock import FixedClock, to_ms
from features.request import ScreeningRequest
from service.ports_network import SOURCES, Change, Identity, Located, Match, SourceFailedError
from service.pulling import Pulling
from tests.camara.asking import BEFORE, EXAMPLES_ARE_OF, LOCATED_AT, QUESTIONS, WANG, answered, network
from tests.camara.gateway import Gateway, error, gateway, http
from tests.camara.specs import faults, needs_specs, operations

pytestmark = needs_specs

NOT_ASKED = {"phoneNumberShare"}
"""It gives away the number of whoever asks; we ask whether it is the one we know."""

RIGHT = [(name, place) for name, operation in operations().items() for place in range(len(operation.answers))]
ERRORS = [(name, status, code) for name, operation in operations().items() for status, code in operation.errors]

CANNOT_TELL = {
    "NOT_FOUND",
    "IDENTIFIER_NOT_FOUND",
    "SERVICE_NOT_APPLICABLE",
    "UNSUPPORTED_IDENTIFIER",
    "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK",
    "LOCATION_VERIFICATION.AREA_NOT_COVERED",
    "LOCATION_VERIFICATION.UNABLE_TO_FULFILL_MAX_AGE",
    "LOCATION_VERIFICATION.UNABLE_TO_LOCATE",
    "KNOW_YOUR_CUSTOMER.ID_DOCUMENT_REQUIRED",
}
SHORT_MEMORY = {"checkSimSwap", "checkDeviceSwap", "checkTenure", "checkNumberRecycling"}
"""Operations where OUT_OF_RANGE means that the operator does not look back so far."""
WHY = {400: "misused", 401: "refused", 403: "refused", 422: "misused", 429: "quota", 503: "down"}


def test_every_operation_is_asked_or_named() -> None:
    """So that an operation of a newer file is not left out by mistake."""
    assert set(operations()) == set(QUESTIONS) | NOT_ASKED
    assert len(operations()) == 15
    assert len(ERRORS) == 142


@pytest.mark.parametrize(("name", "place"), [case for case in RIGHT if case[0] not in NOT_ASKED])
def test_every_right_answer_is_understood(name: str, place: int) -> None:
    """And every request that we send is right by the file's own schema, in scope and in its headers."""
    answer = operations()[name].answers[place]
    found, made = answered(name, lambda made: made.right(name, answer))
    assert made.faults == []
    assert name in {asked for asked, _ in made.asked}
    assert not isinstance(found, Exception), found


@pytest.mark.parametrize(("name", "status", "code"), [case for case in ERRORS if case[0] not in NOT_ASKED])
def test_every_error_code_has_its_meaning(name: str, status: int, code: str) -> None:
    """A network that cannot tell is None, and never a no; all else is a failure that says who must mend it."""
    found, made = answered(name, lambda made: made.always(name, error(status, code)))
    assert name in {asked for asked, _ in made.asked}
    if (name, code) == ("retrieveCallForwarding", "NOT_IMPLEMENTED"):
        assert found == "unconditional"  # the file's first answer of the other operation
    elif code == "KNOW_YOUR_CUSTOMER.ID_DOCUMENT_MISMATCH":
        assert found == Match(document="false")
    elif code in CANNOT_TELL or (code == "OUT_OF_RANGE" and name in SHORT_MEMORY):
        assert found is None
    else:
        assert isinstance(found, SourceFailedError)
        assert (found.why, found.code) == (WHY[status], code)
        assert "13800138000" not in str(found)


@pytest.mark.parametrize(
    ("status", "code", "why"),
    [
        (405, "METHOD_NOT_ALLOWED", "misused"),
        (406, "NOT_ACCEPTABLE", "misused"),
        (409, "CONFLICT", "misused"),
        (410, "GONE", "misused"),
        (415, "UNSUPPORTED_MEDIA_TYPE", "misused"),
        (500, "INTERNAL", "down"),
        (502, "BAD_GATEWAY", "down"),
        (504, "TIMEOUT", "down"),
    ],
)
def test_codes_that_all_apis_share(status: int, code: str, why: str) -> None:
    """Commonalities names more than each file repeats."""
    found, _ = answered("getRoamingStatus", lambda made: made.always("getRoamingStatus", error(status, code)))
    assert isinstance(found, SourceFailedError)
    assert (found.why, found.code) == (why, code)


DAY = datetime(2024, 9, 18, 7, 37, 53, 471829, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "answer", "meaning"),
    [
        ("retrieveSimSwapDate", {"latestSimChange": "2024-09-18T07:37:53.471829447Z"}, Change(at=DAY)),
        ("retrieveSimSwapDate", {"latestSimChange": None, "monitoredPeriod": 120}, Change(monitored_days=120)),
        (
            "retrieveSimSwapDate",
            {"latestSimChange": "2024-09-18T07:37:53.471829Z", "monitoredPeriod": 1},
            Change(at=DAY),
        ),
        ("retrieveDeviceSwapDate", {"latestDeviceChange": None, "monitoredPeriod": 0}, Change(monitored_days=0)),
        ("phoneNumberVerify", {"devicePhoneNumberVerified": False}, False),
        ("retrieveCallForwarding", ["inactive"], "inactive"),
        ("retrieveCallForwarding", ["conditional_busy", "conditional_no_answer"], "conditional"),
        ("retrieveCallForwarding", ["conditional_busy", "unconditional"], "unconditional"),
        ("retrieveUnconditionalCallForwarding", {"active": True}, "unconditional"),
        ("retrieveUnconditionalCallForwarding", {"active": False}, None),
        ("retrieveUnconditionalCallForwarding", {}, None),
        ("KYC_Match", {"idDocumentMatch": "true", "nameMatch": "true"}, Match(name_score=100, document="true")),
        (
            "KYC_Match",
            {"idDocumentMatch": "false", "nameMatch": "false", "nameMatchScore": 87},
            Match(name_score=87, document="false"),
        ),
        ("KYC_Match", {"nameMatch": "false"}, Match(name_score=0)),
        ("KYC_Match", {"idDocumentMatch": "not_available", "nameMatch": "not_available"}, None),
        ("checkNumberRecycling", {"phoneNumberRecycled": True}, True),
        (
            "retriveSubscriptionStatus",
            {"voiceSmsIn": "active", "voiceSmsOut": "suspended", "dataService": "active"},
            "suspended",
        ),
        (
            "retriveSubscriptionStatus",
            {"voiceSmsIn": "active", "voiceSmsOut": "active", "dataService": "throttled"},
            "throttled",
        ),
        ("getReachabilityStatus", {"reachable": False}, False),
        ("getRoamingStatus", {"roaming": True, "lastStatusTime": "2024-02-20T10:41:38.657Z"}, True),
    ],
)
def test_what_answers_mean(name: str, answer: Any, meaning: Any) -> None:
    """Each is right by the file, and means this."""
    assert faults(operations()[name].answer, answer) == []
    assert answered(name, lambda made: made.right(name, answer))[0] == meaning


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ({"verificationResult": "PARTIAL", "matchRate": 74}, Located(result="PARTIAL", match_rate=74)),
        ({"verificationResult": "TRUE", "matchRate": 74}, Located(result="TRUE")),
        ({"verificationResult": "FALSE"}, Located(result="FALSE")),
    ],
)
def test_a_place_is_believed_while_it_is_fresh(said: dict[str, Any], meaning: Located) -> None:
    """An hour later, or before it was, the same answer says nothing: it is no FALSE."""
    answer = said | {"lastLocationTime": "2023-09-07T10:40:52Z"}
    for later, expected in (
        (timedelta(0), meaning),
        (timedelta(hours=2), None),
        (timedelta(hours=-1), None),
    ):
        found, _ = answered("verifyLocation", lambda made: made.right("verifyLocation", answer), at=LOCATED_AT + later)
        assert found == expected


def _swapped_within(hours: float | None, longest: int = 2400) -> Any:
    """Return what an operator says that only checks spans, up to a longest."""

    def says(asked: Any) -> bytes:
        if asked["maxAge"] > longest:
            return error(400, "OUT_OF_RANGE")
        return http(200, {"swapped": hours is not None and hours <= asked["maxAge"]})

    return says


@pytest.mark.parametrize(
    ("hours", "longest", "meaning"),
    [
        (5, 2400, Change(at=EXAMPLES_ARE_OF)),
        (30, 2400, Change(at=EXAMPLES_ARE_OF - timedelta(hours=24))),
        (500, 2400, Change(at=EXAMPLES_ARE_OF - timedelta(hours=168))),
        (None, 2400, Change(monitored_days=30)),
        (None, 168, Change(monitored_days=7)),
        (500, 168, Change(monitored_days=7)),
        (30, 12, None),
    ],
)
@pytest.mark.parametrize("name", ["checkSimSwap", "checkDeviceSwap"])
def test_an_operator_that_only_checks_spans(
    name: str, hours: float | None, longest: int, meaning: Change | None
) -> None:
    """A change is placed as recent as it can be; none is a lower bound; spans that are not kept say nothing."""
    found, made = answered(name, lambda made: made.says.update({name: _swapped_within(hours, longest)}))
    assert found == meaning
    assert sorted(body["maxAge"] for asked, body in made.asked if asked == name) == [24, 72, 168, 720]


@pytest.mark.parametrize(("owned", "meaning"), [(10, 0), (30, 30), (200, 180), (4000, 365)])
def test_how_long_a_line_has_been_its_owners(owned: int, meaning: int) -> None:
    """Three days are asked for at once; the answer is a lower bound."""
    since = (EXAMPLES_ARE_OF + timedelta(hours=8)).date() - timedelta(days=owned)

    def says(asked: Any) -> bytes:
        return http(200, {"tenureDateCheck": since.isoformat() <= asked["tenureDate"]})

    found, made = answered("checkTenure", lambda made: made.says.update({"checkTenure": says}))
    assert found == meaning
    assert len(made.asked) == 3


def test_what_is_sent_of_a_person() -> None:
    """Name and document, and no more."""
    _, made = answered("KYC_Match", lambda _: None)
    [(_, asked)] = made.asked
    assert asked == {
        "phoneNumber": "+8613800138000",
        "name": "王小明",
        "idDocument": "110101199003070000",
    }


def test_a_bare_request_is_completed_by_a_whole_gateway() -> None:
    """From the use case to the wire: eleven sources, all in one go, each with the first answer of its file."""

    async def run() -> tuple[ScreeningRequest, tuple[str, ...], Gateway]:
        async with gateway() as made, httpx.AsyncClient(trust_env=False) as client:
            pulling = Pulling({"north": network(made, client)}, Known(), SOURCES, FixedClock(to_ms(EXAMPLES_ARE_OF)))
            request = msgspec.convert(BARE, ScreeningRequest)
            return *(await pulling.complete("north", request, timedelta(seconds=20))), made

    found, failed, made = asyncio.run(run())
    assert (failed, made.faults) == ((), [])
    assert found.network.sim_change_age_h == pytest.approx(40.37, abs=0.01)
    assert found.network.call_forwarding == "inactive"
    assert (found.network.number_verified, found.network.number_recycled) == ("true", "true")
    assert (found.kyc.name_match_score, found.kyc.id_document_match) == (100, "true")
    assert found.account.status == "active"
    assert {asked for asked, _ in made.asked} == set(QUESTIONS) - set(BEFORE) - {"checkTenure"}


class Known:
    """Everybody is Wang Xiaoming."""

    async def identity(self, tenant: str, party_id: str) -> Identity:
        """Return the person."""
        return WANG


BARE = {
    "request_id": "r-1",
    "action": "close",
    "channel": "app",
    "subscriber": {"msisdn": "+8613800138000", "party_id": "p-71"},
    "account": {"tenure_days": 30},
    "location": {"latitude": 31.2, "longitude": 121.4, "accuracy_m": 30.0, "consent": "granted"},
}
