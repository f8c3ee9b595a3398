"""The benchmark of faces runs, counts pairs by name, and gives no share without its count."""

import json
from pathlib import Path

import pytest

from bench import liveness
from tests.service.image_corpus import drawn
from tests.service.photos import PHOTO


@pytest.mark.parametrize(
    ("name", "who"), [("ann_1.jpg", "ann"), ("Ann-2.jpg", "ann"), ("bo.png", "bo"), ("bo3.png", "bo")]
)
def test_a_name_begins_with_who_it_is(name: str, who: str) -> None:
    """Up to the first number, dash, dot or underscore."""
    assert liveness._who(name) == who


def test_errors_are_counted() -> None:
    """Of one person's pairs those too far apart, of two persons' those near enough."""
    found = liveness._errors(0.5, [0.3, 0.5, 0.6], [0.4, 0.7])
    assert (found["not_matched"], found["of_one_person"]) == (1, 3)
    assert (found["falsely_matched"], found["of_two"]) == (1, 2)


def test_it_runs_on_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One person twice, a picture without a face, and one that is refused and left out."""
    monkeypatch.setattr(liveness, "CALLS", 20)
    monkeypatch.setattr(liveness, "TURNS", 1)
    face = PHOTO.read_bytes()
    for name, data in (("a_1.jpg", face), ("a_2.jpg", face), ("b.jpg", drawn("JPEG")), ("c.jpg", face + b"more")):
        (tmp_path / name).write_bytes(data)
    liveness.main([str(tmp_path), "--json", "--rounds", "1"])
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["photos"] == 3
    assert "c.jpg: TRAILING_DATA" in err
    assert (found["ms_a_frame"]["decode"]["n"], found["ms_a_frame"]["encode"]["n"]) == (3, 2)
    assert found["match"]["pairs_of_one_person"] == {"n": 1, "nearest": 0.0, "farthest": 0.0}
    assert found["match"]["pairs_of_two"] == {"n": 0}
    assert found["decisions_beside"]["pictures_measured"] >= 8
    assert found["decisions_beside"]["calls"] == 20
