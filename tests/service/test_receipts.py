"""Receipts: anybody can check one with the public keys, and nobody else can make one."""

import base64
import json

import pytest
from joserfc import jws
from joserfc.jwk import OctKey

from service.adapters.receipts import ReceiptError, SignedReceipts, verify
from service.adapters.secrets_folder import Key

OLD, NEW = (Key(number=n, secret=bytes([n]) * 32) for n in (1, 2))
CLAIMS: dict[str, str | int] = {"iss": "lastcall", "aud": "north", "act": "close", "exp": 1_795_000_300}


def test_a_receipt_is_verified_with_the_public_keys() -> None:
    """The claims come back, the header says algorithm, key and kind."""
    receipts = SignedReceipts((OLD, NEW))
    receipt = receipts.issue(CLAIMS)
    assert verify(receipt, receipts.jwks()) == CLAIMS
    header = json.loads(base64.urlsafe_b64decode(receipt.split(".")[0] + "=="))
    assert (header["alg"], header["typ"]) == ("Ed25519", "lastcall-receipt+jws")
    assert header["kid"] in {key["kid"] for key in receipts.jwks()["keys"]}  # type: ignore[attr-defined]


def test_the_public_keys_are_public() -> None:
    """No private part (`d`) is ever shown."""
    shown = json.dumps(SignedReceipts((OLD, NEW)).jwks())
    assert '"d"' not in shown
    assert json.loads(shown)["keys"][0]["kty"] == "OKP"


def test_after_a_rotation_earlier_receipts_hold() -> None:
    """An allow that was given a minute before the key changed can still be redeemed."""
    early = SignedReceipts((OLD,)).issue(CLAIMS)
    assert verify(early, SignedReceipts((OLD, NEW)).jwks()) == CLAIMS
    with pytest.raises(ReceiptError):
        verify(SignedReceipts((OLD, NEW)).issue(CLAIMS), SignedReceipts((OLD,)).jwks())


def test_a_changed_receipt_is_nobodys() -> None:
    """Every part is held fast: another action in the claims, another key in the header."""
    receipts = SignedReceipts((OLD,))
    header, claims, signature = receipts.issue(CLAIMS).split(".")
    other = base64.urlsafe_b64encode(json.dumps(CLAIMS | {"act": "close_remote"}).encode()).decode().rstrip("=")
    for forged in (f"{header}.{other}.{signature}", f"{header}.{claims}.{signature[:-4]}AAAA", f"{header}.{claims}."):
        with pytest.raises(ReceiptError):
            verify(forged, receipts.jwks())


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "EdDSA"}, {}])
def test_no_other_algorithm_is_taken(header: dict[str, str]) -> None:
    """A header cannot talk the verifier into `none`, or into the public key as a shared secret."""
    receipts = SignedReceipts((OLD,))
    _, claims, signature = receipts.issue(CLAIMS).split(".")
    forged = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    with pytest.raises(ReceiptError):
        verify(f"{forged}.{claims}.{signature}", receipts.jwks())


def test_a_shared_secret_made_of_the_public_key_is_refused() -> None:
    """The old trick of key confusion."""
    receipts = SignedReceipts((OLD,))
    public = receipts.jwks()["keys"][0]["x"]  # type: ignore[index]
    secret = OctKey.import_key(base64.urlsafe_b64decode(public + "=="))
    forged = jws.serialize_compact({"alg": "HS256", "typ": "lastcall-receipt+jws"}, b"{}", secret)
    with pytest.raises(ReceiptError):
        verify(forged, receipts.jwks())


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "....", "\x00", "é.é.é"])
def test_what_is_no_receipt_is_refused(text: str) -> None:
    """With one kind of error, and without repeating it."""
    with pytest.raises(ReceiptError) as caught:
        verify(text, SignedReceipts((OLD,)).jwks())
    assert not text or text not in str(caught.value)


def test_something_else_that_we_signed_is_no_receipt() -> None:
    """The kind is part of what is signed."""
    receipts = SignedReceipts((OLD,))
    other = jws.serialize_compact({"alg": "Ed25519", "typ": "jwt"}, b"{}", receipts._key, algorithms=["Ed25519"])
    with pytest.raises(ReceiptError, match="not a receipt"):
        verify(other, receipts.jwks())
