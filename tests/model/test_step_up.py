"""What a step-up can do to a verdict, and what nothing that a device says can do."""

import random
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from features.catalogue import catalogue
from features.request import ScreeningRequest
from model.factors import SPOILERS
from model.matter import Matter, Offer
from model.outcome import RANK
from model.policy import Policy
from tests.builders import request

POLICY = Policy.load(None, catalogue())
WALKS = 10_000
DEVICE = [signal for signal in catalogue().signals.values() if signal.origin == "device"]


def matter(row: dict[str, Any], **changes: Any) -> Matter:
    """A closure in question, with a row laid over the policy's plain one."""
    body = request()
    said = msgspec.convert(body, ScreeningRequest)
    plain = {name: float(value) if isinstance(value, int) else value for name, value in POLICY._file.plain.items()}
    fields: dict[str, Any] = {
        "request": said,
        "row": plain | row,
        "failures": frozenset(),
        "sticky": None,
        "at_ms": 0,
        "strictness": "normal",
        "probability": 0.01,
        "band": "challenge",
    }
    return Matter(**(fields | changes))


VIDEO = (Offer(meets="challenge", ways=(("video_agent",), ("otp_second_contact", "face_liveness"))),)
HOLD = (Offer(meets="hold", ways=(("video_agent",),)),)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "challenge"),
        ({"done": frozenset({"video_agent"})}, "challenge"),
        ({"done": frozenset({"video_agent"}), "offers": VIDEO}, "allow"),
        ({"done": frozenset({"otp_second_contact"}), "offers": VIDEO}, "allow"),
        ({"done": frozenset({"video_agent"}), "offers": VIDEO, "band": "hold"}, "hold"),
        ({"done": frozenset({"video_agent"}), "offers": HOLD, "band": "hold"}, "allow"),
        ({"done": frozenset({"video_agent"}), "offers": HOLD, "band": "block"}, "block"),
        ({"done": frozenset({"video_agent"}), "offers": HOLD, "sticky": "hold"}, "allow"),
        ({"done": frozenset({"video_agent"}), "offers": VIDEO, "sticky": "hold"}, "hold"),
        ({"done": frozenset({"video_agent"}), "offers": HOLD, "sticky": "block"}, "block"),
        ({"done": frozenset({"video_agent"}), "offers": HOLD, "failures": frozenset({"velocity"})}, "hold"),
    ],
)
def test_a_way_that_was_offered_meets_what_it_was_offered_for(changes: dict[str, Any], expected: str) -> None:
    """And no more than that; the plain row has a face that matches, so a code beside it completes the way."""
    assert POLICY.judge(matter({}, **changes)).decision == expected


@pytest.mark.parametrize("spoiler", SPOILERS, ids=lambda spoiler: spoiler.name)
def test_a_spoiled_factor_meets_nothing(spoiler: Any) -> None:
    """For every factor that something spoils: done, offered alone beside a code word, and still worth nothing."""
    state = dict.fromkeys(spoiler.reads, 1.0)
    for factor in spoiler.spoils - {"face_liveness"}:
        offers = (Offer(meets="hold", ways=((factor,),)),)
        row = {"liveness.match_score": None, "otp.passed": None, "network.number_verified": None} | state
        row |= {"account.kyc_id_mismatch": None}
        spoiled = POLICY.judge(matter(row, done=frozenset({factor}), offers=offers))
        assert factor in spoiled.spoiled, factor
        assert RANK[spoiled.decision] >= RANK["challenge"], factor


def test_a_face_alone_is_no_way_even_if_a_policy_offered_it() -> None:
    """A match by itself never moves a request towards allow."""
    offers = (Offer(meets="hold", ways=(("face_liveness",),)),)
    verdict = POLICY.judge(matter({}, done=frozenset({"face_liveness"}), offers=offers))
    assert verdict.decision == "challenge"


def test_ten_thousand_walks_of_device_fields_never_turn_a_hold_or_block_into_an_allow() -> None:
    """A thief tries device after device: the earlier verdict stays, whatever their phone says."""
    chance = random.Random(7)  # noqa: S311 - the same walks in every run
    for _ in range(WALKS):
        sticky = chance.choice(["hold", "block"])
        row = {signal.name: _anything(signal, chance) for signal in chance.sample(DEVICE, 6)}
        band = chance.choice(["allow", "challenge", "hold"])
        asked = matter(row, sticky=sticky, band=band, offers=HOLD)
        assert RANK[POLICY.judge(asked).decision] >= RANK[sticky]
        assert RANK[POLICY.judge(replace(asked, done=frozenset({"second_confirmation"}))).decision] >= RANK[sticky]


def _anything(signal: Any, chance: random.Random) -> Any:
    if isinstance(signal.fires.gives, str):
        return chance.choice([None, signal.fires.gives, signal.quiet.gives])
    return chance.choice([None, 0.0, 1.0, signal.fires.gives, signal.quiet.gives])
