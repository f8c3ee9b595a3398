"""The report: one page that opens anywhere, with its pictures inside it and nothing fetched from outside."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

import msgspec
import numpy as np
from matplotlib.figure import Figure

from features.clock import rfc3339
from model.manifest import Manifest
from training.dataset import Dataset, Floats
from training.evaluate import LEVELS, Evaluation
from training.thresholds import Chosen, Proof

SIMULATED: Final = (
    "All people, lines and frauds behind these figures are simulated. They show that the parts work together; they say "
    "nothing about how well fraud is found in life."
)
STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;margin:1em 0}td,th{padding:.2em .8em;text-align:left;border-bottom:1px solid #ddd}"
    ".warn{background:#fff3cd;padding:.6em 1em;border-radius:4px}img{max-width:100%}"
)
WEIGHTIEST: Final = 25


def as_json(manifest: Manifest, found: Evaluation, chosen: Chosen, notes: Mapping[str, Any]) -> bytes:
    """Return the report's figures for programs."""
    said = {
        "version": manifest.version,
        "warning": SIMULATED if manifest.simulated else None,
        "metrics": found.metrics,
        "slices": found.slices,
        "calibration": [{"said": one.said, "true": one.true, "n": one.n} for one in found.bins],
        "thresholds": manifest.thresholds,
        "raised": manifest.raised,
        "block": {
            klass: {"genuine": proof.genuine, "blocked": proof.blocked, "bound": proof.bound, "says": says(proof)}
            for klass, proof in chosen.proofs.items()
        },
        "base_rate": manifest.base_rate,
        "notes": notes,
    }
    return msgspec.json.format(msgspec.json.encode(said, order="deterministic"), indent=1) + b"\n"


def as_html(
    manifest: Manifest,
    found: Evaluation,
    chosen: Chosen,
    notes: Mapping[str, Any],
    pictures: Sequence[tuple[str, bytes]],
) -> str:
    """Return the report as one page for people."""
    images = "".join(
        f'<h2>{escape(title)}</h2><img alt="{escape(title)}" src="data:image/png;base64,'
        f'{base64.b64encode(png).decode()}">'
        for title, png in pictures
    )
    warning = f'<p class="warn">{escape(SIMULATED)}</p>' if manifest.simulated else ""
    metrics = _table(("figure on the test rows", ""), ((name, _figure(at)) for name, at in found.metrics.items()))
    slices = _table(
        ("by", "value", "n", "frauds", "genuine challenged", "genuine held", "frauds caught"),
        (
            (one.by, one.value, one.n, one.frauds, _percent(one.challenged), _percent(one.held), _percent(one.caught))
            for one in found.slices
        ),
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(manifest.version)}</title>'
        f"<style>{STYLE}</style></head><body><h1>Model {escape(manifest.version)}</h1>{warning}"
        f"<h2>History</h2>{_table(('', ''), _history(manifest, notes))}"
        f"<h2>Figures</h2>{metrics}<h2>Bands</h2>{_bands(manifest)}"
        f"{''.join(f'<p>{escape(klass)}: {escape(says(proof))}</p>' for klass, proof in chosen.proofs.items())}"
        f"{images}<h2>Slices</h2><p>A share is left out where it would rest on fewer than ten rows.</p>{slices}"
        "</body></html>\n"
    )


def says(proof: Proof) -> str:
    """Return in a sentence what is proven of the model's block."""
    return (
        f"of {proof.genuine} genuine requests {proof.blocked} would be blocked at the chosen threshold, so with 95 % "
        f"confidence at most {proof.bound:.4%} of all"
        if proof.bound <= BLOCK_CAP
        else f"{proof.genuine} genuine requests prove no less than {proof.bound:.4%} of genuine customers blocked, and "
        f"{BLOCK_CAP:.2%} is the most that is allowed: the model may not block, rules alone do"
    )


BLOCK_CAP: Final = 1e-4


