"""The default policy: its examples hold, its slips are found, and no missing signal makes anything milder."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import msgspec
import pytest

from features.catalogue import catalogue
from features.request import ScreeningRequest
from features.signal import Value
from model.outcome import RANK
from model.policy import FAILURES, Matter, Policy, PolicyError, Verdict
from model.policy_file import PolicyFile
from model.rules import Rule, reads_of
from tests.builders import request

TEXT = (files("model") / "policies" / "default.toml").read_bytes()
FILE = msgspec.toml.decode(TEXT, type=PolicyFile)
POLICY = Policy.load(None, catalogue())


def row(**changed: Value) -> dict[str, Value]:
    """Return the policy's plain row with some signals changed; dots are written as two underscores."""
    plain = {name: float(value) if isinstance(value, int | float) else value for name, value in FILE.plain.items()}
    return plain | {name.replace("__", "."): value for name, value in changed.items()}


def judged(found: Mapping[str, Value], patch: Mapping[str, Any] | None = None, **matter: Any) -> Verdict:
    """Return the default policy's verdict."""
    asked = msgspec.convert(request(patch), ScreeningRequest)
    given = {"failures": frozenset(), "sticky": None, "at_ms": 0, "strictness": "normal", "band": "allow"} | matter
    return POLICY.judge(Matter(request=asked, row=found, probability=0.001, **given))


def test_every_example_of_the_default_policy_holds() -> None:
    """Each rule with both of its examples, and each whole case."""
    assert POLICY.broken_examples() == []
    assert all(rule.fires and rule.quiet for rule in FILE.rule)


@pytest.mark.parametrize("rule", FILE.rule, ids=[rule.name for rule in FILE.rule])
def test_dropping_what_a_device_reports_as_benign_changes_no_rule(rule: Rule) -> None:
    """A rule that is hit stays hit when a device leaves out what it would have reported as harmless."""
    signals = catalogue().signals
    for name in reads_of(rule.when).signals - set(rule.fires):
        if signals[name].origin == "device":
            assert POLICY._hits(rule, rule.fires | {name: "absent"}) is True, name


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"device.hooked == 1'", b"device.hookd == 1'", "there is no signal device.hookd"),
        (b"device.hooked == 1'", b"device.hooked == '", "app_rewritten"),
        (b"device.hooked == 1'", b"hooked == 1'", "hooked is neither a signal"),
        (b"device.hooked == 1'", b"device.hooked == 2'", "should hit it"),
        (b"device.hooked == 1'", b"account.arrears_fen == 1'", "no rule may read it"),
        (b'reason = "FACE_INJECTED"', b'reason = "FACE_INJECTD"', "there is no reason"),
        (b'name = "face_injected"', b'name = "face_not_live"', "two rules have this name"),
        (b'expects = "block"', b'expects = "allow"', "block and not allow"),
        (b'["otp_second_contact"],\n    ["otp_closing', b'["otp_carrier_pigeon"],\n    ["otp_closing', "no factor"),
        (b'["otp_second_contact", "face_liveness"]', b'["store_visit", "video_agent"]', "counts one channel twice"),
        (
            b'then = "block"\nreason = "ACCOUNT_FROZEN"',
            b'then = "hold"\nreason = "ACCOUNT_FROZEN"',
            "a red rule blocks",
        ),
        (b'version = "default-1"', b'versoin = "default-1"', "versoin"),
    ],
)
def test_a_slip_in_a_policy_is_named(old: bytes, new: bytes, said: str) -> None:
    """A policy loads only when every name in it exists and every example holds; the sentence says what is wrong."""
    assert old in TEXT
    with pytest.raises(PolicyError, match=said):
        Policy.parse(TEXT.replace(old, new, 1), catalogue())


def test_slices_are_no_signals() -> None:
    """Neither the model nor a rule may read somebody's age group."""
    with pytest.raises(PolicyError, match=r"there is no signal slices\.age_group"):
        Policy.parse(TEXT.replace(b"device.hooked == 1'", b'slices.age_group == "elderly"\''), catalogue())


def test_a_rule_that_reads_a_missing_signal_is_unknown() -> None:
    """Neither hit nor cleared, and said."""
    verdict = judged(row(device__hooked=None))
    assert "app_rewritten" in verdict.unknown
    assert "app_rewritten" not in {rule.name for rule in verdict.hits}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_never_allows(failure: str) -> None:
    """Irreversible requests are held, others challenged; the reason says what failed."""
    for action, least in (
        ("close", "hold"),
        ("close_remote", "hold"),
        ("suspend", "challenge"),
        ("unsubscribe", "challenge"),
    ):
        verdict = judged(row(), {"action": action}, failures=frozenset({failure}), band=None)
        assert verdict.decision == least
        assert verdict.degraded_only
        assert FAILURES[failure] in verdict.reasons


def test_a_failure_beside_a_real_hold_is_not_degraded_only() -> None:
    """What would have been held anyway opens a case."""
    verdict = judged(row(liveness__virtual_camera=1.0), failures=frozenset({"velocity"}))
    assert verdict.decision == "hold"
    assert not verdict.degraded_only


def test_an_override_speaks_for_its_line_until_it_ends() -> None:
    """A lead lets one line pass; another line, a later hour, a floor and a red rule are not concerned."""
    asked = request()
    line = asked["subscriber"]["msisdn"]
    rule = f"""
[[rule]]
name = "exception_of_a_lead"
kind = "override"
when = 'irreversible'
then = "allow"
reason = "REQUEST_UNUSUAL"
why = "The lead knows this customer."
runbook = "无需处理。"
runbook_en = "Nothing to do."
line = "{line}"
until_ms = 1000
"""
    head, mark, tail = TEXT.partition(b"# ---- Whole cases")
    policy = Policy.parse(head + rule.encode() + mark + tail, catalogue())

    def decide(at_ms: int, body: dict[str, Any], found: dict[str, Value], **more: Any) -> str:
        given = {"failures": frozenset(), "sticky": None, "strictness": "normal", "band": "hold"} | more
        matter = Matter(
            request=msgspec.convert(body, ScreeningRequest), row=found, probability=0.5, at_ms=at_ms, **given
        )
        return policy.judge(matter).decision

    assert decide(999, asked, row()) == "allow"
    assert decide(1000, asked, row()) == "hold"
    assert decide(999, request(), row()) == "hold"
    assert decide(999, asked, row(), failures=frozenset({"model"})) == "hold"
    assert decide(999, asked, row(), sticky="block") == "block"
    assert decide(999, asked, row(account__police_freeze=1.0)) == "block"


def test_eligibility_changes_no_decision() -> None:
    """Whoever owes money is not a thief."""
    owing = row(account__arrears_fen=9000.0)
    verdict = judged(owing)
    assert verdict.decision == "allow"
    assert not verdict.eligible
    assert [owed.code for owed in verdict.obligations] == ["ARREARS_DUE"]
    assert "PAY_ARREARS" in verdict.next_actions


def test_every_adverse_verdict_says_what_to_do_next() -> None:
    """A challenge and a hold offer ways, at least one without a face; a block names a person to turn to."""
    for band in ("challenge", "hold", "block"):
        verdict = judged(row(), band=band)
        assert verdict.next_actions
        assert (RANK[band] < RANK["block"]) == bool(verdict.ways)
        assert not verdict.ways or any("face_liveness" not in way for way in verdict.ways)
