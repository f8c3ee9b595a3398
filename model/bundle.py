"""A bundle: a model as a folder that can be checked before anything in it is believed.

A model's text is not a safe file: a damaged one crashes or hangs the process that reads it, or scores differently
without a word. So, in this order: sizes, signature, digests, before a byte is parsed; then the manifest and its
signals; then the trees, first in a child process, against rows whose answers are known; then in ours. Every file is
read once, and the bytes that were verified are the bytes that are used.
"""

import base64
import binascii
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from features.catalogue import Catalogue, UnknownSignalError, columns, encode
from features.signal import Signal, Value
from model import manifest as manifests
from model.manifest import Manifest
from model.scorer import BrokenModelError, Scorer
from model.trial import Trial, TrialFailedError, tried

Code = Literal[
    "NOT_A_BUNDLE",
    "UNSIGNED",
    "UNTRUSTED_SIGNATURE",
    "DIGEST_MISMATCH",
    "TOO_LARGE",
    "BAD_MANIFEST",
    "UNKNOWN_SIGNAL",
    "MODEL_BROKEN",
    "GOLDEN_MISMATCH",
]

MODEL: Final = "model.txt"
MANIFEST: Final = "manifest.json"
GOLDEN: Final = "golden.jsonl"
REPORT_HTML: Final = "report.html"
REPORT_JSON: Final = "report.json"
SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SIGNATURE"

MIB: Final = 1 << 20
LARGEST: Final[Mapping[str, int]] = {
    MODEL: 64 * MIB,
    MANIFEST: 2 * MIB,
    GOLDEN: 8 * MIB,
    REPORT_HTML: 32 * MIB,
    REPORT_JSON: 8 * MIB,
    SUMS: 4096,
    SIGNATURE: 1024,
}
"""The files of a bundle and the most bytes of each; a bundle has these and no others."""
SUMMED: Final = tuple(sorted(set(LARGEST) - {SUMS, SIGNATURE}))
MOST_GOLDEN: Final = 1000
PURPOSE: Final = b"lastcall model bundle 1\n"
"""Signed along with the digests, so that a signature given for something else never passes for a model's."""
TOLERANCE: Final = 1e-9


class BundleRefusedError(ValueError):
    """A bundle is not loaded; the code and the sentence say why, and what was in force stays in force."""

    def __init__(self, code: Code, sentence: str) -> None:
        """Take the stable code and what is wrong, in a sentence."""
        super().__init__(sentence)
        self.code: Final = code
        self.sentence: Final = sentence


class Golden(Struct, frozen=True, forbid_unknown_fields=True):
    """A row whose answer is known: the signals, the raw log-odds and the probability that the model must give."""

    row: dict[str, Value]
    log_odds: float
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What goes into a bundle."""

    model: str
    manifest: Manifest
    golden: Sequence[Golden]
    report_html: str
    report_json: bytes


def load_bundle(folder: Path, keys: Mapping[str, Ed25519PublicKey], catalogue: Catalogue) -> Scorer:
    """Verify a bundle and return its model, ready to be asked.

    Args:
        folder: the bundle.
        keys: the public keys that may sign a model, by name; any of them will do.
        catalogue: whose signals it may name.

    Raises:
        BundleRefusedError: it is not sound in some way.
    """
    files = _verified(folder, keys)
    manifest = _manifest(files[MANIFEST])
    signals = _signals(manifest, catalogue)
    golden = _golden(files[GOLDEN])
    try:
        text = files[MODEL].decode("ascii")
    except UnicodeDecodeError:
        raise BundleRefusedError("MODEL_BROKEN", "the model is not plain text") from None
    _try_in_child(text, signals, golden)
    try:
        scorer = Scorer(manifest, signals, text)
    except BrokenModelError as error:
        raise BundleRefusedError("MODEL_BROKEN", str(error)) from error
    _compare([scorer.log_odds(one.row) for one in golden], [one.log_odds for one in golden])
    _compare([scorer.probability(one.row) for one in golden], [one.probability for one in golden])
    return scorer


def write_bundle(folder: Path, parts: Parts, key: Ed25519PrivateKey) -> None:
    """Write and sign a bundle; it appears whole or not at all.

    Raises:
        FileExistsError: there is something in the folder already.
    """
    if folder.exists() and any(folder.iterdir()):
        message = f"{folder} is not empty"
        raise FileExistsError(message)
    golden = b"".join(msgspec.json.encode(one, order="deterministic") + b"\n" for one in parts.golden)
    files = {
        MODEL: parts.model.encode("ascii"),
        MANIFEST: manifests.encode(parts.manifest),
        GOLDEN: golden,
        REPORT_HTML: parts.report_html.encode(),
        REPORT_JSON: parts.report_json,
    }
    files[SUMS] = _sums(files)
    files[SIGNATURE] = base64.b64encode(key.sign(PURPOSE + files[SUMS])) + b"\n"
    draft = folder.with_name(f".{folder.name}.draft-{os.getpid()}")
    draft.mkdir(parents=True)
    for name, content in files.items():
        (draft / name).write_bytes(content)
    draft.replace(folder)


def _verified(folder: Path, keys: Mapping[str, Ed25519PublicKey]) -> Mapping[str, bytes]:
    """Return the contents of a bundle that somebody trusted has signed, each file as it was signed."""
    files = _contents(folder)
    _check_signature(files[SIGNATURE], files[SUMS], keys)
    if _sums(files) != files[SUMS]:
        signed = set(files[SUMS].splitlines())
        changed = [name for name in SUMMED if _sum(name, files[name]) not in signed]
        raise BundleRefusedError("DIGEST_MISMATCH", f"not as it was signed: {', '.join(changed) or SUMS}")
    return files


def _contents(folder: Path) -> dict[str, bytes]:
    """Read every file of a bundle once, through one handle of the folder, following no link."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        raise BundleRefusedError("NOT_A_BUNDLE", f"{folder} is not a folder that can be read") from None
    try:
        _check_names(handle)
        return {name: _file(handle, name) for name in LARGEST}
    finally:
        os.close(handle)


