"""Reads a face off a picture with `face_recognition` (dlib): landmarks, template, and what tells one film from another.

Encoding holds the interpreter's lock for a tenth of a second, so this is imported by the measuring child alone. The
model of 68 landmarks was trained on pictures whose licence excludes commercial use: see docs/liveness.md.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import face_recognition
import numpy as np

from model.face import Measured
from service.adapters.picture import Pixels, decode, pixels, settle, small

settle()

TILES_A_SIDE: Final = 8
LEAST_GRAIN: Final = 0.5
"""Grey levels by which neighbouring pixels of a tile must differ, as a standard deviation, to have grain at all."""
UPSAMPLED: Final = (0, 1)
"""First as it is: four times faster; only when no face is found, twice as large."""

Box = tuple[int, int, int, int]


def measure(data: bytes | bytearray) -> Measured:
    """Measure a picture, and wipe the pixels that were made for it (as far as Python lets us).

    Raises:
        RefusedError: it is not looked at.
    """
    with decode(bytes(data)) as picture:
        full = pixels(picture)
        reduced = small(picture)
    try:
        return _measured(full, reduced)
    finally:
        full.fill(0)
        reduced.fill(0)


def _measured(full: Pixels, reduced: Pixels) -> Measured:
    boxes = faces(reduced)
    digest = blake2b(full.tobytes(), digest_size=16).hexdigest()
    if len(boxes) != 1:
        return Measured(faces=len(boxes), digest=digest)
    return Measured(
        faces=1,
        landmarks=landmarks(reduced, boxes[0]),
        template=encode(reduced, boxes[0]),
        digest=digest,
        grain=grain(full),
    )


def faces(picture: Pixels) -> list[Box]:
    """Return where faces are (top, right, bottom, left), found by histograms of gradients (HOG)."""
    for upsampled in UPSAMPLED:
        boxes: list[Box] = face_recognition.face_locations(picture, upsampled, "hog")
        if boxes:
            return boxes
    return []


def landmarks(picture: Pixels, box: Box) -> tuple[tuple[float, float], ...]:
    """Return the 68 landmarks in the order of iBUG 300-W; the library gives them by part, lips overlapping."""
    parts = face_recognition.face_landmarks(picture, [box], "large")[0]
    upper, lower = parts["top_lip"], parts["bottom_lip"]
    ordered: Sequence[tuple[int, int]] = [
        *parts["chin"],
        *parts["left_eyebrow"],
        *parts["right_eyebrow"],
        *parts["nose_bridge"],
        *parts["nose_tip"],
        *parts["left_eye"],
        *parts["right_eye"],
        *upper[:7],
        *lower[1:6],
        *upper[:6:-1],
        *lower[10:7:-1],
    ]
    return tuple((float(x), float(y)) for x, y in ordered)


def encode(picture: Pixels, box: Box) -> tuple[float, ...]:
    """Return the template, 128 numbers."""
    return tuple(float(number) for number in face_recognition.face_encodings(picture, [box], 1, "small")[0])


def grain(picture: Pixels) -> tuple[int, ...]:
    """Return a digest of each of 64 tiles of a picture, 0 for one that is flat; a picture cannot be told from them."""
    grey = picture.mean(axis=2).astype(np.int16)
    return tuple(
        _tile(tile) for row in np.array_split(grey, TILES_A_SIDE) for tile in np.array_split(row, TILES_A_SIDE, axis=1)
    )


def _tile(tile: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> int:
    if np.diff(tile, axis=1).std() < LEAST_GRAIN:
        return 0
    return int.from_bytes(blake2b(tile.tobytes(), digest_size=4).digest()) | 1
