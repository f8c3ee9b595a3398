"""`lastcall features build`: the offline rows as Parquet, one a request, and the very rows that a model learns from."""

import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from features.catalogue import catalogue
from features.history import moment_of
from features.replay import replay
from service import cli as service_cli
from service.cli import features as service_features
from tests.training.logs import log, write
from training import cli


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows of a small invented history."""
    folder = tmp_path_factory.mktemp("rows")
    out = folder / "rows.parquet"
    words = ["features", "build", "--log", str(write(folder / "log")), "--out", str(out)]
    done = CliRunner().invoke(cli.app, words)
    assert done.exit_code == 0, done.output
    assert "1200 rows" in done.stdout
    assert [file.name for file in folder.iterdir() if file.is_file()] == ["rows.parquet"]
    return out


def test_every_signal_has_its_column(built: Path) -> None:
    """Named with its version, numbers as numbers and categories as words; the file says by which catalogue."""
    schema = pq.read_schema(built)
    signals = catalogue().signals.values()
    assert set(schema.names) >= {signal.versioned for signal in signals}
    assert schema.metadata[b"catalogue"].decode() == catalogue().digest
    kinds = {str(schema.field(signal.versioned).type) for signal in signals if not signal.categories}
    assert kinds == {"double"}


def test_rows_are_what_serving_computes(built: Path) -> None:
    """Every value of every row; a value that is not known is null."""
    rows = pq.read_table(built).to_pylist()
    history = log()
    answers = replay(history.remembered(), catalogue().plan)
    for row, one, seen in zip(rows, history.screenings.values(), answers, strict=True):
        expected = catalogue().row(moment_of(one, seen))
        assert {name: row[signal.versioned] for name, signal in catalogue().signals.items()} == expected
        assert (row["event_id"], row["label"]) == (one.event.id, history.labels[one.event.id].label)
    assert any(row["velocity.device_requests_24h@1"] == 0.0 for row in rows)
    assert any(row["agent.override@1"] is None for row in rows)


def test_spark_that_is_not_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no file is left."""
    monkeypatch.setitem(sys.modules, "pyspark", None)
    out = tmp_path / "rows.parquet"
    words = ["features", "build", "--log", str(write(tmp_path / "log")), "--out", str(out), "--engine", "spark"]
    done = CliRunner().invoke(cli.app, words)
    assert (done.exit_code, "pip install pyspark pandas" in done.stderr, out.exists()) == (1, True, False)


def test_families_of_commands_are_joined_by_name() -> None:
    """`list` and `explain` come from the service, `build` from training; neither knows the other."""
    ours, theirs, family = typer.Typer(), typer.Typer(), typer.Typer()
    own = typer.Typer()
    own.registered_commands = list(service_features.commands.registered_commands)
    ours.add_typer(own, name="features")
    family.command("build")(lambda: None)
    theirs.add_typer(family, name="features")
    theirs.add_typer(typer.Typer(), name="new")
    theirs.command("skew")(lambda: None)
    service_cli.take_in(ours, theirs)
    assert [command.name for command in own.registered_commands][-1] == "build"
    assert [found.name for found in ours.registered_groups] == ["features", "new"]
    assert [command.name for command in ours.registered_commands] == ["skew"]
