"""Packing: log lines and answers are kept compressed, with a dictionary of the words that all of them share.

A log line is mostly names of fields and signals, an answer mostly sentences. Zstandard (RFC 8878) with a dictionary
that holds them makes a line a third of what it takes without, and no slower. The dictionaries are plain text beside
this file, numbered; a packed record begins with the number of its dictionary. **A dictionary that was released never
changes**: better words get the next number, and `words_of` makes them from sample lines.
"""

import re
import threading
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import zstandard

from service.ports import StoreDownError

LEVEL: Final = 3
LARGEST: Final = 4 << 20
"""A record that claims to be larger than this is damaged; nothing we write comes near it."""
NEWEST: Final = 1
DAMAGED: Final = "a stored record is damaged"
RAW: Final = zstandard.DICT_TYPE_RAWCONTENT

_mine = threading.local()


class DamagedRecordError(StoreDownError):
    """A stored record cannot be read back: to whoever asks for it, the store cannot be read."""


class _Tools:
    """The tools of one thread: they are dear to make and may not be shared."""

    def __init__(self) -> None:
        words = dictionaries()
        self.small = zstandard.ZstdCompressor(level=LEVEL, dict_data=words[NEWEST], write_checksum=True)
        self.large = {number: zstandard.ZstdDecompressor(dict_data=held) for number, held in words.items()}


@cache
def dictionaries() -> Mapping[int, zstandard.ZstdCompressionDict]:
    """Return every dictionary by its number."""
    here = files("service.adapters")
    return {
        number: zstandard.ZstdCompressionDict((here / f"words_{number}.txt").read_bytes(), dict_type=RAW)
        for number in range(1, NEWEST + 1)
    }


def pack(raw: bytes) -> bytes:
    """Return bytes compressed, with the number of the dictionary before and a checksum behind."""
    return bytes((NEWEST,)) + _tools().small.compress(raw)


def unpack(packed: bytes) -> bytes:
    """Return the bytes again.

    Raises:
        DamagedRecordError: not what `pack` gave.
    """
    tool = _tools().large.get(packed[0]) if packed else None
    try:
        if tool is None or zstandard.frame_content_size(packed[1:]) > LARGEST:
            raise DamagedRecordError(DAMAGED)
        return tool.decompress(packed[1:])
    except zstandard.ZstdError:
        raise DamagedRecordError(DAMAGED) from None


def words_of(lines: Iterable[bytes]) -> bytes:
    """Return the words of sample lines: everything but tokens and numbers, which no two lines share."""
    blank = ((rb'"t[0-9]{1,3}_[A-Za-z0-9_-]{22}"', b'"t1_"'), (rb":-?[0-9][0-9.e+-]*", b":0.0"))
    text = b"\n".join(lines)
    for pattern, by in blank:
        text = re.sub(pattern, by, text)
    return text


def _tools() -> _Tools:
    tools: _Tools | None = getattr(_mine, "tools", None)
    if tools is None:
        tools = _mine.tools = _Tools()
    return tools
