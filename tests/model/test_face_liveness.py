"""The face check: an honest person passes, and each rule fails the one thing that it is for."""

import random
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as but

from model.face import Measured, NotAFaceError
from model.gestures import STEPS, Followed, Step
from model.liveness import FAULTS, MOST_FRAMES, NOTICE, SPOOF, Flag, Frame, Verdict, _verdict, draw_steps, judge
from tests.model.faces import Film, Person

ASKED: tuple[Step, ...] = ("blink", "turn_left", "open_mouth", "turn_right")
ANN, BO = Person(seed=1), Person(seed=2)
PLAIN = Film(person=ANN)


def judged(frames: list[Frame], **more: object) -> Verdict:
    """Judge against Ann's template."""
    return judge(frames, ASKED, enrolled=ANN.template(), **more)


def measured(frame: Frame, **changes: object) -> Frame:
    """Return a frame with another measurement."""
    return but(frame, measured=but(frame.measured, **changes))


def test_an_honest_person_passes() -> None:
    """Every step, no flag, and a match; and the result says what it is not."""
    verdict = judged(PLAIN.frames())
    assert (verdict.status, verdict.flags, verdict.steps_done) == ("passed", (), ASKED)
    assert verdict.match is not None
    assert verdict.match > 0.9
    assert verdict.pad_level == "none"
    assert "no certified presentation attack detection" in verdict.notice == NOTICE


def test_without_a_template_on_record_there_is_no_match() -> None:
    """The steps alone may pass; they say that somebody is there, not who."""
    verdict = judge(PLAIN.frames(), ASKED)
    assert (verdict.status, verdict.match) == ("passed", None)


def test_finding_nothing_is_not_certainty() -> None:
    """The spoof score is never 0."""
    assert 0.1 < judged(PLAIN.frames()).spoof_score < SPOOF


def every(change: Callable[[int, Frame], Frame]) -> Callable[[list[Frame]], list[Frame]]:
    """Return a change of every frame."""
    return lambda frames: [change(number, frame) for number, frame in enumerate(frames)]


def second_face(frames: list[Frame]) -> list[Frame]:
    """Somebody looks over the shoulder in one picture."""
    return [*frames[:9], but(frames[9], measured=Measured(faces=2, digest="two")), *frames[10:]]


def swapped(frames: list[Frame]) -> list[Frame]:
    """Another person does the later steps."""
    return every(lambda n, f: measured(f, template=BO.template()) if n > 30 else f)(frames)


def looped(frames: list[Frame]) -> list[Frame]:
    """A picture from before comes again."""
    return [*frames[:-1], but(frames[-1], measured=frames[3].measured)]


def out_of_order(frames: list[Frame]) -> list[Frame]:
    """Two pictures come the wrong way round."""
    return [*frames[:5], frames[6], frames[5], *frames[7:]]


def frozen_grain(frames: list[Frame]) -> list[Frame]:
    """A face painted onto one still background."""
    return [measured(frame, grain=(*range(1, 50), *frame.measured.grain[49:])) for frame in frames]


def in_step(frames: list[Frame]) -> list[Frame]:
    """Times that were counted."""
    return every(lambda n, f: but(f, at_ms=1000 + 80 * n))(frames)


def blind(frames: list[Frame]) -> list[Frame]:
    """No face in every third picture."""
    return every(lambda n, f: f if n % 3 else but(f, measured=Measured(faces=0, digest=f"none{n}")))(frames)


SPOILED: list[tuple[Flag, str, list[Frame], dict[str, object]]] = [
    ("several_faces", "failed", second_face(PLAIN.frames()), {}),
    ("face_changed", "failed", swapped(PLAIN.frames()), {}),
    ("duplicate_frames", "failed", looped(PLAIN.frames()), {}),
    ("reordered_frames", "failed", out_of_order(PLAIN.frames()), {}),
    ("identical_noise", "failed", frozen_grain(PLAIN.frames()), {}),
    ("constant_intervals", "passed", in_step(PLAIN.frames()), {}),
    ("clock_contradicts", "failed", PLAIN.frames(), {"lasted": timedelta(seconds=3)}),
    ("clock_contradicts", "failed", PLAIN.frames(), {"shown_ms": (1100, 1100, 2000, 3000)}),
    ("clock_contradicts", "failed", PLAIN.frames(), {"shown_ms": (1100, 2000, 3000, 4000, 5000)}),
    ("step_too_fast", "failed", PLAIN.but(pauses_ms=(900, 120, 900, 700)).frames(), {}),
    ("step_too_slow", "failed", PLAIN.but(pauses_ms=(900, 4600, 900, 700)).frames(), {}),
    ("steps_too_regular", "failed", PLAIN.but(pauses_ms=(1000,) * 4, every_ms=20, uneven_ms=3).frames(), {}),
    (
        "other_gesture",
        "failed",
        PLAIN.but(acted=("blink", "open_mouth", *ASKED[1:]), pauses_ms=(700,) * 5).frames(),
        {},
    ),
    ("steps_missing", "failed", PLAIN.but(acted=ASKED[:3]).frames(), {}),
    ("face_lost", "inconclusive", blind(PLAIN.frames()), {}),
    ("face_too_small", "inconclusive", PLAIN.but(size=0.15).frames(), {}),
    ("too_few_frames", "inconclusive", PLAIN.frames()[:7], {}),
    ("no_match", "failed", PLAIN.but(person=BO).frames(), {}),
]


