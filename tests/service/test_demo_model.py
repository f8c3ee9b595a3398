"""The demo model: for a new embedded data folder alone, signed with its own pair, and put in force like any other."""

import logging
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from service import demo_model, running
from service.demo_model import DemoModelError, World, make, make_if_new, signing_key
from service.running import StartError, serve_forever
from service.settings import Settings, load
from service.wiring import open_records, prepare
from tests.e2e.cluster import free_port
from tests.model.bundles import written
from tests.service.served import data_folder, key_of


async def _versions(settings: Settings) -> list[str]:
    async with open_records(settings) as records:
        return [f"{bundle.version} {bundle.state} {bundle.changed_by}" for bundle in await records.registry.bundles()]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What the service does when it is told to stop is not what the tests do."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Stand in for simulating and training; shows for which folders it was asked."""
    asked: list[Path] = []

    def stand_in(settings: Settings, folder: Path, world: World, *, quiet: bool) -> tuple[Path, Path]:
        asked.append(settings.data)
        public = Path(data_folder(tmp_path / "other").trusted_folder / "tests.pem")
        (settings.trusted_folder / "tests.pem").write_bytes(public.read_bytes())
        return folder / "log", written(folder)

    monkeypatch.setattr(demo_model, "make", stand_in)
    return asked


def test_a_new_folder_gets_a_model_once(trained: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It says so, and at the next start there is nothing to do."""
    settings = data_folder(tmp_path, model=False)
    with caplog.at_level(logging.INFO):
        make_if_new(settings)
    assert anyio.run(_versions, settings) == ["test-1 active demo"]
    assert any("invented people" in record.getMessage() for record in caplog.records)
    make_if_new(settings)
    assert trained == [settings.data]


def test_a_folder_with_a_model_of_its_own_is_left_alone(trained: list[Path], tmp_path: Path) -> None:
    """Whoever activated one knows why."""
    make_if_new(data_folder(tmp_path))
    assert trained == []


@pytest.mark.parametrize(
    ("said", "made"),
    [
        ({"demo_model": "auto"}, True),
        ({"demo_model": "never"}, False),
        ({"demo_model": "auto", "redis_url": "redis://127.0.0.1:1"}, False),
        ({"demo_model": "auto", "database_url": "sqlite:///{folder}/elsewhere.db"}, False),
    ],
)
def test_only_an_embedded_folder_may_get_one(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    said: dict[str, str],
    made: bool,  # noqa: FBT001
) -> None:
    """On an outside database or store a model that knows invented people has no business."""
    asked: list[Settings] = []
    monkeypatch.setattr(running, "make_if_new", asked.append)
    monkeypatch.setattr(running, "configure_logging", lambda: None)
    monkeypatch.setattr(running.Supervisor, "run", lambda _: None)
    settings = load(data=tmp_path / "data", **{name: value.format(folder=tmp_path) for name, value in said.items()})
    serve_forever(settings, host="127.0.0.1", port=free_port(), workers=1)
    assert asked == ([settings] if made else [])


def test_sqlite_serves_one_worker(tmp_path: Path) -> None:
    """The sentence says what to do for more."""
    with pytest.raises(StartError, match="LASTCALL_DATABASE_URL"):
        serve_forever(load(data=tmp_path), host="127.0.0.1", port=free_port(), workers=2)


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    """Before anything is started."""
    import socket  # noqa: PLC0415 - nobody else here needs it

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(StartError, match="give another with --port"):
            serve_forever(load(data=tmp_path / "data"), host="127.0.0.1", port=taken.getsockname()[1], workers=1)
    assert not (tmp_path / "data").exists()


def test_the_pair_is_made_once_and_the_private_half_is_ours_alone(tmp_path: Path) -> None:
    """The public half is what hosts that serve hold."""
    settings = load(data=tmp_path / "data")
    private = signing_key(settings)
    content = private.read_bytes()
    assert signing_key(settings).read_bytes() == content
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    public = (settings.trusted_folder / "demo.pem").read_text()
    assert "PUBLIC KEY" in public
    assert "PRIVATE" not in public


def test_a_step_that_fails_says_which_and_why(tmp_path: Path) -> None:
    """With what it printed, so that somebody can mend it."""
    settings = load(data=tmp_path / "data")
    with pytest.raises(DemoModelError, match=r"(?s)^`lastcall simulate` failed: .*--days"):
        make(settings, tmp_path, World(days=-1), quiet=True)


def test_a_key_can_be_made_for_a_folder_that_was_prepared(tmp_path: Path) -> None:
    """Preparing twice changes nothing."""
    settings = data_folder(tmp_path, model=False)
    prepare(settings)
    assert key_of(settings, "screen").startswith("lc_")
