"""The training: one log, one model; it learns, it does not see the future, and what it writes is loaded as it is."""

import re
from pathlib import Path

import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives import serialization
from typer.testing import CliRunner

from features.catalogue import catalogue
from features.codec import LoggedEvent, LoggedLabel, LoggedScreening
from features.event import Event
from features.history import moment_of
from model.bundle import load_bundle
from tests.builders import request
from tests.model.bundles import KEY, KEYS
from tests.training.logs import BASE_RATE, HOUR, START, line, lines, log, login, write
from training import cli
from training.dataset import build
from training.log import LogError, read_lines, read_log
from training.train import Order, Trained, train
from training.train import write as write_trained

ORDER = Order(created_ms=START)


@pytest.fixture(scope="module")
def trained() -> Trained:
    """Train once for all that only look."""
    return train(log(), catalogue(), ORDER)


def test_training_twice_gives_the_same_bytes(trained: Trained) -> None:
    """Training twice gives the same bytes."""
    again = train(log(), catalogue(), ORDER)
    assert again.parts.model == trained.parts.model
    assert again.parts.manifest == trained.parts.manifest
    assert again.parts.report_html == trained.parts.report_html


def test_it_learns_what_is_to_be_learned(trained: Trained) -> None:
    """It learns what is to be learned."""
    auc = trained.found.metrics["roc_auc"]
    assert auc is not None
    assert 0.85 < auc <= 1


def test_its_bundle_is_loaded_and_answers(trained: Trained, tmp_path: Path) -> None:
    """Its bundle is loaded and answers."""
    write_trained(trained, tmp_path / "bundle", KEY)
    scorer = load_bundle(tmp_path / "bundle", KEYS, catalogue())
    calm, hot = (
        dict(trained.parts.golden[0].row) | worse for worse in ({}, {"device.rooted": 1.0, "device.hooked": 1.0})
    )
    assert scorer.probability(hot) >= scorer.probability(calm)
    assert len(trained.parts.golden) > 30


def test_probabilities_are_told_at_the_true_rate(trained: Trained) -> None:
    """Probabilities are told at the true rate."""
    assert trained.parts.manifest.base_rate == pytest.approx(BASE_RATE, rel=0.15)
    said = [one.said for one in trained.found.bins]
    assert said == sorted(said)
    assert said[0] < 0.01


def test_the_version_has_its_date_and_says_when_it_is_a_demonstration() -> None:
    """The version has its date and says when it is a demonstration."""
    few = log(lines(count=500, share=0.3))
    assert re.fullmatch(r"20260921-[0-9a-f]{10}", train(few, catalogue(), ORDER).parts.manifest.version)
    demo = train(few, catalogue(), Order(created_ms=START, demo=True)).parts.manifest
    assert demo.version.startswith("demo-20260921-")
    assert demo.simulated


def test_the_report_is_one_page_that_fetches_nothing_and_says_that_all_is_simulated(trained: Trained) -> None:
    """The report is one page that fetches nothing and says that all is simulated."""
    page = trained.parts.report_html
    assert page.count("data:image/png;base64,") == 5
    assert "simulated" in page
    assert not re.search(r"(src|href)=[\"'](?!data:)", page)
    said = msgspec.json.decode(trained.parts.report_json)
    assert said["block"]["irreversible"]["genuine"] > 0
    assert "may not block" in said["block"]["irreversible"]["says"]
    assert all("n" in one for one in said["slices"])


def _rows(*said: object) -> list[dict[str, object]]:
    """Return the rows of a hand-made log."""
    table = build(log(said), catalogue())  # type: ignore[arg-type]
    return [dict(row) for row in table.rows]


def _fraud(name: str, at_ms: int) -> LoggedLabel:
    return LoggedLabel(screening_id=name, label="fraud", source="investigation", at_ms=at_ms)


def test_a_row_sees_what_was_known_before_it_and_nothing_after() -> None:
    """A row sees what was known before it and nothing after."""
    body = request()
    before, late = login(body, START - 48 * HOUR, "before"), login(body, START - 96 * HOUR, "late")
    late = LoggedEvent(event=msgspec.structs.replace(late.event, known_ms=START + HOUR))
    (row,) = _rows(before, line(body, START, "a"), late, _fraud("a", START + HOUR))
    assert row["device.known_on_line_for_h"] == 48


def test_a_request_is_not_in_its_own_windows_but_in_the_next_ones() -> None:
    """A request is not in its own windows but in the next ones."""
    body = request()
    first, second = _rows(
        line(body, START, "a"), line(body, START + HOUR, "b"), _fraud("a", START + 9), _fraud("b", START + 2 * HOUR)
    )
    assert (first["request.line_attempts_7d"], second["request.line_attempts_7d"]) == (0, 1)


