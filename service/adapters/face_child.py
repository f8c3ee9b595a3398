"""The measuring child: decodes and measures pictures one after another, with as little power as it can do with.

Started as a program of its own, never forked, so it holds no secret of the service. It is niced to the last, may not
open a file or a socket, write a file, leave a core, or take more memory or time than a picture needs. It speaks over
its own pipes: a length and a picture in, a length and a JSON answer out. Nothing it says is run by the parent.
"""

import os
import resource
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
import numpy as np
from msgspec import Struct

from model.face import Measured
from service.adapters.image_gate import MOST_BYTES, RefusedError
from service.ports_faces import RefusalCode

LENGTH: Final = struct.Struct(">I")
NICEST: Final = 19
CPU_SECONDS: Final = 2
ROOM_BYTES: Final = 256 * 1024 * 1024
"""Beyond what the models take."""


Measure = Callable[[bytearray], Measured]


class Answer(Struct, frozen=True):
    """What the child says of a picture: one of the two. Neither, at the start: it is ready."""

    measured: Measured | None = None
    refused: RefusalCode | None = None


def main() -> None:
    """Answer pictures until the parent closes the pipe."""
    asked, told = _pipes()
    # A group of its own, so that Ctrl-C at a terminal reaches the service alone; the same session, for where the kernel
    # groups processes by session (autogroup) being nice counts within it alone.
    os.setpgid(0, 0)
    os.nice(NICEST)
    from service.adapters import face_measure  # noqa: PLC0415 - the models load here, before the limits

    _warm(face_measure.measure)
    face_measure.encode(np.zeros((200, 200, 3), dtype=np.uint8), (50, 150, 150, 50))
    _limit()
    _tell(told, Answer())
    while (picture := _next(asked)) is not None:
        _allow_cpu()
        _tell(told, _answer(face_measure.measure, picture))


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the answer's pipe to ourselves: what a library prints goes nowhere."""
    told = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return sys.stdin.buffer, told


def _warm(measure: Measure) -> None:
    """Measure a picture of each kind, so that nothing needs to be opened or imported later."""
    from PIL import Image  # noqa: PLC0415 - see above

    for kind in ("JPEG", "PNG"):
        out, exif = BytesIO(), Image.Exif()
        exif[0x0112] = 6
        Image.effect_noise((640, 480), 60).convert("RGB").save(out, kind, exif=exif)
        _answer(measure, bytearray(out.getvalue()))


def _limit() -> None:
    """Give up what is not needed any more; what the models hold is counted in."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for limit, most in (
        (resource.RLIMIT_AS, held + ROOM_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def _allow_cpu() -> None:
    """Give the next picture its seconds; when they are over the kernel ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (ceil(used.ru_utime + used.ru_stime) + CPU_SECONDS, resource.RLIM_INFINITY))


def _next(asked: BinaryIO) -> bytearray | None:
    """Read the next picture; None when there are no more."""
    head = asked.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    picture = bytearray(min(length, MOST_BYTES))
    return picture if asked.readinto(picture) == length else None  # type: ignore[attr-defined]


def _answer(measure: Measure, picture: bytearray) -> Answer:
    """Measure a picture and wipe it."""
    try:
        return Answer(measured=measure(picture))
    except RefusedError as refused:
        return Answer(refused=refused.code)
    except MemoryError:
        return Answer(refused="TOO_HEAVY")
    finally:
        picture[:] = bytes(len(picture))


def _tell(told: BinaryIO, answer: Answer) -> None:
    body = msgspec.json.encode(answer)
    told.write(LENGTH.pack(len(body)) + body)
    told.flush()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt, BrokenPipeError):
        main()
