"""Apple's App Attest: a key in the device is attested once, and signs every later request with a rising counter.

A token is `<key id>.<object>`, both base64url: the object is the attestation the first time (CBOR with `attStmt`), an
assertion afterwards (CBOR with `signature`).
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, Final

from service.ports_network import AttestedKey

KEY_ID_BYTES: Final = 32
_APP, _COUNTER = slice(0, 32), slice(33, 37)


class NotAttestedError(Exception):
    """An object is genuine, and not for this app or not from this key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleApp:
    """An iOS app: `<team id>.<bundle id>`.

    Attributes:
        app_id: names the app.
        production: whether keys of the development environment are refused.
        root: the root certificate (PEM); None: Apple's own.
    """

    app_id: str
    production: bool = True
    root: bytes | None = None


def opened(token: str) -> tuple[str, bytes, Mapping[str, Any]]:
    """Return the key id, the object and what is in it; raises what the decoders raise for a damaged one."""
    import cbor2  # noqa: PLC0415 - as below

    key_id, _, raw = token.partition(".")
    decoded = _bytes(raw)
    body = cbor2.loads(decoded)
    if len(_bytes(key_id)) != KEY_ID_BYTES or not isinstance(body, dict):
        raise NotAttestedError
    return key_id, decoded, body


async def attested(app: AppleApp, key_id: str, raw: bytes, bound: bytes) -> AttestedKey:
    """Verify an attestation and return the key that it vouches for.

    Raises:
        Exception: of any kind, when it is not genuine, not of this app and key, or not for this challenge.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415
    from pyattest.attestation import Attestation  # noqa: PLC0415 - it takes long to import, and most never need it

    attestation = Attestation(raw, bound, _config(app, key_id))
    verifier = attestation.config.attestation_verifier_class(attestation)
    verifier.verify_certificate_chain = partial(_chain, attestation.config.root_ca)
    # Without `await` nothing is verified, and nothing says so.
    await verifier.verify()
    leaf = load_der_x509_certificate(attestation.data["certs"].last.dump())
    public = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return AttestedKey(public_key=public)


async def _chain(root: Any, chain: list[bytes]) -> Any:  # noqa: ANN401 - the libraries are not typed
    """Verify a chain up to the one root: the library adds it to all that the machine trusts for web pages."""
    from asn1crypto.x509 import Certificate  # noqa: PLC0415
    from pyhanko_certvalidator import CertificateValidator, ValidationContext  # noqa: PLC0415

    leaf, *between = [Certificate.load(der) for der in chain]
    context = ValidationContext(trust_roots=[root], allow_fetching=False)
    validator: Any = CertificateValidator(leaf, between, validation_context=context)
    return await validator.async_validate_usage({"digital_signature"})


def asserted(app: AppleApp, key: AttestedKey, raw: bytes, bound: bytes) -> int:
    """Verify an assertion and return its counter, which whoever keeps the key must see rise.

    Raises:
        Exception: of any kind, when it is not signed by the key, not of this app, or not for this challenge.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415
    from pyattest.assertion import Assertion  # noqa: PLC0415

    public = load_der_public_key(key.public_key)
    if not isinstance(public, EllipticCurvePublicKey):
        raise NotAttestedError
    assertion = Assertion(raw, sha256(bound).digest(), public, _config(app, ""))
    assertion.verify()
    signed: bytes = assertion.data["authenticator_data"]
    if signed[_APP] != sha256(app.app_id.encode()).digest():
        raise NotAttestedError
    return int.from_bytes(signed[_COUNTER], "big")


def _config(app: AppleApp, key_id: str) -> Any:  # noqa: ANN401 - the library is not typed
    from pyattest.configs.apple import AppleConfig  # noqa: PLC0415

    return AppleConfig(key_id=_bytes(key_id), app_id=app.app_id, production=app.production, root_ca=app.root)


def _bytes(text: str) -> bytes:
    """Return base64url with or without padding, and nothing that is not."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
