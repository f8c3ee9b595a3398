"""The policy: a file of rules that decides, together with the model's band, floors, earlier verdicts and evidence.

A policy is a TOML file. It loads only when every name in it exists and every worked example holds, so a slip is found
where it is made and not at a customer. `model.outcome.settle` says in which order everything meets.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from features.catalogue import Catalogue
from features.request import ScreeningRequest
from model import eligibility, factors
from model.eligibility import Obligation
from model.matter import Matter, Verdict
from model.outcome import RANK, Decision, Strictness, Voices, settle
from model.policy_file import PolicyFile, WorkedExample, check_ways
from model.rules import CONTEXT, PolicyError, Rule, RuleBook, Seen

__all__ = ["Matter", "Policy", "PolicyError", "Strictness", "Verdict"]

FAILURES: Final[Mapping[str, str]] = {
    "velocity": "DEGRADED_VELOCITY",
    "model": "DEGRADED_MODEL",
    "signals": "DEGRADED_SIGNALS",
}
"""What can fail, and the reason it gives. No setting turns any of these into an allow."""


class Policy:
    """A policy in force."""

    def __init__(self, file: PolicyFile, catalogue: Catalogue) -> None:
        """Check and compile a policy; `load` also runs its examples.

        Raises:
            PolicyError: all that is wrong with it.
        """
        self._file = file
        self._book = RuleBook.compiled(file.rule, catalogue)
        check_ways(file)
        named = self._book.signals | set(eligibility.READS) | set(factors.READS)
        self.signals = tuple(catalogue.signals[name].versioned for name in sorted(named))

    @classmethod
    def load(cls, path: Path | None, catalogue: Catalogue) -> "Policy":
        """Load a policy file, or the default one, and run its worked examples.

        Raises:
            PolicyError: all that is wrong with it.
            OSError: the file cannot be read.
        """
        source = files("model") / "policies" / "default.toml" if path is None else path
        return cls.parse(source.read_bytes(), catalogue)

    @classmethod
    def parse(cls, text: bytes, catalogue: Catalogue) -> "Policy":
        """Return the policy that a text holds; see `load`."""
        try:
            file = msgspec.toml.decode(text, type=PolicyFile)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise PolicyError(str(error)) from None
        policy = cls(file, catalogue)
        troubles = policy.broken_examples()
        if troubles:
            raise PolicyError("\n".join(troubles))
        return policy

    @property
    def version(self) -> str:
        """The policy's name."""
        return self._file.version

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, in the file's order."""
        return tuple(self._file.rule)

    def cooling_off(self, action: str) -> timedelta:
        """Return for how long an action is only a suspension and may be taken back; nothing for most."""
        hours = {str(name): hours for name, hours in self._file.cooling_off_h.items()}
        return timedelta(hours=hours.get(action, 0))

    def judge(self, matter: Matter) -> Verdict:
        """Decide."""
        seen = self._look(matter)
        evidence = factors.shown(matter.request, matter.row)
        stepped_up = _stepped_up(matter, evidence | (matter.done - set(factors.spoiled(matter.row))))
        floors = _floors(matter, evidence, met=stepped_up is not None)
        voices = replace(_voices(matter, seen), stepped_up=stepped_up)
        undegraded = settle(
            replace(voices, floors=_raised(floor for floor in floors if floor[0] not in FAILURES.values()))
        )
        decision = settle(replace(voices, floors=_raised(floors)))
        owed = eligibility.obligations(matter.request.action, matter.row)
        degraded_only = RANK[decision] > RANK[undegraded]
        return Verdict(
            decision=decision,
            degraded_only=degraded_only,
            reasons=_reasons(matter, seen, floors),
            hits=seen.hits,
            unknown=tuple(rule.name for rule in seen.unknown),
            evidence=evidence,
            spoiled=factors.spoiled(matter.row),
            ways=self._ways(decision, matter),
            hold=self._file.holds[matter.request.klass] if decision == "hold" else None,
            obligations=owed,
            next_actions=_next_actions(decision, owed, degraded_only=degraded_only),
        )

    def broken_examples(self) -> list[str]:
        """Run every worked example and return a sentence for each that does not hold."""
        broken = [
            f"{rule.name}: its example `{which}` should {'' if wanted else 'not '}hit it"
            for rule in self._file.rule
            if rule.kind != "override"
            for which, row, wanted in (("fires", rule.fires, True), ("quiet", rule.quiet, False))
            if self._hits(rule, row) is not wanted
        ]
        return broken + [sentence for example in self._file.example for sentence in self._broken(example)]

    def _hits(self, rule: Rule, row: Mapping[str, Any]) -> bool | None:
        """Return whether an example hits a rule; None when the rule is unknown in it."""
        given = {name: value for name, value in row.items() if name not in CONTEXT}
        example = WorkedExample(
            name=rule.name,
            expects="allow",
            row=given,
            action=row.get("action", "close"),
            channel=row.get("channel", "app"),
        )
        matter = self._matter(example, probability=row.get("probability", 0.001), strictness=row.get("strictness"))
        seen = self._look(matter)
        return None if rule in seen.unknown else rule in seen.hits

    def _broken(self, example: WorkedExample) -> list[str]:
        verdict = self.judge(self._matter(example))
        if verdict.decision != example.expects:
            return [f"example {example.name}: {verdict.decision} and not {example.expects}"]
        if example.reason is not None and example.reason not in verdict.reasons:
            return [
                f"example {example.name}: gives {', '.join(verdict.reasons) or 'no reason'} and not {example.reason}"
            ]
        return []

    def _matter(
        self, example: WorkedExample, probability: float | None = 0.001, strictness: Strictness | None = None
    ) -> Matter:
        plain = {"request_id": "example", "subscriber": {"msisdn": "+8613800138000"}}
        body = plain | {"action": example.action, "channel": example.channel} | example.request
        row = {
            name: float(value) if isinstance(value, int | float) else value
            for name, value in (self._file.plain | example.row).items()
        }
        return Matter(
            request=msgspec.convert(body, ScreeningRequest),
            row={name: None if value == "absent" else value for name, value in row.items()},
            probability=None if example.band is None else probability,
            band=example.band,
            failures=frozenset(example.failures),
            sticky=example.sticky,
            at_ms=0,
            strictness=strictness or "normal",
        )

    def _look(self, matter: Matter) -> Seen:
        request = matter.request
        seen = self._book.look(
            matter.row,
            {
                "action": request.action,
                "channel": request.channel,
                "irreversible": request.irreversible,
                "protective": request.protective,
                "strictness": matter.strictness,
                "probability": matter.probability,
            },
        )
        return Seen(tuple(rule for rule in seen.hits if _in_force(rule, matter)), seen.unknown)

    def _ways(self, decision: Decision, matter: Matter) -> tuple[tuple[str, ...], ...]:
        """Return the ways on that are open; after a hold those that a thief's phone cannot take."""
        if decision not in {"challenge", "hold"}:
            return ()
        irreversible = matter.request.irreversible
        name = "hold" if decision == "hold" else "challenge_irreversible" if irreversible else "challenge"
        ways = (tuple(way) for way in self._file.ways[name])  # type: ignore[index]
        return factors.offered(ways, matter.request, matter.row, done=matter.done)


