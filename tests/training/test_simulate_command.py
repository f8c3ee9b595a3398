"""`lastcall simulate`: what the world invents is written whole, once, and the arguments are checked in sentences."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from features.codec import Line
from tests.training.logs import lines
from training import cli
from training.log import read_log


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Stand in for the world, and note what it was asked."""
    calls: list[dict[str, object]] = []

    def simulate(*, progress: Callable[[int], None], **given: object) -> Iterator[Line]:
        calls.append(given)
        progress(1)
        yield from lines(count=50)

    world = ModuleType("training.simulate")
    monkeypatch.setattr(world, "simulate", simulate, raising=False)
    monkeypatch.setitem(sys.modules, "training.simulate", world)
    return calls


def run(*arguments: object) -> tuple[int, str]:
    """Run the command."""
    done = CliRunner().invoke(cli.app, ["simulate", *map(str, arguments)])
    return done.exit_code, done.output


def test_a_history_is_written_and_said_to_be_invented(tmp_path: Path, asked: list[dict[str, object]]) -> None:
    """What the world gives can be read back, and it was asked what the command was asked."""
    code, said = run("--out", tmp_path / "log", "--days", 3, "--per-day", 5, "--seed", 9, "--fraud-rate", 0.1)
    assert (code, "50 requests" in said, "invented" in said) == (0, True, True)
    assert len(read_log(tmp_path / "log").screenings) == 50
    sizes = {"days": 3, "per_day": 5, "seed": 9, "fraud_rate": 0.1, "difficulty": "normal"}
    assert asked == [sizes | {"until_ms": 1_793_462_400_000}]


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """`--until` has a fixed default, so the day on which it runs does not matter."""
    for name in ("a", "b"):
        assert run("--out", tmp_path / name)[0] == 0
    assert (tmp_path / "a" / cli.HISTORY).read_bytes() == (tmp_path / "b" / cli.HISTORY).read_bytes()


def test_a_log_is_never_written_over_another(tmp_path: Path) -> None:
    """A second history in one folder is refused."""
    assert run("--out", tmp_path)[0] == 0
    code, said = run("--out", tmp_path)
    assert (code, "a log in" in said) == (1, True)


@pytest.mark.parametrize("until", ["yesterday", "2026-11-01", "2026-11-01T00:00:00"])
def test_a_time_without_an_offset_is_refused(tmp_path: Path, until: str) -> None:
    """Nobody can say when that is."""
    code, said = run("--out", tmp_path / "log", "--until", until)
    assert (code, "offset" in said) == (1, True)
    assert not (tmp_path / "log").exists()


def test_until_now_is_now(tmp_path: Path, asked: list[dict[str, object]]) -> None:
    """A demonstration's history ends at this moment."""
    assert run("--out", tmp_path, "--until", "now")[0] == 0
    assert isinstance(asked[0]["until_ms"], int)
    assert asked[0]["until_ms"] > 1_700_000_000_000


def test_the_difficulty_is_one_of_three(tmp_path: Path, asked: list[dict[str, object]]) -> None:
    """Any other word is refused, and the words are told."""
    assert run("--out", tmp_path / "a", "--difficulty", "hard")[0] == 0
    assert asked[0]["difficulty"] == "hard"
    code, said = run("--out", tmp_path / "b", "--difficulty", "brutal")
    assert (code, "easy" in said and "hard" in said) == (2, True)
