"""The log: one JSON line for a request, an event, a decision or a label, shared by service and training.

A file of such lines is what `simulate` writes, `import` loads and `train` reads.
Lines are ordered by when things became known.
"""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
import zstandard
from msgspec import Struct

from features.event import Event
from features.facts import Facts
from features.request import ScreeningRequest
from features.signal import Value


class LoggedScreening(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="screening"):
    """A request as it was seen: tokens for numbers, facts for places, the event by which windows remember it.

    Attributes:
        event: its own event: id, time, keys, and the sequence the store gave for each entity.
        request: the request, with tokens in place of numbers and no positions.
        facts: what was looked up.
        failed: sources that were asked and did not answer.
        row: the signals as they were computed then; absent in a simulated history.
        decision: what was decided; absent in a simulated history.
        probability: what the model said; None when no model could be asked.
        versions: model, policy and catalogue in force.
        sampling: how many real requests this one stands for (a simulation draws fraud more often than life does).
    """

    event: Event
    request: ScreeningRequest
    facts: Facts = Facts()
    failed: tuple[str, ...] = ()
    row: dict[str, Value] | None = None
    decision: str | None = None
    probability: float | None = None
    versions: dict[str, str] = {}
    sampling: float = 1.0


class LoggedEvent(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="event"):
    """A reported event."""

    event: Event


class LoggedLabel(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="label"):
    """What turned out to be true of a screening, and when we learned of it (`said_ms`: when its source found it).

    `persona` is known in a simulation alone and is for slices of a report, never for training.
    """

    screening_id: str
    label: Literal["fraud", "legitimate"]
    source: str
    at_ms: int
    loss_fen: int | None = None
    recovered_fen: int | None = None
    persona: str | None = None
    said_ms: int | None = None


class LoggedHeader(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="header"):
    """The first line of a log: how it was made, so that figures can be told at the true base rate."""

    made_by: str
    tenant: str = "demo"
    fraud_rate: float | None = None
    seed: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    notes: dict[str, str] = {}


Line = LoggedHeader | LoggedScreening | LoggedEvent | LoggedLabel

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


class BrokenLineError(ValueError):
    """A line of a log cannot be read; says which and why."""

    def __init__(self, number: int, why: str) -> None:
        """Name the line (from 1) and what is wrong with it."""
        super().__init__(f"line {number}: {why}")
        self.number = number
        self.why = why


def encode(line: Line) -> bytes:
    """Return a line with its newline."""
    return _encoder.encode(line) + b"\n"


def decode(raw: bytes | str) -> Line:
    """Return what a line says.

    Raises:
        msgspec.DecodeError: not JSON, or not a line of a log (`msgspec.ValidationError` names the field).
    """
    return _decoder.decode(raw)


def read(lines: Iterable[bytes | str], *, broken: list[BrokenLineError] | None = None) -> Iterator[Line]:
    """Yield what each line says, in order.

    Broken lines are put into `broken` and the rest goes on; without it the first broken line raises.

    Raises:
        BrokenLineError: a line cannot be read and nobody collects such lines.
    """
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            line = decode(raw)
        except (msgspec.DecodeError, ValueError) as error:
            trouble = BrokenLineError(number, str(error))
            if broken is None:
                raise trouble from error
            broken.append(trouble)
            continue
        yield line


def to_builtins(value: Any) -> Any:  # noqa: ANN401 - any struct of ours becomes plain dictionaries and lists
    """Return a struct as plain values that any JSON library takes."""
    return msgspec.to_builtins(value)


def log_files(folder: Path) -> list[Path]:
    """Return the files of a log, in order."""
    return sorted([*folder.glob("*.jsonl.zst"), *folder.glob("*.jsonl")])


def raw_lines(file: Path) -> Iterator[bytes]:
    """Yield the lines of a log file, compressed or not, without reading it whole.

    Raises:
        OSError: it cannot be read.
        zstandard.ZstdError: it is damaged.
    """
    with file.open("rb") as raw:
        if file.suffix != ".zst":
            yield from raw
            return
        with zstandard.ZstdDecompressor().stream_reader(raw) as plain:
            yield from io.BufferedReader(plain)
