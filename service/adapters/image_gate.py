"""The gate for pictures: reads the outline of a JPEG or PNG file, without decoding it, and turns away what is odd.

Decoders do what a file tells them to; so what it may tell is settled here first: its size in pixels, that it is one
picture and nothing else from the first byte to the last, how much it may carry beside pixels. Pillow's own guard lets
through what takes 350 MiB and reads what comes after the picture without a word.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from service.ports_faces import RefusalCode

MOST_BYTES: Final = 2_000_000
MOST_PIXELS: Final = 4_000_000
LONGEST_SIDE: Final = 4096
SHORTEST_SIDE: Final = 64
MOST_METADATA: Final = 128 * 1024
MOST_COMMENT: Final = 256
"""Encoders sign with a few words; a longer comment has no business in a picture of a face."""
MOST_PIECES: Final = 1000
MOST_SCANS: Final = 16
"""A progressive JPEG has about ten; thousands of them keep a decoder busy for minutes."""

Kind = Literal["JPEG", "PNG"]
PNG_START: Final = b"\x89PNG\r\n\x1a\n"
JPEG_START: Final = b"\xff\xd8\xff"
SOFS: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive; lossless, hierarchical and arithmetic ones are never made by cameras."""
OTHER_SOFS: Final = frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8}
STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
WITHIN_SCAN: Final = frozenset({0x00, *range(0xD0, 0xD8)})
SOS, EOI, COM, FIRST_APP, LAST_APP = 0xDA, 0xD9, 0xFE, 0xE0, 0xEF
MARK: Final = 0xFF
EIGHT_BITS: Final = 8
PNG_COLOURS: Final = frozenset(
    {(8, colour) for colour in (0, 2, 3, 4, 6)} | {(depth, colour) for depth in (1, 2, 4) for colour in (0, 3)}
)
"""(bit depth, colour type) that decode to eight bits a channel or less."""
PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PNG_PIXELS: Final = frozenset({b"PLTE", b"IEND", b"tRNS"})
PNG_TEXT: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
PNG_MOVES: Final = frozenset({b"acTL", b"fcTL", b"fdAT"})
FOREIGN: Final = (b"%PDF-", b"PK\x03\x04", b"PK\x05\x06", b"GIF8", b"<?php", b"<script", b"<html", b"<svg", b"\x7fELF")
"""How other kinds of files begin; none of them belongs into what a picture says of itself."""


class RefusedError(Exception):
    """The picture is turned away."""

    def __init__(self, code: RefusalCode) -> None:
        """Say why."""
        super().__init__(code)
        self.code: RefusalCode = code


class Outline(NamedTuple):
    """What a file says it is."""

    kind: Kind
    width: int
    height: int


def outline(data: bytes) -> Outline:
    """Return the outline of a picture.

    Raises:
        RefusedError: it is not one whole JPEG or PNG picture of a bearable size, and nothing else.
    """
    _require(len(data) <= MOST_BYTES, "TOO_MANY_BYTES")
    try:
        if data.startswith(PNG_START):
            return _png(data)
        _require(data.startswith(JPEG_START), "NOT_JPEG_OR_PNG")
        return _jpeg(data)
    except (struct.error, IndexError, zlib.error):
        raise RefusedError("BROKEN") from None


def _require(fine: bool, code: RefusalCode) -> None:  # noqa: FBT001 - reads as a sentence
    if not fine:
        raise RefusedError(code)


def _sized(kind: Kind, width: int, height: int) -> Outline:
    _require(width * height <= MOST_PIXELS and max(width, height) <= LONGEST_SIDE, "TOO_MANY_PIXELS")
    _require(min(width, height) >= SHORTEST_SIDE, "TOO_SMALL")
    return Outline(kind, width, height)


class _Baggage:
    """What a file carries beside pixels."""

    def __init__(self) -> None:
        self._bytes = 0

    def add(self, content: bytes, *, comment: bool) -> None:
        """Take one more piece.

        Raises:
            RefusedError: it is too much, or another file begins in it.
        """
        self._bytes += len(content)
        _require(not any(mark in content for mark in FOREIGN), "POLYGLOT")
        _require(self._bytes <= MOST_METADATA and not (comment and len(content) > MOST_COMMENT), "TOO_MUCH_METADATA")


