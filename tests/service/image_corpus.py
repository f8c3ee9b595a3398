"""A corpus of hostile pictures, built in code: bombs, polyglots, other kinds, broken files, each with its refusal.

They are small on disk; what they would become is not.
"""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from typing import NamedTuple

from PIL import Image

from service.ports_faces import RefusalCode

START = b"\x89PNG\r\n\x1a\n"


class Hostile(NamedTuple):
    """A file, what is wrong with it, and what it must be refused for."""

    name: str
    code: RefusalCode
    data: bytes


def chunk(name: bytes, content: bytes = b"") -> bytes:
    """Return a PNG chunk with its check sum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def header(width: int, height: int, depth: int = 8, colour: int = 0, laced: int = 0) -> bytes:
    """Return a PNG's first chunk."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, laced))


def zeros(count: int) -> bytes:
    """Return so many zeros, compressed, without ever holding them all."""
    squeeze, block = zlib.compressobj(9), bytes(1 << 20)
    return b"".join([*(squeeze.compress(block) for _ in range(count >> 20)), squeeze.flush()])


def png(*between: bytes, width: int = 96, height: int = 96, pixels: bytes | None = None) -> bytes:
    """Return a whole grey PNG with more chunks between its head and its pixels."""
    rows = pixels if pixels is not None else zlib.compress(bytes((width + 1) * height))
    return START + header(width, height) + b"".join(between) + chunk(b"IDAT", rows) + chunk(b"IEND")


def drawn(kind: str, mode: str = "RGB", size: tuple[int, int] = (128, 96), **options: object) -> bytes:
    """Return a picture of noise as a library would write it."""
    out = BytesIO()
    Image.effect_noise(size, 50).convert(mode).save(out, kind, **options)
    return out.getvalue()


