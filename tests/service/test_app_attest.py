"""App Attest: a key is attested once, every later request is signed with it and counts once."""

from collections.abc import Mapping
from typing import Any

import pytest
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import registry

from service.adapters.attestation import Apps
from tests.service.attested import Phone, url64
from tests.service.attesting import BARE, BOUND, NOTHING, Memory, asking, completed, verdict


def apple(
    phone: Phone, token: str, keys: Memory, request: Mapping[str, Any] = BARE, **app: Any
) -> tuple[str | None, str | None, float | None]:
    """Return what an Apple token proves."""
    return verdict(completed(asking("app_attest", token, request), Apps(apple=phone.app(**app)), keys))


GOOD = ("strong", "recognized", None)


def test_a_key_is_attested_once_and_then_asserts() -> None:
    """First the attestation; afterwards each request is signed, with a counter that rises."""
    phone, keys = Phone(), Memory()
    assert apple(phone, phone.sign(BOUND), keys) == NOTHING
    assert apple(phone, phone.attest(BOUND), keys) == GOOD
    assert apple(phone, phone.sign(BOUND), keys) == GOOD
    assert apple(phone, phone.sign(BOUND), keys) == GOOD
    assert [key.counter for key in keys.keys.values()] == [3]


def test_an_assertion_counts_once() -> None:
    """Sent again, or with a counter that does not rise, it proves nothing; nor can the key be attested anew."""
    phone, keys = Phone(), Memory()
    first = phone.attest(BOUND)
    assert apple(phone, first, keys) == GOOD
    once = phone.sign(BOUND, counter=9)
    assert apple(phone, once, keys) == GOOD
    assert apple(phone, once, keys) == NOTHING
    assert apple(phone, phone.sign(BOUND, counter=8), keys) == NOTHING
    assert apple(phone, first, keys) == NOTHING
    assert apple(phone, once, keys) == NOTHING


def test_attestations_that_prove_nothing() -> None:
    """Another challenge, app, environment, root or key."""
    phone, other, keys = Phone(), Phone(), Memory()
    copy = Phone(app_id="TEAM123456.cn.north.copy")
    copy.root_key, copy.root = phone.root_key, phone.root
    forged = f"{other.key_id}.{phone.attest(BOUND).partition('.')[2]}"
    for token in (
        phone.attest(b"another challenge"),
        copy.attest(BOUND),
        phone.attest(BOUND, aaguid=b"appattestdevelop"),
        phone.attest(BOUND, issuer=other),
        forged,
    ):
        assert apple(phone, token, keys) == NOTHING
    assert keys.keys == {}
    assert apple(phone, phone.attest(BOUND, aaguid=b"appattestdevelop"), keys, production=False) == GOOD


def test_only_apples_own_root_is_believed() -> None:
    """Unless a test says otherwise."""
    phone, keys = Phone(), Memory()
    assert apple(phone, phone.attest(BOUND), keys, root=None) == NOTHING


def test_a_root_that_the_machine_trusts_is_not_apples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A company's own root, put among those for web pages, could otherwise attest any key."""
    phone, company, keys = Phone(), Phone(), Memory()
    trusted = [Certificate.load(company.root.public_bytes(Encoding.DER))]
    monkeypatch.setattr(registry, "_system_trust_roots", lambda: list(trusted))
    assert apple(phone, phone.attest(BOUND, issuer=company), keys) == NOTHING
    assert apple(phone, phone.attest(BOUND), keys) == GOOD


def test_assertions_that_prove_nothing() -> None:
    """Another key, another app, another request, another tenant's key."""
    phone, thief, keys = Phone(), Phone(), Memory()
    assert apple(phone, phone.attest(BOUND), keys) == GOOD
    stolen = f"{phone.key_id}.{thief.sign(BOUND).partition('.')[2]}"
    for token in (stolen, phone.sign(BOUND, app_id="TEAM123456.cn.north.copy"), phone.sign(b"[]")):
        assert apple(phone, token, keys) == NOTHING
    assert apple(phone, phone.sign(BOUND), keys, BARE | {"action": "close_remote"}) == NOTHING
    theirs = Memory()
    theirs.keys = {("south", key_id): key for (_, key_id), key in keys.keys.items()}
    assert apple(phone, phone.sign(BOUND), theirs) == NOTHING


@pytest.mark.parametrize("token", ["", ".", "a.b", "!.!", "AAAA.AAAA", "é.é", url64(bytes(32)) + ".gQ", "x" * 16_000])
def test_damaged_apple_tokens(token: str) -> None:
    """Whatever the decoders raise is an error."""
    assert apple(Phone(), token, Memory()) == NOTHING


def test_a_store_that_is_down_verifies_nothing() -> None:
    """And breaks nothing."""
    phone, keys = Phone(), Memory()
    assert apple(phone, phone.attest(BOUND), keys) == GOOD
    keys.down = True
    assert apple(phone, phone.sign(BOUND), keys) == NOTHING
