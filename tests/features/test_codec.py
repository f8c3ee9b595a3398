"""The log: what is written is what is read, and a broken line is named and never guessed at."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.codec import (
    BrokenLineError,
    Line,
    LoggedEvent,
    LoggedHeader,
    LoggedLabel,
    LoggedScreening,
    decode,
    encode,
    read,
    to_builtins,
)
from features.event import KINDS, Event
from features.facts import Facts
from features.request import ScreeningRequest
from tests.builders import request

TOKENS = st.text(min_size=1, max_size=12)
EVENTS = st.builds(
    Event,
    id=TOKENS,
    kind=st.sampled_from(KINDS),
    occurred_ms=st.integers(0, 2**53),
    known_ms=st.integers(0, 2**53),
    keys=st.dictionaries(st.sampled_from(["line", "device", "cell"]), TOKENS),
    # An H3 cell fills 60 bits: a reader that takes numbers for floats would lose its last digits.
    values=st.dictionaries(st.sampled_from(["province", "cell"]), st.integers(0, 2**63 - 1)),
    stamps=st.dictionaries(st.sampled_from(["line", "line+device"]), st.tuples(st.integers(0), st.integers(0))),
)
EVENT = Event(id="e-1", kind="screening", occurred_ms=1, known_ms=2, keys={"line": "t1_x"}, stamps={"line": (2, 3)})
SCREENING = LoggedScreening(
    event=EVENT,
    request=msgspec.convert(request({"network": {"ip": "203.0.113.7"}}), ScreeningRequest),
    facts=Facts(ip_kind="broadband", requester_cell=599_686_042_433_355_775, distance_km=12.5),
    failed=("network",),
    row={"device.rooted": 1.0, "otp.status": "passed", "location.speed_kmh": None},
    decision="hold",
    probability=0.25,
    versions={"model": "m-1"},
    sampling=40.0,
)
LINES: list[Line] = [
    LoggedHeader(made_by="simulate", fraud_rate=0.004, seed=7, notes={"why": "试验"}),
    SCREENING,
    LoggedScreening(event=EVENT, request=SCREENING.request),
    LoggedEvent(event=EVENT),
    LoggedLabel(screening_id="e-1", label="fraud", source="complaint", at_ms=9, loss_fen=120_000),
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: type(line).__name__)
def test_what_is_written_is_read_back(line: Line) -> None:
    """Of every kind: one line of JSON each, and nothing of it lost."""
    raw = encode(line)
    assert raw.endswith(b"\n")
    assert raw.count(b"\n") == 1
    assert decode(raw) == line
    assert json.loads(raw) == json.loads(json.dumps(to_builtins(line)))


@given(event=EVENTS)
def test_any_event_is_read_back(event: Event) -> None:
    """Whatever its tokens hold: line ends, quotes, other scripts; and its numbers to the last digit."""
    raw = encode(LoggedEvent(event=event))
    assert raw.count(b"\n") == 1
    assert decode(raw) == LoggedEvent(event=event)


def test_a_log_is_read_in_order_and_blank_lines_are_nothing() -> None:
    """A file that ends with an empty line is whole."""
    raw = [encode(line) for line in LINES]
    assert list(read([*raw[:2], b"\n", b"  \n", *raw[2:], b""])) == LINES


BROKEN = {
    "not JSON": b"{oh",
    "cut off": encode(SCREENING)[:200],
    "no kind": b'{"event": {}}',
    "unknown kind": b'{"type": "rumour"}',
    "another type": b'{"type": "label", "screening_id": 7, "label": "fraud", "source": "x", "at_ms": 1}',
    "unknown label": b'{"type": "label", "screening_id": "s", "label": "maybe", "source": "x", "at_ms": 1}',
    "a field too few": b'{"type": "event", "event": {"id": "e"}}',
    "a field that facts do not have": encode(SCREENING).replace(b'"ip_kind"', b'"ip_kinds"'),
    "not UTF-8": b'{"type": "header", "made_by": "\xff"}',
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_line_stops_the_reading(raw: bytes) -> None:
    """It says which line, counted from one with the blank ones, and why."""
    lines = read([encode(LINES[0]), b"\n", raw, encode(LINES[-1])])
    assert next(lines) == LINES[0]
    with pytest.raises(BrokenLineError, match=r"^line 3: .") as caught:
        next(lines)
    assert caught.value.number == 3
    assert caught.value.why


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
def test_broken_lines_are_collected_for_whoever_asks(raw: bytes) -> None:
    """The others are read all the same."""
    broken: list[BrokenLineError] = []
    assert list(read([raw, encode(LINES[0]), raw], broken=broken)) == [LINES[0]]
    assert [trouble.number for trouble in broken] == [1, 3]
