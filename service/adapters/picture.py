"""Decodes a picture that came from outside, upright, in eight-bit colours. Runs in the limited child alone."""

import warnings
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from service.adapters.image_gate import MOST_PIXELS, Outline, RefusedError, outline

Pixels = NDArray[np.uint8]
MEASURED_SIDE: Final = 640
"""The longest side of the picture in which a face is looked for; more costs time and finds no more."""


def settle() -> None:
    """Set the decoder's own guards; `face_recognition` opens one of them when it is imported."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES = False


def decode(data: bytes) -> Image.Image:
    """Return the picture as RGB, turned as its EXIF says.

    Raises:
        RefusedError: the gate turns it away, or the decoder stumbles or warns.
    """
    seen = outline(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(BytesIO(data), formats=(seen.kind,)) as opened:
                _agree(opened, seen)
                opened.load()
                return _plain(ImageOps.exif_transpose(opened))
    except (MemoryError, RefusedError):
        raise
    except Exception:  # noqa: BLE001 - whatever a decoder raises over a hostile file, the file is broken
        raise RefusedError("BROKEN") from None


def _agree(opened: Image.Image, seen: Outline) -> None:
    """Gate and decoder must read the same of a file, or one of them was deceived."""
    if opened.size != (seen.width, seen.height):
        raise RefusedError("BROKEN")


def _plain(picture: Image.Image) -> Image.Image:
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
    return picture.convert("RGB")


def pixels(picture: Image.Image) -> Pixels:
    """Return the pixels of a picture as they are, shape (height, width, 3)."""
    return np.array(picture, dtype=np.uint8)


def small(picture: Image.Image) -> Pixels:
    """Return the pixels of a picture made to fit a square of 640; a smaller one is left as it is."""
    picture.thumbnail((MEASURED_SIDE, MEASURED_SIDE), Image.Resampling.BILINEAR)
    return pixels(picture)
