"""Tokens as Google and Apple would make them, minted here: no account, no network."""

import base64
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jose import jwe, jws

from service.adapters.app_attest import AppleApp
from service.adapters.attestation import PlayApp
from tests.service.certificates import begun
from tests.service.sql.records import NOW_MS

PACKAGE = "cn.north.hall"
APP_ID = "TEAM123456.cn.north.hall"
CERTIFICATE = base64.urlsafe_b64encode(sha256(b"signing certificate").digest()).decode().rstrip("=")
DECRYPTION_KEY = bytes(range(32))
GOOGLE, STRANGER = (ec.derive_private_key(number, ec.SECP256R1()) for number in (7, 8))


def play_app(**changed: Any) -> PlayApp:
    """Return the Android app."""
    verification = GOOGLE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    known = {
        "package": PACKAGE,
        "decryption_key": base64.b64encode(DECRYPTION_KEY).decode(),
        "verification_key": base64.b64encode(verification).decode(),
        "certificates": (CERTIFICATE,),
    }
    return PlayApp(**known | changed)


def url64(raw: bytes, *, padded: bool = False) -> str:
    """Return base64url."""
    text = base64.urlsafe_b64encode(raw).decode()
    return text if padded else text.rstrip("=")


def payload(bound: bytes, **changed: Any) -> dict[str, Any]:
    """Return the payload of a good standard request, made five seconds ago."""
    return {
        "requestDetails": {
            "requestPackageName": PACKAGE,
            "requestHash": url64(sha256(bound).digest()),
            "timestampMillis": str(NOW_MS - 5000),
        },
        "appIntegrity": {
            "appRecognitionVerdict": "PLAY_RECOGNIZED",
            "packageName": PACKAGE,
            "certificateSha256Digest": [CERTIFICATE],
            "versionCode": "92",
        },
        "deviceIntegrity": {
            "deviceRecognitionVerdict": ["MEETS_BASIC_INTEGRITY", "MEETS_DEVICE_INTEGRITY", "MEETS_STRONG_INTEGRITY"]
        },
        "accountDetails": {"appLicensingVerdict": "LICENSED"},
        "environmentDetails": {"appAccessRiskVerdict": {"appsDetected": ["KNOWN_INSTALLED", "UNKNOWN_CONTROLLING"]}},
    } | changed


def play_token(said: Mapping[str, Any], signer: ec.EllipticCurvePrivateKey = GOOGLE, algorithm: str = "ES256") -> str:
    """Return a Play Integrity token: a JWS in a JWE."""
    pem = signer.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    signed = jws.sign(dict(said), pem, algorithm=algorithm)
    return jwe.encrypt(signed, DECRYPTION_KEY, algorithm="A256KW", encryption="A256GCM").decode()  # type: ignore[no-any-return]


def unsigned_token(said: Mapping[str, Any]) -> str:
    """Return a token whose inner part says that it needs no signature."""
    parts = [url64(json.dumps(part).encode()) for part in ({"alg": "none"}, said)]
    return jwe.encrypt(".".join([*parts, ""]), DECRYPTION_KEY, algorithm="A256KW", encryption="A256GCM").decode()  # type: ignore[no-any-return]


class Phone:
    """An iPhone with a key of its own, and Apple beside it."""

    def __init__(self, app_id: str = APP_ID) -> None:
        """Make a root of trust and a key."""
        self.root_key = ec.generate_private_key(ec.SECP384R1())
        self.root = _certificate("root", self.root_key.public_key(), "root", self.root_key, ca=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.app_id = app_id
        self.counter = 0

    def app(self, **changed: Any) -> AppleApp:
        """Return the app, as its carrier would configure it."""
        return AppleApp(**{"app_id": APP_ID, "root": self.root.public_bytes(Encoding.PEM)} | changed)

    @property
    def point(self) -> bytes:
        """The public key as a point."""
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def key_id(self) -> str:
        """What names the key."""
        return url64(sha256(self.point).digest())

    def attest(self, bound: bytes, aaguid: bytes = b"appattest" + bytes(7), issuer: "Phone | None" = None) -> str:
        """Return the attestation of the key for a challenge."""
        said = sha256(self.app_id.encode()).digest() + b"\x40" + bytes(4) + aaguid
        said += (32).to_bytes(2, "big") + sha256(self.point).digest()
        nonce = sha256(said + sha256(bound).digest()).digest()
        above = issuer or self
        leaf = _certificate("leaf", self.key.public_key(), "root", above.root_key, nonce=nonce)
        chain = [leaf.public_bytes(Encoding.DER), above.root.public_bytes(Encoding.DER)]
        body = {"fmt": "apple-appattest", "attStmt": {"x5c": chain, "receipt": b""}, "authData": said}
        return f"{self.key_id}.{url64(cbor2.dumps(body))}"

    def sign(self, bound: bytes, counter: int | None = None, app_id: str | None = None) -> str:
        """Return an assertion for a challenge, with the next counter or a given one."""
        self.counter += 1
        number = self.counter if counter is None else counter
        said = sha256((app_id or self.app_id).encode()).digest() + b"\x40" + number.to_bytes(4, "big")
        signature = self.key.sign(sha256(said + sha256(bound).digest()).digest(), ec.ECDSA(hashes.SHA256()))
        return f"{self.key_id}.{url64(cbor2.dumps({'signature': signature, 'authenticatorData': said}))}"


def _certificate(
    name: str,
    public: ec.EllipticCurvePublicKey,
    issuer: str,
    by: ec.EllipticCurvePrivateKey,
    *,
    nonce: bytes | None = None,
    ca: bool = False,
) -> x509.Certificate:
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    )
    builder = (
        begun(name, issuer, public)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=ca, crl_sign=ca, decipher_only=False, **usage),
            critical=True,
        )
    )
    if nonce is not None:
        wrapped = bytes.fromhex("3024a1220420") + nonce
        oid = x509.ObjectIdentifier("1.2.840.113635.100.8.2")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, wrapped), critical=False)
    return builder.sign(by, hashes.SHA256())
