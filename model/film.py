"""The film behind a face check: were its pictures taken one after another by a camera, or put together?

Hints, not proof. A camera's sensor gives every picture a grain of its own and a page grabs pictures at uneven moments;
a film that is fed in behind the camera (CEN/TS 18099 calls it an injection attack) often has neither. Whoever knows
this can add both.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Final

from features.clock import milliseconds
from model.face import Measured

MOST_REPEATS: Final = 0.2
"""A slow camera may give the same picture twice in a row; up to a fifth of the pictures may be such repeats."""
FEWEST_TILES: Final = 8
SAME_GRAIN: Final = 0.5
"""Two pictures share their grain when half of their tiles are the same to the last bit."""
MOST_SHARING: Final = 0.25
FEWEST_INTERVALS: Final = 6
EVEN: Final = timedelta(milliseconds=1)
"""Intervals that differ by no more than their rounding were counted, not measured."""


def repeated(films: Sequence[Measured]) -> bool:
    """Say whether pictures come again: one from before, or too many twice in a row."""
    digests = [film.digest for film in films]
    kept = [digest for digest, before in zip(digests, [None, *digests], strict=False) if digest != before]
    repeats = len(digests) - len(kept)
    return len(set(kept)) < len(kept) or repeats > MOST_REPEATS * len(digests)


def reordered(times_ms: Sequence[int]) -> bool:
    """Say whether a picture claims to be no later than the one that came before it."""
    return any(after <= before for before, after in pairwise(times_ms))


def even_intervals(times_ms: Sequence[int]) -> bool:
    """Say whether the pictures were taken at intervals more even than a page can keep."""
    gaps = [after - before for before, after in pairwise(times_ms)]
    return len(gaps) >= FEWEST_INTERVALS and max(gaps) - min(gaps) <= milliseconds(EVEN)


def same_grain(films: Sequence[Measured]) -> bool:
    """Say whether too many different pictures share the grain of an earlier one."""
    fresh = list({film.digest: film for film in films}.values())
    shares = list(_shares(fresh))
    return bool(shares) and sum(share >= SAME_GRAIN for share in shares) > MOST_SHARING * len(shares)


def _shares(films: Sequence[Measured]) -> Iterator[float]:
    """Yield for each picture after the first which share of its grainy tiles an earlier picture had in that place."""
    seen: set[tuple[int, int]] = set()
    for number, film in enumerate(films):
        tiles = {(place, tile) for place, tile in enumerate(film.grain) if tile}
        if number and len(tiles) >= FEWEST_TILES:
            yield len(tiles & seen) / len(tiles)
        seen |= tiles
