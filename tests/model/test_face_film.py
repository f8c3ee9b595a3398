"""The film behind a face check: what a camera gives passes, and each sign of a film put together is found."""

import pytest

from model import film
from model.face import Measured


def pictures(digests: str, grains: list[tuple[int, ...]] | None = None) -> list[Measured]:
    """Return pictures: a letter is a picture, and each has a grain of its own unless one is given."""
    own = [tuple(range(1 + 100 * n, 65 + 100 * n)) for n in range(len(digests))]
    return [Measured(faces=1, digest=d, grain=g) for d, g in zip(digests, grains or own, strict=True)]


@pytest.mark.parametrize(
    ("digests", "found"),
    [
        ("abcdefghij", False),
        ("aabcdefghi", False),  # a slow camera gave one picture twice
        ("aabbcdefgh", False),
        ("aabbccdefg", True),  # too often
        ("abcdeabcde", True),  # a loop
        ("abcdefghia", True),  # one picture from before
        ("", False),
    ],
)
def test_pictures_that_come_again(digests: str, *, found: bool) -> None:
    """Twice in a row is a slow camera, up to a fifth; from before is a loop."""
    assert film.repeated(pictures(digests)) is found


@pytest.mark.parametrize(
    ("times", "found"), [((0, 80, 161, 240), False), ((0, 80, 79, 240), True), ((0, 80, 80), True), ((), False)]
)
def test_times_run_forward(times: tuple[int, ...], *, found: bool) -> None:
    """Each picture is later than the one before."""
    assert film.reordered(times) is found


@pytest.mark.parametrize(
    ("gaps", "found"),
    [
        ((80, 80, 80, 80, 80, 80), True),
        ((33, 34, 33, 33, 34, 33), True),  # thirty a second, rounded
        ((80, 83, 79, 80, 81, 80), False),
        ((80, 80, 80, 80, 80), False),  # too few to tell
    ],
)
def test_intervals_may_not_be_counted(gaps: tuple[int, ...], *, found: bool) -> None:
    """A page is never that even."""
    times = [sum(gaps[:n]) for n in range(len(gaps) + 1)]
    assert film.even_intervals(times) is found


STILL = tuple(range(1, 65))


def face_moved(number: int, changed: int) -> tuple[int, ...]:
    """Return the grain of a still picture in which some tiles were drawn anew."""
    return tuple(10_000 * (number + 1) + tile if tile <= changed else tile for tile in STILL)


@pytest.mark.parametrize(("changed", "found"), [(20, True), (32, True), (40, False), (64, False)])
def test_a_moving_face_on_a_still_picture_has_its_grain(changed: int, *, found: bool) -> None:
    """Half of the tiles the same to the last bit: no sensor does that."""
    grains = [face_moved(number, changed) for number in range(10)]
    assert film.same_grain(pictures("abcdefghij", grains)) is found


def test_a_background_that_loops_is_found_too() -> None:
    """The grain is compared with all earlier pictures, not the last alone."""
    three = [tuple(range(1 + 100 * n, 65 + 100 * n)) for n in range(3)]
    assert film.same_grain(pictures("abcdefghi", three * 3))


def test_the_same_picture_twice_is_no_shared_grain() -> None:
    """A repeat is counted as one, and once only."""
    assert not film.same_grain(pictures("aabbccddee", [face_moved(n // 2, 64) for n in range(10)]))


def test_flat_tiles_say_nothing() -> None:
    """A white wall that is overexposed has no grain; too few tiles are no ground to judge by."""
    flat = tuple(tile if tile <= 7 else 0 for tile in STILL)
    assert not film.same_grain(pictures("abcdefgh", [flat] * 8))
    assert film.same_grain(pictures("abcdefgh", [tuple(t if t <= 8 else 0 for t in STILL)] * 8))
