"""The policy desk: the rules in force as a table, a draft that is checked as it is typed, factors and thresholds."""

from importlib.resources import files
from typing import Final, get_args

from nicegui import ui

from features.vocabulary import Klass
from model.factors import FACTORS, SPOILERS
from model.manifest import BANDS
from model.policy import Policy, PolicyError
from model.reasons import REASONS
from model.rules import Rule
from service.console.context import Here
from service.console.frame import page
from service.console.parts import chip, decision_chip, div, panel, say, table
from service.judging import InForce

WAIT_S: Final = 0.4
"""How long typing pauses before a draft is checked."""
LONGEST_DRAFT: Final = 200_000


@page("/policy", "nav.policy", "policy.read")
async def build(at: Here) -> None:
    """Show the policy in force, and a draft."""
    force = at.console.in_force()
    with div("page-head"):
        say(at.t("nav.policy"), "page-title", "h1")
        chip(at.t("policy.in_force", version=force.policy.version), "good")
        chip(at.t("policy.model", version=force.model_version or at.t("why.no_model")), "info")
        say(at.t("policy.counts", count=len(force.policy.rules)), "muted")
    with ui.tabs().props("dense no-caps align=left").classes("tabs") as tabs:
        rules = ui.tab("rules", at.t("policy.rules"))
        draft = ui.tab("draft", at.t("policy.draft")).mark("tab-draft")
        factors = ui.tab("factors", at.t("policy.factors"))
        thresholds = ui.tab("thresholds", at.t("policy.thresholds"))
    with ui.tab_panels(tabs, value=rules, animated=False).classes("tab-panels"):
        with ui.tab_panel(rules):
            _rules(at, force.policy.rules)
        with ui.tab_panel(draft):
            _draft(at, force)
        with ui.tab_panel(factors):
            _factors(at)
        with ui.tab_panel(thresholds):
            _thresholds(at, force)


def _rules(at: Here, rules: tuple[Rule, ...]) -> None:
    with div("rules"):
        for rule in rules:
            _rule(at, rule)


def _rule(at: Here, rule: Rule) -> None:
    with div("rule-card"):
        with div("rule-head"):
            say(rule.name, "mono strong", "span")
            chip(at.t(f"kind_of_rule.{rule.kind}"), "bad" if rule.kind == "red" else "")
            decision_chip(rule.then)
            say(rule.reason, "mono muted", "span")
        with div("rule-body"):
            with div():
                say(rule.when, "expression", "code")
                if at.lang == "zh":
                    say(REASONS[rule.reason].zh, "rule-why")
                say(rule.why, "beside" if at.lang == "zh" else "rule-why")
            with div():
                say(rule.runbook if at.lang == "zh" else rule.runbook_en, "runbook")
                with div("examples"):
                    for name, row in (("policy.fires", rule.fires), ("policy.quiet", rule.quiet)):
                        say(at.t(name), "muted", "span")
                        say(", ".join(f"{key} = {value}" for key, value in row.items()) or "—", "mono", "span")


def _draft(at: Here, force: InForce) -> None:
    """Check a draft as it is typed, by the very check that loads a policy; nothing is put in force here."""
    say(at.t("policy.draft_why"), "muted")

    def look() -> None:
        check.deactivate()
        result.clear()
        with result:
            _checked(at, text.value[:LONGEST_DRAFT], force)

    check = ui.timer(WAIT_S, look, immediate=False)
    shipped = (files("model") / "policies" / "default.toml").read_text()
    with div("draft").on("keydown", js_handler="(event) => event.stopPropagation()"):
        text = ui.codemirror(
            shipped,
            language="TOML",
            theme="vscodeDark" if at.dark else "vscodeLight",
            on_change=check.activate,
        )
        text.classes("editor").mark("draft")
        result = div("verdict-box").mark("draft-result")


def _checked(at: Here, text: str, force: InForce) -> None:
    try:
        policy = Policy.parse(text.encode(), force.catalogue)
    except PolicyError as error:
        sentences = str(error).splitlines()
        chip(at.t("policy.wrong", count=len(sentences)), "bad")
        for sentence in sentences:
            say(sentence, "mono trouble")
        return
    chip(at.t("policy.fine"), "good")
    before = {rule.name: rule for rule in force.policy.rules}
    after = {rule.name: rule for rule in policy.rules}
    say(at.t("policy.fine_counts", version=policy.version, count=len(after)))
    for key, names in (
        ("policy.added", [name for name in after if name not in before]),
        ("policy.removed", [name for name in before if name not in after]),
        ("policy.changed", [name for name in after if name in before and after[name] != before[name]]),
    ):
        for name in names:
            with div("change"):
                say(at.t(key), "muted", "span")
                say(name, "mono", "span")


def _factors(at: Here) -> None:
    say(at.t("policy.factors_why"), "muted")
    table(
        [at.t("why.factor"), *(at.t(f"spoiler.{spoiler.name}") for spoiler in SPOILERS)],
        [
            (
                at.t(f"factor.{factor}"),
                *(
                    (lambda: chip(at.t("policy.spoils"), "bad")) if factor in spoiler.spoils else ""
                    for spoiler in SPOILERS
                ),
            )
            for factor in FACTORS
        ],
        "hover",
    )
    with panel(at.t("policy.spoiler_reads")):
        table(
            [at.t("policy.spoiler"), at.t("policy.signals")],
            [(at.t(f"spoiler.{spoiler.name}"), ", ".join(spoiler.reads)) for spoiler in SPOILERS],
            "tight",
        )


def _thresholds(at: Here, force: InForce) -> None:
    say(at.t("policy.thresholds_why"), "muted")
    if force.scorer is None:
        say(at.t("why.no_model"))
        return
    manifest = force.scorer.manifest
    rows = [
        (
            at.t(f"klass.{klass}"),
            at.t(f"strictness.{strictness}"),
            *(_start(bands.of(klass).start(b)) for b in reversed(BANDS)),
        )
        for strictness, bands in (("normal", manifest.thresholds), ("raised", manifest.raised))
        for klass in get_args(Klass)
    ]
    heads = ("policy.klass", "policy.strictness", *(f"decision.{band}" for band in reversed(BANDS)))
    table([at.t(head) for head in heads], rows)


def _start(probability: float | None) -> str:
    return "—" if probability is None else f"≥ {100 * probability:.2f}%"
