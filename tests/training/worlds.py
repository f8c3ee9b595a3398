"""Simulated histories for tests: made once a process, and taken apart into rows, fields and truths."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from features.catalogue import catalogue
from features.codec import Line, LoggedEvent, LoggedLabel, LoggedScreening
from features.event import KINDS
from features.places import Places
from training.dataset import Dataset, build
from training.log import Log
from training.simulate import simulate
from training.world.personas.fraud import PERSONAS as FRAUD

UNTIL_MS = 1_793_462_400_000
PLACES = Places()
THIEVES = {persona.name for persona in FRAUD}


@cache
def world(seed: int, days: int = 25, per_day: int = 200, fraud_rate: float = 0.03) -> tuple[Line, ...]:
    """Return a small history."""
    return tuple(
        simulate(days=days, per_day=per_day, seed=seed, fraud_rate=fraud_rate, until_ms=UNTIL_MS, atlas=PLACES)
    )


@cache
def rows(seed: int, days: int, per_day: int, fraud_rate: float) -> Dataset:
    """Return a history as the model's rows."""
    log = Log()
    for line in world(seed, days, per_day, fraud_rate):
        log.add(line)
    return build(log, catalogue()).data


def judged(lines: tuple[Line, ...]) -> Iterator[tuple[LoggedScreening, bool]]:
    """Yield each request of which something is known, and whether a thief made it, by the persona."""
    by_thief = {line.screening_id: line.persona in THIEVES for line in lines if isinstance(line, LoggedLabel)}
    for line in lines:
        if isinstance(line, LoggedScreening) and line.event.id in by_thief:
            yield line, by_thief[line.event.id]


def fields_of(line: LoggedScreening) -> dict[str, Any]:
    """Return every field of a request and every fact about it by name: what a thief could be told by as it was sent."""
    out: dict[str, Any] = {}
    _flatten("", msgspec.to_builtins(line.request), out)
    _flatten("facts", msgspec.to_builtins(line.facts), out)
    return out


def pasts_of(lines: tuple[Line, ...]) -> list[dict[str, Any]]:
    """Return, for each judged request, how often each kind of event was known of its line and phone before."""
    known: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for line in lines:
        if isinstance(line, LoggedEvent):
            for entity in ("line", "device"):
                if entity in line.event.keys:
                    known[entity, line.event.keys[entity]].append((line.event.known_ms, line.event.kind))
    return [_past(line, known) for line, _ in judged(lines)]


def _past(line: LoggedScreening, known: Mapping[tuple[str, str], list[tuple[int, str]]]) -> dict[str, Any]:
    counted = dict.fromkeys((f"past.{entity}.{kind}" for entity in ("line", "device") for kind in KINDS), 0.0)
    for entity in ("line", "device"):
        for known_ms, kind in known.get((entity, line.event.keys.get(entity, "")), ()):
            counted[f"past.{entity}.{kind}"] += known_ms < line.event.known_ms
    return counted


def _flatten(name: str, value: Any, out: dict[str, Any]) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _flatten(f"{name}.{key}".lstrip("."), inner, out)
    elif isinstance(value, list | tuple):
        out[f"{name}#"] = float(len(value))
        for number, inner in enumerate(value[:2]):
            _flatten(f"{name}[{number}]", inner, out)
    else:
        out[name] = value


def table(found: list[dict[str, Any]]) -> tuple[list[str], NDArray[np.int64]]:
    """Return names and codes: each field in at most ten bins, 0 for absent; identifiers only as said or not.

    Fields that are always the same are left out.
    """
    names = sorted({name for one in found for name in one})
    codes = [coded([one.get(name) for one in found]) for name in names]
    varied = [number for number, column in enumerate(codes) if len(np.unique(column)) > 1]
    return [names[number] for number in varied], np.stack([codes[number] for number in varied], axis=1)


def coded(values: list[Any]) -> NDArray[np.int64]:
    """Return values as small codes: numbers by tenths, words by how common they are, 0 for absent."""
    if any(isinstance(value, str) for value in values):
        counted = {word: values.count(word) for word in {value for value in values if value is not None}}
        # Names are no words: whether they tell anything has a test of its own.
        common = sorted(counted, key=lambda word: (-counted[word], word))[:9] if len(counted) <= 60 else []
        place = {word: number for number, word in enumerate(common, 1)}
        return np.asarray([0 if value is None else place.get(value, 10) for value in values])
    numbers = np.asarray([np.nan if value is None else float(value) for value in values])
    return binned(numbers)


def binned(numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return numbers by their tenths, values that are common by themselves; 0 for missing."""
    there = numbers[~np.isnan(numbers)]
    distinct = np.unique(there)
    edges = distinct[1:] if len(distinct) <= 10 else np.unique(np.quantile(there, np.linspace(0, 1, 11)[1:-1]))
    return np.where(np.isnan(numbers), 0, 1 + np.searchsorted(edges, numbers, side="right"))