def segment(marker: int, content: bytes) -> bytes:
    """Return a JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_segment(*segments: bytes) -> bytes:
    """Return a JPEG with more segments at its beginning."""
    plain = drawn("JPEG")
    return plain[:2] + b"".join(segments) + plain[2:]


def resized(width: int, height: int, depth: int = 8, sof: int | None = None, channels: int | None = None) -> bytes:
    """Return a JPEG that says it is of another size or kind than it is."""
    plain = bytearray(drawn("JPEG"))
    at = plain.index(b"\xff\xc0")
    plain[at + 1] = sof or 0xC0
    plain[at + 4 : at + 9] = struct.pack(">BHH", depth, height, width)
    plain[at + 9] = channels or plain[at + 9]
    return bytes(plain)


def many_scans(count: int) -> bytes:
    """Return a progressive JPEG whose last scan comes again and again."""
    plain = drawn("JPEG", progressive=True)
    starts = [at for at, following in pairwise(range(len(plain))) if plain[at : following + 1] == b"\xff\xda"]
    last = plain[starts[-1] : -2]
    return plain[:-2] + last * count + b"\xff\xd9"


ZIP = b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18)
HTML = b"<html><script>alert(1)</script></html>"
PHP = b"<?php system($_GET['c']); ?>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>'


def other_kinds() -> Iterator[Hostile]:
    """Yield files of kinds that no camera page sends, some of them bombs in their own right."""
    pages = [Image.effect_noise((64, 64), n).convert("L") for n in (10, 20, 30)]
    for name, data in (
        ("empty", b""),
        ("one byte", b"\xff"),
        ("text", b"hello"),
        ("html", HTML),
        ("php", PHP),
        ("svg", SVG),
        ("svg of laughs", LAUGHS),
        ("pdf", b"%PDF-1.7\n" + bytes(64)),
        ("postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file\n"),
        ("zip", ZIP),
        ("gzip bomb", b"\x1f\x8b\x08" + bytes(7) + zeros(64 << 20)),
        ("elf", b"\x7fELF" + bytes(60)),
        ("gif", drawn("GIF", "P")),
        ("gif of frames", drawn("GIF", "P", save_all=True, append_images=pages * 30)),
        ("gif that claims 65535 squared", b"GIF89a\xff\xff\xff\xff\x00\x00\x00,"),
        ("tiff", drawn("TIFF")),
        ("tiff of pages", drawn("TIFF", "L", save_all=True, append_images=pages)),
        ("webp", drawn("WEBP")),
        ("bmp", drawn("BMP")),
        ("bmp that claims a gigapixel", b"BM" + bytes(12) + struct.pack("<Iii", 40, 32768, 32768) + bytes(28)),
        ("ico", drawn("ICO")),
        ("icns", b"icns\x00\x00\x00\x10"),
        ("jpeg 2000", b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(40)),
        ("ppm", drawn("PPM")),
        ("photoshop", b"8BPS\x00\x01" + bytes(20)),
        ("jpeg after a blank", b"\n" + drawn("JPEG")),
        ("png after a blank", b" " + png()),
    ):
        yield Hostile(name, "NOT_JPEG_OR_PNG", data)


def bombs() -> Iterator[Hostile]:
    """Yield small files that would become large, or keep a decoder busy."""
    yield Hostile("png of 88 megapixels", "TOO_MANY_PIXELS", png(width=9400, height=9400, pixels=zeros(88 << 20)))
    yield Hostile("png that claims 2^31", "TOO_MANY_PIXELS", png(width=2**31 - 1, height=2**31 - 1, pixels=b""))
    yield Hostile("png of 5.3 megapixels", "TOO_MANY_PIXELS", png(width=2304, height=2304, pixels=zeros(5 << 20)))
    yield Hostile("png just too large", "TOO_MANY_PIXELS", png(width=2001, height=2000))
    yield Hostile("png of one row", "TOO_MANY_PIXELS", png(width=65500, height=1))
    yield Hostile("png of one column", "TOO_MANY_PIXELS", png(width=1, height=65500))
    yield Hostile("png with more pixels than it says", "BROKEN", png(pixels=zeros(64 << 20)))
    yield Hostile("png in seven passes", "TOO_MANY_SCANS", png().replace(header(96, 96), header(96, 96, laced=1)))
    yield Hostile("png that is tiny", "TOO_SMALL", png(width=16, height=16))
    yield Hostile("png of no width", "TOO_SMALL", png(width=0, height=96, pixels=b""))
    yield Hostile("jpeg that claims 65500 squared", "TOO_MANY_PIXELS", resized(65500, 65500))
    yield Hostile("jpeg of one column", "TOO_MANY_PIXELS", resized(1, 65500))
    yield Hostile("jpeg whose height comes later", "TOO_SMALL", resized(128, 0))
    yield Hostile("jpeg of a thousand scans", "TOO_MANY_SCANS", many_scans(900))
    yield Hostile("jpeg of three megabytes", "TOO_MANY_BYTES", drawn("JPEG") + bytes(3_000_000))
    yield Hostile("png whose text unfolds", "TOO_MUCH_METADATA", png(chunk(b"zTXt", b"k\0\0" + zeros(64 << 20))))
    yield Hostile(
        "png whose other text unfolds", "TOO_MUCH_METADATA", png(chunk(b"iTXt", b"k\0\1\0\0\0" + zeros(9 << 20)))
    )
    yield Hostile("png with a long text", "TOO_MUCH_METADATA", png(chunk(b"tEXt", b"k\0" + b"a" * 300)))
    yield Hostile("png with a large profile", "TOO_MUCH_METADATA", png(chunk(b"iCCP", b"p\0\0" + zeros(200 << 20))))
    yield Hostile("png of many chunks", "TOO_MUCH_METADATA", png(*[chunk(b"gAMA", b"\0\0\xb1\x8f")] * 1200))
    yield Hostile("jpeg with a long comment", "TOO_MUCH_METADATA", with_segment(segment(0xFE, b"a" * 300)))
    yield Hostile("jpeg with a large profile", "TOO_MUCH_METADATA", with_segment(*[segment(0xE2, bytes(60_000))] * 3))
    yield Hostile("jpeg of many segments", "TOO_MUCH_METADATA", with_segment(*[segment(0xE5, b"")] * 1200))


def polyglots() -> Iterator[Hostile]:
    """Yield files that are a picture and something else."""
    for name, tail in (("zip", ZIP), ("html", HTML), ("php", PHP), ("zeros", bytes(9)), ("one byte", b"\n")):
        yield Hostile(f"jpeg and {name}", "TRAILING_DATA", drawn("JPEG") + tail)
        yield Hostile(f"png and {name}", "TRAILING_DATA", png() + tail)
    yield Hostile("two jpegs", "TRAILING_DATA", drawn("JPEG") * 2)
    yield Hostile("two pngs", "TRAILING_DATA", png() * 2)
    yield Hostile("jpeg and its end again", "TRAILING_DATA", drawn("JPEG") + b"\xff\xd9")
    for name, inside in (("pdf", b"%PDF-1.7"), ("zip", ZIP), ("php", PHP), ("gif", b"GIF89a"), ("svg", SVG)):
        yield Hostile(f"jpeg that hides {name}", "POLYGLOT", with_segment(segment(0xFE, inside)))
        yield Hostile(f"png that hides {name}", "POLYGLOT", png(chunk(b"tEXt", b"k\0" + inside)))
    yield Hostile("jpeg with html in its exif", "POLYGLOT", with_segment(segment(0xE1, b"Exif\0\0" + HTML)))
    yield Hostile("png with a program", "POLYGLOT", png(chunk(b"prVt", b"\x7fELF" + bytes(40))))
    yield Hostile(
        "png that moves", "ANIMATED", drawn("PNG", save_all=True, append_images=[Image.new("RGB", (128, 96))])
    )
    yield Hostile("png that claims to move", "ANIMATED", png(chunk(b"acTL", struct.pack(">II", 99999, 0))))


def odd_colours() -> Iterator[Hostile]:
    """Yield pictures in colours that no camera page sends."""
    yield Hostile("jpeg in print colours", "COLOUR_MODE", drawn("JPEG", "CMYK"))
    yield Hostile("jpeg of twelve bits", "COLOUR_MODE", resized(128, 96, depth=12))
    yield Hostile("jpeg without loss", "COLOUR_MODE", resized(128, 96, sof=0xC3))
    yield Hostile("jpeg by arithmetic", "COLOUR_MODE", resized(128, 96, sof=0xC9))
    yield Hostile("jpeg of two channels", "COLOUR_MODE", resized(128, 96, channels=2))
    yield Hostile("png of sixteen bits", "COLOUR_MODE", drawn("PNG", "I;16"))
    yield Hostile(
        "png of unknown colours", "COLOUR_MODE", START + header(96, 96, 8, 5) + chunk(b"IDAT") + chunk(b"IEND")
    )


def broken() -> Iterator[Hostile]:
    """Yield files that end early or contradict themselves."""
    whole, plain = png(), drawn("JPEG")
    for name, data in (
        ("png without an end", whole[:-12]),
        ("png cut in its pixels", whole[: len(whole) // 2]),
        ("png of a head alone", START + header(96, 96)),
        ("png without pixels", START + header(96, 96) + chunk(b"IEND")),
        ("png without a head", START + chunk(b"IDAT", zlib.compress(bytes(96))) + chunk(b"IEND")),
        ("png of two heads", png(header(96, 96))),
        ("png of an end alone", START + chunk(b"IEND")),
        ("png start alone", START),
        ("png with a wrong check sum", whole[:29] + b"\0\0\0\0" + whole[33:]),
        ("png with pixels that are none", png(pixels=b"not compressed at all")),
        ("png with too few pixels", png(pixels=zlib.compress(bytes(97 * 5)))),
        ("png with a chunk longer than itself", START + header(96, 96) + struct.pack(">I", 2**31 - 1) + b"IDAT"),
        ("png without its palette", START + header(96, 96, 8, 3) + chunk(b"IDAT", zlib.compress(bytes(97 * 96)))),
        ("jpeg without an end", plain[:-2]),
        ("jpeg cut in its pixels", plain[: len(plain) * 3 // 4]),
        ("jpeg cut in its head", plain[:40]),
        ("jpeg start alone", b"\xff\xd8\xff"),
        ("jpeg start and end", b"\xff\xd8\xff\xd9"),
        ("jpeg with a segment of no length", b"\xff\xd8\xff\xe0\x00\x00" + plain[2:]),
        ("jpeg with a segment longer than itself", b"\xff\xd8\xff\xe5\xff\xff" + plain[2:]),
        ("jpeg of two heads", with_segment(segment(0xC0, plain[plain.index(b"\xff\xc0") + 4 :][:15]))),
        ("jpeg of filling", b"\xff\xd8" + b"\xff" * 5000),
        ("jpeg that starts twice", plain[:2] + plain),
    ):
        yield Hostile(name, "BROKEN", data)


CORPUS = [*other_kinds(), *bombs(), *polyglots(), *odd_colours(), *broken()]
