"""Settings: from arguments, environment or file, each checked, each said; none can make a failure allow."""

from pathlib import Path

import pytest

from service.settings import Settings, SettingsError, described, load


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file and no variable of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.environ", {})


def test_the_defaults_need_nothing() -> None:
    """SQLite and an embedded store in one folder."""
    settings = load()
    assert settings.embedded
    assert settings.sqlite
    assert settings.database_address == f"sqlite:///{Path.cwd() / 'lastcall-data' / 'lastcall.db'}"
    assert settings.mode == "enforce"


def test_arguments_win_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nearest to the hand wins."""
    (tmp_path / "lastcall.toml").write_text('mode = "observe"\nsticky_h = 48\ndeadline_ms = 500\n')
    monkeypatch.setenv("LASTCALL_STICKY_H", "72")
    monkeypatch.setenv("LASTCALL_DEADLINE_MS", "400")
    settings = load(deadline_ms=350, mode=None)
    assert (settings.mode, settings.sticky_h, settings.deadline_ms) == ("observe", 72, 350)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "off"),
        ("strictness", "none"),
        ("demo_model", "always"),
        ("deadline_ms", "19"),
        ("deadline_ms", "soon"),
        ("sticky_h", "1"),
        ("sticky_h", "999"),
        ("receipt_s", "0"),
        ("body_limit_bytes", "65537"),
        ("velocity_deadline_ms", "0"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The sentence names the variable as it is written in the environment."""
    monkeypatch.setenv(f"LASTCALL_{name.upper()}", value)
    with pytest.raises(SettingsError, match=f"^LASTCALL_{name.upper()}: "):
        load()


def test_a_misspelt_setting_in_the_file_is_refused(tmp_path: Path) -> None:
    """A typo must not silently leave a default in place."""
    (tmp_path / "lastcall.toml").write_text("stikcy_h = 48\n")
    with pytest.raises(SettingsError, match="LASTCALL_STIKCY_H"):
        load()


def test_the_round_trip_must_fit_into_the_whole() -> None:
    """Two settings that cannot be true together are refused together."""
    with pytest.raises(SettingsError, match="must be shorter than deadline_ms"):
        load(deadline_ms=50, velocity_deadline_ms=50)


@pytest.mark.parametrize(
    ("given", "embedded", "sqlite"),
    [
        ({"database_url": "postgresql://u@h/n"}, False, False),
        ({"redis_url": "redis://h"}, False, True),
        ({}, True, True),
    ],
)
def test_what_is_embedded(given: dict[str, str], embedded: bool, sqlite: bool) -> None:  # noqa: FBT001
    """Only where everything is ours a demo model may be made."""
    settings = load(**given)
    assert (settings.embedded, settings.sqlite) == (embedded, sqlite)


def test_every_setting_is_described() -> None:
    """As a variable, with its default and a sentence."""
    rows = {name: (default, meaning) for name, default, meaning in described()}
    assert set(rows) == {f"LASTCALL_{name.upper()}" for name in Settings.model_fields}
    assert all(meaning for _, meaning in rows.values())
    assert rows["LASTCALL_DEADLINE_MS"][0] == "300"
    assert rows["LASTCALL_REDIS_URL"][0] == ""


def test_no_setting_lets_a_failure_through() -> None:
    """What a failure leads to is the policy's; there is nothing to set about it."""
    assert not [name for name in Settings.model_fields if "fail" in name or "open" in name or "allow" in name]
