"""The queue: open cases by what may be lost and the time that is left, by action and region; take the next."""

from collections.abc import Callable, Sequence
from typing import Any, Final, get_args

from nicegui import ui

from features.provinces import PROVINCES
from features.vocabulary import Action
from service.console import formats
from service.console.context import Here
from service.console.frame import page, take_next
from service.console.parts import button, chip, div, does, go, link, say, table, told
from service.ports_cases import CaseFile, CaseState, Wanted

PAGE_SIZE: Final = 25
SOON_MS: Final = 4 * formats.HOUR_MS
STATES: Final[tuple[CaseState, ...]] = ("open", "snoozed", "decided", "expired", "merged")


class Choice:
    """What the person chose to see."""

    def __init__(self) -> None:
        """Begin with all that is open."""
        self.queue: str | None = None
        self.region: str | None = None
        self.state: CaseState = "open"
        self.mine = False
        self.skip = 0

    def wanted(self, at: Here) -> Wanted:
        """Return it as the use case takes it."""
        return Wanted(
            queue=self.queue,
            regions=(self.region,) if self.region else (),
            state=self.state,
            taken_by=at.person.name if self.mine else None,
        )


@page("/queue", "nav.queue", "cases.read")
async def build(at: Here) -> None:
    """Show the queue."""
    choice = Choice()

    @ui.refreshable
    async def rows() -> None:
        cases = await at.console.casework.queue(at.person, choice.wanted(at), skip=choice.skip, limit=PAGE_SIZE + 1)
        _rows(at, cases[:PAGE_SIZE])
        _pager(choice, more=len(cases) > PAGE_SIZE, again=rows.refresh)

    with div("page-head"):
        say(at.t("nav.queue"), "page-title", "h1")
        _filters(at, choice, rows.refresh)
        div("grow")
        if at.may("cases.work"):
            button(
                at.t("queue.take_next"),
                lambda: take_next(at, queue=choice.queue, region=choice.region),
                kind="primary",
                icon="play_arrow",
            ).mark("take-next")
    await rows()


def _filters(at: Here, choice: Choice, again: Callable[[], Any]) -> None:
    regions = [found for found in PROVINCES if not at.person.regions or found.code in at.person.regions]
    actions = {"": at.t("queue.every_action")} | {name: at.t(f"action.{name}") for name in get_args(Action)}
    codes = {"": at.t("queue.every_region")} | {found.code: formats.province(found.code, at.lang) for found in regions}

    async def choose(name: str, value: Any) -> None:  # noqa: ANN401 - of the filter's own kind
        setattr(choice, name, value)
        choice.skip = 0
        again()

    for name, options in (
        ("queue", actions),
        ("region", codes),
        ("state", {state: at.t(f"state.{state}") for state in STATES}),
    ):
        ui.select(
            options,
            value=getattr(choice, name) or "",
            on_change=lambda event, name=name: choose(name, event.value or None),
        ).props("dense outlined options-dense").classes("filter").mark(f"filter-{name}")
    ui.switch(at.t("queue.mine"), on_change=lambda event: choose("mine", bool(event.value))).props("dense")


def _rows(at: Here, cases: Sequence[CaseFile]) -> None:
    heads = ("case", "action", "region", "harm", "time_left", "due", "has_it", "")
    with div("panel"):
        table(
            [at.t(f"queue.{head}") if head else "" for head in heads],
            [_row(at, case) for case in cases],
            "hover",
            empty=at.t("queue.empty"),
        )


def _row(at: Here, case: CaseFile) -> Sequence[Any]:
    now_ms = at.console.clock.now_ms()

    def name() -> None:
        link(formats.short(case.case_id), f"/case/{case.case_id}", "mono strong")
        if case.level:
            chip(at.t("case.escalated"), "bad")
        if case.origin == "sample":
            chip(at.t("case.sample"), "info")

    def left() -> None:
        if case.state in {"open", "snoozed"}:
            ms = case.expires_ms - now_ms
            say(formats.span(ms, at.lang), "bad" if ms < SOON_MS else "")
        else:
            chip(at.t(f"verdict.{case.verdict}") if case.verdict else at.t(f"state.{case.state}"))

    def due() -> None:
        say(formats.clock(case.due_ms), "bad" if case.state == "open" and case.due_ms < now_ms else "")

    return (
        name,
        at.t(f"action.{case.queue}"),
        formats.province(case.region, at.lang),
        lambda: say(formats.yuan(case.expected_harm_fen), "number strong"),
        left,
        due,
        lambda: _holder(at, case, now_ms),
        lambda: _take(at, case, now_ms),
    )


def _holder(at: Here, case: CaseFile, now_ms: int) -> None:
    if case.state == "decided":
        say(case.decided_by or "")
    elif case.taken_by and (case.taken_until_ms or 0) > now_ms:
        mine = case.taken_by == at.person.name
        chip(at.t("queue.you") if mine else case.taken_by, "info" if mine else "")


def _take(at: Here, case: CaseFile, now_ms: int) -> None:
    free = not case.taken_by or (case.taken_until_ms or 0) <= now_ms

    async def take() -> None:
        await at.console.casework.take(at.person, case.case_id)
        told("queue.taken")
        go(f"/case/{case.case_id}")

    if at.may("cases.work") and case.state == "open" and free:
        button(at.t("queue.take"), take, kind="small")


def _pager(choice: Choice, *, more: bool, again: Callable[[], Any]) -> None:
    async def turn(by: int) -> None:
        choice.skip = max(0, choice.skip + by)
        again()

    if choice.skip or more:
        with div("pager"):
            back = ui.button(icon="chevron_left", on_click=does(lambda: turn(-PAGE_SIZE)), color=None).props(
                "flat dense"
            )
            back.set_enabled(choice.skip > 0)
            say(f"{choice.skip + 1}–{choice.skip + PAGE_SIZE}", "muted")
            on = ui.button(icon="chevron_right", on_click=does(lambda: turn(PAGE_SIZE)), color=None).props("flat dense")
            on.set_enabled(more)
