"""The only room that names adapters: it puts one behind each port, opens them in order and closes them again."""

from service.adapters.embedded_valkey import EmbeddedValkeyError
from service.adapters.redis_velocity import RedisVelocity as FillableVelocity
from service.adapters.secrets_folder import SecretsError, write_private
from service.adapters.sql_engine import AddressError
from service.adapters.sql_retention import Ends
from service.adapters.sql_retention import SqlRetention as Retention
from service.wiring.records import Records, open_records, prepare
from service.wiring.running import Service, open_service
from service.wiring.velocity import catalogue_plan, embedded_store, open_velocity, velocity_address

__all__ = [
    "AddressError",
    "EmbeddedValkeyError",
    "Ends",
    "FillableVelocity",
    "Records",
    "Retention",
    "SecretsError",
    "Service",
    "catalogue_plan",
    "embedded_store",
    "open_records",
    "open_service",
    "open_velocity",
    "prepare",
    "velocity_address",
    "write_private",
]
