"""A history: what was asked, what turned out to be true, and everything that windows remember, as a log tells it."""

from dataclasses import dataclass, field

from features.codec import Line, LoggedEvent, LoggedHeader, LoggedLabel, LoggedScreening
from features.derived import confirmed_fraud, overridden
from features.event import Event
from features.replay import Answers
from features.signal import Moment


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


def moment_of(one: LoggedScreening, answers: Answers) -> Moment:
    """Return a logged request's moment as serving saw it: a store that was down then stays down."""
    return Moment(
        request=one.request,
        facts=one.facts,
        at_ms=one.event.known_ms,
        keys={entity: token for entity, token in one.event.keys.items() if entity != "cell"},
        answers=None if "velocity" in one.failed else answers,
    )
