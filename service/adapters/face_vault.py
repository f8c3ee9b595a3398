"""The face vault: closes the 128 numbers of a template, and nothing else of a face, so that they open in their row.

A lost key or a changed byte makes a template as good as erased; no picture can be made of it here.
"""

import struct
from collections.abc import Sequence
from typing import Final

from model.face import TEMPLATE_NUMBERS, template
from service.adapters.sealing import SealBrokenError, Sealer
from service.ports_faces import TemplateLostError

FORMAT: Final = struct.Struct(f">B{TEMPLATE_NUMBERS}f")
"""A version and 128 numbers of four bytes, which is how exactly the model gives them."""
VERSION: Final = 1


class SealedFaces:
    """A vault under the service's own keys.

    Args:
        sealer: seals with the newest key and opens with whichever it was.
        column: `table|column` in which the sealed bytes are kept.
    """

    def __init__(self, sealer: Sealer, column: str = "faces|template") -> None:
        """Take the keys."""
        self._sealer = sealer
        self._column = column

    def seal(self, numbers: Sequence[float], *, row: str) -> bytes:
        """Return the closed template.

        Args:
            numbers: 128 of them.
            row: who it belongs to: tenant and party.

        Raises:
            NotAFaceError: these are not 128 finite numbers.
        """
        plain = FORMAT.pack(VERSION, *(float(number) for number in template(numbers)))
        return self._sealer.seal(plain, place=f"{self._column}|{row}")

    def open(self, sealed: bytes, *, row: str) -> tuple[float, ...]:
        """Return the 128 numbers.

        Raises:
            TemplateLostError: it was not closed for this row, or by a key that is gone.
        """
        try:
            version, *numbers = FORMAT.unpack(self._sealer.open(sealed, place=f"{self._column}|{row}"))
        except (SealBrokenError, struct.error):
            raise TemplateLostError("closed") from None
        if version != VERSION:
            raise TemplateLostError("another_kind")
        return tuple(numbers)
