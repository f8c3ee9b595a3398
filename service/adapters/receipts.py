"""Receipts: what an executor must show before a line is closed; anybody can check one, only we can make one.

Compact JWS (RFC 7515) signed with Ed25519 (RFC 8037, named as in RFC 9864). A valid signature alone is never enough to
execute: a receipt is redeemed once, here.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from service.adapters.secrets_folder import Key
from service.ports import NotAReceiptError

ALGORITHMS: Final = ["Ed25519"]
TYPE: Final = "lastcall-receipt+jws"


class ReceiptError(NotAReceiptError):
    """A receipt is not one of ours; says why without repeating it."""


class SignedReceipts:
    """Signs with the newest key of the ring; all public keys are shown, so earlier receipts can still be checked."""

    def __init__(self, ring: tuple[Key, ...]) -> None:
        """Take the ring `receipt`."""
        self._key = _signing_key(ring[-1])
        self._public = KeySet([_signing_key(key) for key in ring]).as_dict(private=False)

    def issue(self, claims: Mapping[str, str | int]) -> str:
        """Return a compact JWS over the claims; its header names the key (`kid`) and the kind of thing (`typ`)."""
        header = {"alg": ALGORITHMS[0], "kid": self._key.kid, "typ": TYPE}
        return jws.serialize_compact(header, msgspec.json.encode(claims), self._key, algorithms=ALGORITHMS)

    def claims(self, receipt: str) -> Mapping[str, str | int]:
        """Return what a receipt says; one that we did not sign is `NotAReceiptError`."""
        return verify(receipt, self._public)

    def jwks(self) -> Mapping[str, object]:
        """Return the public keys as a JWK set (RFC 7517)."""
        return dict(self._public)


def verify(receipt: str, jwks: Mapping[str, Any]) -> dict[str, str | int]:
    """Return the claims of a receipt that a key of the set has signed.

    Raises:
        ReceiptError: it is not signed by one of these keys, names another algorithm, or is no receipt.
    """
    try:
        keys = KeySet.import_key_set({"keys": list(jwks["keys"])})
        # `none` and every other algorithm are refused by the list, whatever the header says.
        signed = jws.deserialize_compact(receipt, keys, algorithms=ALGORITHMS)
        claims = msgspec.json.decode(signed.payload, type=dict[str, str | int])
    except (JoseError, ValueError, KeyError, msgspec.MsgspecError) as error:
        message = f"not a receipt of ours: {type(error).__name__}"
        raise ReceiptError(message) from None
    if signed.headers().get("typ") != TYPE:
        message = "signed by us, but not a receipt"
        raise ReceiptError(message)
    return claims


def _signing_key(key: Key) -> OKPKey:
    made = OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(key.secret), {"use": "sig", "alg": ALGORITHMS[0]})
    made.ensure_kid()
    return made
