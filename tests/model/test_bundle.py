"""A bundle is loaded when everything about it is right, and refused with the right code when anything is not."""

import base64
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from features.catalogue import catalogue
from model import bundle as bundles
from model.bundle import LARGEST, SIGNATURE, SUMMED, SUMS, BundleRefusedError, Golden, load_bundle, write_bundle
from model.trial import Trial, TrialFailedError, tried
from tests.model.bundles import KEY, KEYS, golden, manifest, parts, scorer, trees, written


def refusal(bundle: Path, keys: object = KEYS) -> BundleRefusedError:
    """Load a bundle that must be refused, and return how it was."""
    with pytest.raises(BundleRefusedError) as caught:
        load_bundle(bundle, keys, catalogue())  # type: ignore[arg-type]
    assert str(caught.value), "a refusal says why"
    return caught.value


def test_a_sound_bundle_answers_as_when_it_was_made(tmp_path: Path) -> None:
    """A sound bundle answers as when it was made."""
    loaded = load_bundle(written(tmp_path), KEYS, catalogue())
    assert loaded.version == "test-1"
    for one in golden(scorer()):
        assert loaded.log_odds(one.row) == one.log_odds
        assert loaded.probability(one.row) == one.probability


def test_any_of_several_trusted_keys_will_do(tmp_path: Path) -> None:
    """Any of several trusted keys will do."""
    others = {"a": Ed25519PrivateKey.generate().public_key(), **KEYS}
    assert load_bundle(written(tmp_path), others, catalogue()).version == "test-1"


@pytest.mark.parametrize("name", SUMMED)
@pytest.mark.parametrize("where", [0, 1, -1])
def test_one_flipped_bit_in_any_file_is_found(tmp_path: Path, name: str, where: int) -> None:
    """One flipped bit in any file is found."""
    bundle = written(tmp_path)
    raw = bytearray((bundle / name).read_bytes())
    raw[where] ^= 1
    (bundle / name).write_bytes(raw)
    refused = refusal(bundle)
    assert refused.code == "DIGEST_MISMATCH"
    assert name in refused.sentence


@pytest.mark.parametrize("name", [SUMS, SIGNATURE])
@pytest.mark.parametrize("where", [0, 40, 80])
def test_one_flipped_bit_in_the_digests_or_the_signature_is_found(tmp_path: Path, name: str, where: int) -> None:
    """One flipped bit in the digests or the signature is found."""
    bundle = written(tmp_path)
    raw = bytearray((bundle / name).read_bytes())
    raw[where] ^= 1
    (bundle / name).write_bytes(raw)
    assert refusal(bundle).code == "UNTRUSTED_SIGNATURE"


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"AAAA", b"\x00" * 64])
def test_what_is_no_signature_is_refused(tmp_path: Path, content: bytes) -> None:
    """What is no signature is refused."""
    bundle = written(tmp_path)
    (bundle / SIGNATURE).write_bytes(content)
    assert refusal(bundle).code == ("UNTRUSTED_SIGNATURE" if content.strip() else "UNSIGNED")


def test_another_key_is_not_trusted(tmp_path: Path) -> None:
    """Another key is not trusted."""
    bundle = written(tmp_path, key=Ed25519PrivateKey.generate())
    assert refusal(bundle).code == "UNTRUSTED_SIGNATURE"
    assert refusal(bundle, {}).code == "UNTRUSTED_SIGNATURE"


def test_a_signature_over_the_digests_alone_is_not_one_for_a_model(tmp_path: Path) -> None:
    """A signature over the digests alone is not one for a model."""
    bundle = written(tmp_path)
    (bundle / SIGNATURE).write_bytes(base64.b64encode(KEY.sign((bundle / SUMS).read_bytes())))
    assert refusal(bundle).code == "UNTRUSTED_SIGNATURE"


def _without(name: str) -> Callable[[Path], None]:
    return lambda bundle: (bundle / name).unlink()


def _extra(bundle: Path) -> None:
    (bundle / "more.txt").write_text("more")


def _link(bundle: Path) -> None:
    (bundle / "model.txt").rename(bundle.parent / "elsewhere.txt")
    (bundle / "model.txt").symlink_to(bundle.parent / "elsewhere.txt")


def _pipe(bundle: Path) -> None:
    (bundle / "golden.jsonl").unlink()
    os.mkfifo(bundle / "golden.jsonl")


def _folder(bundle: Path) -> None:
    (bundle / "report.json").unlink()
    (bundle / "report.json").mkdir()


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (_without("SIGNATURE"), "UNSIGNED"),
        (_without("SHA256SUMS"), "NOT_A_BUNDLE"),
        (_without("model.txt"), "NOT_A_BUNDLE"),
        (_extra, "NOT_A_BUNDLE"),
        (_link, "NOT_A_BUNDLE"),
        (_pipe, "NOT_A_BUNDLE"),
        (_folder, "NOT_A_BUNDLE"),
    ],
)
def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path, damage: Callable[[Path], None], code: str) -> None:
    """A folder with other things in it is refused."""
    bundle = written(tmp_path)
    damage(bundle)
    assert refusal(bundle).code == code


