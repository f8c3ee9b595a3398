"""The use case: a tenant's record is written as a log, the same format that is imported and that models learn from.

It carries the tokens that the record has, and no plain number: tokens are what training joins by. The file appears when
it is whole.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import zstandard

from features.codec import LoggedHeader, encode
from service.ports_records import Journal

LOG_FILE: Final = "log.jsonl.zst"
TOLD_EVERY: Final = 500


async def write_log(
    folder: Path, journal: Journal, tenant: str, since_ms: int, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Write what became known since then into a folder that is there; return how many lines, the header not counted.

    Raises:
        StoreDownError: the record cannot be read; no file is left.
        OSError: the folder cannot be written; no file is left.
    """
    draft = folder / f".{LOG_FILE}.draft"
    count = 0
    try:
        with draft.open("wb") as raw, zstandard.ZstdCompressor().stream_writer(raw) as log:
            log.write(encode(LoggedHeader(made_by="lastcall export", tenant=tenant, since_ms=since_ms)))
            async for line in journal.lines(tenant, since_ms=since_ms):
                log.write(encode(line))
                count += 1
                if count % TOLD_EVERY == 0:
                    progress(TOLD_EVERY)
        draft.replace(folder / LOG_FILE)
    finally:
        draft.unlink(missing_ok=True)
    return count
