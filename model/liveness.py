"""The face check of our own: a person does a few things in an order they could not know, and stays one person.

What it is not: a certified presentation attack detection (ISO/IEC 30107-3). Its APCER (attacks taken for people) is not
known, since no set of attacks was measured, nor is its BPCER (people taken for attacks). A film that is made while the
steps are read, or a face swapped live, passes. So a result speaks against a request when it fails, and is one factor
beside others when it passes; a match by itself never moves a request towards allow.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import prod
from random import Random
from statistics import fmean, median, pstdev
from typing import Final, Literal, get_args

import numpy as np
from msgspec import Struct

from features.clock import milliseconds
from features.groups.liveness import FEWEST, TOO_EVEN
from model import film
from model.face import SMALLEST, Floats, Measured, distance, match_score, medoid, points, template, width
from model.factors import FACE_IS_LIVE, FACE_MATCHES
from model.gestures import STEPS, STRAIGHT, Followed, Reading, Step, at_rest, follow, reading

Status = Literal["passed", "failed", "inconclusive"]
Flag = Literal[
    "several_faces",
    "face_changed",
    "duplicate_frames",
    "reordered_frames",
    "identical_noise",
    "constant_intervals",
    "clock_contradicts",
    "step_too_fast",
    "step_too_slow",
    "steps_too_regular",
    "other_gesture",
    "steps_missing",
    "face_lost",
    "face_too_small",
    "too_few_frames",
    "no_match",
]

NOTICE: Final = "active challenge; no certified presentation attack detection (ISO/IEC 30107-3)"
FEWEST_FRAMES: Final = 8
MOST_FRAMES: Final = 300
MOST_WITHOUT_FACE: Final = 0.25
SAME_FACE: Final = 0.6
"""Farther apart than dlib's usual limit is another person; a turned head comes near it and does not pass it."""
SPOOF: Final = 1.0 - FACE_IS_LIVE
NOTHING_FOUND: Final = 0.2
"""The least spoof score: that we found nothing does not show that there is nothing."""
LACKING: Final = frozenset[Flag]({"steps_missing", "step_too_slow"})
"""What may also come of a face that was not seen."""


class Fault(Struct, frozen=True):
    """What a flag means.

    Attributes:
        suspicion: how much it speaks for an attack, 0 to 1.
        ends: the status it leads to by itself; None leaves that to the spoof score.
        why: what an analyst reads.
        zh: the same in Chinese.
    """

    suspicion: float
    ends: Status | None
    why: str
    zh: str


FAULTS: Final[Mapping[Flag, Fault]] = {
    "several_faces": Fault(0.5, "failed", "more than one face is in the picture", "画面中出现多张人脸"),
    "face_changed": Fault(0.9, "failed", "the face changed during the check", "检测过程中更换了人脸"),
    "duplicate_frames": Fault(0.7, "failed", "pictures come again", "画面重复出现"),
    "reordered_frames": Fault(0.7, "failed", "pictures are not in the order of their times", "画面时间顺序错乱"),
    "identical_noise": Fault(0.8, "failed", "different pictures have the same sensor noise", "不同画面的噪点完全相同"),
    "constant_intervals": Fault(0.3, None, "pictures are spaced more evenly than a camera's", "画面间隔过于均匀"),
    "clock_contradicts": Fault(0.7, "failed", "the film is longer than the session was", "视频时长超过会话时长"),
    "step_too_fast": Fault(0.6, "failed", "a step was done before it could be read", "动作快于人的反应时间"),
    "step_too_slow": Fault(0.1, "failed", "a step took longer than four seconds", "动作超过四秒"),
    "steps_too_regular": Fault(0.5, "failed", "the steps are as regular as a machine's", "各动作间隔过于规律"),
    "other_gesture": Fault(0.3, "failed", "another gesture was made than was asked for", "做出的动作与要求不符"),
    "steps_missing": Fault(0.3, "failed", "not every step was done", "未完成全部动作"),
    "face_lost": Fault(0.2, "inconclusive", "no face is seen in many pictures", "多帧画面未检测到人脸"),
    "face_too_small": Fault(0.0, "inconclusive", "the face is too small to see its eyes", "人脸过小,看不清眼部"),
    "too_few_frames": Fault(0.0, "inconclusive", "there are too few pictures to judge by", "画面过少,无法判断"),
    "no_match": Fault(0.0, "failed", "the face is not the one on record", "人脸与留存模板不符"),
}
"""In the order in which they are told."""


class Frame(Struct, frozen=True):
    """A measured picture and when the client says it was taken, in milliseconds."""

    at_ms: int
    measured: Measured


class Verdict(Struct, frozen=True, kw_only=True):
    """How a face check went.

    Attributes:
        status: `inconclusive` means that it may be tried again and says nothing against the person.
        steps_done: in order.
        latencies_ms: how long after it was asked for each of them came.
        flags: what was wrong.
        spoof_score: 0 to 1, how much speaks for an attack; never 0, as little is looked for.
        match: 0 to 1, how alike the face is to the template on record; None without one.
        frames: how many pictures were judged.
        pad_level: always `none`: nobody certified this.
        notice: the same in words.
    """

    status: Status
    steps_done: tuple[Step, ...]
    latencies_ms: tuple[int, ...]
    flags: tuple[Flag, ...]
    spoof_score: float
    match: float | None
    frames: int
    pad_level: Literal["none"] = "none"
    notice: str = NOTICE