def _check_names(handle: int) -> None:
    names = set(os.listdir(handle))
    if SIGNATURE not in names and names >= set(SUMMED):
        raise BundleRefusedError("UNSIGNED", "the bundle has no signature")
    if missing := sorted(set(LARGEST) - names):
        raise BundleRefusedError("NOT_A_BUNDLE", f"files are missing: {', '.join(missing)}")
    if len(names) > len(LARGEST):
        raise BundleRefusedError("NOT_A_BUNDLE", "there are files that do not belong to a bundle")


def _file(handle: int, name: str) -> bytes:
    """Return a plain file's bytes; a link, a pipe or a folder in its place is refused."""
    largest = LARGEST[name]
    try:
        # Opening a pipe would wait for a writer for ever, unless it is told not to.
        found = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=handle)
        with os.fdopen(found, "rb") as file:
            plain = stat.S_ISREG(os.fstat(found).st_mode)
            content = file.read(largest + 1) if plain else b""
    except OSError:
        plain = False
    if not plain:
        raise BundleRefusedError("NOT_A_BUNDLE", f"{name} is not a plain file that can be read")
    if len(content) > largest:
        raise BundleRefusedError("TOO_LARGE", f"{name} has more than {largest} bytes")
    return content


def _check_signature(signature: bytes, sums: bytes, keys: Mapping[str, Ed25519PublicKey]) -> None:
    if not signature.strip():
        raise BundleRefusedError("UNSIGNED", "the signature is empty")
    try:
        raw = base64.b64decode(signature.strip(), validate=True)
    except binascii.Error:
        raw = b""
    if not any(_signed(raw, sums, key) for key in keys.values()):
        known = ", ".join(sorted(keys)) or "none"
        raise BundleRefusedError("UNTRUSTED_SIGNATURE", f"no trusted key has signed this bundle (trusted: {known})")


def _signed(raw: bytes, sums: bytes, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(raw, PURPOSE + sums)
    except InvalidSignature:
        return False
    return True


def _sums(files: Mapping[str, bytes]) -> bytes:
    """Return the one text that names these contents, in the format of `sha256sum`."""
    return b"".join(_sum(name, files[name]) + b"\n" for name in SUMMED)


def _sum(name: str, content: bytes) -> bytes:
    return f"{sha256(content).hexdigest()}  {name}".encode()


def _manifest(raw: bytes) -> Manifest:
    try:
        return manifests.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BundleRefusedError("BAD_MANIFEST", f"the manifest cannot be used: {error}") from error


def _signals(manifest: Manifest, catalogue: Catalogue) -> tuple[Signal, ...]:
    """Return the signals that a manifest names, if they mean here what they meant to the model."""
    try:
        signals = catalogue.named(manifest.signals)
    except UnknownSignalError as error:
        raise BundleRefusedError("UNKNOWN_SIGNAL", str(error)) from error
    foreign = [signal.versioned for signal in signals if "model" not in signal.use]
    if foreign:
        raise BundleRefusedError("UNKNOWN_SIGNAL", f"a model may not read {', '.join(foreign)}")
    if {signal.name: signal.categories for signal in signals if signal.categories} != manifest.categories:
        raise BundleRefusedError("UNKNOWN_SIGNAL", "the model knows other categories than this catalogue")
    return signals


def _golden(raw: bytes) -> list[Golden]:
    lines = raw.splitlines()
    try:
        golden = [msgspec.json.decode(line, type=Golden) for line in lines[: MOST_GOLDEN + 1]]
    except (msgspec.DecodeError, RecursionError) as error:
        raise BundleRefusedError("GOLDEN_MISMATCH", f"the golden rows cannot be read: {error}") from error
    if not 0 < len(golden) <= MOST_GOLDEN:
        raise BundleRefusedError("GOLDEN_MISMATCH", f"a bundle has 1 to {MOST_GOLDEN} golden rows")
    return golden


def _try_in_child(text: str, signals: Sequence[Signal], golden: Sequence[Golden]) -> None:
    layout = columns(signals)
    trial = Trial(
        model=text,
        names=[column.name for column in layout],
        rows=[encode(one.row, layout) for one in golden],
    )
    try:
        scores = tried(trial)
    except TrialFailedError as error:
        raise BundleRefusedError("MODEL_BROKEN", str(error)) from error
    _compare(scores, [one.log_odds for one in golden])


def _compare(given: Iterable[float], wanted: Sequence[float]) -> None:
    if not all(abs(a - b) <= TOLERANCE for a, b in zip(given, wanted, strict=True)):
        raise BundleRefusedError("GOLDEN_MISMATCH", "the model answers golden rows differently from when it was made")
