"""The explorer: what is known of a line, person, device or agent; every search is written down."""

from functools import partial
from typing import Final, get_args

from nicegui import ui

from service.console import charts, formats
from service.console.context import Here
from service.console.frame import page
from service.console.parts import button, chip, decision_chip, div, link, panel, say, table
from service.explorer import FoundOut
from service.ports_desk import Subject

SUBJECTS: Final[tuple[Subject, ...]] = get_args(Subject)


@page("/explorer", "nav.explorer", "explore")
async def build(at: Here) -> None:
    """Show the search and what it found."""
    with div("page-head"):
        say(at.t("nav.explorer"), "page-title", "h1")
        say(at.t("explorer.audited"), "muted")
    with div("search"):
        kind = ui.select({name: at.t(f"entity.{name}") for name in SUBJECTS}, value="line").props(
            "outlined dense options-dense"
        )
        kind.mark("search-kind").classes("filter")
        what = ui.input(placeholder=at.t("explorer.what")).props("outlined dense autofocus clearable maxlength=128")
        what.classes("grow").mark("search-what")

        async def search() -> None:
            if what.value:
                found = await at.console.explorer.search(
                    at.person, next(name for name in SUBJECTS if name == kind.value), what.value.strip()
                )
                answer.clear()
                with answer:
                    _found(at, found)

        what.on("keydown.enter", search)
        button(at.t("explorer.search"), search, kind="primary", icon="search").mark("search")
    answer = div("stack").mark("found")
    with answer:
        say(at.t("explorer.hint"), "muted hint")


def _found(at: Here, found: FoundOut) -> None:
    with div("page-head"):
        say(at.t(f"entity.{found.entity}"), "strong")
        say(found.token, "mono")
        if found.frauds:
            chip(at.t("graph.frauds", count=found.frauds), "bad")
    with panel(at.t("normal.timeline")):
        if found.happenings:
            kinds = len({happening.kind for happening in found.happenings})
            ui.echart(charts.timeline(at, found.happenings), renderer="svg").classes("chart").style(
                f"height:{56 + 30 * max(kinds, 2)}px"
            )
        else:
            say(at.t("explorer.nothing"), "muted")
    with panel(at.t("explorer.decisions"), note=str(len(found.decisions))):
        heads = ("at", "action", "channel", "region", "decision", "probability", "line", "device", "screening")
        table(
            [at.t(f"explorer.{head}") for head in heads],
            [
                (
                    formats.when(line.created_ms),
                    at.t(f"action.{line.action}"),
                    at.t(f"channel.{line.channel}"),
                    formats.province(line.region, at.lang),
                    partial(decision_chip, line.decision),
                    formats.share(line.probability),
                    partial(say, formats.short(line.line), "mono"),
                    partial(say, formats.short(line.device), "mono"),
                    partial(link, line.screening_id, f"/screening/{line.screening_id}", "mono"),
                )
                for line in found.decisions
            ],
            "hover",
        )
