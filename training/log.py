"""The log as training reads it: what was asked, what turned out to be true, and everything that windows remember."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import zstandard

from features.codec import (
    BrokenLineError,
    Line,
    LoggedEvent,
    LoggedHeader,
    LoggedLabel,
    LoggedScreening,
    decode,
    log_files,
    raw_lines,
    read,
)
from features.derived import confirmed_fraud, overridden
from features.event import Event
from training.quarantine import Quarantine


class LogError(ValueError):
    """A log cannot be learned from; says why in a sentence."""


@dataclass(slots=True)
class Log:
    """A history, taken apart.

    Attributes:
        header: how it was made; None for a log that says nothing of itself.
        screenings: every request once, in the order of the log.
        labels: event id of a screening -> the latest word on it.
        events: everything that windows remember, in the order of the log; what we derive comes last and is sorted in by
            the time at which it became known.
    """

    header: LoggedHeader | None = None
    screenings: dict[str, LoggedScreening] = field(default_factory=dict)
    labels: dict[str, LoggedLabel] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def add(self, line: Line) -> None:
        """Take in a line."""
        match line:
            case LoggedScreening():
                if self.screenings.setdefault(line.event.id, line) is line:
                    self.events.append(line.event)
            case LoggedEvent():
                self.events.append(line.event)
            case LoggedLabel():
                self._hear(line)
            case LoggedHeader():
                self.header = self.header or line

    def _hear(self, label: LoggedLabel) -> None:
        """Keep the latest word on a screening; of two at the same instant, the one that says fraud."""
        before = self.labels.get(label.screening_id)
        if before is None or (label.at_ms, label.label == "fraud") > (before.at_ms, before.label == "fraud"):
            self.labels[label.screening_id] = label

    def remembered(self) -> list[Event]:
        """Return all that windows remember: the log's events, agents' overrides and confirmed frauds."""
        overrides = [overridden(one.event) for one in self.screenings.values() if one.request.agent.override]
        frauds = [
            confirmed_fraud(self.screenings[name].event, label.at_ms)
            for name, label in self.labels.items()
            if label.label == "fraud" and name in self.screenings
        ]
        return [*self.events, *overrides, *frauds]


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
