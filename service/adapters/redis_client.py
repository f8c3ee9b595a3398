"""The one place that makes a client of the velocity store: short deadlines, and no retry behind our back.

The library's defaults would wait seconds on a dead server and try again on their own, which on a script that counts
may count twice.
"""

from datetime import timedelta
from pathlib import Path

import redis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.retry import Retry as SyncRetry


def velocity_client(url: str, deadline: timedelta) -> Redis:
    """Return a client whose every call answers or fails within the deadline.

    Args:
        url: `redis://`, `rediss://` or `unix://path`.
        deadline: for connecting, and for each reply.
    """
    seconds = deadline.total_seconds()
    return Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
        retry_on_timeout=False,
        health_check_interval=0,
        max_connections=64,
        decode_responses=False,
    )


def answers(socket: Path) -> bool:
    """Say whether a server answers on a unix socket; a server that is still loading does not."""
    try:
        with _at(socket, 1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def end_server(socket: Path) -> None:
    """Have the server on a unix socket write its file and end; nothing happens where none listens."""
    try:
        with _at(socket, 5) as client:
            client.shutdown()
    except redis.RedisError:
        # Nobody there; or there and gone, which the library calls an error of the connection.
        return


def _at(socket: Path, seconds: float) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(socket), socket_timeout=seconds, retry=SyncRetry(NoBackoff(), 0))
