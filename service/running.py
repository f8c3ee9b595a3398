"""Running the service: what `lastcall serve` prepares, and the children that its supervisor keeps alive."""

import os
import signal
import socket
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn

from service.app import create_app
from service.demo_model import make_if_new
from service.jobs.process import work_forever
from service.settings import Settings, load
from service.supervisor import Child, Supervisor, Tended, end_with_parent, locked, python
from service.telemetry import configure_logging
from service.wiring import embedded_store, prepare

DRAIN_S: Final = 5
HOST: Final = "LASTCALL_SERVE_HOST"
PORT: Final = "LASTCALL_SERVE_PORT"
CONSOLE: Final = "LASTCALL_CONSOLE"


class StartError(RuntimeError):
    """The service cannot start; the sentence says what to mend."""


def serve_forever(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Hold the data folder and run the service until it is told to stop.

    Raises:
        StartError: the port is taken, or more workers are wanted than the database can serve.
        DataFolderInUseError: another service holds the folder.
    """
    if settings.sqlite and workers > 1:
        message = "SQLite serves one worker; for more set LASTCALL_DATABASE_URL to a PostgreSQL database"
        raise StartError(message)
    _check_port(host, port)
    if settings.console:
        _check_port(host, console_port(port, workers))
    configure_logging()
    # Told to stop while a demo model is made: what was started must be stopped again, so it ends as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    with ExitStack() as stack:
        stack.enter_context(locked(settings.data))
        tended: list[Tended] = []
        if settings.redis_url is None:
            store = embedded_store(settings)
            store.start()
            stack.callback(store.stop)
            tended.append(store)
        prepare(settings)
        if settings.embedded and settings.demo_model == "auto":
            make_if_new(settings)
        Supervisor(_children(settings, host, port, workers), tended).run()


def _children(settings: Settings, host: str, port: int, workers: int) -> list[Child]:
    environment = {
        "LASTCALL_DATA": str(settings.data.resolve()),
        HOST: host,
        PORT: str(port),
        # One thread a process: LightGBM's own threads cost more than they give for one row, and spin.
        "OMP_NUM_THREADS": "1",
    }
    jobs = Child("jobs", python("service.running", "jobs"), environment)
    within = workers == 1 and settings.console is not False
    serving = environment | {CONSOLE: str(within).lower()}
    api = [Child(f"api-{number}", python("service.running", "api"), serving) for number in range(1, workers + 1)]
    if workers == 1 or not settings.console:
        return [jobs, *api]
    # An open page belongs to one process, so beside several workers the console is a process of its own.
    apart = environment | {CONSOLE: "true", PORT: str(console_port(port, workers))}
    return [jobs, *api, Child("console", python("service.running", "api"), apart)]


def console_port(port: int, workers: int) -> int:
    """Return where the console is: beside one worker on its port, beside several on the next one."""
    return port if workers == 1 else port + 1


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"cannot listen on {host} port {port}: {os.strerror(error.errno or 0)}; give another with --port"
            raise StartError(message) from None


def run_api(settings: Settings) -> None:
    """Run one API worker until it is told to stop; requests under way are finished first."""
    host, port = os.environ.get(HOST, "127.0.0.1"), int(os.environ.get(PORT, "8080"))
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            loop="uvloop",
            http="httptools",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=DRAIN_S,
        )
    )
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Several workers listen on one port; the kernel spreads connections over them.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        server.run(sockets=[listener])


def _interrupt(_: int, __: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def main(kind: str) -> None:
    """Be one of the supervisor's children; without it, stop."""
    configure_logging()
    end_with_parent()
    settings = load(data=Path(os.environ["LASTCALL_DATA"]))
    if kind == "api":
        run_api(settings)
    else:
        work_forever(settings)


if __name__ == "__main__":
    import sys

    main(sys.argv[1])
