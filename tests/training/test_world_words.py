"""The words of the simulated world: what a request can say is said by thieves and by honest people, or it tells."""

import re
from collections import defaultdict
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from features.catalogue import columns
from features.codec import LoggedEvent, LoggedScreening
from features.event import ReportedKind
from features.request import ScreeningRequest
from tests.training.worlds import judged, rows, world

SIZE = {"days": 40, "per_day": 300, "fraud_rate": 0.25}
SEED = 21
NAMED = ("party", "device", "agent", "store", "contact", "target", "beneficiary")


def words(kind: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every word that a type of the request allows, with the name of its field: literals and yes or no."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from words(get_args(kind)[0], name)
    elif origin is Literal:
        yield from ((name, word) for word in get_args(kind))
    elif kind is bool:
        yield from ((name, word) for word in (True, False))
    elif origin in {Union, UnionType, tuple}:
        for inner in get_args(kind):
            yield from words(inner, name)
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field, inner in get_type_hints(kind, include_extras=True).items():
            yield from words(inner, f"{name}.{field}".lstrip("."))


def said(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the words that a request says."""
    if isinstance(value, dict):
        for field, inner in value.items():
            yield from said(inner, f"{name}.{field}".lstrip("."))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from said(inner, name)
    elif isinstance(value, str | bool):
        yield name, value


def test_every_word_is_said_by_thieves_and_by_others() -> None:
    """Over a history of some thousand thieves; a value that only one side has would be learned as a rule."""
    wanted = set(words(ScreeningRequest))
    assert {("action", "resume"), ("otp.status", "not_possible"), ("network.number_recycled", "true")} <= wanted
    assert len(wanted) > 190
    seen: dict[bool, set[tuple[str, Any]]] = defaultdict(set)
    for line, by_thief in judged(world(SEED, **SIZE)):
        seen[by_thief].update(said(msgspec.to_builtins(line.request)))
    missing = {"thieves": sorted(map(str, wanted - seen[True])), "others": sorted(map(str, wanted - seen[False]))}
    assert missing == {"thieves": [], "others": []}


def test_every_kind_of_event_is_reported() -> None:
    """Whatever a carrier can report happens in the world, outages and their end as well."""
    kinds = {line.event.kind for line in world(SEED, **SIZE) if isinstance(line, LoggedEvent)}
    assert kinds == set(get_args(ReportedKind))


def test_every_signal_varies() -> None:
    """A signal that is always the same here would teach a model nothing, and nobody would notice."""
    data = rows(SEED, **SIZE)
    for truth in (True, False):
        x = data.x[data.fraud == truth]
        same = [
            column.name
            for index, column in enumerate(columns(data.signals))
            if len(np.unique(x[~np.isnan(x[:, index]), index])) < 2
        ]
        assert (truth, same) == (truth, [])


@pytest.mark.parametrize("entity", NAMED)
def test_names_tell_nothing(entity: str) -> None:
    """Thieves and shops cannot be read from an identifier: a letter and a number that is as high or low as any."""
    first: dict[str, bool] = {}
    for line, by_thief in judged(world(SEED, **SIZE)):
        name = line.event.keys.get(entity)
        if name is not None:
            assert re.fullmatch(r"[a-z]-[0-9a-f]{13}", name), name
            first[name] = first.get(name, False) or by_thief
    numbers = [int.from_bytes(bytes.fromhex("0" + name[2:])) for name in first]
    truth = list(first.values())
    assert len({name[0] for name in first}) == 1
    if min(sum(truth), len(truth) - sum(truth)) >= 100:
        assert roc_auc_score(truth, numbers) == pytest.approx(0.5, abs=0.08)


def test_numbers_of_requests_and_events_tell_nothing() -> None:
    """A request's own name is its place in time; an event's is drawn."""
    lines = world(SEED, **SIZE)
    names = [line.request.request_id for line in lines if isinstance(line, LoggedScreening)]
    assert names == [f"sim-{number:07d}" for number in range(int(names[0][4:]), int(names[0][4:]) + len(names))]
    assert all(re.fullmatch(r"e-[0-9a-f]{13}", line.event.id) for line in lines if isinstance(line, LoggedEvent))
