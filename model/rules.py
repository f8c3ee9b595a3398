"""Rules: one-line conditions over the catalogue's names, compiled into one expression and evaluated at once.

A rule that reads a missing signal is *unknown*: neither hit nor cleared. A rule may ask for absence itself, by
`absent.device.id`. Conditions are written in the ZEN expression language (gorules.io) and evaluated by its engine; they
see numbers, texts and flags, and can call nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

import zen
from msgspec import Meta, Struct

from features.catalogue import Catalogue
from features.signal import Signal, Value
from model.outcome import Decision
from model.reasons import REASONS

Row = Mapping[str, Value]
Text = Annotated[str, Meta(min_length=1, max_length=400)]

CONTEXT: Final = ("action", "channel", "irreversible", "protective", "strictness", "probability")
"""What a condition may read beside signals."""
WORDS: Final = frozenset({"and", "or", "not", "in", "true", "false"})
ABSENT: Final = "absent"
_LITERAL: Final = re.compile(r"""("[^"]*"|'[^']*')""")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_SAID: Final = re.compile(r'"source":"([^"]*)"')


class PolicyError(ValueError):
    """A policy cannot be used; one sentence a line says all that is wrong."""


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule of a policy file.

    Attributes:
        name: what analysts and reports call it.
        kind: `red` blocks and nobody overrides it; `amber` is weighed with the model; `override` is a lead's exception
            for one line, until a moment, and lowers model and amber rules alone.
        when: the condition.
        then: what it comes to; a red rule blocks.
        reason: the code of the reason it gives.
        why: why it is there, for an analyst.
        runbook: what an analyst should do when it was hit, in Chinese.
        runbook_en: the same in English.
        fires: signals with which it is hit, laid over the file's plain row.
        quiet: signals with which it is not.
        line: the token of the line that an override is for.
        until_ms: when an override ends.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
    kind: Literal["red", "amber", "override"]
    when: Text
    then: Decision
    reason: str
    why: Text
    runbook: Text
    runbook_en: Text
    fires: dict[str, Any] = {}
    quiet: dict[str, Any] = {}
    line: str | None = None
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Reads:
    """What a condition reads: signals, signals whose absence it asks for, and words of the context."""

    signals: frozenset[str]
    absences: frozenset[str]
    context: frozenset[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """How the rules came out: the names of those that were hit, and of those that could not be told."""

    hits: tuple[Rule, ...]
    unknown: tuple[Rule, ...]


@dataclass(frozen=True)
class RuleBook:
    """All rules of a policy, compiled."""

    rules: Sequence[Rule]
    reads: Mapping[str, Reads]
    categories: frozenset[str]
    expression: Any = field(repr=False)

    @classmethod
    def compiled(cls, rules: Sequence[Rule], catalogue: Catalogue) -> "RuleBook":
        """Check and compile rules.

        Raises:
            PolicyError: every name that is not known, every condition that cannot be read, every contradiction.
        """
        troubles = [sentence for rule in rules for sentence in _troubles(rule, catalogue)]
        names = [rule.name for rule in rules]
        troubles += [f"{name}: two rules have this name" for name in sorted({n for n in names if names.count(n) > 1})]
        if troubles:
            raise PolicyError("\n".join(troubles))
        texts = frozenset(name for name, signal in catalogue.signals.items() if signal.categories)
        joined = "[" + ", ".join(f"({rule.when})" for rule in rules) + "]"
        return cls(rules, {rule.name: reads_of(rule.when) for rule in rules}, texts, zen.compile_expression(joined))

    @property
    def signals(self) -> frozenset[str]:
        """The names of all signals that some rule reads."""
        return frozenset(name for reads in self.reads.values() for name in reads.signals | reads.absences)

    def look(self, row: Row, context: Mapping[str, Any]) -> Seen:
        """Evaluate every rule over a row and the context (`CONTEXT`)."""
        verdicts = self.expression.evaluate(self._world(row, context))
        hits, unknown = [], []
        for rule, verdict in zip(self.rules, verdicts, strict=True):
            if self._unknown(rule, row, context):
                unknown.append(rule)
            elif verdict is True:
                hits.append(rule)
        return Seen(tuple(hits), tuple(unknown))

    def _unknown(self, rule: Rule, row: Row, context: Mapping[str, Any]) -> bool:
        reads = self.reads[rule.name]
        unseen = any(row.get(name) is None for name in reads.signals - reads.absences)
        return unseen or any(context[word] is None for word in reads.context)

    def _world(self, row: Row, context: Mapping[str, Any]) -> dict[str, Any]:
        """Return what conditions see; a missing value is shown as nothing, and the rule that reads it is unknown."""
        world: dict[str, Any] = {word: 0.0 if value is None else value for word, value in context.items()}
        for name in self.signals:
            group, _, field_ = name.partition(".")
            value = row.get(name)
            neutral: Value = "" if name in self.categories else 0.0
            world.setdefault(group, {})[field_] = neutral if value is None else value
            world.setdefault(ABSENT, {}).setdefault(group, {})[field_] = value is None
        return world


def reads_of(condition: str) -> Reads:
    """Return the names that a condition reads."""
    names = _NAME.findall(_LITERAL.sub("''", condition))
    dotted = {name for name in names if "." in name}
    absences = {name.partition(".")[2] for name in dotted if name.startswith(f"{ABSENT}.")}
    signals = {name for name in dotted if not name.startswith(f"{ABSENT}.")}
    return Reads(frozenset(signals), frozenset(absences), frozenset(set(names) - dotted - WORDS))


def _troubles(rule: Rule, catalogue: Catalogue) -> Iterable[str]:
    reads = reads_of(rule.when)
    for name in sorted(reads.signals | reads.absences):
        yield from _signal_troubles(rule, name, catalogue.signals.get(name))
    for word in sorted(reads.context - set(CONTEXT)):
        yield f"{rule.name}: {word} is neither a signal nor one of {', '.join(CONTEXT)}"
    if rule.reason not in REASONS:
        yield f"{rule.name}: there is no reason {rule.reason}"
    if rule.kind == "red" and rule.then != "block":
        yield f"{rule.name}: a red rule blocks"
    if rule.kind == "amber" and rule.then == "allow":
        yield f"{rule.name}: an amber rule cannot allow; that is an override"
    if rule.kind == "override" and (rule.line is None or rule.until_ms is None):
        yield f"{rule.name}: an override names one line and when it ends (line, until_ms)"
    try:
        zen.compile_expression(rule.when)
    except RuntimeError as error:
        found = _SAID.search(str(error))
        yield f"{rule.name}: {found[1] if found else 'the condition cannot be read'}"


def _signal_troubles(rule: Rule, name: str, signal: Signal | None) -> Iterable[str]:
    if signal is None:
        yield f"{rule.name}: there is no signal {name}"
    elif "policy" not in signal.use:
        yield f"{rule.name}: {name} is for {', '.join(sorted(signal.use))} and no rule may read it"
