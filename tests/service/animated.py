"""A photograph brought to life: its face is made to blink, turn and open its mouth, frame by frame.

It is what an attacker with one photograph would make, and the nearest to a film of a real face that a test can have.
"""

from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import gaussian_filter, map_coordinates

from model.gestures import Step

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]
TURN: Final = np.radians(45)
WIDER: Final = 0.72
"""Radius of the cylinder that a head is taken for, in widths of the face."""


def acted(picture: Pixels, face: Floats, step: Step | None) -> Pixels:
    """Return the photograph with its face making a gesture, or none; the background stays as it is, to the last bit.

    Args:
        picture: its pixels.
        face: its 68 landmarks.
        step: what the face does.
    """
    if step is None:
        return picture
    if step == "blink":
        return _painted(picture, face)
    return _yawning(picture, face) if step == "open_mouth" else _turned(picture, face, 1 if step == "turn_left" else -1)


def filmed(picture: Pixels, source: np.random.Generator) -> bytes:
    """Return it as a camera would send it: with a grain of its own, as JPEG."""
    grainy = np.clip(picture + source.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
    return coded(grainy, "JPEG")


def coded(picture: Pixels, kind: str) -> bytes:
    """Return pixels as a file."""
    out = BytesIO()
    Image.fromarray(picture).save(out, kind, **({"quality": 92} if kind == "JPEG" else {}))
    return out.getvalue()


def _painted(picture: Pixels, face: Floats) -> Pixels:
    """Paint closed lids with their lashes over both eyes."""
    canvas = Image.fromarray(picture)
    lids, mask = canvas.copy(), Image.new("L", canvas.size)
    for eye in (face[36:42], face[42:48]):
        (x, y), half = eye.mean(axis=0), np.ptp(eye[:, 0]) / 2
        skin = tuple(int(v) for v in picture[int(eye[:, 1].max() + half * 0.5), int(x)])
        box = [x - half * 1.15, y - half * 0.7, x + half * 1.15, y + half * 0.7]
        brush = ImageDraw.Draw(lids)
        brush.ellipse(box, fill=skin)
        brush.arc([x - half, y - half * 0.4, x + half, y + half * 0.6], 20, 160, fill=(40, 25, 20), width=4)
        ImageDraw.Draw(mask).ellipse(box, fill=255)
    canvas.paste(lids.filter(ImageFilter.GaussianBlur(0.8)), mask=mask.filter(ImageFilter.GaussianBlur(1.5)))
    return np.asarray(canvas)


def _yawning(picture: Pixels, face: Floats) -> Pixels:
    """Move what is below the lips' line down, and darken what opens."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(float)
    line, middle = face[[60, 64], 1].mean(), face[[60, 64], 0].mean()
    half, drop = np.ptp(face[48:55, 0]) * 0.55, 0.2 * (face[8, 1] - face[27, 1])
    across = np.clip(1 - ((columns - middle) / half) ** 2, 0, 1) ** 0.5
    gap = drop * across
    below = rows - line
    fades = np.clip(1 - (below - gap) / (3 * drop), 0, 1)
    shift = np.where(below > 0, np.minimum(gap * np.where(below > gap, fades, 1), below), 0)
    opened = _sampled(picture, rows - shift, columns)
    opened[(below > 0) & (below < gap)] = (45, 20, 22)
    return opened


def _turned(picture: Pixels, face: Floats, side: int) -> Pixels:
    """Turn the head as a cylinder that wears the photograph, and leave what is around it."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(float)
    middle, wide = face[[0, 16], 0].mean(), np.ptp(face[[0, 16], 0])
    radius = WIDER * wide
    angle = np.arcsin(np.clip((columns - middle) / radius, -1, 1))
    source = middle + radius * np.sin(np.clip(angle - side * TURN, -np.pi / 2, np.pi / 2))
    ahead = ((columns - middle) / radius) ** 2 + ((rows - face[29, 1]) / (1.0 * wide)) ** 2
    mask = gaussian_filter((ahead < 1).astype(float), wide * 0.02)
    mask[ahead > 1.2] = 0
    return _sampled(picture, rows, columns + mask * (source - columns))


def _sampled(picture: Pixels, rows: Floats, columns: Floats) -> Pixels:
    channels = [map_coordinates(picture[:, :, c], [rows, columns], order=1, mode="nearest") for c in range(3)]
    return np.stack(channels, axis=2)
