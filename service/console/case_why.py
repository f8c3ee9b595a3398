"""Why a request was stopped: reasons in words, contributions, rules with their runbook, factors, what was missing."""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from model.reasons import REASONS
from service.console import charts
from service.console.context import Here
from service.console.parts import chip, decision_chip, div, say, table
from service.pages import FactorShown, RuleShown, Why


def why(at: Here, shown: Why) -> None:
    """Show why."""
    with div("why-grid"):
        with div():
            say(at.t("why.reasons"), "sub", "h3")
            _reasons(at, shown)
            say(at.t("why.rules"), "sub", "h3")
            _rules(at, shown.rules)
        with div():
            _score(at, shown)
            if shown.bars:
                say(at.t("why.bars"), "sub", "h3")
                height = 30 + 24 * min(len(shown.bars), charts.MOST_BARS)
                ui.echart(charts.contributions(at, shown.bars), renderer="svg").classes("chart").style(
                    f"height:{height}px"
                )
            say(at.t("why.factors"), "sub", "h3")
            _factors(at, shown.factors)
    _gaps(at, shown)


def _reasons(at: Here, shown: Why) -> None:
    with div("reasons", "ol"):
        for reason in shown.reasons:
            with div("reason", "li"):
                say(at.words(reason), "reason-words")
                say(at.beside(reason), "beside")
    if not shown.reasons:
        say(at.t("why.no_reasons"), "muted")


def _score(at: Here, shown: Why) -> None:
    with div("figures"):
        if shown.score is not None:
            _figure(at.t("why.score"), str(shown.score))
        if shown.probability is not None:
            _figure(at.t("why.probability"), f"{100 * shown.probability:.1f}%")
        _figure(at.t("why.policy"), shown.policy)
        _figure(at.t("why.model"), shown.model or at.t("why.no_model"))


def _figure(name: str, value: str) -> None:
    with div("figure"):
        say(value, "figure-value small")
        say(name, "muted")


def _rules(at: Here, rules: Sequence[RuleShown]) -> None:
    """Show the rules that were hit with their runbook; those that could not be told are folded away."""
    hit = [rule for rule in rules if rule.state == "hit"]
    unknown = [rule for rule in rules if rule.state == "unknown"]
    reasons = {rule.name: REASONS[rule.reason].zh for rule in at.console.in_force().policy.rules}
    for rule in hit:
        _rule(at, rule, reasons)
    if not hit:
        say(at.t("why.no_rules"), "muted")
    if unknown:
        with ui.expansion(at.t("why.unknown_rules", count=len(unknown))).classes("more inner").props("dense"):
            say(at.t("why.unknown_means"), "muted")
            for rule in unknown:
                _rule(at, rule, reasons)


def _rule(at: Here, rule: RuleShown, reasons: Mapping[str, str]) -> None:
    with div(f"rule {rule.state}"):
        with div("rule-head"):
            if rule.state == "hit":
                chip(at.t("rule.hit"), "bad")
            say(rule.name, "mono strong", "span")
            decision_chip(rule.then)
            if rule.kind == "red":
                chip(at.t("rule.red"), "bad")
            if not rule.known:
                chip(at.t("rule.gone"))
        chinese = reasons.get(rule.name) if at.lang == "zh" else None
        if chinese:
            say(chinese, "rule-why")
        say(rule.why, "beside" if chinese else "rule-why")
        if rule.state == "hit":
            say(at.words(rule.runbook), "runbook")


def _factors(at: Here, factors: Sequence[FactorShown]) -> None:
    def row(factor: FactorShown) -> Sequence[Any]:
        def spoiled() -> None:
            for name in factor.spoiled_by:
                chip(at.t(f"spoiler.{name}"), "bad")

        return (
            at.t(f"factor.{factor.factor}"),
            lambda: chip(at.t("yes"), "good") if factor.shown else say("—", "muted"),
            lambda: chip(at.t("yes"), "info") if factor.offered else say("—", "muted"),
            spoiled,
        )

    heads = ("why.factor", "why.shown", "why.offered", "why.spoiled")
    said = [factor for factor in factors if factor.shown or factor.offered or factor.spoiled_by]
    table([at.t(head) for head in heads], [row(factor) for factor in said], "tight")
    silent = [at.t(f"factor.{factor.factor}") for factor in factors if factor not in said]
    if silent:
        say(at.t("why.not_offered", names=at.t("comma").join(silent)), "muted")


def _gaps(at: Here, shown: Why) -> None:
    for failed in shown.failed:
        say(at.t("why.failed", what=at.t(f"failure.{failed}")), "degraded")
    if shown.missing:
        with ui.expansion(at.t("why.missing", count=len(shown.missing))).classes("more").props("dense"), div("chips"):
            for name in shown.missing:
                chip(name)
