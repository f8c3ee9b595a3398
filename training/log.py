"""The log as training reads it from its files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import zstandard

from features.codec import BrokenLineError, Line, decode, log_files, raw_lines, read
from features.history import Log
from training.quarantine import Quarantine

__all__ = ["Log", "LogError", "read_lines", "read_log"]


class LogError(ValueError):
    """A log cannot be learned from; says why in a sentence."""


def read_log(folder: Path, lines: Iterable[Line] | None = None) -> Log:
    """Return a log; `lines` stands in for reading the folder, so that a caller can count them on the way.

    Raises:
        LogError: there is nothing in it to learn from, or it is damaged.
    """
    log = Log()
    for line in read_lines(folder) if lines is None else lines:
        log.add(line)
    if not log.screenings:
        message = f"there are no requests in the log {folder}"
        raise LogError(message)
    return log


def read_lines(folder: Path, quarantine: Quarantine | None = None) -> Iterator[Line]:
    """Yield the lines of a log's files in the order of their names.

    Lines that cannot be right are set aside in the quarantine and the rest goes on; without one, a line that cannot be
    read ends it, and nothing else is looked at.

    Raises:
        LogError: no file, a damaged file, or a line that cannot be read and no quarantine; says which.
    """
    files = log_files(folder)
    if not files:
        message = f"there is no log in {folder}: no file ends in .jsonl.zst or .jsonl"
        raise LogError(message)
    for file in files:
        try:
            yield from _read(file, quarantine)
        except BrokenLineError as error:
            message = f"{file}, {error}"
            raise LogError(message) from error
        except (OSError, zstandard.ZstdError) as error:
            message = f"{file} cannot be read: {error}"
            raise LogError(message) from error


def _read(file: Path, quarantine: Quarantine | None) -> Iterator[Line]:
    if quarantine is None:
        yield from read(raw_lines(file))
        return
    for number, raw in enumerate(raw_lines(file), start=1):
        if not raw.strip():
            continue
        try:
            line = decode(raw)
        except (msgspec.DecodeError, ValueError) as error:
            quarantine.set_aside(file, number, "BROKEN_LINE", str(error))
            continue
        if quarantine.admits(file, number, line):
            yield line
