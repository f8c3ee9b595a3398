"""Sealing: it opens in its own place with a key of the ring, and nowhere else."""

import pytest

from service.adapters.sealing import HEAD, NONCE_BYTES, SealBrokenError, Sealer
from service.adapters.secrets_folder import Key

OLD, NEW, STRANGER = (Key(number=n, secret=bytes([n]) * 32) for n in (1, 2, 3))
PLACE = "decisions|private|scr_1"


def test_it_opens_in_its_place() -> None:
    """What was sealed comes back whole."""
    sealer = Sealer((OLD, NEW))
    assert sealer.open(sealer.seal(b"+8613800138000", place=PLACE), place=PLACE) == b"+8613800138000"


def test_the_same_is_sealed_differently_each_time() -> None:
    """Nobody can tell by the sealed bytes that two rows hold the same number."""
    sealer = Sealer((NEW,))
    assert sealer.seal(b"x", place=PLACE) != sealer.seal(b"x", place=PLACE)


def test_after_a_rotation_old_seals_open_and_new_ones_are_under_the_new_key() -> None:
    """The ring keeps what it needs; who has only the old key cannot open what is sealed now."""
    old = Sealer((OLD,)).seal(b"x", place=PLACE)
    both = Sealer((OLD, NEW))
    assert both.open(old, place=PLACE) == b"x"
    with pytest.raises(SealBrokenError, match="not sealed by a key of ours"):
        Sealer((OLD,)).open(both.seal(b"x", place=PLACE), place=PLACE)


@pytest.mark.parametrize("at", [*range(HEAD.size), HEAD.size, HEAD.size + NONCE_BYTES, -1])
def test_a_changed_byte_breaks_it(at: int) -> None:
    """Head, nonce, content and tag are all held fast."""
    sealed = bytearray(Sealer((OLD,)).seal(b"content", place=PLACE))
    sealed[at] ^= 1
    with pytest.raises(SealBrokenError):
        Sealer((OLD,)).open(bytes(sealed), place=PLACE)


@pytest.mark.parametrize("cut", [b"", b"\x01", b"\x01\x00\x01", b"\x01\x00\x01short"])
def test_what_is_too_short_is_no_seal(cut: bytes) -> None:
    """A cut-off column is broken, not an error of another kind."""
    with pytest.raises(SealBrokenError):
        Sealer((OLD,)).open(cut, place=PLACE)


def test_moved_elsewhere_or_with_a_strangers_key_it_stays_shut() -> None:
    """Another row's place does not open it, nor does a key that has only the number."""
    sealed = Sealer((OLD,)).seal(b"x", place=PLACE)
    with pytest.raises(SealBrokenError, match="does not hold at this place"):
        Sealer((OLD,)).open(sealed, place="decisions|private|scr_2")
    with pytest.raises(SealBrokenError):
        Sealer((Key(number=1, secret=STRANGER.secret),)).open(sealed, place=PLACE)
