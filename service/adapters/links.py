"""Links that are sent to owners: what they name and until when, under a keyed digest that only we can make."""

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Final

import msgspec

from features.clock import Clock, milliseconds

MAC_BYTES: Final = 16
_named = msgspec.json.Decoder(tuple[str, str, int])


class SignedLinks:
    """The port `Links`, signed with the newest key of a ring; earlier keys still open what they signed."""

    def __init__(self, keys: Sequence[bytes], clock: Clock) -> None:
        """Take the ring `links`, oldest first, and the clock."""
        self._keys = keys
        self._clock = clock

    def sign(self, tenant: str, screening_id: str, lasts: timedelta) -> str:
        """Return a token for a link."""
        until_ms = self._clock.now_ms() + milliseconds(lasts)
        named = msgspec.json.encode((tenant, screening_id, until_ms))
        return base64.urlsafe_b64encode(_mac(self._keys[-1], named) + named).decode().rstrip("=")

    def read(self, token: str) -> tuple[str, str] | None:
        """Return (tenant, screening) of a token of ours that has not run out, None otherwise."""
        try:
            raw = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        mac, named = raw[:MAC_BYTES], raw[MAC_BYTES:]
        if not any(hmac.compare_digest(mac, _mac(key, named)) for key in self._keys):
            return None
        tenant, screening_id, until_ms = _named.decode(named)
        return (tenant, screening_id) if self._clock.now_ms() < until_ms else None


def _mac(key: bytes, named: bytes) -> bytes:
    return hmac.digest(key, named, sha256)[:MAC_BYTES]
