"""What is normal here: this line's past, its peers with this request marked, the places, and what hangs together."""

from collections.abc import Sequence
from math import copysign, log1p
from typing import Final

from nicegui import ui

from service.console import charts, charts_net, formats
from service.console.context import Here
from service.console.parts import div, say
from service.pages import CasePage, Peers

LANE_PX: Final = 30
SHADES: Final = ("a", "b", "c", "d", "e")


def normal(at: Here, page: CasePage) -> None:
    """Show what is normal."""
    shown = page.normal
    with div("normal-grid"):
        with div():
            say(at.t("normal.timeline"), "sub", "h3")
            kinds = len({found.kind for found in shown.timeline})
            if shown.timeline:
                ui.echart(charts.timeline(at, shown.timeline), renderer="svg").classes("chart").style(
                    f"height:{56 + LANE_PX * max(kinds, 2)}px"
                )
            else:
                say(at.t("normal.no_past"), "muted")
            say(at.t("normal.peers"), "sub", "h3")
            _peers(at, shown.peers)
        with div():
            say(at.t("normal.places"), "sub", "h3")
            with div("figures"):
                if shown.distance_km is not None:
                    say(at.t("normal.distance", km=f"{shown.distance_km:,.0f}"), "muted")
                if shown.speed_kmh is not None:
                    say(at.t("normal.speed", kmh=f"{shown.speed_kmh:,.0f}"), "muted")
            ui.echart(charts_net.places(at, shown.places), renderer="svg").classes("chart places")
            say(at.t("normal.graph"), "sub", "h3")
            if page.graph.nodes:
                ui.echart(charts_net.graph(at, page.graph), renderer="svg").classes("chart graph")
                say(at.t("normal.graph_key") + (at.t("normal.graph_cut") if page.graph.cut else ""), "muted")
            else:
                say(at.t("normal.no_graph"), "muted")


def _peers(at: Here, peers: Sequence[Peers]) -> None:
    with div("peers"):
        for found in peers:
            _peer(at, found)
    if not peers:
        say(at.t("normal.no_peers"), "muted")


def _peer(at: Here, found: Peers) -> None:
    with div("peer"):
        with div("peer-head"):
            say(found.zh if at.lang == "zh" else found.feature, "peer-name", "span")
            say(formats.value(found.value), "peer-value", "span")
        if found.quantiles:
            _track(found)
        else:
            _shares(found)
        with div("peer-foot"):
            if found.quantiles:
                say(at.t("normal.median", value=formats.value(found.quantiles[3])), "muted", "span")
            if found.below is not None:
                say(at.t("normal.below", share=formats.share(found.below)), "muted", "span")
            say(at.t("normal.of", count=found.count), "muted", "span")


def _track(found: Peers) -> None:
    """Draw quantiles as bands over a scale that keeps long tails readable, and this request as a mark."""
    low, high = found.quantiles[0], found.quantiles[-1]
    value = found.value if isinstance(found.value, float | int) else None
    ends = [_squeezed(end) for end in (low, high, *([] if value is None else [value]))]
    least, most = min(ends), max(ends)

    def place(of: float) -> float:
        return 100 * (_squeezed(of) - least) / (most - least) if most > least else 50.0

    with div("track"):
        for name, start, end in (("wide", 1, 5), ("close", 2, 4)):
            left, right = place(found.quantiles[start]), place(found.quantiles[end])
            div(f"band {name}").style(f"left:{left:.1f}%;width:{max(right - left, 1):.1f}%")
        div("tick").style(f"left:{place(found.quantiles[3]):.1f}%")
        if value is not None:
            div("mark").style(f"left:{place(value):.1f}%")


def _squeezed(value: float) -> float:
    return copysign(log1p(abs(value)), value)


def _shares(found: Peers) -> None:
    with div("track shares"):
        for shade, (name, share) in zip(SHADES, found.shares, strict=False):
            mine = "mine" if name == found.value else ""
            say(f"{name} {formats.share(share)}", f"share {shade} {mine}").style(f"width:{100 * share:.1f}%")
