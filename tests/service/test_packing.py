"""Packing: what is kept comes back, takes little, and damage is seen."""

import pytest

from features.codec import encode
from service.adapters.packing import LARGEST, NEWEST, DamagedRecordError, dictionaries, pack, unpack, words_of
from service.answer import keep
from tests.service.sql.records import answer, logged


@pytest.mark.parametrize("raw", [b"", b"x", b"\x00" * 100_000, encode(logged("1")), keep(answer("1", "hold"))])
def test_it_comes_back(raw: bytes) -> None:
    """Whatever it was; its dictionary is named before it."""
    packed = pack(raw)
    assert unpack(packed) == raw
    assert packed[0] == NEWEST


def test_a_line_takes_a_fraction() -> None:
    """Names of fields and signals are in the dictionary."""
    line, told = encode(logged("1")), keep(answer("1", "hold"))
    assert len(pack(line)) < len(line) / 4
    assert len(pack(told)) < len(told) / 4


def test_every_changed_byte_is_seen() -> None:
    """None reads as something else."""
    packed = pack(encode(logged("1")))
    for at in range(len(packed)):
        damaged = bytearray(packed)
        damaged[at] ^= 0x55
        try:
            assert unpack(bytes(damaged)) == encode(logged("1"))
        except DamagedRecordError:
            continue


@pytest.mark.parametrize("packed", [b"", b"\x01", b"\x00abc", b"\xffabc", pack(b"x" * 999)[:-1]])
def test_what_is_no_record_is_damaged(packed: bytes) -> None:
    """With one kind of error."""
    with pytest.raises(DamagedRecordError):
        unpack(packed)


def test_what_claims_to_be_huge_is_not_unpacked() -> None:
    """A few bytes must not become gigabytes."""
    with pytest.raises(DamagedRecordError):
        unpack(pack(b"\x00" * (LARGEST + 1)))


def test_words_hold_no_token_and_no_number() -> None:
    """A dictionary is public: it is made of names."""
    words = words_of([encode(logged("1"))])
    assert b"138001" not in words
    assert b'"t1_"' in words
    for held in dictionaries().values():
        assert b"+86" not in held.as_bytes()
