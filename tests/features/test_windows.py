"""The offline engine against a third, naive one; the rule of time on its edges; declarations that make no sense."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from features.clock import counts
from features.event import Event
from features.replay import replay
from features.windows import Count, Distinct, First, Gaps, Last, Plan, Window
from tests.features.naive import answer

HOUR = timedelta(hours=1)
START = 1_800_000_000_000
WINDOWS: tuple[Window, ...] = (
    Count(by="line", of=("screening",), span=HOUR),
    Count(by="device", of=("screening", "login_failed"), span=timedelta(minutes=10)),
    Count(by="line+device", of=("login_failed",), span=HOUR),
    Distinct(what="line", by="device", of=("screening",), span=HOUR),
    Distinct(what="province", by="line", of=("screening", "login_succeeded"), span=HOUR),
    First(by="line+device", of=("login_succeeded",), span=2 * HOUR),
    First(by="device", of=("login_succeeded", "screening"), span=timedelta(minutes=10)),
    Last(by="line", of=("login_failed",), span=HOUR),
    Last(by="line", of=("screening",), span=HOUR, value="province"),
    Last(by="line", of=("screening",), span=HOUR, having="province"),
    Gaps(by="device", of=("screening",), span=HOUR),
    Count(by="ip", of=("screening",), span=HOUR),
    Distinct(what="line", by="ip", of=("screening",), span=HOUR),
)
PLAN = Plan.of(WINDOWS)
EDGES = [0, 1, 599_999, 600_000, 600_001, 3_599_999, 3_600_000, 3_600_001, 7_200_000, 7_200_001]
STEPS = st.tuples(
    st.sampled_from(["screening", "screening", "login_failed", "login_succeeded"]),
    st.sampled_from(["l1", "l2"]),
    st.sampled_from(["d1", "d2", None]),
    st.sampled_from(EDGES),
    st.sampled_from([0, 0, 0, 1, 600_000, 3_600_000]),
    st.sampled_from([None, 310000, 440000]),
)


def stream(steps: list[tuple[str, str, str | None, int, int, int | None]]) -> list[Event]:
    """Return a log: late events, ties, steps on the edges of windows."""
    events, now = [], START
    for number, (kind, line, device, step, late, province) in enumerate(steps):
        now += step
        events.append(
            Event(
                id=f"e{number}",
                kind=kind,
                occurred_ms=now - late,
                known_ms=now,
                keys={"line": line} | ({"device": device} if device else {}),
                values={} if province is None else {"province": province},
            )
        )
    return events


def compare(log: list[Event]) -> None:
    """Fail when the offline engine and the naive one differ anywhere."""
    found = iter(replay(log, PLAN))
    for place, event in enumerate(log):
        if event.kind == "screening":
            answers = next(found)
            for window in WINDOWS:
                expected = answer(window, log, place)
                assert answers[window] == (expected if expected is None else pytest.approx(expected, rel=1e-12)), window


@given(steps=st.lists(STEPS, max_size=80))
@settings(max_examples=150, deadline=None)
def test_offline_equals_naive(steps: list[tuple[str, str, str | None, int, int, int | None]]) -> None:
    """Whatever happens, on whichever edge."""
    compare(stream(steps))


def test_the_cap_is_part_of_the_meaning() -> None:
    """The sixty-fifth event of a line pushes its oldest out, the 257th of an address, in both."""
    log = [
        replace(event, keys=event.keys | {"ip": "i1"})
        for event in stream([("screening", "l1", "d1", 1, 0, None)] * 260)
    ]
    compare(log)
    last = replay(log, PLAN)[-1]
    assert last[WINDOWS[0]] == 64.0
    assert last[Count(by="ip", of=("screening",), span=HOUR)] == 256.0


@given(
    steps=st.lists(STEPS, max_size=40), again=st.lists(st.tuples(st.integers(0, 39), st.integers(0, 80)), max_size=10)
)
@settings(max_examples=60, deadline=None)
def test_repeats_change_nothing(
    steps: list[tuple[str, str, str | None, int, int, int | None]], again: list[tuple[int, int]]
) -> None:
    """Whichever events come again, and however much later."""
    log = stream(steps)
    repeated = list(log)
    for which, later in again:
        if which < len(log):
            place = repeated.index(log[which]) + 1
            repeated.insert(min(place + later, len(repeated)), log[which])
    assert replay(repeated, PLAN) == replay(log, PLAN)


def test_the_order_of_the_store_decides_where_it_gave_one() -> None:
    """An event that the log holds first, but the store put behind the request, was not known to it; and the reverse."""
    early, late, asking = stream(
        [("login_failed", "l1", None, 1, 0, None)] * 2 + [("screening", "l1", None, 1, 0, None)]
    )
    at_ms = asking.known_ms
    stamped = [
        replace(early, stamps={"line": (at_ms, at_ms + 2)}),
        replace(asking, stamps={"line": (at_ms, at_ms + 1)}),
        replace(late, stamps={"line": (at_ms, at_ms)}),
    ]
    last = Last(by="line", of=("login_failed",), span=HOUR)
    (answers,) = replay(stamped, Plan.of([last]))
    assert answers[last] == (at_ms - late.occurred_ms) / 3_600_000


def test_of_two_at_one_instant_the_later_known_is_the_last() -> None:
    """Also when the second one is told late."""
    log = stream(
        [
            ("screening", "l1", None, 1, 0, 310000),
            ("screening", "l1", None, 5, 5, 440000),
            ("screening", "l1", None, 1, 0, None),
        ]
    )
    assert log[0].occurred_ms == log[1].occurred_ms
    compare(log)
    assert replay(log, PLAN)[-1][Last(by="line", of=("screening",), span=HOUR, value="province")] == 440000


@given(steps=st.lists(STEPS, max_size=40), span_ms=st.sampled_from([1, 600_000, 3_600_000]))
@settings(max_examples=60, deadline=None)
def test_windows_count_by_the_rule_of_time(
    steps: list[tuple[str, str, str | None, int, int, int | None]], span_ms: int
) -> None:
    """What a window counts is what the rule, asked event by event, lets count."""
    log = [event for event in stream(steps) if event.keys["line"] == "l1" and event.kind == "screening"]
    window = Count(by="line", of=("screening",), span=timedelta(milliseconds=span_ms))
    for place, (asking, answers) in enumerate(zip(log, replay(log, Plan.of([window])), strict=True)):
        at_ms = asking.known_ms
        assert answers[window] == sum(
            counts(occurred_ms=event.occurred_ms, seq=seq, at_ms=at_ms, at_seq=place, span_ms=span_ms)
            for seq, event in enumerate(log)
        )


def test_an_event_that_comes_twice_counts_once() -> None:
    """The second one changes nothing, and asks nothing."""
    log = stream([("login_failed", "l1", "d1", 1, 0, None), ("screening", "l1", "d1", 1, 0, None)])
    assert replay([log[0], log[0], log[1], log[1]], PLAN) == replay(log, PLAN)


@pytest.mark.parametrize(
    ("occurred_ms", "seq", "counted"),
    [(1000, 4, True), (999, 4, False), (1000, 5, False), (1000, 6, False), (2000, 4, True), (2000, 5, False)],
)
def test_the_rule_of_time(occurred_ms: int, seq: int, counted: bool) -> None:  # noqa: FBT001
    """Closed on the left, before the request in the store's order, and never the request itself."""
    assert counts(occurred_ms=occurred_ms, seq=seq, at_ms=2000, at_seq=5, span_ms=1000) is counted


