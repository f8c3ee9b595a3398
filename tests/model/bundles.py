"""A small model for tests, trained on invented numbers over the real catalogue, and its bundle."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

import lightgbm
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from features.catalogue import catalogue, columns, encode
from features.signal import Signal, Value
from model.bundle import Golden, Parts, write_bundle
from model.manifest import Bands, Calibration, Classes, Manifest, Period
from model.scorer import Scorer

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = {"tests": KEY.public_key()}
NAMES = ("device.known_on_line_for_h", "device.lines_30d", "device.rooted", "request.action", "request.at_night")
BANDS = Bands(challenge=0.01, hold=0.1, block=0.9)
STRICTER = Bands(challenge=0.005, hold=0.05, block=0.9)
NO_BLOCK = Bands(challenge=0.2, hold=0.5, block=None)


def seeded(seed: int) -> Random:
    """Return chance that repeats."""
    return Random(seed)  # noqa: S311 - chance for tests


def signals() -> tuple[Signal, ...]:
    """Return the signals of the small model."""
    return tuple(catalogue().signals[name] for name in NAMES)


def random_row(dice: Random, wanted: Sequence[Signal] | None = None) -> dict[str, Value]:
    """Return a row in which every signal is one of its values, or not known."""
    return {signal.name: _value(dice, signal) for signal in wanted or signals()}


def _value(dice: Random, signal: Signal) -> Value:
    if dice.random() < 0.2:
        return None
    if signal.categories:
        return dice.choice(signal.categories)
    return float(dice.choice((0, 1, 1, 2, 5, 30, 400, 3000)))


@cache
def trees() -> str:
    """Return a model's text: riskier at night, on a new, rooted or busy device; learned from noisy rows."""
    dice = seeded(3)
    layout = columns(signals())
    rows = [random_row(dice) for _ in range(3000)]
    x = np.asarray([encode(row, layout) for row in rows])
    risk = np.nan_to_num(x[:, 4] + x[:, 2] / 30 + x[:, 7] - x[:, 0] / 3000)
    y = (risk + np.asarray([dice.gauss(0, 1) for _ in rows]) > 2).astype(int)
    data = lightgbm.Dataset(x, y, feature_name=[column.name for column in layout], categorical_feature=[6])
    fixed = {"num_threads": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1, "num_leaves": 8}
    monotone = {"objective": "binary", "monotone_constraints": [column.monotone for column in layout]}
    return str(lightgbm.train(fixed | monotone, data, 40).model_to_string())


def manifest(**changed: object) -> Manifest:
    """Return the small model's manifest, with some of it changed."""
    said = {
        "version": "test-1",
        "signals": tuple(signal.versioned for signal in signals()),
        "categories": {signal.name: signal.categories for signal in signals() if signal.categories},
        "calibration": Calibration(method="platt", log_odds=(-10.0, 0.0, 10.0), probability=(1e-6, 0.05, 0.99)),
        "thresholds": Classes(irreversible=BANDS, reversible=NO_BLOCK),
        "raised": Classes(irreversible=STRICTER, reversible=NO_BLOCK),
        "base_rate": 0.001,
        "data": Period(since_ms=0, until_ms=1, requests=3000, frauds=900),
        "metrics": {"roc_auc": 0.9},
        "slices": (),
        "seed": 3,
        "libraries": {"lightgbm": lightgbm.__version__},
        "catalogue": catalogue().digest,
        "created_ms": 0,
        "simulated": True,
    }
    return Manifest(**(said | changed))  # type: ignore[arg-type]


def scorer() -> Scorer:
    """Return the small model."""
    return Scorer(manifest(), signals(), trees())


def golden(of: Scorer, count: int = 6) -> list[Golden]:
    """Return rows with the answers of a model."""
    dice = seeded(8)
    rows = [random_row(dice) for _ in range(count)]
    return [Golden(row, of.log_odds(row), of.probability(row)) for row in rows]


def parts(**changed: object) -> Parts:
    """Return what goes into the small model's bundle, with some of it changed."""
    said = {
        "model": trees(),
        "manifest": manifest(),
        "golden": golden(scorer()),
        "report_html": "<p>invented</p>",
        "report_json": b"{}",
    }
    return Parts(**(said | changed))  # type: ignore[arg-type]


def written(folder: Path, key: Ed25519PrivateKey = KEY, **changed: object) -> Path:
    """Write the small model's bundle, with some of it changed, signed as if that were right."""
    bundle = folder / "bundle"
    write_bundle(bundle, parts(**changed), key)
    return bundle
