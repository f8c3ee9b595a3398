"""The command line: every command says what it did, and a refusal is a sentence and exit code 1."""

import shutil
from pathlib import Path

import pytest
import zstandard
from click.testing import Result
from typer.testing import CliRunner

from features.catalogue import catalogue
from features.codec import LoggedEvent, LoggedHeader, LoggedLabel, encode
from service.cli import app
from service.settings import Settings, described
from tests.service.served import data_folder
from tests.service.sql.records import NOW_MS, event, past


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A data folder that the commands use."""
    made = data_folder(tmp_path)
    monkeypatch.setenv("LASTCALL_DATA", str(made.data))
    monkeypatch.setenv("COLUMNS", "200")
    return made


def run(*arguments: str, expect: int = 0) -> str:
    """Run a command and return what it printed."""
    done: Result = CliRunner().invoke(app, arguments)
    assert done.exit_code == expect, f"{done.exit_code}\n{done.output}\n{done.exception!r}"
    return done.output


@pytest.mark.usefixtures("settings")
def test_keys_are_made_listed_and_revoked() -> None:
    """The secret is shown once; revoking what is not there is refused."""
    secret = run("keys", "create", "--name", "billing", "--scope", "screen", "--scope", "events").strip()
    listed = run("keys", "list")
    assert "billing" in listed
    assert "events screen" in listed
    assert secret not in listed
    key_id = secret[3:13]
    assert f"{key_id} is revoked" in run("keys", "revoke", key_id)
    assert "no key" in run("keys", "revoke", key_id, expect=1)
    assert "a key needs scopes out of" in run("keys", "create", "--name", "x", "--scope", "everything", expect=1)


@pytest.mark.usefixtures("settings")
def test_users_are_made_listed_disabled_and_reset() -> None:
    """A one-time secret is printed, no password is asked; what cannot be is refused with a sentence."""
    secret = run("users", "create", "--name", "wang", "--role", "analyst", "--region", "440000").strip()
    assert len(secret) == 32
    listed = run("users", "list")
    assert all(word in listed for word in ("wang", "analyst", "invited", "440000"))
    assert secret not in listed
    assert "wang is disabled" in run("users", "disable", "wang")
    assert "never enrolled" in run("users", "enable", "wang", expect=1)
    assert run("users", "reset", "wang").strip() not in {"", secret}
    assert "is taken" in run("users", "create", "--name", "wang", "--role", "lead", expect=1)
    assert "no role king" in run("users", "create", "--name", "li", "--role", "king", expect=1)
    assert "no user li" in run("users", "disable", "li", expect=1)


def test_models_are_verified_listed_and_refused(settings: Settings, tmp_path: Path) -> None:
    """A damaged one is refused with a code, and the one in force stays."""
    bundle = tmp_path / "bundle"
    assert "test-1: sound, 5 signals" in run("model", "verify", str(bundle))
    assert "test-1 is in force" in run("model", "activate", str(bundle))
    damaged = tmp_path / "damaged"
    shutil.copytree(bundle, damaged)
    (damaged / "model.txt").write_text((damaged / "model.txt").read_text() + " ")
    assert "DIGEST_MISMATCH: " in run("model", "activate", str(damaged), expect=1)
    listed = run("model", "list")
    assert "test-1" in listed
    assert "active" in listed
    (settings.trusted_folder / "tests.pem").unlink()
    assert "UNTRUSTED_SIGNATURE: " in run("model", "verify", str(bundle), expect=1)


@pytest.mark.usefixtures("settings")
def test_a_history_is_loaded_once_and_broken_lines_are_named(tmp_path: Path) -> None:
    """Compressed or not."""
    log = tmp_path / "log"
    log.mkdir()
    assert "there is no log in" in run("import", "--log", str(log), expect=1)
    lines = [encode(LoggedHeader(made_by="test")), encode(LoggedEvent(event=event(1))), b'{"type":"nonsense"}\n']
    (log / "a.jsonl.zst").write_bytes(zstandard.compress(b"".join(lines)))
    label = LoggedLabel(screening_id="past-1", label="fraud", source="analyst", at_ms=NOW_MS)
    (log / "b.jsonl").write_bytes(encode(past(1)) + encode(label))
    first = run("import", "--log", str(log))
    assert "new: 2 events, 1 screenings, 1 labels; broken lines: 1" in first
    assert "line 3: " in first
    assert "new: 0 events, 0 screenings, 0 labels" in run("import", "--log", str(log))


def test_the_catalogue_can_be_read() -> None:
    """All of it, one group, one signal with its examples; a wrong name gets a hint."""
    listed = run("features", "list")
    assert f"{len(catalogue().signals)} signals" in listed
    assert "device." not in run("features", "list", "--group", "otp")
    told = run("features", "explain", "device.rooted")
    assert "fires" in told
    assert catalogue().signals["device.rooted"].why in " ".join(told.split())
    assert "did you mean device.rooted" in run("features", "explain", "device.roots", expect=1)


def test_a_policy_is_checked(tmp_path: Path) -> None:
    """The shipped one is sound; one that names what does not exist is not."""
    shipped = Path(__file__).parents[2] / "model" / "policies" / "default.toml"
    assert "default-1: sound" in run("policy", "check", str(shipped))
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(shipped.read_text().replace("account.police_freeze == 1", "account.no_such_thing == 1"))
    assert "no_such_thing" in run("policy", "check", str(wrong), expect=1)


def test_settings_are_shown_and_a_wrong_one_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Before anything is started."""
    monkeypatch.setenv("COLUMNS", "250")
    shown = run("serve", "--print-settings")
    assert all(name in shown for name, _, _ in described())
    monkeypatch.setenv("LASTCALL_MODE", "off")
    assert "LASTCALL_MODE: " in run("serve", "--data", str(tmp_path / "data"), expect=1)
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("settings")
def test_the_doctor_says_what_to_mend() -> None:
    """Everything but the store, which nobody has started."""
    said = run("doctor", expect=1)
    assert "default-1, every worked example holds" in said
    assert "0 decisions, 0 events" in said
    assert "mend velocity" in said
    assert said.count("mend ") == 1


def test_the_doctor_on_an_empty_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is kept yet, and nothing is wrong."""
    monkeypatch.setenv("LASTCALL_DATA", str(tmp_path / "nowhere"))
    assert "nothing is kept yet" in run("doctor")
    assert not (tmp_path / "nowhere").exists()
    monkeypatch.setenv("LASTCALL_POLICY", str(tmp_path / "none.toml"))
    assert "mend policy" in run("doctor", expect=1)


def test_a_database_that_cannot_be_used_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No traceback, and no password."""
    monkeypatch.setenv("LASTCALL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LASTCALL_DATABASE_URL", "mysql://u:secret@h/n")
    said = run("keys", "list", expect=1)
    assert "not a database that we can use" in said
    assert "secret" not in said
    monkeypatch.setenv("LASTCALL_DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/n")
    assert "`lastcall doctor` says why" in run("keys", "list", expect=1)
