"""Secrets: rings of keys in files that only we can read, or in the environment; made on the first start.

A ring holds every key of one purpose, oldest first; the last is in use and the others still open what they closed. It
is written the same way in a file and in a variable: `<number>:<key in base64url>`, one after another.
"""

import base64
import binascii
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

Purpose = Literal["seal", "index", "audit", "receipt", "otp", "links"]
"""What a ring is for: `seal` encrypts columns, `index` makes tokens, `audit` chains the trail, `receipt` signs,
`otp` hides codes, `links` signs what is sent to owners."""

KEY_BYTES: Final = 32
LARGEST_NUMBER: Final = 999
VARIABLE: Final = "LASTCALL_SECRET_"
OTHERS_MAY: Final = stat.S_IRWXG | stat.S_IRWXO


class SecretsError(Exception):
    """A secret cannot be used; the sentence says what to mend and shows nothing of the secret."""


class Key(Struct, frozen=True, kw_only=True):
    """One key of a ring, told apart by its number; its bytes are in no text form of it."""

    number: int
    secret: bytes

    def __repr__(self) -> str:
        """Show the number alone."""
        return f"Key({self.number})"


class SecretsFolder:
    """Finds rings in the environment first, then in the folder; a ring that is nowhere is made in the folder."""

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        """Take the folder (made with mode 0700 when needed) and the environment (ours by default)."""
        self._folder = folder
        self._environ = os.environ if environ is None else environ

    def ring(self, purpose: Purpose) -> tuple[Key, ...]:
        """Return the keys of a purpose, oldest first; there is at least one.

        Raises:
            SecretsError: others can read the file, or it does not hold keys.
        """
        given = self._environ.get(VARIABLE + purpose.upper())
        if given is not None:
            return parse(given, f"the variable {VARIABLE}{purpose.upper()}")
        path = self._path(purpose)
        if not path.exists():
            self._write(path, _line(1), only_new=True)
        return parse(_read_private(path), f"the file {path.name}")

    def text(self, name: Literal["sms", "camara", "webhooks"]) -> str | None:
        """Return a secret that somebody else gave us, from the variable or the file `<name>.secret`; None when absent.

        Raises:
            SecretsError: others can read the file.
        """
        given = self._environ.get(VARIABLE + name.upper())
        path = self._folder / f"{name}.secret"
        return given or (_read_private(path).strip() if path.exists() else None)

    def rotate(self, purpose: Purpose) -> Key:
        """Add a new key to a ring of the folder and return it; earlier keys stay, for what they closed.

        Raises:
            SecretsError: the ring comes from the environment, so it is changed there.
        """
        if VARIABLE + purpose.upper() in self._environ:
            message = f"the ring {purpose} comes from the environment: add a key there"
            raise SecretsError(message)
        ring = self.ring(purpose)
        path = self._path(purpose)
        self._write(path, _read_private(path) + _line(ring[-1].number + 1), only_new=False)
        return self.ring(purpose)[-1]

    def _path(self, purpose: Purpose) -> Path:
        return self._folder / f"{purpose}.keys"

    def _write(self, path: Path, text: str, *, only_new: bool) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, text.encode(), only_new=only_new)


def parse(text: str, where: str) -> tuple[Key, ...]:
    """Return the keys that a text holds, oldest first.

    Raises:
        SecretsError: it holds none, or something else; numbers must rise.
    """
    try:
        ring = tuple(_key(word) for word in text.split())
    except (ValueError, binascii.Error):
        ring = ()
    numbers = [key.number for key in ring]
    if not ring or numbers != sorted(set(numbers)) or not 1 <= numbers[0] <= numbers[-1] <= LARGEST_NUMBER:
        message = f"{where} must hold keys written number:base64url, numbers rising from 1, {KEY_BYTES} bytes each"
        raise SecretsError(message)
    return ring


def write_private(path: Path, content: bytes, *, only_new: bool = False) -> None:
    """Write a file that only we can read, whole or not at all, and on the disk when this returns.

    With `only_new` a file that is there already stays as it is: of two processes that start at once, one makes the key.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if only_new:
            path.hardlink_to(draft)
        else:
            draft.replace(path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_private(path: Path) -> str:
    mode = path.stat().st_mode
    if mode & OTHERS_MAY:
        message = f"others can read {path.name}: make it yours alone with chmod 600 {path}"
        raise SecretsError(message)
    return path.read_text(encoding="ascii", errors="replace")


def _key(word: str) -> Key:
    number, _, encoded = word.partition(":")
    secret = base64.b64decode(encoded.encode() + b"=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    if len(secret) != KEY_BYTES:
        raise ValueError(number)
    return Key(number=int(number), secret=secret)


def _line(number: int) -> str:
    encoded = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode().rstrip("=")
    return f"{number}:{encoded}\n"
