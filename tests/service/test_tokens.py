"""Tokens: the same for one identifier however it was written, different for everybody else, telling nothing."""

import pytest

from service.adapters.secrets_folder import Key
from service.adapters.tokens import TOKEN, KeyedTokens, normal

RING = (Key(number=1, secret=b"a" * 32), Key(number=2, secret=b"b" * 32))


@pytest.fixture
def tokens() -> KeyedTokens:
    """Tokens under two roots."""
    return KeyedTokens(RING)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("line", "+8613800138000", "+86 138-0013 8000"),
        ("line", "+8613800138000", "＋８６１３８００１３８０００"),
        ("line", "+8613800138000", "+86(138)0013.8000"),
        ("ip", "203.0.113.7", "::ffff:203.0.113.7"),
        ("ip", "2001:db8::1", "2001:0DB8:0:0:0:0:0:1"),
        ("device", "d-1", " d-1 "),
        ("ip", "nonsense", " nonsense "),
    ],
)
def test_one_identifier_has_one_token(tokens: KeyedTokens, kind: str, one: str, other: str) -> None:
    """However it was written."""
    assert tokens.token("t", kind, one) == tokens.token("t", kind, other)


def test_tokens_differ_by_tenant_kind_and_root(tokens: KeyedTokens) -> None:
    """Nobody can join two operators' records, or a device with a line, by their tokens."""
    seen = {
        tokens.token("north", "line", "+8613800138000"),
        tokens.token("south", "line", "+8613800138000"),
        tokens.token("north", "device", "+8613800138000"),
        tokens.token("north", "line", "+8613800138001"),
        KeyedTokens(RING[:1]).token("north", "line", "+8613800138000"),
    }
    assert len(seen) == 5
    assert all(TOKEN.fullmatch(token) for token in seen)


def test_the_newest_root_is_used_and_named(tokens: KeyedTokens) -> None:
    """A token says under which root it was made."""
    assert tokens.token("t", "line", "+8613800138000").startswith("t2_")


def test_a_token_is_returned_as_it_is(tokens: KeyedTokens) -> None:
    """Loading a log that has tokens changes none of them."""
    token = tokens.token("t", "line", "+8613800138000")
    assert tokens.token("t", "device", token) == token


def test_a_kind_and_an_identifier_do_not_run_together(tokens: KeyedTokens) -> None:
    """`ab` of kind `c` is not `b` of kind `ca`."""
    assert tokens.token("t", "device", "x") != tokens.token("t", "devic", "ex")


def test_what_cannot_be_encoded_still_has_a_token(tokens: KeyedTokens) -> None:
    """A lone surrogate, which JSON can carry, is no reason to fail."""
    assert TOKEN.fullmatch(tokens.token("t", "device", "\ud800"))


def test_the_one_way_to_write_an_identifier() -> None:
    """Numbers without anything between the digits."""
    assert normal("line", "+86 138 0013 8000") == "+8613800138000"
