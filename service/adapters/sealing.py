"""Sealing: encrypts a column so that it opens only in its own row, and only with the keys that are not in the database.

AES-256-GCM (NIST SP 800-38D). What is sealed is bound to `table|column|row`: moved to another row it does not open.
"""

import os
import struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.adapters.secrets_folder import Key

FORMAT: Final = 1
HEAD: Final = struct.Struct(">BH")
NONCE_BYTES: Final = 12


class SealBrokenError(Exception):
    """What was sealed cannot be opened: moved, changed, or closed with a key that we do not have."""


class Sealer:
    """Seals with the newest key of the ring and opens with whichever key it was."""

    def __init__(self, ring: tuple[Key, ...]) -> None:
        """Take the ring `seal`."""
        self._number = ring[-1].number
        self._ciphers = {key.number: AESGCM(key.secret) for key in ring}

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """Return the sealed bytes: format, key number, nonce, then what AES-GCM gives.

        Args:
            plain: what to hide.
            place: `table|column|row id`; the same must be named to open it.
        """
        head = HEAD.pack(FORMAT, self._number)
        nonce = os.urandom(NONCE_BYTES)
        return head + nonce + self._ciphers[self._number].encrypt(nonce, plain, head + place.encode())

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """Return what was sealed at a place.

        Raises:
            SealBrokenError: it was not sealed there, or not with a key of ours.
        """
        head, body = sealed[: HEAD.size], sealed[HEAD.size :]
        cipher = self._ciphers.get(HEAD.unpack(head)[1]) if len(head) == HEAD.size and head[0] == FORMAT else None
        if cipher is None or len(body) < NONCE_BYTES:
            message = "not sealed by a key of ours"
            raise SealBrokenError(message)
        try:
            return cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], head + place.encode())
        except InvalidTag:
            message = "the seal does not hold at this place"
            raise SealBrokenError(message) from None
