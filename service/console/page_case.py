"""The page of a case: what is asked, why we stopped it, what is normal here, what to do next, on one screen."""

from nicegui import ui

from service.console import formats
from service.console.case_do import actions, history
from service.console.case_normal import normal
from service.console.case_why import why
from service.console.context import Here
from service.console.frame import page
from service.console.parts import button, chip, decision_chip, div, facts, panel, say
from service.console.reveal import ask_reason
from service.pages import Asked, CasePage
from service.ports_cases import CaseFile


@page("/case/{case_id}", "nav.case", "cases.read")
async def build(at: Here) -> None:
    """Show a case."""
    _shown(at, await at.console.desk.page(at.person, str(at.request.path_params["case_id"])))


@page("/screening/{screening_id}", "nav.screening", "cases.read")
async def build_screening(at: Here) -> None:
    """Show a screening in the same way, with its case if it opened one."""
    _shown(at, await at.console.desk.screening_page(at.person, str(at.request.path_params["screening_id"])))


def _shown(at: Here, shown: CasePage) -> None:
    with div("page-head"):
        _head(at, shown)
        if shown.case is not None:
            _case_head(at, shown.case)
    with div("case-grid"):
        with div("case-left"):
            with panel(at.t("case.asked")):
                asked(at, shown.asked)
            with panel(at.t("case.next")):
                actions(at, shown)
        with div("case-right"):
            with panel(at.t("case.why")):
                why(at, shown.why)
            with panel(at.t("case.normal")):
                normal(at, shown)
            if shown.case is not None:
                with panel(at.t("case.history")):
                    history(at, shown)


def _head(at: Here, shown: CasePage) -> None:
    say(at.t("case.title", action=at.t(f"action.{shown.asked.action}")), "page-title", "h1")
    decision_chip(shown.why.decision)
    if not shown.why.enforced:
        chip(at.t("case.observed"), "info")


def _case_head(at: Here, case: CaseFile) -> None:
    now_ms = at.console.clock.now_ms()
    chip(at.t(f"state.{case.state}"), "good" if case.state == "decided" else "info")
    if case.level:
        chip(at.t("case.escalated"), "bad")
    say(case.case_id, "mono muted")
    div("grow")
    with div("case-figures"):
        _figure(at.t("queue.harm"), formats.yuan(case.expected_harm_fen))
        if case.state in {"open", "snoozed"}:
            _figure(at.t("queue.time_left"), formats.span(case.expires_ms - now_ms, at.lang))
            _figure(at.t("queue.due"), formats.clock(case.due_ms))
        _figure(at.t("queue.has_it"), case.decided_by or case.taken_by or "—")


def _figure(name: str, value: str) -> None:
    with div("figure"):
        say(value, "figure-value")
        say(name, "muted")


def asked(at: Here, shown: Asked) -> None:
    """Show what is asked, by whom, for which line, and what hangs on it."""
    facts(
        [
            (at.t("asked.action"), at.t(f"action.{shown.action}")),
            (at.t("asked.channel"), at.t(f"channel.{shown.channel}")),
            (at.t("asked.line"), lambda: _line(at, shown)),
            (at.t("asked.role"), at.t(f"requester.{shown.role}") if shown.role else "—"),
            (at.t("asked.reason"), at.t(f"reason.{shown.reason}") if shown.reason else "—"),
            (at.t("asked.at"), formats.when(shown.at_ms)),
            (at.t("asked.places"), _places(at, shown)),
            (at.t("asked.tenure"), "—" if shown.tenure_days is None else formats.span_days(shown.tenure_days, at.lang)),
            (at.t("asked.stake"), _stake(at, shown)),
        ]
    )
    for owed in shown.obligations:
        say(f"{at.words(owed)}", "owed")
    with ui.expansion(at.t("asked.fields", count=len(shown.fields))).classes("more").props("dense"):
        facts([(field.path, field.value) for field in shown.fields])


def _places(at: Here, shown: Asked) -> str:
    codes = (shown.number_province, shown.home_province, shown.handling_province)
    return " → ".join(dict.fromkeys(formats.province(code, at.lang) for code in codes if code)) or "—"


def _stake(at: Here, shown: Asked) -> str:
    parts = [at.t("asked.services", count=shown.linked_services)] if shown.linked_services else []
    parts += [at.t("asked.premium", tier=shown.premium_tier)] if shown.premium_tier else []
    parts += (
        [at.t("asked.balance", amount=formats.yuan(shown.prepaid_balance_fen))] if shown.prepaid_balance_fen else []
    )
    return " · ".join(parts) or "—"


def _line(at: Here, shown: Asked) -> None:
    with div("line-shown"):
        number = say(shown.line_masked, "mono strong").mark("line-number")
        if at.may("reveal"):

            async def reveal() -> None:
                plain = await ask_reason(at, shown.screening_id, "msisdn")
                if plain is not None:
                    number.set_text(str(plain))

            button(at.t("reveal.show"), reveal, kind="small", icon="visibility").mark("reveal")
