"""`lastcall features`: an entry is explained so that an analyst can read it, and over a log it is shown as it was."""

from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.catalogue import catalogue
from features.observed import missing_rates, observe, spread
from features.windows import First
from service.cli import app
from service.cli.features import span_in_words, window_in_words
from tests.training.logs import log, write

WIDE = {"COLUMNS": "160"}


def run(*words: str, expect: int = 0) -> str:
    """Run a command, and return what it printed."""
    done = CliRunner().invoke(app, ["features", *words], env=WIDE)
    assert done.exit_code == expect, done.output
    return done.output


def test_an_entry_is_told_in_words() -> None:
    """Why, who controls it, which end is risky, its window and both examples."""
    told = run("explain", "velocity.device_requests_24h")
    for said in (
        "Three requests from one phone within a day are a family",
        "the requester's device, which a thief may forge or silence",
        "the higher, the riskier",
        "count over screening of the same device, 1 d back",
        "12.0 from device.id = d-farm; 12 x screening 5 h before, other line",
        "0.0 from device.id = d-own; 1 x screening 2 d before",
    ):
        assert said in told


def test_every_entry_can_be_explained() -> None:
    """Whatever its windows and examples are."""
    for name in catalogue().signals:
        assert name in run("explain", name)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(days=30), "30 d"),
        (timedelta(hours=25), "25 h"),
        (timedelta(minutes=90), "90 min"),
        (timedelta(seconds=7), "7 s"),
    ],
)
def test_spans_are_whole(span: timedelta, said: str) -> None:
    """In the largest unit that divides them."""
    assert span_in_words(span) == said


def test_a_window_of_a_pair_names_both() -> None:
    """Whose events are looked at must be plain."""
    window = First(by="line+device", of=("login_succeeded", "device_enrolled"), span=timedelta(days=400))
    assert (
        window_in_words(window)
        == "first over login succeeded or device enrolled of the same line and device, 400 d back"
    )


def test_a_group_that_does_not_exist_names_those_that_do() -> None:
    """An empty list would look like an answer."""
    assert "velocity" in run("list", "--group", "velocty", expect=1)


def test_over_a_log_missing_values_and_their_spread_are_shown(tmp_path: Path) -> None:
    """For all requests, and apart for those that turned out to be fraud."""
    folder = str(write(tmp_path))
    told = run("explain", "device.rooted", "--log", folder)
    assert [word for word in ("all", "legitimate", "fraud", "1,200", "50% below") if word not in told] == []
    listed = run("list", "--group", "agent", "--log", folder)
    assert "100.0%" in listed
    assert "missing" in listed


def test_figures_over_a_log_are_right() -> None:
    """Counted by hand."""
    history = log()
    signal = catalogue().signals["device.rooted"]
    said = [one.request.device.rooted for one in history.screenings.values()]
    seen = observe(signal, history)
    assert seen["all"].mean == pytest.approx(said.count("yes") / len(said))
    assert seen["fraud"].requests + seen["legitimate"].requests == seen["all"].requests == len(said)
    assert missing_rates([signal, catalogue().signals["agent.override"]], history) == {
        "device.rooted": 0.0,
        "agent.override": 1.0,
    }


def test_spreads_of_numbers_categories_and_nothing() -> None:
    """A share of what is known, and what is not known is told apart."""
    numbers = spread([None, 1.0, 2.0, 3.0])
    assert (numbers.missing, numbers.mean, numbers.quantiles[0.5], numbers.categories) == (0.25, 2.0, 2.0, {})
    words = spread(["a", "a", "b", None])
    assert (words.categories, words.quantiles, words.mean) == ({"a": 2 / 3, "b": 1 / 3}, {}, None)
    assert spread([]).missing == 0.0
