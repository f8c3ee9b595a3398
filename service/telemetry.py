"""What operators see: JSON logs without secrets, and metrics without anybody's score.

The log carries ids, codes and durations. Numbers, names, addresses and scores are never put into it; `redact` is the
last net, not the first.
"""

import logging
import re
import sys
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from service.answer import Answer

REGISTRY: Final = CollectorRegistry()
DECISIONS: Final = Counter(
    "lastcall_decisions_total", "Decisions by action and outcome", ("action", "decision", "degraded"), registry=REGISTRY
)
SECONDS: Final = Histogram(
    "lastcall_screening_seconds",
    "Time to answer a screening",
    ("action",),
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2),
    registry=REGISTRY,
)
READY: Final = Gauge("lastcall_ready", "Whether a part can be used", ("part",), registry=REGISTRY)

INNERMOST: Final = 8
"""How many calls of an error are told, from where it arose outwards."""
OURS_ALONE: Final = frozenset({"timestamp", "model"})
"""Fields that only we fill, with times and versions, which look like numbers."""
_NUMBER: Final = re.compile(r"\+?\d{7,}")
_SECRET: Final = re.compile(r"lc_[A-Za-z0-9_-]{8,}")


def configure_logging(level: int = logging.INFO) -> None:
    """Write the log as one JSON object a line on standard error, redacted before it is formatted."""
    chain: list[Callable[..., Any]] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        place_of_error,
        redact,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def place_of_error(_: object, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the kind and places of an error and its causes into the line; its words may quote a caller and stay out."""
    info = entry.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    told: list[str] = []
    while isinstance(error, BaseException):
        frames = extract_tb(error.__traceback__)[-INNERMOST:]
        places = " < ".join(f"{Path(f.filename).name}:{f.lineno} in {f.name}" for f in reversed(frames))
        told.append(f"{type(error).__name__} at {places or 'no place'}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if told:
        entry["exception"] = "; caused by ".join(told)
    return entry


def redact(_: object, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank whatever looks like a number or a key in a text; times and counts are numbers and stay."""
    for name, value in entry.items():
        if isinstance(value, str) and name not in OURS_ALONE:
            entry[name] = _SECRET.sub("[key]", _NUMBER.sub("[number]", value))
    return entry


@contextmanager
def observe(action: str) -> Iterator[Callable[[Answer], None]]:
    """Measure one screening; the caller notes the answer once there is one."""
    start = time.perf_counter()

    def note(answer: Answer) -> None:
        DECISIONS.labels(action, answer.decision, str(answer.degraded.is_degraded).lower()).inc()

    try:
        yield note
    finally:
        SECONDS.labels(action).observe(time.perf_counter() - start)


def metrics() -> bytes:
    """Return all metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
