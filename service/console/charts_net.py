"""Charts of a case: where everything is, and how things hang together."""

from collections.abc import Sequence
from math import cos, pi, sin
from typing import Final

from features.provinces import PROVINCES
from service.console import formats
from service.console.charts import MARK, RISES, Options, base, ink, plain
from service.console.context import Here
from service.pages import Graph, PlaceShown

ENTITY_COLOURS: Final = {
    "line": "#2f6fed",
    "party": "#8e5bd0",
    "device": "#1098ad",
    "contact": "#e0a100",
    "agent": "#7a5c3e",
    "store": "#a1887f",
    "target": "#c2588a",
    "beneficiary": "#c2588a",
    "ip": "#78909c",
}
LEAST_WINDOW: Final = 15.0
"""Degrees of longitude that are shown at the least."""


def places(at: Here, shown: Sequence[PlaceShown]) -> Options:
    """Return where everything is: the capitals as a faint map, this request's places and the ways between them."""
    west, south, east, north = _window(shown)
    ways = [{"coords": [[one.longitude, one.latitude], [two.longitude, two.latitude]]} for one, two in _ways(shown)]
    marked = [
        {
            "name": plain(f"{place.what} {place.zh}"),
            "value": [place.longitude, place.latitude],
            "itemStyle": {"color": RISES if place.province != _home(shown) else MARK},
            "label": {"position": "top" if number % 2 == 0 else "bottom"},
        }
        for number, place in enumerate(sorted(_gathered(at, shown), key=lambda found: -found.latitude))
    ]
    return base(at) | {
        "grid": {"left": 4, "right": 4, "top": 4, "bottom": 4},
        "xAxis": {"type": "value", "min": west, "max": east, "show": False},
        "yAxis": {"type": "value", "min": south, "max": north, "show": False},
        "series": [
            {
                "type": "scatter",
                "silent": True,
                "symbolSize": 4,
                "itemStyle": {"color": "#8a94a3", "opacity": 0.6},
                "label": {"show": True, "position": "bottom", "formatter": "{b}", "fontSize": 9, "color": "#8a94a3"},
                "data": [
                    {
                        "name": found.zh,
                        "value": [found.longitude, found.latitude],
                        "label": {"show": found.code not in {place.province for place in shown}},
                    }
                    for found in PROVINCES
                    if west <= found.longitude <= east and south <= found.latitude <= north
                ],
            },
            {
                "type": "lines",
                "coordinateSystem": "cartesian2d",
                "silent": True,
                "lineStyle": {"color": RISES, "width": 1.5, "type": "dashed", "curveness": 0.2},
                "data": ways,
            },
            {
                "type": "scatter",
                "symbolSize": 13,
                "label": {
                    "show": True,
                    "position": "top",
                    "formatter": "{b}",
                    "fontSize": 12,
                    "fontWeight": "bold",
                    "color": ink(at),
                },
                "data": marked,
                "tooltip": {"formatter": "{b}"},
            },
        ],
    }


def _window(shown: Sequence[PlaceShown]) -> tuple[float, float, float, float]:
    """Return the part of the map that holds all places, with room around them: west, south, east, north."""
    longitudes = [place.longitude for place in shown] or [104.0]
    latitudes = [place.latitude for place in shown] or [35.0]
    wide = max(1.7 * (max(longitudes) - min(longitudes)), 2 * (max(latitudes) - min(latitudes)), LEAST_WINDOW)
    x, y = (max(longitudes) + min(longitudes)) / 2, (max(latitudes) + min(latitudes)) / 2
    return x - wide / 2, y - wide / 3, x + wide / 2, y + wide / 3


def _ways(shown: Sequence[PlaceShown]) -> list[tuple[PlaceShown, PlaceShown]]:
    home = next((place for place in shown if place.province == _home(shown)), None)
    return [(home, place) for place in shown if home is not None and place.province != home.province]


def _home(shown: Sequence[PlaceShown]) -> str | None:
    return next((place.province for place in shown if place.what in {"home", "number"}), None)


def _gathered(at: Here, shown: Sequence[PlaceShown]) -> list[PlaceShown]:
    """Return one place for each province, named by all that it is, so that labels do not lie over one another."""
    kinds: dict[str, list[str]] = {}
    for place in shown:
        kinds.setdefault(place.province, []).append(at.t(f"place.{place.what}"))
    first = {place.province: place for place in reversed(shown)}
    return [
        PlaceShown(
            what="/".join(kinds[code]),
            province=code,
            zh=place.zh,
            latitude=place.latitude,
            longitude=place.longitude,
        )
        for code, place in first.items()
    ]


def graph(at: Here, shown: Graph) -> Options:
    """Return what hangs together: rings by distance from this request, known fraud ringed in red."""
    spots = _spots(shown)
    nodes = [
        {
            "name": plain(f"{at.t(f'entity.{node.entity}')} {formats.short(node.token)}{_frauds(at, node.fraud)}"),
            "value": spots[node.token],
            "symbolSize": 22 if node.hop == 0 else 14,
            "itemStyle": {
                "color": ENTITY_COLOURS.get(node.entity, "#8a94a3"),
                "borderColor": RISES,
                "borderWidth": 4 if node.fraud else 0,
            },
            "label": {"formatter": plain(at.t(f"entity.{node.entity}")) + (" !" if node.fraud else "")},
        }
        for node in shown.nodes
    ]
    links = [{"coords": [spots[one], spots[two]]} for one, two in shown.edges if one in spots and two in spots]
    return base(at) | {
        "grid": {"left": 8, "right": 8, "top": 8, "bottom": 8},
        "xAxis": {"type": "value", "min": -1.3, "max": 1.3, "show": False},
        "yAxis": {"type": "value", "min": -1.3, "max": 1.2, "show": False},
        "series": [
            {
                "type": "lines",
                "coordinateSystem": "cartesian2d",
                "silent": True,
                "lineStyle": {"color": "#8a94a3", "width": 1, "opacity": 0.6},
                "data": links,
            },
            {
                "type": "scatter",
                "label": {"show": True, "position": "bottom", "fontSize": 11, "color": ink(at)},
                "data": nodes,
                "tooltip": {"formatter": "{b}"},
            },
        ],
    }


def _spots(shown: Graph) -> dict[str, list[float]]:
    """Return where each node stands: what the request itself names around the middle, the rest on rings outside."""
    hops = sorted({node.hop for node in shown.nodes})
    spots: dict[str, list[float]] = {}
    for number, hop in enumerate(hops):
        ring = [node for node in shown.nodes if node.hop == hop]
        radius = 0.0 if len(ring) == 1 and number == 0 else (number + 0.5) / (len(hops) - 0.5 or 1)
        for place, node in enumerate(ring):
            angle = 2 * pi * (place + number / 3) / len(ring) + pi / 2
            spots[node.token] = [round(radius * cos(angle), 3), round(radius * sin(angle), 3)]
    return spots


def _frauds(at: Here, count: int) -> str:
    return f" · {at.t('graph.frauds', count=count)}" if count else ""
