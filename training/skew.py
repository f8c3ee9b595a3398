"""Skew: what was logged with each decision, computed again from the log by the offline engine, and compared.

Training and serving see the same numbers only as long as this finds nothing (log-and-compare, as Chronon does it). A
difference is a mismatch when both say something, missing when only the log's row says nothing, extra when only it does.
A log that begins in the middle cannot tell what windows saw before it: such values are counted as not comparable.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from features.catalogue import Catalogue
from features.codec import LoggedScreening
from features.history import moment_of
from features.replay import Answers
from features.signal import Signal, Value
from training.dataset import answered
from training.engines import Progress
from training.log import Log

EXAMPLES: Final = 3
REPORT_EVERY: Final = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that was logged otherwise than it is computed."""

    screening: str
    logged: Value
    computed: Value


@dataclass(slots=True)
class Tally:
    """How many values were compared, and how they differed."""

    compared: int = 0
    mismatch: int = 0
    missing: int = 0
    extra: int = 0
    not_comparable: int = 0
    examples: list[Difference] = field(default_factory=list)

    @property
    def differing(self) -> int:
        """How many values differ, in whichever way."""
        return self.mismatch + self.missing + self.extra

    def add(self, screening: str, logged: Value, computed: Value) -> None:
        """Compare one value."""
        self.compared += 1
        if logged == computed:
            return
        self.missing += logged is None
        self.extra += computed is None
        self.mismatch += logged is not None and computed is not None
        if len(self.examples) < EXAMPLES:
            self.examples.append(Difference(screening, logged, computed))


@dataclass(slots=True)
class Skew:
    """What was found.

    Attributes:
        rows: rows that were compared.
        without_row: requests whose log line has no row, as in a simulated history.
        unknown: signals that rows name and this catalogue does not have.
        other_catalogue: rows that were logged under another catalogue, whose signals may have meant something else.
        signals: by name.
    """

    rows: int = 0
    without_row: int = 0
    other_catalogue: int = 0
    unknown: set[str] = field(default_factory=set)
    signals: dict[str, Tally] = field(default_factory=dict)

    def total(self, what: str) -> int:
        """Return the sum over all signals of `compared`, `mismatch`, `missing`, `extra` or `not_comparable`."""
        return sum(getattr(tally, what) for tally in self.signals.values())

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        names = ("compared", "mismatch", "missing", "extra", "not_comparable")
        return {
            "rows": self.rows,
            "without_row": self.without_row,
            "other_catalogue": self.other_catalogue,
            **{name: self.total(name) for name in names},
            "unknown_signals": sorted(self.unknown),
            "signals": {name: asdict(tally) for name, tally in sorted(self.signals.items())},
        }


def skew(log: Log, catalogue: Catalogue, progress: Progress = lambda *_: None) -> Skew:
    """Compute the logged rows of a log again, and compare."""
    found = Skew()
    began_ms = log.header.since_ms if log.header else None
    for index, (one, answers) in enumerate(answered(log, catalogue.plan, progress)):
        if one.row is None:
            found.without_row += 1
            continue
        found.rows += 1
        found.other_catalogue += one.versions.get("catalogue", catalogue.digest) != catalogue.digest
        _compare(found, one, one.row, answers, catalogue, began_ms or 0)
        if index % REPORT_EVERY == 0:
            progress("comparing rows", index, len(log.screenings))
    return found


def _compare(  # noqa: PLR0913 - one row with all that it takes to compute it again
    found: Skew, one: LoggedScreening, row: Mapping[str, Value], answers: Answers, catalogue: Catalogue, began_ms: int
) -> None:
    found.unknown |= row.keys() - catalogue.signals.keys()
    known = [catalogue.signals[name] for name in row if name in catalogue.signals]
    computed = catalogue.row(moment_of(one, answers), known)
    for signal in known:
        tally = found.signals.setdefault(signal.name, Tally())
        if "velocity" not in one.failed and _reaches_back(signal, one.event.known_ms) < began_ms:
            tally.not_comparable += 1
        else:
            tally.add(one.event.id, row[signal.name], computed[signal.name])


def _reaches_back(signal: Signal, at_ms: int) -> int:
    """Return the oldest moment that a signal's windows look at."""
    return at_ms - max((window.span_ms for window in signal.reads), default=0)
