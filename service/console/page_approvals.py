"""Approvals: what one person proposed and another must approve; nobody approves their own."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from service.console import formats
from service.console.context import Here
from service.console.frame import page
from service.console.parts import Work, button, chip, div, link, say, told
from service.ports_proposals import Proposal

KIND = {"open": "warn", "approved": "good", "done": "good", "refused": "bad"}


@page("/approvals", "nav.approvals", "cases.read")
async def build(at: Here) -> None:
    """Show what waits for a second pair of eyes."""
    every = [False]

    @ui.refreshable
    async def proposals() -> None:
        found = await at.console.four_eyes.proposals(at.person, state=None if every[0] else "open")
        if not found:
            say(at.t("approvals.none"), "muted hint")
        with div("proposals"):
            for proposal in found:
                _proposal(at, proposal, proposals.refresh)

    def choose(event: Any) -> None:  # noqa: ANN401 - NiceGUI's event
        every[0] = bool(event.value)
        proposals.refresh()

    with div("page-head"):
        say(at.t("nav.approvals"), "page-title", "h1")
        say(at.t("approvals.why"), "muted")
        div("grow")
        ui.switch(at.t("approvals.all"), on_change=choose).props("dense")
    await proposals()


def _proposal(at: Here, found: Proposal, again: Callable[[], Any]) -> None:
    with div("panel proposal"):
        with div("rule-head"):
            say(at.t(f"proposal.{found.kind}"), "strong", "span")
            chip(at.t(f"proposal_state.{found.state}"), KIND.get(found.state, ""))
            if found.kind == "release_block":
                link(found.subject, f"/screening/{found.subject}", "mono")
            else:
                say(_subject(found), "mono muted", "span")
        say(found.reason, "quote")
        say(at.t("approvals.by", who=found.proposer, at=formats.when(found.proposed_ms)), "muted")
        if found.decided_by:
            say(at.t("approvals.decided", who=found.decided_by, at=formats.when(found.decided_ms)), "muted")
            if found.note:
                say(found.note, "quote")
        if found.state == "open":
            _acts(at, found, again)


def _subject(found: Proposal) -> str:
    if found.kind == "bulk_export":
        return f"{formats.when(int(found.payload['since_ms']))} – {formats.when(int(found.payload['until_ms']))}"
    return found.subject


def _acts(at: Here, found: Proposal, again: Callable[[], Any]) -> None:
    eyes = at.console.four_eyes
    with div("others settle"):
        if found.proposer == at.person.name:
            button(at.t("approvals.withdraw"), _then(lambda: eyes.withdraw(at.person, found.proposal_id), again))
            say(at.t("approvals.own"), "muted")
        elif at.may("proposals.approve"):
            note = ui.input(at.t("approvals.note")).props("outlined dense maxlength=400").classes("grow")
            button(
                at.t("approvals.approve"),
                _then(lambda: eyes.approve(at.person, found.proposal_id, note.value or ""), again),
                kind="solid good",
            ).mark(f"approve-{found.proposal_id}")
            button(
                at.t("approvals.refuse"),
                _then(lambda: eyes.refuse(at.person, found.proposal_id, note.value or ""), again),
                kind="solid bad",
            )


def _then(work: Callable[[], Awaitable[object]], again: Callable[[], Any]) -> Work:
    async def done() -> None:
        await work()
        told("approvals.done")
        again()

    return done
