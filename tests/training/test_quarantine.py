"""Lines that cannot be right are set aside by file, line and reason, and the rest goes on."""

import json
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from features.codec import LoggedEvent, encode
from features.event import Event
from tests.builders import request
from tests.training.logs import HOUR, START, line, lines
from tests.training.test_train import _key
from training import cli
from training.log import LogError, read_lines, read_log
from training.quarantine import Quarantine, SetAside

NOW: Final = START + 10_000 * HOUR
"""Long after everything in the invented log."""


def event(name: str, **how: object) -> bytes:
    """Return a line with an event, as a system that is wrong might send it."""
    told = Event(id=name, kind="login_failed", occurred_ms=START, known_ms=START, keys={"line": "l"})
    return encode(LoggedEvent(event=replace(told, **how)))


BAD: Final = (
    (b'{"type":"event","event":{"id":"cut o\n', "BROKEN_LINE"),
    (event("k", kind="screenin"), "UNKNOWN_KIND"),
    (event("f", known_ms=NOW + 301_000, occurred_ms=NOW), "FROM_FUTURE"),
    (event("g", known_ms=NOW + 301_000, occurred_ms=NOW + 301_000), "FROM_FUTURE"),
    (event("o", occurred_ms=START + 1), "KNOWN_BEFORE_OCCURRED"),
    (event("good"), "DUPLICATE_ID"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log of two files; the first line of the first is sound, and the last of the second."""
    (tmp_path / "a.jsonl").write_bytes(event("good") + BAD[0][0] + b"\n" + BAD[1][0] + BAD[2][0])
    rest = b"".join(raw for raw, _ in BAD[3:])
    (tmp_path / "b.jsonl").write_bytes(rest + event("late", known_ms=NOW + 299_000, occurred_ms=NOW))
    return tmp_path


def test_each_is_named_with_file_line_and_reason(folder: Path) -> None:
    """An empty line is no line, a clock may be a little fast, and what is sound comes through."""
    quarantine = Quarantine(NOW)
    read = [one.event.id for one in read_lines(folder, quarantine) if isinstance(one, LoggedEvent)]
    assert read == ["good", "late"]
    places = [("a.jsonl", 2), ("a.jsonl", 4), ("a.jsonl", 5), ("b.jsonl", 1), ("b.jsonl", 2), ("b.jsonl", 3)]
    assert [(one.file, one.line, one.why) for one in quarantine.lines] == [
        (*place, why) for place, (_, why) in zip(places, BAD, strict=True)
    ]
    assert quarantine.summary() == (
        "lines set aside: 6 (1 BROKEN_LINE, 1 DUPLICATE_ID, 2 FROM_FUTURE, 1 KNOWN_BEFORE_OCCURRED, 1 UNKNOWN_KIND)"
    )
    assert str(quarantine.lines[1]) == "a.jsonl, line 4 is of a kind that does not exist"
    assert str(quarantine.lines[0]).startswith("a.jsonl, line 2 cannot be read: ")


def test_a_request_that_comes_twice_is_one_request(tmp_path: Path) -> None:
    """The first counts, and the second is said to be a repeat, in whichever file it stands."""
    asked = line(request(), START, "scr:1")
    (tmp_path / "a.jsonl").write_bytes(encode(asked))
    (tmp_path / "b.jsonl").write_bytes(encode(replace(asked, sampling=9.0)))
    quarantine = Quarantine(NOW)
    log = read_log(tmp_path, read_lines(tmp_path, quarantine))
    assert [one.sampling for one in log.screenings.values()] == [1.0]
    assert quarantine.lines == [SetAside("b.jsonl", 1, "DUPLICATE_ID", "")]


def test_only_the_first_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    """A file of nonsense does not fill the screen."""
    (tmp_path / "a.jsonl").write_bytes(b"nonsense\n" * 1000)
    quarantine = Quarantine(NOW)
    assert list(read_lines(tmp_path, quarantine)) == []
    assert (len(quarantine.lines), quarantine.counts["BROKEN_LINE"]) == (20, 1000)


def test_without_a_quarantine_a_broken_line_ends_it(folder: Path) -> None:
    """Whoever does not ask for the lines to be set aside is not given half a log."""
    with pytest.raises(LogError, match="line 2"):
        list(read_lines(folder))


@pytest.mark.parametrize("command", ["train", "skew", "build"])
def test_commands_go_on_and_say_what_they_left_out(tmp_path: Path, command: str) -> None:
    """A bad line in a good log: the work is done, and the line is named."""
    log = tmp_path / "log"
    log.mkdir()
    sound = b"".join(encode(one) for one in lines())
    (log / "log.jsonl").write_bytes(event("k", kind="screenin") + sound)
    words = {
        "train": ["train", "--log", log, "--out", tmp_path / "out", "--key", _key(tmp_path)],
        "skew": ["skew", "--log", log, "--json"],
        "build": ["features", "build", "--log", log, "--out", tmp_path / "rows.parquet"],
    }
    done = CliRunner().invoke(cli.app, [str(word) for word in words[command]])
    assert done.exit_code == 0, done.output
    assert "log.jsonl, line 1 is of a kind that does not exist" in done.stderr
    assert "lines set aside: 1 (1 UNKNOWN_KIND)" in done.stderr
    if command == "skew":
        assert json.loads(done.stdout)["set_aside"] == {"UNKNOWN_KIND": 1}
