"""Charts as ECharts options: pure functions, so that tests read them. Tooltips are drawn as text, never as markup."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from features.clock import CHINA, moment
from service.console import formats
from service.console.context import Here
from service.pages import Bar, Happening
from service.ports_desk import Board, Friction

Options = dict[str, Any]
COLOURS: Final[Mapping[str, str]] = {
    "allow": "#2f9e6e",
    "challenge": "#e0a100",
    "hold": "#e8710a",
    "block": "#d32f2f",
}
RISES, FALLS, MARK = "#d9483b", "#2f9e6e", "#2f6fed"
LONGEST_NAME: Final = 26
MOST_BARS: Final = 12


def base(at: Here) -> Options:
    """Return what all charts share."""
    return {
        "animation": False,
        "textStyle": {"fontFamily": "inherit", "color": ink(at)},
        "tooltip": {"renderMode": "richText", "confine": True},
        "grid": {"left": 8, "right": 16, "top": 32, "bottom": 8, "containLabel": True},
    }


def ink(at: Here) -> str:
    """Return the colour of writing."""
    return "#c9d1dc" if at.dark else "#3c4654"


def _faint(at: Here) -> str:
    return "#39424f" if at.dark else "#dfe4ea"


def _legend(at: Here) -> Options:
    return {"top": 0, "left": 0, "itemWidth": 12, "itemHeight": 8, "textStyle": {"color": ink(at)}}


def _axis(at: Here, kind: str, **more: Any) -> Options:  # noqa: ANN401 - whatever ECharts takes
    lines = {"axisLine": {"lineStyle": {"color": _faint(at)}}, "splitLine": {"lineStyle": {"color": _faint(at)}}}
    label = {"color": ink(at), **more.pop("axisLabel", {})}
    return {"type": kind, **lines, "axisTick": {"show": False}, "axisLabel": label, **more}


def flow(at: Here, board: Board) -> Options:
    """Return decisions by outcome over time, stacked."""
    starts = _starts(board)
    counts = {(found.start_ms, found.decision): found.count for found in board.flow}
    form = "%m-%d" if board.bucket == "day" else "%m-%d %H:00"
    names = [moment(start).astimezone(CHINA).strftime(form) for start in starts]
    return base(at) | {
        "tooltip": {"trigger": "axis", "renderMode": "richText", "confine": True},
        "legend": _legend(at),
        "xAxis": _axis(at, "category", data=names),
        "yAxis": _axis(at, "value", minInterval=1),
        "series": [
            {
                "name": at.t(f"decision.{decision}"),
                "type": "bar",
                "stack": "all",
                "barMaxWidth": 42,
                "itemStyle": {"color": colour},
                "data": [counts.get((start, decision), 0) for start in starts],
            }
            for decision, colour in COLOURS.items()
        ],
    }


def _starts(board: Board) -> list[int]:
    """Return the beginning of every hour or day of the span, also of those in which nothing was asked."""
    width = formats.HOUR_MS if board.bucket == "hour" else formats.DAY_MS
    known = sorted({found.start_ms for found in board.flow})
    first = known[0] - (known[0] - board.since_ms) // width * width
    return sorted({*known, *range(first, board.until_ms, width)})


def friction(at: Here, rows: Sequence[Friction], prefix: str) -> Options:
    """Return which share of requests was challenged, held or blocked, by kind."""
    rows = sorted(rows, key=lambda found: found.touched)[-MOST_BARS:]
    parts = (("challenge", "challenged"), ("hold", "held"), ("block", "blocked"))
    return base(at) | {
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "none"}, "renderMode": "richText", "confine": True},
        "legend": _legend(at),
        "xAxis": _axis(at, "value", axisLabel={"formatter": "{value}%", "hideOverlap": True}, splitNumber=4),
        "yAxis": _axis(at, "category", data=[f"{at.t(f'{prefix}.{row.name}')} ({row.total})" for row in rows]),
        "series": [
            {
                "name": at.t(f"decision.{decision}"),
                "type": "bar",
                "stack": "all",
                "barMaxWidth": 16,
                "itemStyle": {"color": COLOURS[decision]},
                "data": [round(100 * getattr(row, part) / row.total, 1) if row.total else 0 for row in rows],
            }
            for decision, part in parts
        ],
    }


def contributions(at: Here, bars: Sequence[Bar]) -> Options:
    """Return what each signal added to the log-odds of fraud: red towards fraud, green away from it."""
    chosen = sorted(bars, key=lambda bar: abs(bar.log_odds))[-MOST_BARS:]
    names = [
        _cut(bar.zh if at.lang == "zh" else bar.feature) + f" = {_cut(formats.value(bar.value), 8)}" for bar in chosen
    ]
    longest = max((abs(bar.log_odds) for bar in chosen), default=1.0) * 1.7
    return base(at) | {
        "grid": {"left": 8, "right": 12, "top": 6, "bottom": 4, "containLabel": True},
        "xAxis": _axis(at, "value", min=-longest, max=longest, axisLabel={"show": False}),
        "yAxis": _axis(at, "category", data=names, axisLabel={"fontSize": 12, "interval": 0}),
        "series": [
            {
                "type": "bar",
                "barMaxWidth": 14,
                "data": [
                    {
                        "value": round(bar.log_odds, 3),
                        "itemStyle": {"color": RISES if bar.log_odds > 0 else FALLS},
                        "label": {
                            "show": True,
                            "position": "right" if bar.log_odds > 0 else "left",
                            "color": ink(at),
                            "fontSize": 11,
                            "formatter": f"{bar.log_odds:+.2f}",
                        },
                    }
                    for bar in chosen
                ],
            }
        ],
    }


def timeline(at: Here, happenings: Sequence[Happening]) -> Options:
    """Return what happened to this line: a lane for each kind, this request marked."""
    kinds = list(dict.fromkeys(found.kind for found in sorted(happenings, key=lambda found: found.at_ms)))
    names = [at.t(f"kind.{kind}") for kind in kinds]
    return base(at) | {
        "grid": {"left": 8, "right": 24, "top": 8, "bottom": 4, "containLabel": True},
        "xAxis": _axis(at, "time", minInterval=formats.HOUR_MS, axisLabel={"hideOverlap": True, "fontSize": 11}),
        "yAxis": _axis(at, "category", data=names, axisLabel={"fontSize": 12, "interval": 0}),
        "series": [
            {
                "type": "scatter",
                "symbolSize": 11,
                "data": [
                    {
                        "name": plain(_told(at, found)),
                        "value": [found.at_ms, kinds.index(found.kind)],
                        "symbol": "diamond" if found.is_this else "circle",
                        "symbolSize": 18 if found.is_this else 11,
                        "itemStyle": {"color": MARK if found.is_this else COLOURS.get(found.decision or "", "#8a94a3")},
                    }
                    for found in happenings
                ],
                "tooltip": {"formatter": "{b}"},
            }
        ],
    }


def _told(at: Here, found: Happening) -> str:
    parts = [formats.when(found.at_ms), at.t(f"kind.{found.kind}")]
    if found.action:
        parts.append(at.t(f"action.{found.action}"))
    if found.decision:
        parts.append(at.t(f"decision.{found.decision}"))
    return " · ".join(parts)


def _name(at: Here, bar: Bar) -> str:
    """Return a signal's name, short enough to leave room for the bars; Chinese letters are twice as wide."""
    return _cut(bar.zh, LONGEST_NAME // 2) if at.lang == "zh" else _cut(bar.feature)


def _cut(name: str, most: int = LONGEST_NAME) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def plain(text: str) -> str:
    """Return a text in which ECharts' templates see nothing to fill in or to style."""
    return text.replace("{", "(").replace("}", ")").replace("|", "/")
