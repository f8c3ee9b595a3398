"""Liveness: how a face check went. Optional; refusing it, or being exempt, leaves every entry here unknown.

Consent itself is no signal (《人脸识别技术应用安全管理办法》 art. 10: refusal must cost nothing). Terms are those of
ISO/IEC 30107: presentation attack detection (PAD); attacks that inject a film behind the camera are outside it.
"""

from collections.abc import Callable
from statistics import fmean, pstdev
from typing import Any, Final

from features.request import Liveness
from features.signal import Moment, Origin, Risk, Signal, Value, flag, number, stated

NOT_DONE: Final = "no face check was done, it was declined, or the person is exempt"
NO_HINTS: Final = "no face check was done, or the app tells nothing of its camera"
LEAST_MS: Final = 200.0
TOO_EVEN: Final = 0.05
FEWEST: Final = 3
LEAST_CORRELATION: Final = 0.1
AGREED: Final = {"consent": "granted"}


def _done(m: Moment) -> Liveness | None:
    face = m.request.liveness
    return face if face.consent == "granted" and not face.exempt else None


def _of(read: Callable[[Liveness], Value]) -> Callable[[Moment], Value]:
    def compute(m: Moment) -> Value:
        face = _done(m)
        return None if face is None else read(face)

    return compute


def _too_regular(face: Liveness) -> Value:
    """People need between a third of a second and four for a step, and never twice the same."""
    took = face.challenge_latency_ms
    if not took:
        return None
    even = len(took) >= FEWEST and pstdev(took) < TOO_EVEN * fmean(took)
    return float(even or min(took) < LEAST_MS)


def _motion(face: Liveness) -> Value:
    return None if face.motion_gyro_corr is None else float(face.motion_gyro_corr < LEAST_CORRELATION)


def _signal(  # noqa: PLR0913 - what entries of this file differ in
    name: str,
    zh: str,
    why: str,
    risk: Risk,
    reason: str,
    read: Callable[[Liveness], Value],
    fires: tuple[float, dict[str, Any]],
    quiet: tuple[float, dict[str, Any]],
    origin: Origin = "carrier",
) -> Signal:
    """Return an entry; examples are (what it gives, fields of the group)."""
    return stated(
        "liveness",
        name,
        zh,
        why,
        risk,
        reason,
        _of(read),
        (fires[0], AGREED | fires[1]),
        (quiet[0], AGREED | quiet[1]),
        missing=NO_HINTS if origin == "device" else NOT_DONE,
        origin=origin,
    )


SIGNALS: Final = (
    _signal(
        "match_score",
        "人脸匹配分",
        "How well the face fits the owner's; age, light and illness lower it too.",
        "falls",
        "FACE_MISMATCH",
        lambda face: number(face.match_score),
        (0.41, {"match_score": 0.41}),
        (0.93, {"match_score": 0.93}),
    ),
    _signal(
        "pad_score",
        "活体分",
        "How sure the vendor is that a living person was before the camera (presentation attack detection).",
        "falls",
        "FACE_NOT_LIVE",
        lambda face: number(face.pad_score),
        (0.2, {"pad_score": 0.2}),
        (0.97, {"pad_score": 0.97}),
    ),
    _signal(
        "virtual_camera",
        "虚拟摄像头",
        "The picture came from a program that poses as a camera: the better it matches, the worse.",
        "rises",
        "FACE_INJECTED",
        lambda face: flag(face.virtual_camera),
        (1.0, {"virtual_camera": True}),
        (0.0, {"virtual_camera": False}),
        origin="device",
    ),
    _signal(
        "too_regular",
        "动作响应过于规律",
        "Steps that are answered within a blink, or all after the same time, are answered by a program.",
        "rises",
        "FACE_INJECTED",
        _too_regular,
        (1.0, {"challenge_latency_ms": [800, 805, 802]}),
        (0.0, {"challenge_latency_ms": [820, 1400, 1050]}),
        origin="device",
    ),
    _signal(
        "motion_unrelated",
        "画面与手机晃动不符",
        "The head moves and the phone in the hand does not: the film was not taken here.",
        "rises",
        "FACE_INJECTED",
        _motion,
        (1.0, {"motion_gyro_corr": 0.02}),
        (0.0, {"motion_gyro_corr": 0.6}),
        origin="device",
    ),
    _signal(
        "failures_24h",
        "一天内人脸核验失败次数",
        "Failure after failure: the wrong face tries on, or the right one in bad light.",
        "rises",
        "FACE_FAILED",
        lambda face: number(face.failures_24h),
        (7.0, {"failures_24h": 7}),
        (0.0, {"failures_24h": 0}),
    ),
)
