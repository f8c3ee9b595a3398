"""The embedded store: ours alone, kept alive, and one at a time in a folder, whatever happened before."""

import os
import signal
import stat
import time
from pathlib import Path

import pytest

from service.adapters import embedded_valkey
from service.adapters.embedded_valkey import EmbeddedValkey, EmbeddedValkeyError
from service.adapters.redis_client import answers


def test_it_listens_on_a_socket_that_is_ours_alone(tmp_path: Path) -> None:
    """Nothing on the network; folder and socket for the owner."""
    server = EmbeddedValkey(tmp_path / "valkey")
    server.start()
    try:
        assert answers(server.socket)
        assert stat.S_IMODE(server.socket.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "valkey").stat().st_mode) == 0o700
    finally:
        server.stop()
    assert not answers(server.socket)
    assert server.pid is None
    server.stop()


def test_one_that_died_is_started_again(tmp_path: Path) -> None:
    """By whoever tends it; a living one is left alone."""
    server = EmbeddedValkey(tmp_path)
    server.start()
    try:
        first = server.pid
        server.tend()
        assert server.pid == first
        assert first is not None
        os.kill(first, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while server.pid is not None:
            assert time.monotonic() < deadline
        server.tend()
        assert server.pid not in {None, first}
    finally:
        server.stop()


def test_a_server_that_outlived_its_service_makes_way(tmp_path: Path) -> None:
    """The service was killed and its store was not: two servers on one file would spoil it."""
    orphan = EmbeddedValkey(tmp_path)
    orphan.start()
    server = EmbeddedValkey(tmp_path)
    server.start()
    try:
        assert orphan._process is not None
        assert orphan._process.wait(5) == 0
        assert answers(server.socket)
        assert server.pid is not None
    finally:
        server.stop()


def test_one_that_cannot_start_says_what_it_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And leaves nothing behind."""
    server = EmbeddedValkey(tmp_path)
    right = server._command()
    monkeypatch.setattr(server, "_command", lambda: [*right, "--no-such-option", "1"])
    with pytest.raises(EmbeddedValkeyError, match=r"(?s)its log says: .*no-such-option"):
        server.start()
    assert server.pid is None


def test_a_long_folder_gets_a_short_socket(tmp_path: Path) -> None:
    """A socket's path has a limit; every process finds the same place, and each folder its own."""
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    one, same, other = EmbeddedValkey(deep), EmbeddedValkey(deep), EmbeddedValkey(deep / "z")
    assert one.socket == same.socket != other.socket
    assert len(os.fsencode(one.socket)) <= embedded_valkey.LONGEST_SOCKET_PATH
    assert EmbeddedValkey(tmp_path / "v").socket.parent == (tmp_path / "v").resolve()
