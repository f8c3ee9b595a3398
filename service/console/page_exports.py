"""Exports: decisions as CSV once another person has approved it, and a subject's own data."""

import json
from functools import partial
from typing import Final, get_args

from nicegui import ui

from features.clock import CHINA, moment
from service.console import formats
from service.console.context import Here
from service.console.frame import page
from service.console.parts import button, chip, div, panel, say, table, tell, told
from service.ports_desk import Subject
from service.ports_proposals import Proposal

SUBJECTS: Final[tuple[Subject, ...]] = get_args(Subject)


@page("/exports", "nav.exports", "export.decisions")
async def build(at: Here) -> None:
    """Show what can be taken out."""
    with div("page-head"):
        say(at.t("nav.exports"), "page-title", "h1")
        say(at.t("exports.why"), "muted")
    with div("board"):
        with panel(at.t("exports.decisions")):
            _propose(at)
        if at.may("export.subject"):
            with panel(at.t("exports.subject")):
                _subject(at)
        with panel(at.t("exports.mine"), "span-2"):
            await _mine(at)


def _propose(at: Here) -> None:
    now_ms = at.console.clock.now_ms()
    with div("pair"):
        since = ui.input(at.t("exports.since"), value=formats.day(now_ms - 7 * formats.DAY_MS)).props(
            "outlined dense type=date stack-label"
        )
        until = ui.input(at.t("exports.until"), value=formats.day(now_ms)).props("outlined dense type=date stack-label")
    reason = ui.input(at.t("exports.reason")).props("outlined dense maxlength=400").classes("wide").mark("why-export")

    async def propose() -> None:
        try:
            span = (formats.ms_of_day(since.value or ""), formats.ms_of_day(until.value or "") + formats.DAY_MS)
        except ValueError:
            tell("DAY", "")
            return
        await at.console.four_eyes.propose_export(at.person, *span, reason.value or "")
        told("exports.proposed")
        ui.navigate.reload()

    button(at.t("exports.propose"), propose, kind="primary").mark("propose-export")
    say(at.t("exports.four_eyes"), "muted")


def _subject(at: Here) -> None:
    with div("pair"):
        kind = ui.select({name: at.t(f"entity.{name}") for name in SUBJECTS}, value="party").props("outlined dense")
        what = ui.input(at.t("explorer.what")).props("outlined dense maxlength=128").classes("grow")
    reason = ui.input(at.t("exports.reason")).props("outlined dense maxlength=400").classes("wide")

    async def fetch() -> None:
        entity = next(name for name in SUBJECTS if name == kind.value)
        data = await at.console.explorer.subject_data(at.person, entity, (what.value or "").strip(), reason.value or "")
        ui.download.content(json.dumps(data, ensure_ascii=False, indent=2, default=str), "subject.json")

    button(at.t("exports.fetch"), fetch, kind="primary")
    say(at.t("exports.subject_why"), "muted")


async def _mine(at: Here) -> None:
    found = [
        proposal
        for proposal in await at.console.four_eyes.proposals(at.person, state=None)
        if proposal.kind == "bulk_export" and proposal.proposer == at.person.name
    ]

    def fetching(proposal: Proposal) -> None:
        async def fetch() -> None:
            text = await at.console.explorer.export_decisions(at.person, proposal.proposal_id)
            ui.download.content("\ufeff" + text, f"decisions-{proposal.proposal_id}.csv", "text/csv")

        if proposal.state == "approved":
            button(at.t("exports.fetch"), fetch, kind="small", icon="download")

    table(
        [at.t(f"exports.{head}") for head in ("proposed_at", "span", "reason", "state", "approver")] + [""],
        [
            (
                formats.when(proposal.proposed_ms),
                f"{_day(proposal, 'since_ms')} – {_day(proposal, 'until_ms')}",
                proposal.reason,
                partial(chip, at.t(f"proposal_state.{proposal.state}")),
                proposal.decided_by or "—",
                partial(fetching, proposal),
            )
            for proposal in found
        ],
    )


def _day(proposal: Proposal, name: str) -> str:
    return moment(int(proposal.payload[name])).astimezone(CHINA).strftime("%Y-%m-%d")