@pytest.mark.parametrize(("flag", "status", "frames", "more"), SPOILED, ids=[case[0] for case in SPOILED])
def test_each_rule_fails_what_it_is_for(flag: Flag, status: str, frames: list[Frame], more: dict[str, object]) -> None:
    """With its own flag."""
    verdict = judged(frames, **more)
    assert flag in verdict.flags
    assert verdict.status == status


def test_every_flag_has_a_case() -> None:
    """And a sentence in both languages."""
    assert {case[0] for case in SPOILED} == set(FAULTS) == set(get_args(Flag))
    assert all(fault.why and fault.zh and 0 <= fault.suspicion <= 1 for fault in FAULTS.values())


@pytest.mark.parametrize(
    "more", [{"lasted": timedelta(seconds=30)}, {"shown_ms": (1100, 2400, 4100, 5300)}], ids=["lasted", "shown"]
)
def test_honest_clocks_pass(more: dict[str, object]) -> None:
    """A session that was open longer than the film, and steps shown one after another before they were done."""
    assert judged(PLAIN.frames(), **more).status == "passed"


def test_even_intervals_are_a_hint_and_no_verdict() -> None:
    """A browser may keep time well: they raise the score, and fail only together with something else."""
    assert judged(PLAIN.frames()).spoof_score < judged(in_step(PLAIN.frames())).spoof_score < SPOOF


def test_a_film_from_before_the_order_was_known_fails() -> None:
    """Of the twenty-four orders one fits."""
    source, passed = random.Random(5), Counter[str]()  # noqa: S311 - the same orders in every run
    for _ in range(24):
        passed[judge(PLAIN.frames(), draw_steps(source)).status] += 1
    assert passed["failed"] >= 20


def test_steps_are_drawn_in_any_order_and_none_twice() -> None:
    """From the machine's own source of chance."""
    drawn = {draw_steps(secrets.SystemRandom()) for _ in range(2000)}
    assert len(drawn) == 24
    assert all(set(steps) == set(STEPS) for steps in drawn)
    assert len(set(draw_steps(secrets.SystemRandom(), 3))) == 3


def test_nothing_at_all_is_inconclusive() -> None:
    """No picture, or none with a face."""
    assert judged([]).status == "inconclusive"
    assert judged([Frame(n, Measured(faces=0, digest=str(n))) for n in range(0, 2000, 90)]).status == "inconclusive"


def test_too_many_pictures_are_not_judged() -> None:
    """So that a session costs what it may."""
    verdict = judged(PLAIN.but(every_ms=10, uneven_ms=3).frames())
    assert verdict.frames == MOST_FRAMES


def test_a_measurement_that_is_no_face_is_an_error() -> None:
    """Ours, not the person's."""
    with pytest.raises(NotAFaceError):
        judged([measured(frame, template=(0.0,)) for frame in PLAIN.frames()])
    with pytest.raises(NotAFaceError):
        judge(PLAIN.frames(), ASKED, enrolled=(0.0,) * 5)


@given(st.sets(st.sampled_from(get_args(Flag))), st.sampled_from(get_args(Flag)))
def test_one_more_fault_never_helps(flags: set[Flag], more: Flag) -> None:
    """Neither the score nor the way to passing."""
    before, after = (_verdict(some, Followed(), None, 20) for some in (flags, flags | {more}))
    assert after.spoof_score >= before.spoof_score
    assert after.status != "passed" or before.status == "passed"


def test_hiding_the_face_now_and_then_does_not_excuse_a_fault() -> None:
    """What is missing may be for want of seeing; a stranger's face or a swapped one is not."""
    assert judged(blind(PLAIN.but(acted=ASKED[:3]).frames())).status == "inconclusive"
    assert judged(blind(PLAIN.but(person=BO).frames())).status == "failed"
    assert judged(blind(swapped(PLAIN.frames()))).status == "failed"


def test_one_lucky_picture_is_no_match() -> None:
    """The middle of all that look ahead decides."""
    frames = PLAIN.but(person=BO).frames()
    lucky = [measured(frames[0], template=ANN.template()), *frames[1:]]
    assert "no_match" in judged(lucky).flags
    assert "face_changed" in judged(lucky).flags


def test_the_person_moves_but_stays_the_same() -> None:
    """A head held askew and narrow eyes pass as any other."""
    assert judged(PLAIN.but(person=replace(ANN, eye=0.17, askew=10.0)).frames()).status == "passed"
