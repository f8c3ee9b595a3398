"""Pictures from outside: the good ones are decoded upright, and everything else is refused before or while decoding."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from service.adapters.image_gate import MOST_PIXELS, Outline, RefusedError, outline
from service.adapters.picture import _agree, decode, pixels, settle, small
from tests.service.image_corpus import CORPUS, Hostile, drawn, png


@pytest.fixture(autouse=True)
def settled() -> None:
    """As in the child."""
    settle()


def code_of(data: bytes) -> str | None:
    """Return what a picture is refused for."""
    try:
        decode(data).close()
    except RefusedError as refused:
        return refused.code
    return None


@pytest.mark.parametrize("hostile", CORPUS, ids=[hostile.name for hostile in CORPUS])
def test_every_hostile_picture_is_refused_for_what_is_wrong_with_it(hostile: Hostile) -> None:
    """Each with its own code."""
    assert code_of(hostile.data) == hostile.code


def test_the_corpus_is_large_and_small() -> None:
    """At least sixty files of distinct names, none of them over a few megabytes on disk."""
    assert len({hostile.name for hostile in CORPUS}) == len(CORPUS) >= 60
    assert max(len(hostile.data) for hostile in CORPUS) < 4_000_000


@pytest.mark.parametrize(
    "good",
    [
        drawn("JPEG"),
        drawn("JPEG", "L"),
        drawn("JPEG", progressive=True, optimize=True),
        drawn("JPEG", quality=100, subsampling=0, comment=b"camera"),
        drawn("JPEG", size=(640, 480)),
        drawn("PNG"),
        drawn("PNG", "L"),
        drawn("PNG", "P"),
        drawn("PNG", "RGBA"),
        drawn("PNG", "LA"),
        drawn("PNG", "1"),
        png(),
        png(width=2000, height=2000),
    ],
    ids=range(13),
)
def test_good_pictures_pass(good: bytes) -> None:
    """What cameras and browsers write, up to the largest."""
    with decode(good) as picture:
        assert picture.mode == "RGB"
        assert picture.size == outline(good)[1:]
        assert picture.width * picture.height <= MOST_PIXELS


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_pictures_are_turned_upright(orientation: int, kind: str) -> None:
    """A phone writes how it was held beside the picture; the bright corner comes to where it belongs."""
    upright = Image.new("RGB", (160, 96))
    upright.paste((255, 255, 255), (0, 0, 80, 48))
    undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    stored = upright if undo is None else upright.transpose(Image.Transpose(undo))
    out, exif = BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    stored.save(out, kind, exif=exif)
    seen = pixels(decode(out.getvalue()))
    assert seen.shape == (96, 160, 3)
    assert seen[:40, :70].min() > 200
    assert max(seen[56:].max(), seen[:, 90:].max()) < 50


def test_gate_and_decoder_must_agree() -> None:
    """A file that one of them reads in another way deceives one of them."""
    picture = Image.new("RGB", (100, 90))
    _agree(picture, Outline("PNG", 100, 90))
    with pytest.raises(RefusedError, match="BROKEN"):
        _agree(picture, Outline("PNG", 90, 100))


def test_a_broken_exif_is_no_way_in() -> None:
    """It is refused or passed over, whatever stands in it."""
    assert code_of(drawn("JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")) in {None, "BROKEN"}


def test_a_large_picture_is_made_small_and_a_small_one_left_alone() -> None:
    """The time a face takes depends on the size."""
    assert small(decode(png(width=2000, height=1000))).shape == (320, 640, 3)
    assert small(decode(png(width=100, height=90))).shape == (90, 100, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_changed_picture_is_refused_or_decoded_and_nothing_else(kind: str) -> None:
    """Five hundred damaged files of each kind: no other error, no warning, no picture of another size than allowed."""
    source, whole = np.random.default_rng(3), drawn(kind, exif=Image.Exif())
    refused = 0
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(int(source.integers(1, 6))):
            damaged[int(source.integers(2, len(damaged)))] = int(source.integers(256))
        cut = int(source.integers(len(damaged))) if source.random() < 0.2 else len(damaged)
        refused += code_of(bytes(damaged[:cut])) is not None
    assert refused > 50
