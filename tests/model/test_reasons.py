"""Every reason has its sentences in both languages, and the public ones tell a thief nothing."""

import re

import pytest

from features.catalogue import catalogue
from model.eligibility import SENTENCES
from model.policy import Policy
from model.reasons import NEXT_ACTIONS, PUBLIC, REASONS, full_reasons, public_reasons

CHINESE = re.compile(r"[\u4e00-\u9fff]")
EVERY = {**REASONS, **NEXT_ACTIONS, **PUBLIC, **SENTENCES}


@pytest.mark.parametrize("code", EVERY)
def test_every_code_speaks_both_languages(code: str) -> None:
    """A sentence in English, a sentence in Chinese, each with its full stop."""
    words = EVERY[code]
    assert words.en.endswith(".")
    assert not CHINESE.search(words.en)
    assert words.zh.endswith("。")
    assert CHINESE.search(words.zh)


def test_every_signal_and_rule_gives_a_reason_that_exists() -> None:
    """A contribution or a hit can always be put into words."""
    assert {signal.reason for signal in catalogue().signals.values()} <= set(REASONS)
    assert {rule.reason for rule in Policy.load(None, catalogue()).rules} <= set(REASONS)


def test_public_reasons_are_coarse() -> None:
    """At most six, each once, with no number and no signal's name in them."""
    found = public_reasons(REASONS.values())
    assert len(found) == len({reason.code for reason in found}) == len(PUBLIC) == 6
    assert not any(re.search(r"[0-9]", reason.en + reason.zh) for reason in found)
    assert not {reason.code for reason in found} & set(REASONS)


def test_the_order_of_reasons() -> None:
    """Rules first, then the weightiest signals; what speaks for the customer and what weighs little is left out."""
    pointing = [("DEVICE_NEW", 1.5), ("OTP_FAILED", 0.4), ("FACE_MISMATCH", 0.05), ("REQUEST_AT_NIGHT", -2.0)]
    found = full_reasons("hold", ["FACE_INJECTED", "DEVICE_NEW"], pointing)
    assert [reason.code for reason in found] == ["FACE_INJECTED", "DEVICE_NEW", "OTP_FAILED"]


def test_an_allow_needs_no_reason_and_everything_else_has_one() -> None:
    """Nobody is stopped without a word."""
    assert full_reasons("allow", ["DEVICE_NEW"], [("DEVICE_NEW", 1.0)]) == ()
    assert [reason.code for reason in full_reasons("challenge", [], [])] == ["REQUEST_UNUSUAL"]
