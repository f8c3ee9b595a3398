"""Events that nobody reports: we make them ourselves, the same way while serving and when a log is replayed."""

from msgspec.structs import replace

from features.event import Event


def overridden(event: Event) -> Event:
    """Return the event that is remembered beside a screening in which an agent overrode a check."""
    return replace(event, id=f"{event.id}:o", kind="screening_overridden")


def confirmed_fraud(event: Event, at_ms: int) -> Event:
    """Return the event by which a screening's entities are remembered once it is known to have been fraud.

    It happens when somebody says so, not when the fraud did: before that nobody knew, so no window may see it.
    """
    return replace(event, id=f"{event.id}:f", kind="labelled_fraud", occurred_ms=at_ms, known_ms=at_ms, stamps={})
