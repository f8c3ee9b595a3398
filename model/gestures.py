"""Gestures: follows a person through the steps they were asked for, against how that person looks at rest.

Fixed limits fail people with narrow eyes or a head held askew, so everything is measured against the person's own
median: eyes open, mouth closed, looking straight. What is asked for must come in its turn, 0.3 to 4 seconds after it
was shown, and nothing else deliberate instead of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from statistics import median, median_low
from typing import Final, Literal, get_args

from msgspec import Struct

from features.clock import milliseconds
from model.face import eye_aspect_ratio, head_pose, mouth_ratio, points

Step = Literal["blink", "turn_left", "turn_right", "open_mouth"]
STEPS: Final[tuple[Step, ...]] = get_args(Step)
"""Left and right are the person's own."""

SOONEST: Final = timedelta(milliseconds=300)
"""Nobody reads and reacts faster."""
LATEST: Final = timedelta(seconds=4)

SHUT: Final = 0.65
"""Of the own open eye: less is a blink. A blink shows as a share, whatever the shape of the eye."""
OPEN: Final = 0.85
TURNED: Final = 15.0
STRAIGHT: Final = 8.0
"""Degrees off the own straight look. A still head reads up to four degrees off by its landmarks, a small one seven."""
YAWNING: Final = 0.3
LIPS_CLOSED: Final = 0.15
"""Height by width of the mouth, above the own closed mouth."""


class Reading(Struct, frozen=True):
    """What one picture says of the face in it: how open eyes and mouth are, and how far the head is turned."""

    at_ms: int
    eyes: float
    mouth: float
    yaw: float


class Rest(Struct, frozen=True):
    """How this person looks while doing nothing."""

    eyes: float
    mouth: float
    yaw: float


class Taken(Struct, frozen=True):
    """A step that was done, and how long after it was asked for."""

    step: Step
    after_ms: int


class Followed(Struct, frozen=True, kw_only=True):
    """How the steps went: those done, in order, and what was wrong with their timing or order."""

    done: tuple[Taken, ...] = ()
    too_fast: bool = False
    too_slow: bool = False
    other_gesture: bool = False


def reading(landmarks: object, at_ms: int) -> Reading:
    """Read eyes, mouth and head off 68 landmarks.

    Raises:
        NotAFaceError: these are not 68 points.
    """
    face = points(landmarks)
    return Reading(at_ms, eye_aspect_ratio(face), mouth_ratio(face), head_pose(face).yaw)


def at_rest(readings: Sequence[Reading]) -> Rest:
    """Return the person's own measure: medians, since most pictures of a session show no gesture.

    Eyes are measured while the person looks straight: a turned eye looks narrower and so more open than it is.
    """
    # The low median is a look that was seen, so that at least one picture is straight.
    yaw = median_low(r.yaw for r in readings)
    straight = [r for r in readings if abs(r.yaw - yaw) < STRAIGHT]
    return Rest(median(r.eyes for r in straight), median(r.mouth for r in readings), yaw)


class _Shape(Struct, frozen=True):
    """When a gesture is made, and when it is over again; in between it is neither."""

    made: Callable[[Reading, Rest], bool]
    over: Callable[[Reading, Rest], bool]


def _off(r: Reading, rest: Rest) -> float:
    return r.yaw - rest.yaw


SHAPES: Final[Mapping[Step, _Shape]] = {
    "blink": _Shape(
        lambda r, rest: abs(_off(r, rest)) < STRAIGHT and r.eyes <= SHUT * rest.eyes,
        lambda r, rest: r.eyes >= OPEN * rest.eyes,
    ),
    "turn_left": _Shape(lambda r, rest: _off(r, rest) >= TURNED, lambda r, rest: _off(r, rest) < STRAIGHT),
    "turn_right": _Shape(lambda r, rest: _off(r, rest) <= -TURNED, lambda r, rest: _off(r, rest) > -STRAIGHT),
    "open_mouth": _Shape(
        lambda r, rest: r.mouth - rest.mouth >= YAWNING, lambda r, rest: r.mouth - rest.mouth < LIPS_CLOSED
    ),
}


def follow(readings: Sequence[Reading], steps: Sequence[Step], shown_ms: Sequence[int] = ()) -> Followed:
    """Follow a person through the steps.

    Args:
        readings: in the order of time; at least one.
        steps: in the order in which they were asked for.
        shown_ms: when each step was shown, on the clock of the readings; without it a step counts from the moment the
            one before was over, and the first from the first picture.
    """
    rest = at_rest(readings)
    starts = _Starts(shown_ms, readings[0].at_ms)
    walk = _Walk(rest, steps, starts)
    for seen in readings:
        walk.see(seen)
    return walk.end(readings[-1].at_ms)


class _Starts:
    """When each step began to count."""

    def __init__(self, shown_ms: Sequence[int], first_ms: int) -> None:
        self._shown = tuple(shown_ms)
        self._latest = first_ms

    def over(self, at_ms: int) -> None:
        """Note that a step was over."""
        self._latest = at_ms

    def of(self, number: int) -> int:
        """Return when a step began to count."""
        return self._shown[number] if number < len(self._shown) else self._latest


class _Walk:
    """The walk through the steps, picture by picture."""

    def __init__(self, rest: Rest, steps: Sequence[Step], starts: _Starts) -> None:
        self._rest, self._steps, self._starts = rest, steps, starts
        self._done: list[Taken] = []
        self._making: int | None = None
        self._took: list[int] = []
        self._other = False

    def see(self, seen: Reading) -> None:
        """Take one more picture: a gesture is going on, or one is awaited."""
        if len(self._done) == len(self._steps):
            return
        step = self._steps[len(self._done)]
        if self._making is None:
            self._await(step, seen)
        elif SHAPES[step].over(seen, self._rest):
            self._done.append(Taken(step, self._making))
            self._making = None
            self._starts.over(seen.at_ms)

    def _await(self, step: Step, seen: Reading) -> None:
        after = seen.at_ms - self._starts.of(len(self._done))
        if not SHAPES[step].made(seen, self._rest):
            self._other |= any(self._deliberate(step, seen))
        elif step != "blink" or after >= milliseconds(SOONEST):
            # Everybody blinks now and then: one that comes too early is not the one that was asked for.
            self._making = after
            self._took.append(after)

    def _deliberate(self, step: Step, seen: Reading) -> Iterator[bool]:
        return (SHAPES[other].made(seen, self._rest) for other in STEPS if other not in {step, "blink"})

    def end(self, last_ms: int) -> Followed:
        """Say how it went."""
        waiting = self._making is None and len(self._done) < len(self._steps)
        waited = [last_ms - self._starts.of(len(self._done))] if waiting else []
        return Followed(
            done=tuple(self._done),
            too_fast=any(after < milliseconds(SOONEST) for after in self._took),
            too_slow=any(after > milliseconds(LATEST) for after in (*self._took, *waited)),
            other_gesture=self._other,
        )
