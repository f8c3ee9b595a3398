"""From a worked example of a signal to a moment: its request, and its past replayed by the offline engine."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from features.catalogue import catalogue
from features.clock import milliseconds, to_ms
from features.event import Event
from features.facts import Facts
from features.replay import replay
from features.request import ScreeningRequest
from features.signal import Example, Moment, Past, Signal
from features.subject import event_of, keys_of
from features.windows import Plan
from tests.builders import merged

PLAIN: dict[str, Any] = {
    "request_id": "example",
    "action": "close",
    "channel": "app",
    "subscriber": {"msisdn": "+8613800138000", "party_id": "p-plain"},
}


def moment_of(signal: Signal, example: Example) -> Moment:
    """Return the moment of an example of a signal."""
    return moment(example, Plan.of(signal.reads))


def moment(example: Example, plan: Plan | None = None) -> Moment:
    """Return the moment of an example, with the answers of a plan; of the whole catalogue's by default."""
    request = msgspec.convert(merged(PLAIN, example.request), ScreeningRequest)
    facts = Facts(**example.facts)
    at_ms = to_ms(datetime.fromisoformat(example.at))
    own = event_of(request, facts, keys_of(request), event_id="own", at_ms=at_ms)
    past = sorted(
        (event for number, item in enumerate(example.past) for event in _events(own, item, number)),
        key=lambda event: event.known_ms,
    )
    answers = replay([*past, own], plan or catalogue().plan, asking=frozenset({"screening"}))[-1]
    return Moment(request=request, facts=facts, at_ms=at_ms, keys=keys_of(request), answers=answers)


def _events(own: Event, past: Past, number: int) -> Iterator[Event]:
    for index in range(past.times):
        at_ms = own.known_ms - milliseconds(past.ago) - index * milliseconds(past.every)
        keys = {entity: key for entity, key in own.keys.items() if entity not in past.without}
        keys |= dict.fromkeys(past.other, f"other-{number}-{index}")
        yield Event(
            id=f"past-{number}-{index}",
            kind=past.kind,
            occurred_ms=at_ms,
            known_ms=at_ms,
            keys=keys,
            values=dict(own.values) | dict(past.values),
        )
