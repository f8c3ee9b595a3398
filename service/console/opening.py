"""Gives the console its use cases, from a running service."""

from features.clock import Clock, SystemClock
from service.console.context import Console
from service.wiring import Service


def console_of(service: Service, clock: Clock | None = None) -> Console:
    """Return the use cases that pages call."""
    analysts = service.analysts
    return Console(
        accounts=analysts.accounts,
        casework=analysts.casework,
        desk=analysts.desk,
        explorer=analysts.explorer,
        four_eyes=analysts.four_eyes,
        dashboard=analysts.dashboard,
        in_force=lambda: service.force,
        clock=clock or SystemClock(),
    )