def test_what_an_agent_overrode_and_what_was_confirmed_as_fraud_are_remembered_from_then_on() -> None:
    """What an agent overrode and what was confirmed as fraud are remembered from then on."""
    body = request({"agent": {"id": "a-1", "override": True}})
    said = log([line(body, START, "a"), _fraud("a", START + HOUR)])
    kinds = {event.kind: event for event in said.remembered()}
    assert set(kinds) == {"screening", "screening_overridden", "labelled_fraud"}
    assert kinds["labelled_fraud"].known_ms == START + HOUR
    assert kinds["labelled_fraud"].keys == kinds["screening"].keys
    assert kinds["screening_overridden"].known_ms == START


def test_the_latest_word_on_a_request_counts_and_a_tie_is_fraud() -> None:
    """The latest word on a request counts and a tie is fraud."""
    cleared = LoggedLabel(screening_id="a", label="legitimate", source="analyst", at_ms=START + 2)
    said = log([line(request(), START, "a"), _fraud("a", START + 1), cleared])
    assert said.labels["a"].label == "legitimate"
    said.add(_fraud("a", START + 2))
    assert said.labels["a"].label == "fraud"


def test_a_request_that_comes_twice_counts_once_and_one_without_a_label_is_left_out() -> None:
    """A request that comes twice counts once and one without a label is left out."""
    one, other = line(request(), START, "a"), line(request(), START + 1, "b")
    table = build(log([one, one, other, _fraud("a", START + 5)]), catalogue())
    assert (len(table.data), table.data.left_out) == (1, 1)


def test_windows_are_unknown_where_the_store_was_down() -> None:
    """Windows are unknown where the store was down."""
    one: LoggedScreening = msgspec.structs.replace(line(request(), START, "a"), failed=("velocity",))
    assert moment_of(one, {}).answers is None
    (row,) = _rows(one, _fraud("a", START + 5))
    assert row["request.line_attempts_7d"] is None


def test_a_log_without_labels_requests_or_frauds_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """A log without labels requests or frauds is refused in a sentence."""
    with pytest.raises(LogError, match="no labels"):
        train(log([line(request(), START, "a")]), catalogue(), ORDER)
    with pytest.raises(LogError, match="needs 20 frauds"):
        train(log(lines(count=100, share=0.01)), catalogue(), ORDER)
    event = LoggedEvent(event=Event(id="e", kind="otp_sent", occurred_ms=1, known_ms=1, keys={"line": "l"}))
    with pytest.raises(LogError, match="no requests"):
        read_log(write(tmp_path, [event]))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("log.jsonl", b'{"type":"screening"}\n', "line 1"),
        ("log.jsonl", b"\xff\xfe\n", "line 1"),
        ("log.jsonl.zst", b"not packed", "cannot be read"),
        ("log.jsonl.zst", zstandard.ZstdCompressor().compress(b"{}\n" * 5)[:-3] + b"xyz", "log.jsonl.zst"),
        ("log.txt", b"", "there is no log"),
    ],
)
def test_a_broken_log_is_refused_in_a_sentence(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    """A broken log is refused in a sentence."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LogError, match=says):
        list(read_lines(tmp_path))


def _key(folder: Path) -> Path:
    file = folder / "key.pem"
    pem, pkcs8, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.write_bytes(KEY.private_bytes(pem, pkcs8, plain))
    return file


def _run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli.app, ["train", *map(str, arguments)])
    return done.exit_code, done.output


def test_the_command_writes_a_bundle_and_prints_what_it_found(tmp_path: Path) -> None:
    """The command writes a bundle and prints what it found."""
    out = tmp_path / "bundle"
    code, said = _run("--log", write(tmp_path / "log"), "--out", out, "--key", _key(tmp_path), "--demo")
    assert code == 0, said
    assert "demo-" in said
    assert "(simulated)" in said
    assert load_bundle(out, KEYS, catalogue()).version.startswith("demo-")
    code, said = _run("--log", tmp_path / "log", "--out", out, "--key", _key(tmp_path))
    assert code == 1
    assert "not empty" in said


def test_the_command_says_what_is_wrong_and_writes_nothing(tmp_path: Path) -> None:
    """The command says what is wrong and writes nothing."""
    (tmp_path / "empty").mkdir()
    code, said = _run("--log", tmp_path / "empty", "--out", tmp_path / "out", "--key", _key(tmp_path))
    assert (code, "there is no log" in said) == (1, True)
    (tmp_path / "bad.pem").write_text("no key")
    code, said = _run("--log", write(tmp_path / "log"), "--out", tmp_path / "out", "--key", tmp_path / "bad.pem")
    assert (code, "no Ed25519 private key" in said) == (1, True)
    assert not (tmp_path / "out").exists()
