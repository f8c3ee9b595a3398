"""The velocity store: the embedded server and the client of whichever server is set."""

from datetime import timedelta

from features.catalogue import catalogue
from features.windows import Plan
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis_client import velocity_client
from service.adapters.redis_velocity import RedisVelocity
from service.settings import Settings


def catalogue_plan() -> Plan:
    """Return the windows that are kept."""
    return catalogue().plan


def embedded_store(settings: Settings) -> EmbeddedValkey:
    """Return the embedded velocity store of a data folder; it is not started."""
    return EmbeddedValkey(settings.data / "valkey")


def velocity_address(settings: Settings) -> str:
    """Return where the velocity store is."""
    return settings.redis_url or embedded_store(settings).url


def open_velocity(settings: Settings, deadline: timedelta | None = None) -> RedisVelocity:
    """Return a client of the velocity store; nothing is connected yet."""
    span = deadline or settings.velocity_deadline
    return RedisVelocity(velocity_client(velocity_address(settings), span), catalogue().plan, span)