def test_what_is_no_folder_is_no_bundle(tmp_path: Path) -> None:
    """What is no folder is no bundle."""
    (tmp_path / "file").write_text("x")
    assert refusal(tmp_path / "file").code == "NOT_A_BUNDLE"
    assert refusal(tmp_path / "nowhere").code == "NOT_A_BUNDLE"
    assert refusal(tmp_path).code == "NOT_A_BUNDLE"


@pytest.mark.parametrize("name", sorted(LARGEST))
def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path, name: str) -> None:
    """A file that is too large is not read whole."""
    bundle = written(tmp_path)
    with (bundle / name).open("ab") as file:
        file.truncate(LARGEST[name] + 1)
    assert refusal(bundle).code == "TOO_LARGE"


@pytest.mark.parametrize("name", ["device.rooted@2", "device.rooted", "nothing.of_the_kind@1", "", "device.rooted@1?"])
def test_a_signal_that_is_not_in_the_catalogue_is_refused(tmp_path: Path, name: str) -> None:
    """A signal that is not in the catalogue is refused."""
    said = manifest()
    signals = (*said.signals[:2], name, *said.signals[3:])
    refused = refusal(written(tmp_path, manifest=manifest(signals=signals)))
    assert refused.code == "UNKNOWN_SIGNAL"
    assert name in refused.sentence


def test_other_categories_than_the_catalogue_has_are_refused(tmp_path: Path) -> None:
    """Other categories than the catalogue has are refused."""
    other = {"request.action": tuple(reversed(manifest().categories["request.action"]))}
    assert refusal(written(tmp_path / "a", manifest=manifest(categories=other))).code == "UNKNOWN_SIGNAL"
    assert refusal(written(tmp_path / "b", manifest=manifest(categories={}))).code == "UNKNOWN_SIGNAL"


@pytest.mark.parametrize(
    "swap",
    [
        (b'"test-1"', b'"../../etc"'),
        (b'"test-1"', b'""'),
        (b'"version"', b'"verzion"'),
        (b'"probability": [', b'"probability": [0,'),
        (b'"seed": 3', b'"seed": 3, "extra": 1'),
        (b"{", b""),
        (b"{", b"[" * 100_000),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_though_it_is_signed(
    tmp_path: Path, swap: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manifest that cannot be used is refused though it is signed."""
    raw = bundles.manifests.encode(manifest())
    assert swap[0] in raw
    monkeypatch.setattr(bundles.manifests, "encode", lambda _: raw.replace(*swap, 1))
    assert refusal(written(tmp_path)).code == "BAD_MANIFEST"


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda _: "tree\n",
        lambda text: text[: len(text) // 2],
        lambda text: text[:400],
        lambda text: text.replace("num_leaves=8", "num_leaves=99999999", 1),
        lambda text: text.replace("left_child=", "left_child=9999999 ", 1),
        lambda text: text.replace("device.rooted@1", "device.rooted@9"),
    ],
)
def test_a_damaged_model_is_refused_though_it_is_signed(tmp_path: Path, damage: Callable[[str], str]) -> None:
    """A damaged model is refused though it is signed."""
    text = damage(trees())
    assert text != trees()
    assert refusal(written(tmp_path, model=text)).code in {"MODEL_BROKEN", "GOLDEN_MISMATCH"}


def test_a_model_that_scores_differently_is_refused(tmp_path: Path) -> None:
    """A model that scores differently is refused."""
    first, *rest = golden(scorer())
    moved = Golden(first.row, first.log_odds + 1e-6, first.probability)
    assert refusal(written(tmp_path, golden=[moved, *rest])).code == "GOLDEN_MISMATCH"


def test_a_curve_that_tells_another_probability_is_refused(tmp_path: Path) -> None:
    """A curve that tells another probability is refused."""
    first, *rest = golden(scorer())
    moved = Golden(first.row, first.log_odds, first.probability * 1.01)
    assert refusal(written(tmp_path, golden=[*rest, moved])).code == "GOLDEN_MISMATCH"


def test_a_bundle_without_golden_rows_is_refused(tmp_path: Path) -> None:
    """A bundle without golden rows is refused."""
    assert refusal(written(tmp_path, golden=[])).code == "GOLDEN_MISMATCH"


def test_a_child_that_takes_too_long_is_given_up() -> None:
    """A child that takes too long is given up."""
    trial = Trial(model=trees(), names=[], rows=[])
    with pytest.raises(TrialFailedError, match="within"):
        tried(trial, patience=timedelta(milliseconds=1))


def test_a_bundle_is_never_written_over_another(tmp_path: Path) -> None:
    """A bundle is never written over another."""
    bundle = written(tmp_path)
    before = (bundle / SUMS).read_bytes()
    with pytest.raises(FileExistsError):
        write_bundle(bundle, parts(manifest=manifest(version="test-2")), KEY)
    assert (bundle / SUMS).read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle"]
