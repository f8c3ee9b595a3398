"""Where the replay runs: in this process on all its cores, or on Spark. Both run the loops of `features.replay`."""

from functools import cache

import numba

from features.replay.kernels import PLAIN, Kernels


@cache
def compiled() -> Kernels:
    """Return the loops compiled to machine code; they let go of the interpreter, so threads use all cores."""
    return Kernels(*(numba.njit(nogil=True, cache=True)(kernel) for kernel in PLAIN))
