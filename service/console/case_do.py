"""What to do next: the runbook's steps, the verdict with note, label and amounts, and the other acts on a case."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, get_args

from nicegui import ui

from service.casework import LABEL_OF
from service.console import formats
from service.console.context import Here
from service.console.parts import Work, button, chip, div, does, go, link, say, table, tell, told
from service.pages import CasePage
from service.ports_cases import CaseFile, CaseLabel, Verdict

VERDICT_KIND: Final[dict[Verdict, str]] = {"release": "good", "step_up": "warn", "uphold": "bad"}
SNOOZES: Final = (1, 4, 24)
"""Hours that a case can be laid aside for."""


def actions(at: Here, shown: CasePage) -> None:
    """Show the steps and what the person may do."""
    with div("steps", "ol"):
        for step in shown.steps:
            with div(tag="li"):
                say(at.words(step.words))
                say(at.t(f"factor.{step.source}"), "muted")
    if not shown.steps:
        say(at.t("do.no_steps"), "muted")
    if shown.case is None:
        if shown.why.decision == "block" and at.may("proposals.propose"):
            _propose(at, shown)
        return
    case = shown.case
    _related(at, shown, case)
    if case.state == "decided":
        _decided(at, case)
    elif case.state in {"open", "snoozed"} and at.may("cases.work"):
        _verdict(at, case)
    elif case.state in {"expired", "merged"}:
        say(at.t(f"do.{case.state}"), "muted")


def _decided(at: Here, case: CaseFile) -> None:
    with div("verdict-done").mark("verdict-done"):
        chip(at.t(f"verdict.{case.verdict}"), VERDICT_KIND.get(case.verdict or "uphold", ""))
        chip(at.t(f"label.{case.label}")).mark("label-done")
        say(at.t("do.decided", who=case.decided_by, at=formats.when(case.decided_ms)), "muted")
    if case.loss_fen or case.recovered_fen:
        amounts = at.t("do.amounts", loss=formats.yuan(case.loss_fen), back=formats.yuan(case.recovered_fen))
        say(amounts, "muted")


def _verdict(at: Here, case: CaseFile) -> None:
    if case.taken_by != at.person.name:

        async def take() -> None:
            await at.console.casework.take(at.person, case.case_id)
            go(f"/case/{case.case_id}")

        button(at.t("queue.take"), take, kind="primary", icon="front_hand").mark("take")
        return
    note = ui.textarea(at.t("do.note")).props("outlined dense autogrow maxlength=4000").classes("wide").mark("note")
    labels: dict[str, str] = {"": at.t("do.label_by_verdict")}
    labels |= {name: at.t(f"label.{name}") for name in get_args(CaseLabel)}
    label = ui.select(labels, value="", label=at.t("do.label")).props("outlined dense options-dense")
    label.classes("wide").mark("label")
    with div("pair"):
        loss = ui.input(at.t("do.loss")).props("outlined dense inputmode=decimal prefix=¥").mark("loss")
        back = ui.input(at.t("do.recovered")).props("outlined dense inputmode=decimal prefix=¥").mark("recovered")

    async def decide(verdict: Verdict) -> None:
        try:
            amounts = formats.fen_of(loss.value or ""), formats.fen_of(back.value or "")
        except ValueError:
            tell("AMOUNT", "")
            return
        chosen: CaseLabel = next((name for name in get_args(CaseLabel) if name == label.value), LABEL_OF[verdict])
        await at.console.casework.decide(
            at.person,
            case.case_id,
            verdict,
            note.value or "",
            label=chosen,
            loss_fen=amounts[0],
            recovered_fen=amounts[1],
        )
        go(f"/case/{case.case_id}")

    with div("verdicts"):
        for verdict in get_args(Verdict):
            kind = VERDICT_KIND[verdict]
            with button(at.t(f"verdict.{verdict}"), _bound(decide, verdict), kind=f"solid {kind}") as made:
                made.mark(f"verdict-{verdict}").tooltip(at.t(f"do.{verdict}_means"))
    with div("others"):
        _others(at, case, lambda: note.value or "")


def _bound(decide: Callable[[Verdict], Awaitable[None]], verdict: Verdict) -> Work:
    return lambda: decide(verdict)


def _others(at: Here, case: CaseFile, note: Callable[[], str]) -> None:
    case_id, casework = case.case_id, at.console.casework

    async def escalate() -> None:
        await casework.escalate(at.person, case_id, note())
        go("/queue")

    async def leave_note() -> None:
        await casework.note(at.person, case_id, note())
        told("do.noted")
        go(f"/case/{case_id}")

    async def put_back() -> None:
        await casework.put_back(at.person, case_id)
        go("/queue")

    async def snooze(hours: int) -> None:
        await casework.snooze(at.person, case_id, at.console.clock.now_ms() + hours * formats.HOUR_MS, note())
        go("/queue")

    button(at.t("do.leave_note"), leave_note, kind="small", icon="edit_note")
    button(at.t("do.escalate"), escalate, kind="small", icon="north_east")
    button(at.t("do.put_back"), put_back, kind="small", icon="undo")
    more = ui.button(at.t("do.snooze"), icon="snooze", color=None).props("no-caps unelevated").classes("button small")
    with more, ui.menu().props("auto-close"):
        for hours in SNOOZES:
            ui.menu_item(at.t("do.hours", count=hours), on_click=_snoozing(snooze, hours))


def _snoozing(snooze: Callable[[int], Awaitable[None]], hours: int) -> Work:
    return does(lambda: snooze(hours))


def _propose(at: Here, shown: CasePage) -> None:
    if any(found.kind == "release_block" for found in shown.proposals):
        say(at.t("do.proposed_already"), "muted")
        return
    note = ui.textarea(at.t("do.note")).props("outlined dense autogrow maxlength=4000").classes("wide").mark("note")

    async def propose() -> None:
        await at.console.four_eyes.propose_release(at.person, shown.asked.screening_id, note.value or "")
        go("/approvals")

    say(at.t("do.block_why"), "muted")
    button(at.t("do.propose_release"), propose, kind="primary", icon="how_to_reg").mark("propose")


def _related(at: Here, shown: CasePage, case: CaseFile) -> None:
    others = [found for found in shown.related if found.case.case_id != case.case_id]
    if not others:
        return
    say(at.t("do.related"), "sub", "h3")

    def merging(other: str) -> Callable[[], object]:
        async def merge() -> None:
            await at.console.casework.merge(at.person, other, case.case_id)
            told("do.merged_in")
            go(f"/case/{case.case_id}")

        return lambda: button(at.t("do.merge"), merge, kind="small") if at.may("cases.work") else None

    table(
        [at.t("queue.case"), at.t("do.shares"), at.t("queue.time_left"), ""],
        [
            (
                partial(link, formats.short(found.case.case_id), f"/case/{found.case.case_id}", "mono"),
                " · ".join(at.t(f"entity.{name}") for name in found.shared),
                formats.span(found.case.expires_ms - at.console.clock.now_ms(), at.lang),
                merging(found.case.case_id),
            )
            for found in others
        ],
        "tight",
    )


def history(at: Here, shown: CasePage) -> None:
    """Show who did what with the case, and the notes that they left."""
    table(
        [at.t("history.at"), at.t("history.by"), at.t("history.act"), at.t("history.text")],
        [
            (formats.when(entry.at_ms), entry.by, at.t(f"act.{entry.act}"), entry.text)
            for entry in reversed(shown.history)
        ],
        "tight",
        empty=at.t("history.none"),
    )
