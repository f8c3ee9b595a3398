"""The training: from a log to a signed bundle, in one go and with the same result each time."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from features.catalogue import Catalogue, columns
from features.clock import moment
from model.bundle import Golden, Parts, write_bundle
from model.manifest import Calibration, Manifest, Period
from model.scorer import Curve, Scorer, raw_scores, read_trees
from training import report
from training.calibrate import calibrate
from training.dataset import Dataset, Floats, Table, build
from training.engines import Progress
from training.evaluate import Evaluation, evaluate
from training.fit import fit
from training.log import Log
from training.split import Split, split
from training.thresholds import Chosen, choose

SEED: Final = 7
LIBRARIES: Final = ("lightgbm", "numpy", "scikit-learn", "scipy")
EXPLAINED: Final = 400
STEPS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted.

    Attributes:
        created_ms: now.
        demo: the model is for a demonstration, and its version says so.
        seed: draws the samples of rows and columns in the trees.
    """

    created_ms: int
    demo: bool = False
    seed: int = SEED


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of it."""

    parts: Parts
    found: Evaluation


@dataclass(frozen=True, slots=True)
class _Learned:
    """The trees and what was found out about them."""

    text: str
    calibration: Calibration
    chosen: Chosen
    found: Evaluation
    tested: Floats


def train(log: Log, catalogue: Catalogue, order: Order, progress: Progress = lambda *_: None) -> Trained:
    """Learn a model from a log.

    Raises:
        LogError: the log has too little to learn from.
    """
    table = build(log, catalogue, progress)
    parts = split(table.data)
    learned = _learn(parts, table.data.base_rate, order.seed, progress)
    manifest = _manifest(table.data, learned, log, catalogue, order)
    progress("writing the report", 4, STEPS)
    notes = _notes(parts, table.data)
    weights = _weights(learned.text, parts.test)
    drawn = report.pictures(learned.tested, parts.test, learned.found, weights)
    progress("choosing golden rows", 5, STEPS)
    bundle = Parts(
        model=learned.text,
        manifest=manifest,
        golden=_golden(manifest, table, learned.text),
        report_html=report.as_html(manifest, learned.found, learned.chosen, notes, drawn),
        report_json=report.as_json(manifest, learned.found, learned.chosen, notes),
    )
    progress("done", STEPS, STEPS)
    return Trained(bundle, learned.found)


def write(trained: Trained, folder: Path, key: Ed25519PrivateKey) -> None:
    """Write and sign the bundle.

    Raises:
        FileExistsError: there is something in the folder already.
    """
    write_bundle(folder, trained.parts, key)


def _learn(parts: Split, base_rate: float, seed: int, progress: Progress) -> _Learned:
    progress("growing trees", 0, STEPS)
    text = fit(parts.train, seed)
    trees = read_trees(text, [column.name for column in columns(parts.train.signals)])
    progress("calibrating", 1, STEPS)
    curve_points = calibrate(raw_scores(trees, parts.calibrate.x), parts.calibrate, base_rate)
    curve = Curve(curve_points)
    progress("choosing thresholds", 2, STEPS)
    chosen = choose(curve(raw_scores(trees, parts.threshold.x)), parts.threshold)
    progress("testing", 3, STEPS)
    tested = curve(raw_scores(trees, parts.test.x))
    return _Learned(text, curve_points, chosen, evaluate(tested, parts.test, chosen.normal), tested)


def _manifest(data: Dataset, learned: _Learned, log: Log, catalogue: Catalogue, order: Order) -> Manifest:
    return Manifest(
        version=version_of(learned.text, order),
        signals=tuple(signal.versioned for signal in data.signals),
        categories={signal.name: signal.categories for signal in data.signals if signal.categories},
        calibration=learned.calibration,
        thresholds=learned.chosen.normal,
        raised=learned.chosen.raised,
        base_rate=data.base_rate,
        data=Period(
            since_ms=int(data.at_ms.min()),
            until_ms=int(data.at_ms.max()),
            requests=len(data),
            frauds=int(data.fraud.sum()),
        ),
        metrics=learned.found.metrics,
        slices=learned.found.slices,
        seed=order.seed,
        libraries={name: version(name) for name in LIBRARIES},
        catalogue=catalogue.digest,
        created_ms=order.created_ms,
        simulated=order.demo or (log.header is not None and log.header.fraud_rate is not None),
    )


def version_of(text: str, order: Order) -> str:
    """Return the model's name: its date and a digest of its trees; a demonstration's begins with `demo-`."""
    digest = sha256(text.encode()).hexdigest()[:10]
    return f"{'demo-' if order.demo else ''}{moment(order.created_ms):%Y%m%d}-{digest}"


def _notes(parts: Split, data: Dataset) -> Mapping[str, int]:
    named = {"trained_on": parts.train, "calibrated_on": parts.calibrate, "thresholds_from": parts.threshold}
    return {
        **{name: len(part) for name, part in (named | {"tested_on": parts.test}).items()},
        "left_out_as_their_people_would_be_in_two_parts": parts.dropped,
        "left_out_without_a_label": data.left_out,
    }


def _weights(text: str, test: Dataset) -> Mapping[str, float]:
    """Return how much each signal moves the model: the mean of its exact contributions, either way."""
    layout = columns(test.signals)
    trees = read_trees(text, [column.name for column in layout])
    frauds, genuine = np.flatnonzero(test.fraud), np.flatnonzero(~test.fraud)
    rows = np.concatenate([frauds[: EXPLAINED // 2], genuine[: EXPLAINED // 2]])
    weights: dict[str, float] = defaultdict(float)
    if len(rows):
        shares = trees.predict(test.x[rows], pred_contrib=True, num_threads=1)
        for index, column in enumerate(layout):
            weights[column.signal.name] += float(np.abs(shares[:, index]).mean())
    return weights


def _golden(manifest: Manifest, table: Table, text: str) -> list[Golden]:
    scorer = Scorer(manifest, table.data.signals, text)
    # Rows are read back from JSON by hosts, so their answers are those of what JSON gives back; floats survive it.
    return [Golden(dict(row), scorer.log_odds(row), scorer.probability(row)) for row in table.rows]
