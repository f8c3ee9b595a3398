"""What operators see: no number, no key and no score, whoever wrote the line."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

import pytest

from service.telemetry import configure_logging, metrics, observe, redact
from tests.service.sql.records import answer

KEY = "lc_" + "Ab3" * 18


@contextmanager
def as_served() -> Iterator[io.StringIO]:
    """Log as the service does, into a text, until the block ends."""
    root, out = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    with redirect_stderr(out):
        configure_logging()
    try:
        yield out
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@pytest.mark.parametrize(
    "text",
    ["+8613800138000", "13800138000", "called +8613800138000 twice", f"Bearer {KEY}", f"key={KEY};"],
)
def test_numbers_and_keys_are_blanked(text: str) -> None:
    """Wherever they stand in a text."""
    shown = redact(None, "", {"event": text})["event"]
    assert "138001" not in shown
    assert "Ab3" not in shown
    assert "[number]" in shown or "[key]" in shown


def test_times_counts_and_ids_stay() -> None:
    """What operators need is left alone."""
    entry = {
        "timestamp": "2026-11-22T10:00:00.123456789Z",
        "events": 12345678,
        "model": "demo-20261122-00aa",
        "code": "SLOW",
    }
    assert redact(None, "", dict(entry)) == entry


def test_a_line_is_json_and_redacted_whoever_wrote_it() -> None:
    """A library's message, an argument, an extra field and a traceback."""
    log = logging.getLogger("some.library")
    with as_served() as out:
        log.warning("could not reach %s", "+8613800138000", extra={"who": KEY})
        try:
            _fail()
        except ValueError:
            log.exception("failed")
    text = out.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["level"] for line in lines] == ["warning", "error"]
    assert lines[0]["event"] == "could not reach [number]"
    assert lines[0]["who"] == "[key]"
    assert lines[0]["logger"] == "some.library"
    assert "138001" not in text


def test_an_error_is_logged_by_its_kind_and_place_without_its_words() -> None:
    """The text of an error may quote what a caller sent; where it came from is what helps."""
    with as_served() as out:
        try:
            _fail()
        except ValueError:
            logging.getLogger("x").exception("failed")
    line = json.loads(out.getvalue())
    assert line["exception"].startswith("ValueError at ")
    assert " in _fail < " in line["exception"]
    assert "; caused by KeyError at test_telemetry.py:" in line["exception"]
    assert "Zhang San" not in out.getvalue()


def _fail() -> None:
    try:
        raise KeyError("Zhang San")  # noqa: TRY003, TRY301 - words that must not get out
    except KeyError as error:
        message = "Zhang San asked for 13800138000"
        raise ValueError(message) from error


def test_a_screening_is_counted_by_action_and_outcome() -> None:
    """And its time is measured, also when it ends in an error."""
    told = answer("1", "hold").answer
    with observe("close") as note:
        note(told)
    with pytest.raises(RuntimeError), observe("resume"):
        raise RuntimeError
    text = metrics().decode()
    assert 'lastcall_decisions_total{action="close",decision="hold",degraded="false"}' in text
    assert 'lastcall_screening_seconds_count{action="resume"} 1.0' in text
    assert 'decisions_total{action="resume"' not in text


def test_metrics_hold_no_score_and_no_identity() -> None:
    """Names of measures and labels are a closed list."""
    names = {line.split("{")[0].split(" ")[0] for line in metrics().decode().splitlines() if not line.startswith("#")}
    assert all(
        name.startswith(("lastcall_decisions", "lastcall_screening_seconds", "lastcall_ready")) for name in names
    )
