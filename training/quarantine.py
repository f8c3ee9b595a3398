"""Lines of a log that cannot be right are set aside with file, line and reason, and counted; the rest goes on.

A log comes from many systems, and one of them will send an event of tomorrow or send one twice. Such a line must not
end a night's work, nor slip into what is learned.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple

from features.clock import FUTURE_TOLERANCE, milliseconds
from features.codec import Line, LoggedEvent, LoggedScreening
from features.event import KINDS, Event

Why = Literal["BROKEN_LINE", "UNKNOWN_KIND", "FROM_FUTURE", "KNOWN_BEFORE_OCCURRED", "DUPLICATE_ID"]
SENTENCES: Final[dict[Why, str]] = {
    "BROKEN_LINE": "cannot be read",
    "UNKNOWN_KIND": "is of a kind that does not exist",
    "FROM_FUTURE": "tells of a time that has not come yet",
    "KNOWN_BEFORE_OCCURRED": "was known before it happened",
    "DUPLICATE_ID": "has an id that came before",
}
SHOWN: Final = 20


class SetAside(NamedTuple):
    """One line, and why it does not count."""

    file: str
    line: int
    why: Why
    detail: str

    def __str__(self) -> str:
        """Say which line and why, in a sentence."""
        detail = f": {self.detail}" if self.detail else ""
        return f"{self.file}, line {self.line} {SENTENCES[self.why]}{detail}"


@dataclass
class Quarantine:
    """Judges the lines of a log, one by one, and keeps what is said of those that do not count.

    Attributes:
        now_ms: the present; what lies behind it by more than clocks differ is from the future.
        lines: the first of them, at most `SHOWN`.
        counts: how many, by reason.
    """

    now_ms: int
    lines: list[SetAside] = field(default_factory=list)
    counts: Counter[Why] = field(default_factory=Counter)
    _ids: set[str] = field(default_factory=set)

    def admits(self, file: Path, number: int, line: Line) -> bool:
        """Say whether a line counts; one that does not is set aside."""
        why = self._wrong_with(line)
        if why is not None:
            self.set_aside(file, number, why)
        return why is None

    def set_aside(self, file: Path, number: int, why: Why, detail: str = "") -> None:
        """Set a line aside."""
        self.counts[why] += 1
        if len(self.lines) < SHOWN:
            self.lines.append(SetAside(file.name, number, why, detail))

    def summary(self) -> str:
        """Say in a line how many lines were set aside, by reason; nothing when there were none."""
        told = ", ".join(f"{count} {why}" for why, count in sorted(self.counts.items()))
        return f"lines set aside: {self.counts.total()} ({told})" if told else ""

    def _wrong_with(self, line: Line) -> Why | None:
        # A label may be of tomorrow: a simulated history tells what will be found out after its end.
        return self._wrong_with_event(line.event) if isinstance(line, LoggedEvent | LoggedScreening) else None

    def _wrong_with_event(self, event: Event) -> Why | None:
        if event.kind not in KINDS:
            return "UNKNOWN_KIND"
        if max(event.known_ms, event.occurred_ms) > self.now_ms + milliseconds(FUTURE_TOLERANCE):
            return "FROM_FUTURE"
        if event.known_ms < event.occurred_ms:
            return "KNOWN_BEFORE_OCCURRED"
        if event.id in self._ids:
            return "DUPLICATE_ID"
        self._ids.add(event.id)
        return None
