"""Receipts are verified by the service's public keys, given or asked for; a wrong one is never an allow."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jws

from lastcall_client import Options
from service.adapters.receipts import SignedReceipts
from service.adapters.secrets_folder import Key
from tests.client.conftest import AT_ONCE, Asking
from tests.client.examples import REQUEST, asking, raw
from tests.client.raw import raw_server, reply, says

OURS, THEIRS = (SignedReceipts((Key(number=1, secret=bytes([n]) * 32),)) for n in (1, 2))
LATER = int(time.time()) + 3600
CLAIMS: Mapping[str, str | int] = {"iss": "lastcall", "aud": "north", "jti": "scr_1", "act": "close_remote"}


def receipt(by: SignedReceipts = OURS, **changed: str | int) -> str:
    """Return a receipt for the example request."""
    return by.issue({**CLAIMS, "exp": LATER, **changed})


PINNED = Options(deadline=AT_ONCE, keys=OURS.jwks())
OVER = int(time.time()) - 5
FORGED = {
    "another's key": receipt(THEIRS),
    "another screening": receipt(jti="scr_2"),
    "another action": receipt(act="suspend"),
    "another issuer": receipt(iss="somebody"),
    "no end": receipt(exp="never"),
    "no signature": receipt().rpartition(".")[0] + ".",
    "none of it": "a.b.c",
    "not even text in it": "é.é.é",
}


@pytest.mark.parametrize("name", FORGED)
def test_an_allow_with_a_wrong_receipt_is_a_hold(ask: Asking, name: str) -> None:
    """When the keys are pinned, somebody between us and the service cannot make an allow."""
    with raw_server(says(reply(raw(receipt=FORGED[name])))) as server:
        found, tally = ask(server.url, "screen", REQUEST, options=PINNED)
        other, _ = ask(server.url, "screen", asking(action="suspend"), options=PINNED)
    assert (found.decision, found.failover, found.receipt, found.proceed) == ("hold", True, None, False)
    assert found.failure.cause == "bad_receipt"
    assert tally.failed == {"bad_receipt": 1}
    assert (other.decision, other.failover) == ("challenge", True) or name == "another action"


def test_an_allow_with_a_right_receipt_is_believed(ask: Asking) -> None:
    """Whether it is over is the service's to say when it is redeemed: clocks differ."""
    for genuine in (receipt(), receipt(exp=OVER)):
        with raw_server(says(reply(raw(receipt=genuine)))) as server:
            found, _ = ask(server.url, "screen", REQUEST, options=PINNED)
        assert (found.decision, found.receipt, found.proceed) == ("allow", genuine, True)


def test_something_else_that_the_service_signed_is_no_receipt(ask: Asking) -> None:
    """The kind is part of what is signed, so a token for another purpose opens nothing."""
    claims = json.dumps({**CLAIMS, "exp": LATER}).encode()
    other = jws.serialize_compact({"alg": "Ed25519", "typ": "jwt"}, claims, OURS._key, algorithms=["Ed25519"])
    found, _ = ask("http://127.0.0.1:9", "verify_receipt", other, options=PINNED)
    assert (found.valid, found.failure.cause, found.failure.detail) == (False, "bad_receipt", "kind")


def test_a_receipt_is_verified_offline(ask: Asking) -> None:
    """With pinned keys nobody is asked."""
    found, tally = ask("http://127.0.0.1:9", "verify_receipt", receipt(), action="close_remote", options=PINNED)
    assert (found.valid, found.claims["jti"], found.failure) == (True, "scr_1", None)
    assert tally.answered == 1


@pytest.mark.parametrize(
    "wrong", [receipt(THEIRS), receipt(exp=OVER), receipt(act="close"), receipt() + "A", "", None, 7]
)
def test_a_wrong_receipt_is_not_valid(ask: Asking, wrong: Any) -> None:
    """And claims nothing."""
    found, tally = ask("http://127.0.0.1:9", "verify_receipt", wrong, action="close_remote", options=PINNED)
    assert (found.valid, found.claims, found.failure.cause) == (False, {}, "bad_receipt")
    assert tally.failed == {"bad_receipt": 1}


def test_keys_are_asked_for_once(ask: Asking) -> None:
    """A forged receipt does not make us ask again at once."""
    with raw_server(says(reply(json.dumps(OURS.jwks()).encode()))) as server:
        assert ask(server.url, "verify_receipt", receipt())[0].valid
        assert not ask(server.url, "verify_receipt", receipt(THEIRS))[0].valid
        assert [one.line for one in server.asked] == ["GET /.well-known/jwks.json HTTP/1.1"] * 2


@pytest.mark.parametrize("keys", [b"[]", b"{}", b'{"keys": {}}', b'{"keys": [7]}', b'{"keys": []}', b"nothing"])
def test_keys_that_are_none_verify_nothing(ask: Asking, keys: bytes) -> None:
    """A broken key set is no reason to believe."""
    with raw_server(says(reply(keys))) as server:
        assert not ask(server.url, "verify_receipt", receipt())[0].valid