def pictures(
    probability: Floats, data: Dataset, found: Evaluation, weights: Mapping[str, float]
) -> list[tuple[str, bytes]]:
    """Draw the report's pictures: title and PNG of each.

    Args:
        probability: what the model says of the test rows.
        data: the test rows.
        found: the figures on them.
        weights: signal -> how much it moves the model, on average.
    """
    return [
        ("Precision and recall at the true rate of fraud", _png(lambda axes: _draw_curve(axes, found))),
        ("What was said and what was true", _png(lambda axes: _draw_bins(axes, found))),
        ("Probabilities", _png(lambda axes: _draw_histogram(axes, probability, data))),
        ("Bands by who it was", _png(lambda axes: _draw_bands(axes, data, found), tall=True)),
        ("Signals that move the model most", _png(lambda axes: _draw_weights(axes, weights), tall=True)),
    ]


def _history(manifest: Manifest, notes: Mapping[str, Any]) -> list[tuple[object, ...]]:
    period = manifest.data
    return [
        ("from", rfc3339(period.since_ms)),
        ("to", rfc3339(period.until_ms)),
        ("requests", period.requests),
        ("frauds among them", period.frauds),
        ("true rate of fraud", f"{manifest.base_rate:.3%}"),
        *((name.replace("_", " "), at) for name, at in notes.items()),
    ]


def _bands(manifest: Manifest) -> str:
    rows = [
        (klass, strictness, *(_figure(at) for at in (bands.challenge, bands.hold, bands.block)))
        for strictness, of in (("normal", manifest.thresholds), ("raised", manifest.raised))
        for klass, bands in (("irreversible", of.irreversible), ("reversible", of.reversible))
    ]
    return _table(("actions", "strictness", "challenge from", "hold from", "block from"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _figure(at: float | None) -> str:
    return "–" if at is None else f"{at:.5g}"


def _percent(at: float | None) -> str:
    return "–" if at is None else f"{at:.1%}"


def _png(draw: Any, *, tall: bool = False) -> bytes:  # noqa: ANN401 - any function that draws on axes
    figure = Figure(figsize=(8, 6.5 if tall else 4), layout="constrained")
    draw(figure.subplots())
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=100, metadata={"Software": None})
    return out.getvalue()


def _draw_curve(axes: Any, found: Evaluation) -> None:  # noqa: ANN401 - matplotlib's axes
    precision, recall = found.curve
    axes.plot(recall, precision)
    axes.set(xlabel="share of frauds found", ylabel="share of fraud among those found", xlim=(0, 1), ylim=(0, 1.02))


def _draw_bins(axes: Any, found: Evaluation) -> None:  # noqa: ANN401
    bins = [one for one in found.bins if one.true > 0]
    axes.loglog([1e-5, 1], [1e-5, 1], color="#999", linewidth=1)
    axes.loglog([one.said for one in bins], [one.true for one in bins], "o-")
    axes.set(xlabel="probability said", ylabel="share of fraud", xlim=(1e-5, 1.1), ylim=(1e-5, 1.1))


def _draw_histogram(axes: Any, probability: Floats, data: Dataset) -> None:  # noqa: ANN401
    bins = np.logspace(-7, 0, 60)
    for name, rows in (("genuine", ~data.fraud), ("fraud", data.fraud)):
        axes.hist(np.clip(probability[rows], bins[0], 1), bins=bins, alpha=0.6, label=f"{name}, n = {rows.sum()}")
    axes.set(xscale="log", yscale="symlog", xlabel="probability", ylabel="requests")
    axes.legend()


def _draw_bands(axes: Any, data: Dataset, found: Evaluation) -> None:  # noqa: ANN401
    personas = np.unique(data.facets["persona"])[::-1]
    start = np.zeros(len(personas))
    for level, band in enumerate(LEVELS):
        share = np.asarray([(found.levels[data.facets["persona"] == one] == level).mean() for one in personas])
        axes.barh(range(len(personas)), share, left=start, label=band, color=("#7a7", "#ec5", "#e83", "#c33")[level])
        start = start + share
    labels = [f"{one}, n = {(data.facets['persona'] == one).sum()}" for one in personas]
    axes.set_yticks(range(len(personas)), labels=labels)
    axes.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1))


def _draw_weights(axes: Any, weights: Mapping[str, float]) -> None:  # noqa: ANN401
    top = sorted(weights.items(), key=lambda one: -one[1])[:WEIGHTIEST][::-1]
    axes.barh([name for name, _ in top], [weight for _, weight in top])
    axes.set_xlabel("mean weight in log-odds, on the test rows")