def _in_force(rule: Rule, matter: Matter) -> bool:
    """An override speaks for its own line, until it ends; every other rule always does."""
    if rule.kind != "override":
        return True
    return rule.line == matter.request.subscriber.msisdn and rule.until_ms is not None and matter.at_ms < rule.until_ms


def _voices(matter: Matter, seen: Seen) -> Voices:
    amber = sorted((rule.then for rule in seen.hits if rule.kind == "amber"), key=RANK.__getitem__)
    overrides = [rule.then for rule in seen.hits if rule.kind == "override"]
    lowered = sorted([*overrides, *([matter.released] if matter.released else [])], key=RANK.__getitem__)
    return Voices(
        red=any(rule.kind == "red" for rule in seen.hits),
        band=matter.band,
        amber=amber[-1] if amber else None,
        exception=lowered[0] if lowered else None,
        sticky=matter.sticky,
        protective=matter.request.protective,
    )


def _stepped_up(matter: Matter, proven: frozenset[str]) -> Literal["challenge", "hold"] | None:
    """Return the hardest answer that was met: all of a way that was offered is proven now, and not by a face alone."""
    met = [
        offer.meets
        for offer in matter.offers
        if any(set(way) <= proven and factors.sufficient(way) for way in offer.ways)
    ]
    return max(met, key=RANK.__getitem__, default=None)


def _raised(floors: Iterable[tuple[str, Decision]]) -> tuple[Decision, ...]:
    return tuple(decision for _, decision in floors)


def _floors(matter: Matter, evidence: frozenset[str], *, met: bool) -> list[tuple[str, Decision]]:
    """Return what failures and missing evidence raise the answer to, each with its reason.

    A step-up that was completed (`met`) is evidence; a half of one is none.
    """
    irreversible = matter.request.irreversible
    least: Decision = "hold" if irreversible else "challenge"
    floors: list[tuple[str, Decision]] = [(FAILURES[failure], least) for failure in sorted(matter.failures)]
    if irreversible and not met and not factors.sufficient(evidence):
        floors.append(("EVIDENCE_INSUFFICIENT", "challenge"))
    return floors


def _reasons(matter: Matter, seen: Seen, floors: list[tuple[str, Decision]]) -> tuple[str, ...]:
    weighed = [rule for rule in seen.hits if rule.kind != "override"]
    ordered = sorted(weighed, key=lambda rule: (rule.kind != "red", -RANK[rule.then]))
    codes = [rule.reason for rule in ordered] + [code for code, _ in floors]
    if matter.sticky is not None and RANK[matter.sticky] > RANK["allow"]:
        codes.append("EARLIER_VERDICT")
    return tuple(dict.fromkeys(codes))


def _next_actions(decision: Decision, owed: tuple[Obligation, ...], *, degraded_only: bool) -> tuple[str, ...]:
    codes: list[str] = []
    if degraded_only and decision == "hold":
        codes.append("ASK_AGAIN_LATER")
    elif decision == "challenge":
        codes.append("CONFIRM_IDENTITY")
    elif decision == "hold":
        codes.append("WAIT_FOR_REVIEW")
    elif decision == "block":
        codes += ["VISIT_STORE", "ASK_FOR_REVIEW"]
    return tuple(dict.fromkeys([*codes, *(obligation.next_action for obligation in owed)]))
