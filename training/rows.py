"""The offline rows: every signal at every request's own moment, as a Parquet file."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from features.catalogue import Catalogue
from features.codec import LoggedScreening
from features.history import moment_of
from features.replay import Answers
from features.signal import Signal
from training.log import Log

BATCH: Final = 5000


def schema_of(catalogue: Catalogue) -> pa.Schema:
    """Return the columns: the request, what turned out to be true, and a column a signal, named with its version."""
    about = [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("at", pa.timestamp("ms", tz="UTC"), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("label", pa.string()),
        pa.field("sampling", pa.float64(), nullable=False),
    ]
    signals = [pa.field(signal.versioned, _type_of(signal)) for signal in catalogue.signals.values()]
    return pa.schema([*about, *signals], metadata={"catalogue": catalogue.digest})


def _type_of(signal: Signal) -> pa.DataType:
    return pa.string() if signal.categories else pa.float64()


def write_rows(out: Path, log: Log, answered: Iterable[tuple[LoggedScreening, Answers]], catalogue: Catalogue) -> int:
    """Write the rows; the file appears whole or not at all. Return how many there are."""
    draft = out.with_name(f".{out.name}.draft")
    schema = schema_of(catalogue)
    count = 0
    try:
        with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
            for batch in _batches(_row(log, one, answers, catalogue) for one, answers in answered):
                writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=schema))
                count += len(batch)
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    return count


def _row(log: Log, one: LoggedScreening, answers: Answers, catalogue: Catalogue) -> dict[str, Any]:
    label = log.labels.get(one.event.id)
    values = catalogue.row(moment_of(one, answers))
    return {
        "event_id": one.event.id,
        "at": one.event.known_ms,
        "action": one.request.action,
        "channel": one.request.channel,
        "label": None if label is None else label.label,
        "sampling": one.sampling,
        **{signal.versioned: values[name] for name, signal in catalogue.signals.items()},
    }


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