def _png(data: bytes) -> Outline:
    """Walk a PNG file's chunks (ISO/IEC 15948, section 5)."""
    baggage = _Baggage()
    heads: list[bytes] = []
    coded: list[bytes] = []
    for name, content in _chunks(data):
        _require(name not in PNG_MOVES, "ANIMATED")
        _require(bool(heads) or name == b"IHDR", "BROKEN")
        if name == b"IHDR":
            heads.append(content)
        elif name == b"IDAT":
            coded.append(content)
        elif name not in PNG_PIXELS:
            baggage.add(content, comment=name in PNG_TEXT)
    _require(len(heads) == 1 and bool(coded), "BROKEN")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", heads[0])
    _require((depth, colour) in PNG_COLOURS, "COLOUR_MODE")
    _require(interlaced == 0, "TOO_MANY_SCANS")
    seen = _sized("PNG", width, height)
    _unfolds_to(b"".join(coded), height * (1 + (width * depth * PNG_CHANNELS[colour] + 7) // 8))
    return seen


def _unfolds_to(coded: bytes, count: int) -> None:
    """Require that coded pixels unfold to so many bytes and end there: no bomb, nothing missing, nothing hidden."""
    unfold = zlib.decompressobj()
    got = len(unfold.decompress(coded, count + 1))
    _require(got == count and unfold.eof, "BROKEN")
    _require(not unfold.unused_data, "TRAILING_DATA")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each chunk up to the last, which must end the file."""
    at, name, pieces = len(PNG_START), b"", 0
    while name != b"IEND":
        pieces += 1
        _require(pieces <= MOST_PIECES, "TOO_MUCH_METADATA")
        length, name = struct.unpack(">I4s", data[at : at + 8])
        _require(at + 12 + length <= len(data), "BROKEN")
        yield name, data[at + 8 : at + 8 + length]
        at += 12 + length
    _require(at == len(data), "TRAILING_DATA")


def _jpeg(data: bytes) -> Outline:
    """Walk a JPEG file's segments (ITU-T T.81, annex B)."""
    baggage, sizes, scans = _Baggage(), [], 0
    for marker, content in _segments(data):
        _require(marker not in OTHER_SOFS, "COLOUR_MODE")
        if marker in SOFS:
            depth, height, width, channels = struct.unpack(">BHHB", content[:6])
            _require(depth == EIGHT_BITS and channels in {1, 3}, "COLOUR_MODE")
            sizes.append((width, height))
        elif marker == SOS:
            scans += 1
            _require(scans <= MOST_SCANS, "TOO_MANY_SCANS")
        elif FIRST_APP <= marker <= LAST_APP or marker == COM:
            baggage.add(content, comment=marker == COM)
    _require(len(sizes) == 1 and scans > 0, "BROKEN")
    return _sized("JPEG", *sizes[0])


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and content of each segment up to the end of the picture, which must end the file."""
    at = 2
    for _ in range(MOST_PIECES):
        marker, at = _marker(data, at)
        if marker == EOI:
            _require(at == len(data), "TRAILING_DATA")
            return
        (length,) = struct.unpack(">H", data[at : at + 2])
        _require(length >= 2 and at + length <= len(data), "BROKEN")  # noqa: PLR2004 - a length counts itself
        yield marker, data[at + 2 : at + length]
        at += length
        if marker == SOS:
            at = _after_scan(data, at)
    raise RefusedError("TOO_MUCH_METADATA")


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """Return the marker that stands here and where it ends; bytes of 255 before it are filling."""
    _require(data[at] == MARK, "BROKEN")
    at += 1
    while data[at] == MARK:
        at += 1
    _require(data[at] not in STANDALONE, "BROKEN")
    return data[at], at + 1


def _after_scan(data: bytes, at: int) -> int:
    """Return where the coded pixels end: at a marker that is neither an escaped byte nor a restart."""
    while True:
        at = data.find(b"\xff", at)
        _require(0 <= at < len(data) - 1, "BROKEN")
        if data[at + 1] not in WITHIN_SCAN:
            return at
        at += 2