def test_windows_that_make_no_sense_are_refused() -> None:
    """A typo in a kind would count nothing, silently."""
    for of, span in ((("screenin",), HOUR), ((), HOUR), (("screening",), timedelta(0))):
        with pytest.raises(ValueError, match="a window needs"):
            Count(by="line", of=of, span=span)


def test_gaps_over_a_span_too_long_for_whole_numbers_are_refused() -> None:
    """Squares of milliseconds over months do not fit 64 bits; better no window than one that differs offline."""
    assert Gaps(by="device", of=("screening",), span=timedelta(days=4))
    with pytest.raises(ValueError, match="too long to be squared"):
        Gaps(by="device", of=("screening",), span=timedelta(days=5))
    with pytest.raises(ValueError, match="too long to be squared"):
        Gaps(by="ip", of=("screening",), span=timedelta(days=4))


def test_a_late_event_far_before_a_chain_is_no_part_of_it() -> None:
    """The chain began anew after a long pause; what is told of the time before the pause does not bridge it."""
    log = stream(
        [
            ("login_succeeded", "l1", "d1", 1, 0, None),
            ("login_succeeded", "l1", "d1", 7_200_001, 0, None),
            ("login_succeeded", "l1", "d1", 0, 7_200_001, None),
            ("screening", "l1", "d1", 3_600_000, 0, None),
        ]
    )
    compare(log)
    assert replay(log, PLAN)[-1][First(by="line+device", of=("login_succeeded",), span=2 * HOUR)] == 1.0


def test_a_plan_keeps_what_its_windows_need_and_no_longer() -> None:
    """Retention per entity is its longest span; the digest changes with any window."""
    assert PLAN.shelves["device"].retention_ms == 3_600_000
    assert PLAN.shelves["line+device"].retention_ms == 7_200_000
    assert PLAN.longest_ms == 7_200_000
    assert Plan.of(WINDOWS[:-1]).digest != PLAN.digest
    assert Plan.of((*WINDOWS, WINDOWS[0])).digest == PLAN.digest
    assert len({window.name for window in WINDOWS}) == len(WINDOWS)
