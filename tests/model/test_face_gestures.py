"""Gestures: each is seen when it is made as asked, and each rule of timing and order fails what breaks it."""

from itertools import permutations

import pytest

from model.gestures import STEPS, Followed, Reading, Step, at_rest, follow, reading
from tests.model.faces import Film, Person

ASKED: tuple[Step, ...] = ("blink", "turn_left", "open_mouth", "turn_right")
PLAIN = Film()


def followed(film: Film, steps: tuple[Step, ...] = ASKED, shown_ms: tuple[int, ...] = ()) -> Followed:
    """Act a film and follow it."""
    return follow([reading(f.measured.landmarks, f.at_ms) for f in film.frames()], steps, shown_ms)


@pytest.mark.parametrize("order", list(permutations(STEPS)))
def test_any_order_can_be_done_as_asked(order: tuple[Step, ...]) -> None:
    """All twenty-four."""
    walk = followed(PLAIN.but(acted=order), order)
    assert tuple(taken.step for taken in walk.done) == order
    assert walk == Followed(done=walk.done)


@pytest.mark.parametrize("order", [order for order in permutations(STEPS) if order != ASKED])
def test_no_other_order_will_do(order: tuple[Step, ...]) -> None:
    """A film made before the order was known fails, by a missing step or a wrong gesture."""
    walk = followed(PLAIN.but(acted=order))
    assert len(walk.done) < len(ASKED)


@pytest.mark.parametrize("missing", ASKED)
def test_each_step_is_needed(missing: Step) -> None:
    """Whoever leaves one out has not done it."""
    acted = tuple(step for step in ASKED if step != missing)
    assert len(followed(PLAIN.but(acted=acted)).done) < len(ASKED)


@pytest.mark.parametrize("eye", [0.16, 0.22, 0.3, 0.4])
@pytest.mark.parametrize("askew", [-12.0, 0.0, 12.0])
def test_narrow_eyes_and_a_head_held_askew_are_no_fault(eye: float, askew: float) -> None:
    """Everything is measured against the person's own rest; a fixed limit of 0.2 would see narrow eyes always shut."""
    walk = followed(PLAIN.but(person=Person(eye=eye, askew=askew)))
    assert [taken.step for taken in walk.done] == list(ASKED)


def test_half_closed_is_no_blink() -> None:
    """Less than a third closed against the own open eye does not count."""
    readings = [Reading(at, 0.3 if at % 500 else 0.21, 0.0, 0.0) for at in range(0, 3000, 100)]
    assert follow(readings, ("blink",)).done == ()
    closed = [Reading(r.at_ms, 0.3 if r.at_ms % 500 else 0.19, 0.0, 0.0) for r in readings]
    assert len(follow(closed, ("blink",)).done) == 1


def test_eyes_that_stay_shut_are_no_blink() -> None:
    """A photograph with closed eyes laid over the open ones: they must open again."""
    readings = [Reading(at, 0.3 if at < 2000 else 0.05, 0.0, 0.0) for at in range(0, 3000, 100)]
    assert follow(readings, ("blink",)).done == ()


def test_a_blink_by_the_way_is_no_wrong_gesture() -> None:
    """Everybody blinks every few seconds."""
    walk = followed(PLAIN.but(acted=("blink", "turn_left", "blink", "open_mouth", "turn_right"), pauses_ms=(600,) * 5))
    assert [taken.step for taken in walk.done] == list(ASKED)
    assert not walk.other_gesture


def test_another_deliberate_gesture_is_noted() -> None:
    """The head turned the other way first."""
    walk = followed(PLAIN.but(acted=("blink", "turn_right", "turn_left", "open_mouth"), pauses_ms=(700,) * 4))
    assert walk.other_gesture
    assert not followed(PLAIN).other_gesture


@pytest.mark.parametrize(("pause", "too_fast"), [(150, True), (450, False)])
def test_nobody_reacts_in_less_than_a_third_of_a_second(pause: int, *, too_fast: bool) -> None:
    """A turn that comes right after the step before was not read first."""
    walk = followed(PLAIN.but(pauses_ms=(900, pause, 900, 900)))
    assert walk.too_fast is too_fast


def test_an_early_blink_is_not_the_one_that_was_asked_for() -> None:
    """It is passed over without blame, and the next one counts."""
    early = PLAIN.but(acted=("blink", "blink"), pauses_ms=(100, 900), held_ms=150)
    walk = followed(early, ("blink",))
    assert not walk.too_fast
    assert walk.done[0].after_ms > 900


@pytest.mark.parametrize(("pause", "too_slow"), [(3700, False), (4400, True)])
def test_a_step_may_take_four_seconds(pause: int, *, too_slow: bool) -> None:
    """Then it is too late."""
    assert followed(PLAIN.but(pauses_ms=(900, pause, 900, 900))).too_slow is too_slow


def test_a_step_that_never_comes_is_late_too() -> None:
    """Once four seconds have passed, and not before."""
    still = [Reading(at, 0.3, 0.0, 0.0) for at in range(0, 5000, 100)]
    assert follow(still, ("blink",)).too_slow
    assert not follow(still[:30], ("blink",)).too_slow


def test_steps_count_from_when_they_were_shown() -> None:
    """A gesture before its step was shown comes too fast; shown in time it does not."""
    assert followed(PLAIN, shown_ms=(1100, 2400, 4100, 5300)).done[0].after_ms in range(750, 950)
    assert not followed(PLAIN, shown_ms=(1100, 2400, 4100, 5300)).too_fast
    assert followed(PLAIN, shown_ms=(1100, 4000, 4100, 5300)).too_fast


def test_rest_is_a_look_that_was_seen() -> None:
    """Half left and half right is nobody's straight look; one of the two is taken, and nothing fails."""
    rest = at_rest([Reading(n, 0.3, 0.0, yaw) for n, yaw in enumerate((-25.0, -25.0, 25.0, 25.0))])
    assert rest.yaw == -25.0
