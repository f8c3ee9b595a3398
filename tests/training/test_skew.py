"""Skew: zero on what the service itself logged, and every difference told for what it is."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from features.catalogue import catalogue
from features.codec import Line, LoggedEvent, LoggedHeader, LoggedScreening, encode, raw_lines, read
from features.signal import Value
from service.exporting import LOG_FILE, write_log
from service.settings import Settings
from service.wiring import open_records
from tests.builders import long_known, merged, request
from tests.service.served import data_folder, key_of, served
from tests.service.test_api import bearer
from tests.training.logs import lines as invented
from tests.training.logs import log as log_of
from training import cli
from training.skew import Skew, skew

DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a service that answered a farm, a family and a retry, on a real store and a real record."""
    folder = tmp_path_factory.mktemp("served")
    settings = data_folder(folder)
    with served(settings) as client:
        client.headers.update(bearer(key_of(settings, "screen", "events", "label")))
        for number in range(12):
            body = _body(number)
            assert client.post("/v1/events", json={"events": long_known(body)}).is_success
            answers = [client.post("/v1/screenings", json=body) for _ in range(1 + number % 2)]
            assert all(answer.is_success for answer in answers), answers[0].text
            if number % 5 == 0:
                said = {"label": "fraud", "source": "complaint"}
                name = answers[0].json()["screening_id"]
                assert client.post(f"/v1/screenings/{name}/labels", json=said).is_success
    out = folder / "out"
    out.mkdir()
    anyio.run(_write, settings, out)
    return out


def _body(number: int) -> dict[str, Any]:
    """Two phones, three people, one address, and a clerk who overrides."""
    said = {
        "request_id": f"r-{number}",
        "subscriber": {"msisdn": f"+86138001380{number % 7:02d}", "party_id": f"p-{number % 3}"},
        "device": {"id": f"d-{number % 2}"},
        "network": {"ip": "203.0.113.7"},
        "agent": {"id": "a-1", "override": number % 3 == 0},
        "channel": "store",
    }
    return merged(request(), said)


async def _write(settings: Settings, out: Path) -> int:
    async with open_records(settings) as records:
        return await write_log(out, records.journal, "north", 0)


def lines_of(exported: Path) -> list[Line]:
    """Return the lines of the exported log."""
    return list(read(raw_lines(exported / LOG_FILE)))


def test_what_the_service_logged_is_computed_again_without_a_difference(exported: Path) -> None:
    """Every value of every row, to the bit; and the windows did see something."""
    found = skew(log_of(lines_of(exported)), catalogue())
    assert [(name, tally.examples) for name, tally in found.signals.items() if tally.differing] == []
    assert (found.rows, found.without_row, found.other_catalogue, found.unknown) == (12, 0, 0, set())
    assert found.total("compared") > 12 * 50
    assert found.total("not_comparable") == 0
    rows = [line.row for line in lines_of(exported) if isinstance(line, LoggedScreening)]
    assert max(row["velocity.device_requests_1h"] for row in rows if row) == 5.0


def changed(exported: Path, name: str, value: Value) -> Skew:
    """Return the skew of a log in which the last row says something else."""
    told = lines_of(exported)
    place = max(index for index, line in enumerate(told) if isinstance(line, LoggedScreening))
    last = told[place]
    assert isinstance(last, LoggedScreening)
    assert last.row is not None
    told[place] = replace(last, row={**last.row, name: value})
    return skew(log_of(told), catalogue())


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("velocity.device_requests_1h", 4.0, "mismatch"),
        ("velocity.device_requests_1h", None, "missing"),
        ("account.contact_changed_h", 3.0, "extra"),
    ],
)
def test_a_difference_is_told_for_what_it_is(exported: Path, name: str, value: Value, kind: str) -> None:
    """Another value, none where there is one, one where there is none; with the screening that shows it."""
    found = changed(exported, name, value)
    assert {what: found.total(what) for what in ("mismatch", "missing", "extra")} == {
        what: int(what == kind) for what in ("mismatch", "missing", "extra")
    }
    tally = found.signals[name]
    assert (getattr(tally, kind), tally.examples[0].logged, tally.examples[0].screening) == (1, value, "scr:r-11")


def test_events_that_are_lost_are_seen(exported: Path) -> None:
    """Without their past the phones are strangers: the rows do not fit the log any more."""
    told = [line for line in lines_of(exported) if not isinstance(line, LoggedEvent)]
    assert skew(log_of(told), catalogue()).signals["device.known_on_line_for_h"].mismatch == 12


def test_a_signal_that_is_gone_and_another_catalogue_are_told(exported: Path) -> None:
    """They are no differences; whoever reads the figures should know."""
    found = changed(exported, "account.gone", 1.0)
    assert (found.unknown, found.total("differing")) == ({"account.gone"}, 0)
    told = [
        replace(line, versions=line.versions | {"catalogue": "old"}) if isinstance(line, LoggedScreening) else line
        for line in lines_of(exported)
    ]
    assert skew(log_of(told), catalogue()).other_catalogue == 12


def test_windows_that_reach_before_the_log_are_not_compared(exported: Path) -> None:
    """A log of the last day cannot tell what a window of ninety days saw."""
    told = lines_of(exported)
    first = min(line.event.known_ms for line in told if isinstance(line, LoggedScreening))
    late: Sequence[Line] = [LoggedHeader(made_by="test", since_ms=first - DAY_MS), *told[1:]]
    found = skew(log_of(late), catalogue())
    assert found.signals["velocity.device_requests_1h"].not_comparable == 0
    assert found.signals["device.known_on_line_for_h"].not_comparable == 12
    assert found.total("differing") == 0


def run(folder: Path, *words: str) -> tuple[int, str]:
    """Run the command."""
    done = CliRunner().invoke(cli.app, ["skew", "--log", str(folder), *words])
    return done.exit_code, done.stdout


def test_the_command_says_zero_and_ends_well(exported: Path) -> None:
    """In a line, and as JSON."""
    code, said = run(exported)
    assert (code, "0 mismatch, 0 missing, 0 extra" in said, "12 rows" in said) == (0, True, True)
    code, said = run(exported, "--json")
    told = json.loads(said)
    assert (code, told["rows"], told["mismatch"], told["missing"], told["extra"]) == (0, 12, 0, 0, 0)
    assert told["signals"]["velocity.device_requests_1h"]["compared"] == 12


def test_the_command_ends_with_one_where_something_differs(exported: Path, tmp_path: Path) -> None:
    """So that a nightly job notices; the signal and an example are shown."""
    told = lines_of(exported)
    spoiled = [
        replace(line, row={**line.row, "velocity.device_requests_1h": 99.0})
        if isinstance(line, LoggedScreening) and line.row
        else line
        for line in told
    ]
    (tmp_path / "log.jsonl").write_bytes(b"".join(encode(line) for line in spoiled))
    code, said = run(tmp_path)
    assert (code, "12 mismatch" in said, "velocity.device_requests_1h" in said, "logged 99.0" in said) == (
        1,
        True,
        True,
        True,
    )


def test_a_history_without_rows_has_none_to_compare() -> None:
    """A simulated one."""
    found = skew(log_of(invented(count=20)), catalogue())
    assert (found.rows, found.without_row) == (0, 20)
