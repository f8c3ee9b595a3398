"""Every signal keeps its word: both examples, its direction, and what missing means. A new entry is covered at once."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from features import groups
from features.catalogue import Catalogue, UnknownSignalError, catalogue, columns, encode
from features.facts import Facts
from features.groups.liveness import AGREED
from features.request import Liveness, ScreeningRequest, Slices
from features.signal import NEUTRAL, Example, Moment, Signal, Value
from tests.builders import Body, request
from tests.features.moments import PLAIN, moment_of

CHINESE = re.compile(r"[\u4e00-\u9fff]")
SIGNALS = list(catalogue().signals.values())
EXAMPLES = [(signal, which) for signal in SIGNALS for which in ("fires", "quiet")]
BARE = Moment(request=msgspec.convert(PLAIN, ScreeningRequest), facts=Facts(), at_ms=0, keys={}, answers=None)


@pytest.mark.parametrize(("signal", "which"), EXAMPLES, ids=[f"{s.name}-{which}" for s, which in EXAMPLES])
def test_an_example_gives_what_it_says(signal: Signal, which: str) -> None:
    """Computed over windows that the offline engine answered from the example's past."""
    example: Example = getattr(signal, which)
    found = signal.compute(moment_of(signal, example))
    assert found == (pytest.approx(example.gives, abs=0.1) if isinstance(example.gives, float) else example.gives)


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_an_entry_is_complete(signal: Signal) -> None:
    """Its texts are there, its group is its file's, and it reads no slice."""
    assert CHINESE.search(signal.zh)
    assert signal.why.endswith(".")
    assert signal.missing
    assert signal.use
    assert re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", signal.name)
    assert signal.risk != "none" or "model" not in signal.use


@pytest.mark.parametrize("signal", [s for s in SIGNALS if s.risk in {"rises", "falls"}], ids=lambda s: s.name)
def test_the_example_that_fires_lies_on_the_risky_side(signal: Signal) -> None:
    """A direction that was written the wrong way round would teach the model the wrong thing."""
    quiet = signal.benign if signal.quiet.gives is None else signal.quiet.gives
    assert isinstance(signal.fires.gives, float)
    assert isinstance(quiet, float)
    assert signal.fires.gives > quiet if signal.risk == "rises" else signal.fires.gives < quiet


@pytest.mark.parametrize("signal", [s for s in SIGNALS if s.origin == "device"], ids=lambda s: s.name)
def test_leaving_out_a_device_signal_never_reads_better_than_benign(signal: Signal) -> None:
    """The value stands in as benign, and the indicator beside it, held monotone, can only raise the risk."""
    layout = columns([signal])
    missing = encode({signal.name: None}, layout)
    assert missing == [signal.benign, 1.0]
    assert encode({signal.name: signal.benign}, layout) == [signal.benign, 0.0]
    assert layout[1].monotone == 1


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_a_reason_claims_nothing_that_is_not_so(signal: Signal) -> None:
    """It speaks for the example that fires, never for nothing, and for the quiet one only if it is neutral."""
    assert signal.says(signal.fires.gives)
    assert not signal.says(None)
    if signal.reason not in NEUTRAL:
        assert not signal.says(signal.quiet.gives)


def test_nothing_is_known_of_a_bare_request_but_what_it_must_say() -> None:
    """Absent is neither harmless nor hostile: it is None, save for what the clock and the request itself always say."""
    row = catalogue().row(BARE)
    assert {name for name, value in row.items() if value is not None} == {
        "request.action",
        "request.channel",
        "request.hour",
        "request.at_night",
    }


def _row(body: Body) -> dict[str, Value]:
    """Return the row of a request without facts or windows; its own identifiers do not matter to it."""
    asked = msgspec.convert(body, ScreeningRequest)
    return catalogue().row(Moment(request=asked, facts=Facts(), at_ms=0, keys={}, answers=None))


@pytest.mark.parametrize("face", [{"consent": "declined"}, {"consent": "not_asked"}, {}, AGREED | {"exempt": True}])
def test_refusing_a_face_check_leaves_no_trace_in_the_row(face: dict[str, Value]) -> None:
    """Scores that a refusal carries by mistake are not read, and refusing equals not being asked."""
    scores = {"match_score": 0.1, "pad_score": 0.1, "virtual_camera": True, "failures_24h": 9, "motion_gyro_corr": 0.0}
    bodies = [request(), request({"liveness": face | scores})]
    rows = [_row(body) for body in bodies]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(("signal", "which"), EXAMPLES, ids=[f"{s.name}-{which}" for s, which in EXAMPLES])
def test_slices_change_nothing(signal: Signal, which: str) -> None:
    """Age and accessibility are for fairness figures alone: whoever asks, the signal says the same."""
    moment = moment_of(signal, getattr(signal, which))
    for slices in (Slices(age_group="elderly", accessibility=True), Slices(age_group="minor", accessibility=False)):
        told = replace(moment, request=structs.replace(moment.request, slices=slices))
        assert signal.compute(told) == signal.compute(moment)


@pytest.mark.parametrize(("signal", "which"), EXAMPLES, ids=[f"{s.name}-{which}" for s, which in EXAMPLES])
@pytest.mark.parametrize("refusal", [{"consent": "declined"}, {"consent": "not_asked"}, {}, AGREED | {"exempt": True}])
def test_refusing_a_face_check_costs_nothing(signal: Signal, which: str, refusal: Body) -> None:
    """However it is refused, nothing is known of the face, and every other signal says what it said."""
    moment = moment_of(signal, getattr(signal, which))
    kept = structs.replace(moment.request.liveness, consent=None, exempt=None)
    face = msgspec.convert(msgspec.to_builtins(kept) | refusal, Liveness)
    refused = replace(moment, request=structs.replace(moment.request, liveness=face))
    assert signal.compute(refused) == (None if signal.group == "liveness" else signal.compute(moment))


@pytest.mark.parametrize("file", sorted(Path(groups.__path__[0]).glob("*.py")), ids=lambda file: file.stem)
def test_no_group_names_what_it_must_not_read(file: Path) -> None:
    """No slice anywhere; the consent to a face check only where it opens and shuts the group of faces."""
    read = [node.attr for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)]
    assert "slices" not in read
    assert read.count("consent") == (1 if file.stem == "liveness" else 0)


def test_a_name_or_version_that_is_not_here_is_refused() -> None:
    """A model that was trained on another meaning must not load."""
    assert catalogue().named(["device.rooted@1"])[0].name == "device.rooted"
    for name in ("device.rooted@2", "device.rooted", "device.nothing@1"):
        with pytest.raises(UnknownSignalError):
            catalogue().named([name])


def test_two_entries_of_one_name_are_refused() -> None:
    """Neither would be the one that is meant."""
    with pytest.raises(ValueError, match=r"device\.rooted"):
        Catalogue([SIGNALS[0], *catalogue().named(["device.rooted@1"] * 2)])


def test_every_group_of_the_contract_is_covered() -> None:
    """Request, account, contract, cross-province, device, location, code, face, network, velocity, agents."""
    groups = {signal.group for signal in SIGNALS}
    assert groups == {
        "request",
        "account",
        "contract",
        "cross_province",
        "device",
        "location",
        "otp",
        "liveness",
        "network",
        "velocity",
        "graph",
        "agent",
    }
    assert len(SIGNALS) >= 45
