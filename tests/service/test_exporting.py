"""A record goes out as a log and comes back in: one path for training, skew and moving house."""

from pathlib import Path

import anyio
import pytest

from features.codec import LoggedHeader, LoggedLabel, LoggedScreening, log_files, raw_lines, read
from service.exporting import LOG_FILE, write_log
from service.loading import Loaded, Loading
from service.ports import StoreDownError
from service.settings import Settings, load
from service.wiring import open_records, prepare
from tests.builders import long_known, request
from tests.service.served import data_folder, key_of, served
from tests.service.test_api import bearer


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder in which a request was decided, of a phone with a past, and labelled."""
    made = data_folder(tmp_path / "one")
    with served(made) as client:
        client.headers.update(bearer(key_of(made, "screen", "events", "label")))
        body = request()
        client.post("/v1/events", json={"events": long_known(body)})
        answer = client.post("/v1/screenings", json=body).json()
        said = {"label": "fraud", "source": "complaint", "loss_fen": 7}
        client.post(f"/v1/screenings/{answer['screening_id']}/labels", json=said)
    return made


async def _write(settings: Settings, out: Path) -> int:
    async with open_records(settings) as records:
        return await write_log(out, records.journal, "north", 0)


async def _load(settings: Settings, log: Path) -> Loaded:
    async with open_records(settings) as records:
        lines = (line for file in log_files(log) for line in read(raw_lines(file)))
        return await Loading(records.book, records.tokeniser).load("north", lines)


def test_what_goes_out_can_come_in_elsewhere(settings: Settings, tmp_path: Path) -> None:
    """Into a record that never saw it, once however often; no plain number is in it; the fraud is remembered."""
    out = tmp_path / "out"
    out.mkdir()
    assert anyio.run(_write, settings, out) == 9
    lines = list(read(raw_lines(out / LOG_FILE)))
    assert isinstance(lines[0], LoggedHeader)
    screenings = [line for line in lines if isinstance(line, LoggedScreening)]
    labels = [line for line in lines if isinstance(line, LoggedLabel)]
    assert [label.screening_id for label in labels] == [screenings[0].event.id]
    assert b"+86138" not in b"".join(raw_lines(out / LOG_FILE))
    other = load(data=tmp_path / "two", demo_model="never")
    prepare(other)
    assert anyio.run(_load, other, out) == Loaded(events=7, screenings=1, labels=1)
    assert anyio.run(_load, other, out) == Loaded(events=0, screenings=0, labels=0)


def test_a_log_is_whole_or_not_there(tmp_path: Path) -> None:
    """A record that fails half-way leaves no file behind that somebody could learn from."""

    class Broken:
        """Fails at once."""

        def lines(self, tenant: str, *, since_ms: int = 0) -> "Broken":
            return self

        def __aiter__(self) -> "Broken":
            return self

        async def __anext__(self) -> None:
            raise StoreDownError("gone")

    with pytest.raises(StoreDownError):
        anyio.run(write_log, tmp_path, Broken(), "north", 0)
    assert list(tmp_path.iterdir()) == []
