"""The manifest: what a model's bundle says about the model, in order, so that nobody has to guess.

Everything a host needs beside the trees: which signals in which versions, what a raw answer means as a probability,
from which probability on which band begins, and how all that was found.
"""

from itertools import pairwise
from math import isfinite
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from features.vocabulary import Klass

Band = Literal["challenge", "hold", "block"]

BANDS: Final[tuple[Band, ...]] = ("block", "hold", "challenge")
"""The bands, the strongest first."""
FEWEST_POINTS: Final = 2

Version = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
"""Hosts keep a bundle in a folder of this name, so it can be nothing but a plain name."""
Probability = Annotated[float, Meta(gt=0, lt=1)]


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen part of the manifest; a field that is not known is refused, it might change the meaning."""


class Calibration(Part, frozen=True, kw_only=True):
    """What the trees' raw answer means: points from raw log-odds to probability, straight in log-odds between them.

    Attributes:
        method: how the points were found.
        log_odds: raw answers, rising.
        probability: what they mean, never falling, never 0 or 1.
    """

    method: Literal["isotonic", "platt"]
    log_odds: tuple[float, ...]
    probability: tuple[Probability, ...]

    def __post_init__(self) -> None:
        """Refuse points that are not a curve, or one that would turn a higher answer into a lower probability."""
        finite = all(isfinite(x) for x in self.log_odds)
        rising = all(a < b for a, b in pairwise(self.log_odds))
        kept = all(a <= b for a, b in pairwise(self.probability))
        paired = len(self.log_odds) == len(self.probability) >= FEWEST_POINTS
        if not (finite and rising and kept and paired):
            message = "the calibration is not a rising curve of two points or more"
            raise ValueError(message)


class Bands(Part, frozen=True, kw_only=True):
    """From which probability on each band begins; None: the model may never give it."""

    challenge: Probability | None
    hold: Probability | None
    block: Probability | None

    def __post_init__(self) -> None:
        """Refuse a stronger band that begins below a weaker one."""
        given = [at for at in (self.challenge, self.hold, self.block) if at is not None]
        if given != sorted(given):
            message = "a stronger band begins below a weaker one"
            raise ValueError(message)

    def start(self, band: Band) -> float | None:
        """Return from which probability on a band begins."""
        at: float | None = getattr(self, band)
        return at


class Classes(Part, frozen=True, kw_only=True):
    """The bands for actions that cannot be taken back, and for those that can."""

    irreversible: Bands
    reversible: Bands

    def of(self, klass: Klass) -> Bands:
        """Return the bands of a class of actions."""
        return self.irreversible if klass == "irreversible" else self.reversible


class Period(Part, frozen=True, kw_only=True):
    """When the requests of the history were made, and how many there were."""

    since_ms: int
    until_ms: int
    requests: int
    frauds: int


class Slice(Part, frozen=True, kw_only=True):
    """How the model does on some of the test rows; None where there are too few to say."""

    by: str
    value: str
    n: int
    frauds: int
    challenged: float | None
    held: float | None
    caught: float | None


class Manifest(Part, frozen=True, kw_only=True):
    """What a bundle says of its model.

    Attributes:
        version: its name.
        signals: `name@version` of each signal, in the order of the columns.
        categories: of each signal that is a category, its values in the order of their codes.
        calibration: what a raw answer means.
        thresholds: where bands begin.
        raised: where they begin while strictness is raised; never later than `thresholds`.
        base_rate: the share of fraud that probabilities are told at.
        data: the history that was learned from.
        metrics: figures on the test rows.
        slices: figures on parts of the test rows.
        seed: what made it repeatable.
        libraries: name -> version of what it was made with.
        catalogue: digest of the catalogue it was trained with.
        created_ms: when it was made.
        simulated: whether the history was invented: figures then say nothing about life.
    """

    version: Version
    signals: Annotated[tuple[str, ...], Meta(min_length=1, max_length=2000)]
    categories: dict[str, tuple[str, ...]]
    calibration: Calibration
    thresholds: Classes
    raised: Classes
    base_rate: Probability
    data: Period
    metrics: dict[str, float | None]
    slices: tuple[Slice, ...]
    seed: int
    libraries: dict[str, str]
    catalogue: str
    created_ms: int
    simulated: bool

    def __post_init__(self) -> None:
        """Refuse a signal named twice, and raised strictness that would be milder."""
        if len(set(self.signals)) != len(self.signals):
            message = "a signal is named twice"
            raise ValueError(message)
        for klass in get_args(Klass):
            normal, raised = self.thresholds.of(klass), self.raised.of(klass)
            if any(_later(raised.start(band), normal.start(band)) for band in BANDS):
                message = f"raised strictness would be milder for {klass} actions"
                raise ValueError(message)


def _later(raised: float | None, normal: float | None) -> bool:
    """Say whether a band of raised strictness begins later than the usual one."""
    return normal is not None and (raised is None or raised > normal)


_decoder = msgspec.json.Decoder(Manifest)


def decode(raw: bytes) -> Manifest:
    """Return a manifest.

    Raises:
        msgspec.DecodeError: not JSON, or not a manifest (`msgspec.ValidationError` names the field).
    """
    return _decoder.decode(raw)


def encode(manifest: Manifest) -> bytes:
    """Return a manifest as JSON that a person can read, the same bytes for the same manifest."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"), indent=1) + b"\n"