def draw_steps(source: Random, count: int = len(STEPS)) -> tuple[Step, ...]:
    """Return steps in a random order, none twice.

    Args:
        source: `secrets.SystemRandom()` outside tests: an order that can be guessed can be filmed beforehand.
        count: how many.
    """
    return tuple(source.sample(STEPS, count))


def judge(
    frames: Sequence[Frame],
    steps: Sequence[Step],
    *,
    enrolled: Sequence[float] | None = None,
    shown_ms: Sequence[int] = (),
    lasted: timedelta | None = None,
) -> Verdict:
    """Judge a face check by what was measured on its pictures.

    Args:
        frames: in the order in which they came; at most 300 are judged.
        steps: what was asked for, in order.
        enrolled: the template on record, 128 numbers.
        shown_ms: when the client showed each step, on the client's clock.
        lasted: how long the session was open by the server's own clock; a longer film was not taken in it.

    Raises:
        NotAFaceError: a picture with one face lacks its 68 points or 128 numbers, or the template on record does.
    """
    judged = frames[:MOST_FRAMES]
    single = sorted((f for f in judged if f.measured.faces == 1), key=lambda frame: frame.at_ms)
    flags = _flags_of_film(judged, lasted) | _flags_of_clock(shown_ms, steps)
    if len(single) < FEWEST_FRAMES:
        return _verdict(flags | {"too_few_frames", "steps_missing"}, Followed(), None, len(judged))
    readings = [reading(frame.measured.landmarks, frame.at_ms) for frame in single]
    templates = np.array([template(frame.measured.template) for frame in single])
    walk = follow(readings, steps, shown_ms)
    match = None if enrolled is None else _match(templates[_ahead(readings)], template(enrolled))
    flags |= _flags_of_walk(walk, steps) | _flags_of_person(templates, match)
    if median(width(points(frame.measured.landmarks)) for frame in single) < SMALLEST:
        flags.add("face_too_small")
    return _verdict(flags, walk, match, len(judged))


def _flags_of_film(frames: Sequence[Frame], lasted: timedelta | None) -> set[Flag]:
    measured, times = [f.measured for f in frames], [f.at_ms for f in frames]
    span = max(times, default=0) - min(times, default=0)
    without = sum(m.faces == 0 for m in measured)
    found: dict[Flag, bool] = {
        "several_faces": any(m.faces > 1 for m in measured),
        "duplicate_frames": film.repeated(measured),
        "reordered_frames": film.reordered(times),
        "identical_noise": film.same_grain(measured),
        "constant_intervals": film.even_intervals(times),
        "clock_contradicts": lasted is not None and span > milliseconds(lasted),
        "face_lost": without > MOST_WITHOUT_FACE * len(frames),
    }
    return {flag for flag, there in found.items() if there}


def _flags_of_clock(shown_ms: Sequence[int], steps: Sequence[Step]) -> set[Flag]:
    """Steps are shown one after another, and no more of them than were asked for."""
    honest = len(shown_ms) <= len(steps) and list(shown_ms) == sorted(set(shown_ms))
    return set() if honest else {"clock_contradicts"}


def _flags_of_walk(walk: Followed, steps: Sequence[Step]) -> set[Flag]:
    after = [taken.after_ms for taken in walk.done]
    found: dict[Flag, bool] = {
        "step_too_fast": walk.too_fast,
        "step_too_slow": walk.too_slow,
        "other_gesture": walk.other_gesture,
        "steps_missing": len(walk.done) < len(steps),
        "steps_too_regular": len(after) >= FEWEST and pstdev(after) < TOO_EVEN * fmean(after),
    }
    return {flag for flag, there in found.items() if there}


def _flags_of_person(templates: Floats, match: float | None) -> set[Flag]:
    middle = medoid(templates)
    found: dict[Flag, bool] = {
        "face_changed": any(distance(one, middle) > SAME_FACE for one in templates),
        "no_match": match is not None and match < FACE_MATCHES,
    }
    return {flag for flag, there in found.items() if there}


def _ahead(readings: Sequence[Reading]) -> list[int]:
    """Return the places of the pictures that are fit for a comparison: head straight."""
    yaw = at_rest(readings).yaw
    return [place for place, seen in enumerate(readings) if abs(seen.yaw - yaw) < STRAIGHT]


def _match(templates: Floats, enrolled: Floats) -> float:
    """Return the middle score of the pictures: one lucky picture does not decide."""
    return match_score(median(distance(one, enrolled) for one in templates))


def _verdict(flags: set[Flag], walk: Followed, match: float | None, frames: int) -> Verdict:
    told = tuple(flag for flag in get_args(Flag) if flag in flags)
    spoof = 1.0 - (1.0 - NOTHING_FOUND) * prod(1.0 - FAULTS[flag].suspicion for flag in told)
    return Verdict(
        status=_status(told, spoof),
        steps_done=tuple(taken.step for taken in walk.done),
        latencies_ms=tuple(taken.after_ms for taken in walk.done),
        flags=told,
        spoof_score=round(spoof, 4),
        match=None if match is None else round(match, 4),
        frames=frames,
    )


def _status(flags: Sequence[Flag], spoof: float) -> Status:
    """Failed by any fault, unless too little was seen and the fault is only that something is lacking."""
    ends = {FAULTS[flag].ends for flag in flags if flag not in LACKING}
    if "failed" in ends:
        return "failed"
    if "inconclusive" in ends:
        return "inconclusive"
    return "failed" if LACKING & set(flags) or spoof >= SPOOF else "passed"
