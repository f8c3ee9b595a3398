"""A signal: one thing worth knowing about a request, said in one entry of one group file.

A signal says why it matters, who it comes from, which direction is risk, what missing means, which windows it reads and
how it is computed, with an example that fires and one that does not. The generic tests cover it the moment it exists,
and the same `compute` runs online and offline.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import expm1, log1p
from typing import Any, Final, Literal

from features.facts import Facts
from features.request import ScreeningRequest
from features.windows import Answer, Window

Use = Literal["model", "policy", "eligibility"]
Origin = Literal["device", "carrier", "ours"]
"""Who controls whether a signal is there: a device's owner may forge or drop it, a carrier's is trusted as sent."""
Risk = Literal["rises", "falls", "either", "none"]
"""How risk moves with the value. `either` carries no constraint; it is for categories and mixed evidence."""
Value = float | str | None
"""A number, a category, or None: not known. A flag is 1.0 or 0.0."""

MODEL_AND_POLICY: Final[frozenset[Use]] = frozenset({"model", "policy"})
POLICY_ONLY: Final[frozenset[Use]] = frozenset({"policy"})
NEUTRAL: Final = frozenset({"REQUEST_UNUSUAL", "ACCOUNT_UNUSUAL", "LOCATION_UNUSUAL"})
"""Reasons whose sentence claims no more than that something is uncommon."""
ELIGIBILITY_ONLY: Final[frozenset[Use]] = frozenset({"eligibility"})


@dataclass(frozen=True, slots=True)
class Moment:
    """All that may be known of a request at its moment: itself, what was looked up, and what its windows saw.

    `answers` is None when the velocity store could not be asked: then every window is unknown.
    """

    request: ScreeningRequest
    facts: Facts
    at_ms: int
    keys: Mapping[str, str]
    answers: Mapping[Window, Answer] | None

    def seen(self, window: Window) -> Answer:
        """Return a window's answer; None when the request has no such entity or the store could not be asked."""
        return None if self.answers is None else self.answers.get(window)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Earlier events of an example: they share every entity with its request but those named in `other`.

    Attributes:
        kind: what happened.
        ago: how long before the request the newest of them happened.
        other: entities that differ, each time anew.
        without: entities that the event does not carry.
        times: how often.
        every: how far apart, going back from `ago`.
        values: `province` or `cell` of the events.
    """

    kind: str
    ago: timedelta
    other: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    times: int = 1
    every: timedelta = timedelta(seconds=7)
    values: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A worked example: a request (over a plain one), what happened before it, and what the signal then says."""

    gives: Value
    request: Mapping[str, Any] = field(default_factory=dict)
    past: tuple[Past, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    at: str = "2026-11-02T10:00:00+08:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One entry of the catalogue.

    Attributes:
        name: `group.what_unit`; a request field keeps its path.
        zh: its name for an analyst, in Chinese.
        why: why it separates fraud from the rest, in a sentence an analyst understands.
        origin: who controls whether it is there.
        risk: which direction is risk; the model's monotone constraint.
        missing: what it means when it is not known.
        reason: the reason code that it speaks for (`model/reasons.py` has the sentences).
        compute: from the moment to the value; pure.
        fires: an example in which it points to risk (or to the state it is about).
        quiet: an example in which it does not.
        reads: the windows that `compute` asks for.
        use: who may read it.
        categories: the possible values of a category; empty for numbers and flags.
        benign: for a device's signal, the value an honest device would report; stands in when it is missing.
        version: raised when the meaning changes, so that a model trained on the old meaning refuses the new.
    """

    name: str
    zh: str
    why: str
    origin: Origin
    risk: Risk
    missing: str
    reason: str
    compute: Callable[[Moment], Value]
    fires: Example
    quiet: Example
    reads: tuple[Window, ...] = ()
    use: frozenset[Use] = MODEL_AND_POLICY
    categories: tuple[str, ...] = ()
    benign: float | None = None
    version: int = 1

    def __post_init__(self) -> None:
        """Refuse an entry that contradicts itself."""
        if self.origin == "device" and self.benign is None and not self.categories:
            message = f"{self.name}: a device's signal names the value that an honest device reports"
            raise ValueError(message)
        if self.origin == "device" and self.categories and "model" in self.use:
            message = f"{self.name}: a device's category cannot be held monotone; give the model flags instead"
            raise ValueError(message)

    def says(self, value: Value) -> bool:
        """Say whether the sentence of the reason holds for a value: a reason must never claim what is not so.

        Nothing is claimed of a missing value. A category speaks when it is not the quiet one; a number when it lies on
        the risky side of the middle (in proportions) between its two examples; a neutral sentence always holds.
        """
        if value is None:
            return False
        if self.reason in NEUTRAL:
            return True
        fires, quiet = self.fires.gives, self.benign if self.quiet.gives is None else self.quiet.gives
        if isinstance(value, str) or isinstance(fires, str) or isinstance(quiet, str):
            return value != quiet
        if fires is None or quiet is None:
            return False
        middle = expm1((log1p(fires) + log1p(quiet)) / 2)
        return value > middle if fires > quiet else value < middle

    @property
    def group(self) -> str:
        """The part of the name before the dot."""
        return self.name.partition(".")[0]

    @property
    def versioned(self) -> str:
        """`name@version`: what a bundle or a policy names."""
        return f"{self.name}@{self.version}"


def stated(  # noqa: PLR0913 - what entries differ in
    group: str,
    name: str,
    zh: str,
    why: str,
    risk: Risk,
    reason: str,
    compute: Callable[[Moment], Value],
    fires: tuple[Value, Mapping[str, Any]],
    quiet: tuple[Value, Mapping[str, Any]],
    *,
    missing: str,
    origin: Origin = "carrier",
    use: frozenset[Use] = MODEL_AND_POLICY,
    categories: tuple[str, ...] = (),
    said_in: str | None = None,
) -> Signal:
    """Return an entry that reads one group of the request alone.

    Examples are (what it gives, fields of that group); `said_in` names the group where it is not the entry's own. A
    device's flag is benign at 0.
    """
    said = said_in or group
    return Signal(
        name=f"{group}.{name}",
        zh=zh,
        why=why,
        origin=origin,
        risk=risk,
        benign=0.0 if origin == "device" else None,
        missing=missing,
        reason=reason,
        compute=compute,
        use=use,
        categories=categories,
        fires=Example(gives=fires[0], request={said: fires[1]}),
        quiet=Example(gives=quiet[0], request={said: quiet[1]}),
    )


def flag(value: bool | None) -> float | None:  # noqa: FBT001 - a flag is what it takes
    """Return 1.0, 0.0 or None."""
    return None if value is None else float(value)


def is_one_of(value: str | None, *wanted: str) -> float | None:
    """Return 1.0 when the value is one of those wanted, 0.0 for another, None when there is none or it is unknown."""
    return None if value is None or value in {"unknown", "unavailable"} else float(value in wanted)


def number(value: float | None) -> float | None:
    """Return a number as a float, None as None."""
    return None if value is None else float(value)
