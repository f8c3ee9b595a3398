"""A MaxMind database of one record that is given for every address: enough to see what is made of a record."""

from pathlib import Path
from typing import Any

MARK = b"\xab\xcd\xefMaxMind.com"
TEXT, UINT16, UINT32, MAP = 2, 5, 6, 7
UINT64, LIST, BOOLEAN = 9, 11, 14
WIDER = {"node_count": UINT32, "build_epoch": UINT64}
"""The reader wants these as such, however small they are."""
LARGEST = 28
"""A control byte tells sizes up to this; larger ones take another byte."""


def database(folder: Path, record: dict[str, Any], *, ip_version: int = 6) -> Path:
    """Write a database whose one node leads to the record, whichever way one turns."""
    leaf = (1 + 16).to_bytes(3)
    metadata = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_700_000_000,
        "database_type": "Test",
        "description": {"en": "one record"},
        "ip_version": ip_version,
        "languages": ["en"],
        "node_count": 1,
        "record_size": 24,
    }
    path = folder / "one.mmdb"
    path.write_bytes(leaf + leaf + bytes(16) + _said(record) + MARK + _said(metadata))
    return path


def _said(value: Any, name: str = "") -> bytes:
    match value:
        case bool():
            return _control(BOOLEAN, int(value))
        case int():
            raw = value.to_bytes((value.bit_length() + 7) // 8)
            return _control(WIDER.get(name, UINT16), len(raw)) + raw
        case str():
            raw = value.encode()
            return _control(TEXT, len(raw)) + raw
        case list():
            return _control(LIST, len(value)) + b"".join(_said(item) for item in value)
        case _:
            inside = b"".join(_said(name) + _said(item, name) for name, item in value.items())
            return _control(MAP, len(value)) + inside


def _control(kind: int, size: int) -> bytes:
    told, more = (size, b"") if size <= LARGEST else (LARGEST + 1, bytes([size - LARGEST - 1]))
    extended = kind > MAP
    return bytes([told if extended else (kind << 5) | told]) + (bytes([kind - MAP]) if extended else b"") + more
