"""Columns: the five kinds of which every table of the record is made."""

from sqlalchemy import BigInteger, Column, LargeBinary, Text


def words(name: str, *, key: bool = False) -> Column[str]:
    """Return a text that is always there."""
    return Column(name, Text, primary_key=key, nullable=False)


def maybe_words(name: str) -> Column[str]:
    """Return a text that may be missing."""
    return Column(name, Text)


def whole(name: str, *, key: bool = False) -> Column[int]:
    """Return a whole number that is always there: milliseconds, fen, a count."""
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


def maybe_whole(name: str) -> Column[int]:
    """Return a whole number that may be missing."""
    return Column(name, BigInteger)


def raw(name: str) -> Column[bytes]:
    """Return bytes that are always there."""
    return Column(name, LargeBinary, nullable=False)
