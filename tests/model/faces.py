"""Drawn faces for tests: a head of our own in three dimensions that blinks, turns and opens its mouth, as landmarks.

Its depths differ from the common head that poses are told by, as any person's do.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from model.face import Measured
from model.gestures import Step
from model.liveness import Frame

TILES = 64


@dataclass(frozen=True)
class Look:
    """What a drawn face does in one picture."""

    lids: float = 1.0
    mouth: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0


@dataclass(frozen=True)
class Person:
    """A drawn person: how wide the eyes open by nature, how the head is held, and the numbers of the template."""

    seed: int = 1
    eye: float = 0.3
    askew: float = 0.0

    def template(self, jitter: float = 0.0, source: np.random.Generator | None = None) -> tuple[float, ...]:
        """Return 128 numbers of length one; those of two people are about 1.4 apart."""
        own = np.random.default_rng(self.seed).normal(size=128)
        own /= np.linalg.norm(own)
        noise = (source or np.random.default_rng(0)).normal(size=128)
        return tuple(float(n) for n in own + jitter * noise / np.linalg.norm(noise))


def landmarks(person: Person, look: Look, size: float = 0.5) -> tuple[tuple[float, float], ...]:
    """Return the 68 points of a look, in pixels."""
    yaw, pitch, roll = (math.radians(d) for d in (look.yaw + person.askew, look.pitch, look.roll))
    about_the_neck = _head(person, look) + np.array([0.0, 0.0, 250.0])
    turned = about_the_neck @ _turn(yaw, pitch, roll).T
    near = 2400.0 / (2400.0 - turned[:, 2:])  # a real camera's perspective
    return tuple((float(x), float(y)) for x, y in turned[:, :2] * near * size + (320.0, 240.0))


def _turn(yaw: float, pitch: float, roll: float) -> np.ndarray:
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (math.cos, math.sin))
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return about_z @ about_x @ about_y


def _head(person: Person, look: Look) -> np.ndarray:
    chin = [(300 * math.sin(a), 40 + 290 * math.cos(a) + 60 * look.mouth * max(0.0, math.cos(a)), 0) for a in _arc(17)]
    jaw = [(x, y, -60 - 330 * (abs(x) / 300) ** 2) for x, y, _ in chin]
    brows = [
        (side * x, -235.0, -110.0) for side, order in ((-1, 1), (1, -1)) for x in (220, 185, 150, 110, 70)[::order]
    ]
    nose = [(0.0, y, z) for y, z in ((-165, -75), (-110, -50), (-55, -20), (0, 0))]
    base = [(x, 45.0, -60 - abs(x) / 3) for x in (-70, -35, 0, 35, 70)]
    eyes = [*_eye(-155, person.eye * look.lids), *_eye(155, person.eye * look.lids)]
    mouth = [*_lips(145, 12, 45, look.mouth), *_inner(120, look.mouth)]
    return np.array([*jaw, *brows, *nose, *base, *eyes, *mouth], dtype=float)


def _arc(count: int) -> list[float]:
    return [math.radians(-90 + 180 * n / (count - 1)) for n in range(count)]


def _eye(middle: float, openness: float) -> list[tuple[float, float, float]]:
    half = openness * 65
    return [
        (middle - 65, -170, -140),
        (middle - 22, -170 - half, -120),
        (middle + 22, -170 - half, -120),
        (middle + 65, -170, -140),
        (middle + 22, -170 + half, -120),
        (middle - 22, -170 + half, -120),
    ]


def _lips(wide: float, thick: float, deep: float, mouth: float) -> list[tuple[float, float, float]]:
    upper = [(wide * x, 150 - thick * 2, -110 + 30 * (1 - abs(x))) for x in (-1, -0.6, -0.3, 0, 0.3, 0.6, 1)]
    upper[0], upper[-1] = (-wide, 150, -125), (wide, 150, -125)
    return [*upper, *((wide * x, 150 + deep + 180 * mouth, -110) for x in (0.6, 0.3, 0, -0.3, -0.6))]


def _inner(wide: float, mouth: float) -> list[tuple[float, float, float]]:
    upper = [(wide * x, 148, -105) for x in (-0.5, 0, 0.5)]
    lower = [(wide * x, 152 + 180 * mouth, -105) for x in (0.5, 0, -0.5)]
    return [(-wide, 150, -120), *upper, (wide, 150, -120), *lower]


REST = Look()
GESTURES: dict[Step, Look] = {
    "blink": Look(lids=0.2),
    "turn_left": Look(yaw=28.0),
    "turn_right": Look(yaw=-28.0),
    "open_mouth": Look(mouth=0.8),
}
PAUSES_MS = (900, 1300, 760, 1120)


@dataclass(frozen=True)
class Film:
    """How a session is acted: who, which gestures, after which pauses, and how the pictures are spaced."""

    person: Person = Person()
    acted: Sequence[Step] = ("blink", "turn_left", "open_mouth", "turn_right")
    pauses_ms: Sequence[int] = PAUSES_MS
    held_ms: int = 400
    every_ms: int = 80
    size: float = 0.5
    uneven_ms: int = 12
    seed: int = 7

    def but(self, **changes: object) -> "Film":
        """Return the same with changes."""
        return replace(self, **changes)

    def frames(self) -> list[Frame]:
        """Return the measured pictures of the whole session."""
        source = np.random.default_rng(self.seed)
        return [
            Frame(at, Measured(
                faces=1,
                landmarks=landmarks(self.person, _swayed(look, source), self.size),
                template=self.person.template(0.2, source),
                digest=blake2b(f"{self.seed} {at}".encode()).hexdigest(),
                grain=tuple(int(tile) for tile in source.integers(1, 2**32, TILES)),
            ))
            for at, look in self._looks(source)
        ]  # fmt: skip

    def _looks(self, source: np.random.Generator) -> Iterator[tuple[int, Look]]:
        plan, at = [], 1_000
        for step, pause in zip(self.acted, self.pauses_ms, strict=False):
            plan.append((at + pause, at + pause + self.held_ms, GESTURES[step]))
            at += pause + self.held_ms
        now = 1_000
        while now < at + 600:
            yield now, next((look for begin, end, look in plan if begin <= now < end), REST)
            now += self.every_ms + (int(source.integers(-self.uneven_ms, self.uneven_ms + 1)))


def _swayed(look: Look, source: np.random.Generator) -> Look:
    """Nobody holds still."""
    return replace(look, yaw=look.yaw + source.uniform(-2, 2), pitch=source.uniform(-3, 3), roll=source.uniform(-3, 3))
