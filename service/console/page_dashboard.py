"""The dashboard: decisions over time, fraud stopped, genuine people touched, queues, coverage, what is in force."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from nicegui import ui

from service.console import charts, formats
from service.console.context import Here
from service.console.frame import page
from service.console.parts import button, chip, div, facts, panel, say, table
from service.ports_desk import Board, Bucket, Friction, QueueState, Rate

SPANS: Final[dict[str, tuple[timedelta, Bucket]]] = {
    "day": (timedelta(days=1), "hour"),
    "week": (timedelta(days=7), "day"),
    "month": (timedelta(days=30), "day"),
    "quarter": (timedelta(days=92), "day"),
}
FIRST_THRESHOLD: Final = 0.5
MOST_RATES: Final = 7
BY: Final[dict[str, str]] = {"action": "action", "channel": "channel", "slice": "slice"}


@page("/", "nav.dashboard", "dashboard.read")
async def build(at: Here) -> None:
    """Show the dashboard."""
    chosen = ["week"]

    @ui.refreshable
    async def board() -> None:
        span, bucket = SPANS[chosen[0]]
        _board(at, await at.console.dashboard.board(at.person, span, bucket))

    def choose(name: str) -> None:
        chosen[0] = name
        board.refresh()

    with div("page-head"):
        say(at.t("nav.dashboard"), "page-title", "h1")
        div("grow")
        ui.toggle(
            {name: at.t(f"span.{name}") for name in SPANS}, value="week", on_change=lambda event: choose(event.value)
        ).props("dense no-caps unelevated toggle-color=primary").mark("span")
    await board()


def _board(at: Here, board: Board) -> None:
    _standing(at, board)
    _figures(at, board)
    with div("board thirds"):
        with panel(at.t("board.flow"), "half"):
            if board.flow:
                ui.echart(charts.flow(at, board), renderer="svg").classes("chart tall")
            else:
                say(at.t("board.no_decisions"), "muted")
        with panel(at.t("board.queues"), "half"):
            _queues(at, board.queues, board.until_ms)
        for by, prefix in BY.items():
            _friction(at, board, by, prefix)
        with panel(at.t("board.overrides")):
            _rates(at, board.overrides_by_agent, "board.agent", shorten=True)
        with panel(at.t("board.releases")):
            _rates(at, board.releases_by_analyst, "board.analyst")
        with panel(at.t("board.staffing")):
            _staffing(at)


def _standing(at: Here, board: Board) -> None:
    standing = board.standing
    with div("standing"):
        chip(at.t(f"mode.{standing.mode}"), "good" if standing.mode == "enforce" else "warn")
        chip(at.t(f"strictness.{standing.strictness}"), "" if standing.strictness == "normal" else "bad")
        for name, value in (
            ("board.model", standing.model or at.t("why.no_model")),
            ("board.policy", standing.policy),
            ("board.catalogue", standing.catalogue[:12]),
        ):
            with div("standing-part"):
                say(at.t(name), "muted", "span")
                say(value, "mono", "span")


def _figures(at: Here, board: Board) -> None:
    total = sum(found.count for found in board.flow)
    stopped = sum(found.count for found in board.flow if found.decision in {"hold", "block"})
    touched = [found for found in board.friction if found.by == "action"]
    people = sum(found.challenged + found.held + found.blocked for found in touched)
    of = sum(found.total for found in touched)
    breached = sum(queue.breached for queue in board.queues)
    coverage, waiting = board.coverage, sum(queue.open for queue in board.queues)
    screened = f"{100 * coverage.redeemed / coverage.executed:.0f}%" if coverage.executed else "—"
    with div("tiles"):
        _tile(at, "board.decisions", f"{total:,}", at.t("board.stopped", count=stopped))
        _tile(at, "board.fraud", f"{board.fraud_stopped:,}", _amounts(at, board), "good")
        _tile(at, "board.touched", formats.share(people / of if of else None), at.t("board.touched_of", count=people))
        _tile(
            at,
            "board.waiting",
            f"{waiting:,}",
            at.t("board.breached", count=breached),
            "bad" if breached else "",
        )
        _tile(at, "board.coverage", screened, at.t("board.executed", count=coverage.executed))
        _tile(
            at,
            "board.degraded",
            at.t("board.minutes", count=board.degraded_minutes),
            "",
            "warn" if board.degraded_minutes else "",
        )


def _amounts(at: Here, board: Board) -> str:
    return at.t("do.amounts", loss=formats.yuan(board.loss_fen), back=formats.yuan(board.recovered_fen))


def _tile(at: Here, name: str, value: str, note: str, kind: str = "") -> None:
    with div(f"tile {kind}"):
        say(at.t(name), "muted")
        say(value, "tile-value")
        say(note, "tile-note")


def _queues(at: Here, queues: Sequence[QueueState], now_ms: int) -> None:
    heads = ("queue", "open", "taken", "snoozed", "escalated", "breaches", "oldest", "harm")

    def row(found: QueueState) -> Sequence[Any]:
        breached = found.breached
        return (
            at.t(f"action.{found.queue}"),
            str(found.open),
            str(found.taken),
            str(found.snoozed),
            str(found.escalated),
            lambda: say(breached, "bad strong" if breached else ""),
            "—" if found.oldest_ms is None else formats.span(now_ms - found.oldest_ms, at.lang),
            formats.yuan(found.harm_fen),
        )

    table([at.t(f"board.{head}") for head in heads], [row(found) for found in queues], empty=at.t("queue.empty"))


def _friction(at: Here, board: Board, by: str, prefix: str) -> None:
    rows: list[Friction] = [found for found in board.friction if found.by == by]
    note = at.t("board.sampled", count=board.sampled) if by == "slice" else ""
    with panel(at.t(f"board.friction_{by}"), note=note):
        if rows:
            height = 60 + 26 * min(len(rows), charts.MOST_BARS)
            ui.echart(charts.friction(at, rows, prefix), renderer="svg").classes("chart").style(f"height:{height}px")
        else:
            say(at.t("board.no_decisions"), "muted")


def _rates(at: Here, rates: Sequence[Rate], who: str, *, shorten: bool = False) -> None:
    rows = [
        (
            formats.short(found.who) if shorten else found.who,
            f"{found.count} / {found.total}",
            formats.share(found.count / found.total if found.total else None),
        )
        for found in rates[:MOST_RATES]
    ]
    table([at.t(who), at.t("board.count"), at.t("board.share")], rows, "tight")


def _staffing(at: Here) -> None:
    with div("pair"):
        threshold = ui.number(at.t("board.threshold"), value=FIRST_THRESHOLD, min=0.01, max=0.99, step=0.05)
        threshold.props("outlined dense").mark("threshold")

        async def reckon() -> None:
            found = await at.console.dashboard.staffing(at.person, float(threshold.value or FIRST_THRESHOLD))
            answer.clear()
            with answer:
                facts(
                    [
                        (at.t("board.now_per_day"), f"{found.now_per_day:.1f}"),
                        (at.t("board.then_per_day"), f"{found.cases_per_day:.1f}"),
                        (
                            at.t("board.per_case"),
                            "—"
                            if found.minutes_per_case is None
                            else at.t("board.minutes", count=round(found.minutes_per_case)),
                        ),
                        (at.t("board.people"), "—" if found.people is None else f"{found.people:.1f}"),
                    ]
                )

        button(at.t("board.reckon"), reckon, kind="small")
    say(at.t("board.staffing_why"), "muted")
    answer = div()
