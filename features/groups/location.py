"""Location: where the requester is, where the line's own phone is, and whether that fits what was seen before.

The reference is the line's phone, not its home province: a student far from home has the phone with them, a thief far
from the victim has not. Addresses of mobile networks are shared by very many people and say little, so only addresses
of households are compared. What the network says of the line is the carrier's; the requester's own position is a
device's word and may be forged or dropped.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import h3.api.basic_int as h3

from features.signal import Example, Moment, Past, Signal, Value, is_one_of
from features.windows import Count, Distinct, Last

MONTH: Final = timedelta(days=30)
QUARTER: Final = timedelta(days=90)
BLUR_KM: Final = 20.0
"""Two cells of resolution 5 may be this close with their centres this far apart."""
IGNORED_KM: Final = 100.0
LEAST_HOURS: Final = 1 / 60
COARSEST_M: Final = 2000.0
NO_FIX: Final = "no position was given; agreeing to give one is free"
NO_ADDRESS: Final = "no address, or it is not in the table"

LAST_CELL: Final = Last(by="line", of=("screening",), span=timedelta(days=2), value="cell")
LAST_CELL_H: Final = Last(by="line", of=("screening",), span=timedelta(days=2), having="cell")
CELL_SEEN: Final = Count(by="line+cell", of=("screening",), span=QUARTER)
ANY_CELL: Final = Last(by="line", of=("screening",), span=QUARTER, having="cell")
PROVINCES: Final = Distinct(what="province", by="line", of=("screening", "login_succeeded"), span=MONTH)

BEIJING: Final = h3.latlng_to_cell(39.90, 116.41, 5)
SHANGHAI: Final = h3.latlng_to_cell(31.23, 121.47, 5)


def _line_elsewhere(m: Moment) -> Value:
    line, requester = m.request.location.visited_province, m.facts.requester_province
    return None if line is None or requester is None else float(line != requester)


def _ip_elsewhere(m: Moment) -> Value:
    facts, here = m.facts, m.request.subscriber.handling_province
    if facts.ip_kind != "broadband" or facts.ip_province is None or here is None:
        return None
    return float(facts.ip_province != here)


def _ip_kind(kind: str) -> Callable[[Moment], Value]:
    return lambda m: is_one_of(m.facts.ip_kind, kind)


def _ip_abroad(m: Moment) -> Value:
    return None if m.facts.ip_country is None else float(m.facts.ip_country != "CN")


def _number_elsewhere(m: Moment) -> Value:
    by_prefix, by_books = m.facts.number_province, m.request.subscriber.home_province
    return None if by_prefix is None or by_books is None else float(by_prefix != by_books)


def _speed(m: Moment) -> Value:
    """Kilometres an hour since the line's last known cell; distances that a commuter covers count as none."""
    cell, hours, here = m.seen(LAST_CELL), m.seen(LAST_CELL_H), m.facts.requester_cell
    if cell is None or hours is None or here is None:
        return None
    apart = h3.great_circle_distance(h3.cell_to_latlng(int(cell)), h3.cell_to_latlng(here), unit="km") - BLUR_KM
    return 0.0 if apart < IGNORED_KM else apart / max(hours, LEAST_HOURS)


def _cell_never_seen(m: Moment) -> Value:
    """Never here, among what was seen at all: a line without any position is unknown, not suspicious."""
    if m.facts.requester_cell is None or m.seen(ANY_CELL) is None:
        return None
    return float(m.seen(CELL_SEEN) == 0)


def _accuracy(m: Moment) -> Value:
    said = m.request.location.accuracy_m
    return None if said is None else float(said == 0 or said > COARSEST_M)


SIGNALS: Final = (
    Signal(
        name="location.distance_km",
        zh="办理地点与号码所在地距离（公里）",
        why="The requester is far from where the line's own phone is: the owner's phone is elsewhere than the hand.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing="the line is switched off, or nothing is known of where the requester is",
        reason="LOCATION_FAR_FROM_LINE",
        compute=lambda m: m.facts.distance_km,
        fires=Example(gives=1200.0, facts={"distance_km": 1200.0, "distance_source": "position"}),
        quiet=Example(gives=0.0, facts={"distance_km": 0.0, "distance_source": "position"}),
    ),
    Signal(
        name="location.line_elsewhere",
        zh="号码所在省与办理省不同",
        why="The network sees the line's phone in another province than the one where it is to be closed.",
        origin="carrier",
        risk="rises",
        missing="the line is switched off, or the place of the request is not known",
        reason="LOCATION_FAR_FROM_LINE",
        compute=_line_elsewhere,
        fires=Example(
            gives=1.0,
            request={"location": {"visited_province": "440000"}},
            facts={"requester_province": "310000"},
        ),
        quiet=Example(
            gives=0.0,
            request={"location": {"visited_province": "310000"}},
            facts={"requester_province": "310000"},
        ),
    ),
    Signal(
        name="location.ip_elsewhere",
        zh="宽带地址所在省与办理省不同",
        why="The household's address lies in another province; tables err, so it weighs little.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing=NO_ADDRESS,
        reason="LOCATION_UNUSUAL",
        compute=_ip_elsewhere,
        fires=Example(
            gives=1.0,
            request={"subscriber": {"handling_province": "310000"}},
            facts={"ip_kind": "broadband", "ip_province": "440000"},
        ),
        quiet=Example(
            gives=0.0,
            request={"subscriber": {"handling_province": "310000"}},
            facts={"ip_kind": "broadband", "ip_province": "310000"},
        ),
    ),
    Signal(
        name="location.ip_datacenter",
        zh="地址属于数据中心",
        why="People sit at home or on the road; scripts sit in data centres.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing=NO_ADDRESS,
        reason="ADDRESS_DATACENTER",
        compute=_ip_kind("datacenter"),
        fires=Example(gives=1.0, facts={"ip_kind": "datacenter"}),
        quiet=Example(gives=0.0, facts={"ip_kind": "mobile"}),
    ),
    Signal(
        name="location.ip_abroad",
        zh="地址在境外",
        why="Closing a line from abroad is rare; travellers and people behind a proxy do it.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing=NO_ADDRESS,
        reason="LOCATION_UNUSUAL",
        compute=_ip_abroad,
        fires=Example(gives=1.0, facts={"ip_country": "SG"}),
        quiet=Example(gives=0.0, facts={"ip_country": "CN"}),
    ),
    Signal(
        name="location.number_elsewhere",
        zh="号段归属地与登记归属省不同",
        why="The number's block belongs to another province than the books say: ported, or the books are wrong.",
        origin="carrier",
        risk="either",
        missing="the block is too new for the table, or the home province is not given",
        reason="LOCATION_UNUSUAL",
        compute=_number_elsewhere,
        fires=Example(
            gives=1.0, request={"subscriber": {"home_province": "440000"}}, facts={"number_province": "110000"}
        ),
        quiet=Example(
            gives=0.0, request={"subscriber": {"home_province": "440000"}}, facts={"number_province": "440000"}
        ),
    ),
    Signal(
        name="location.speed_kmh",
        zh="距上次位置的移动速度（公里/小时）",
        why="Nobody travels faster than an aeroplane: two places at once are two people, or a proxy.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing=NO_FIX,
        reason="LOCATION_UNUSUAL",
        reads=(LAST_CELL, LAST_CELL_H),
        compute=_speed,
        fires=Example(
            gives=1042.7,
            facts={"requester_cell": BEIJING},
            past=(Past(kind="screening", ago=timedelta(hours=1), values={"cell": SHANGHAI}),),
        ),
        quiet=Example(
            gives=0.0,
            facts={"requester_cell": BEIJING},
            past=(Past(kind="screening", ago=timedelta(hours=1), values={"cell": BEIJING}),),
        ),
    ),
    Signal(
        name="location.cell_never_seen",
        zh="九十天内未出现过的位置",
        why="The line was seen in places, and never in this one.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing=NO_FIX,
        reason="LOCATION_UNUSUAL",
        reads=(CELL_SEEN, ANY_CELL),
        compute=_cell_never_seen,
        fires=Example(
            gives=1.0,
            facts={"requester_cell": BEIJING},
            past=(Past(kind="screening", ago=timedelta(days=3), other=("cell",), values={"cell": SHANGHAI}),),
        ),
        quiet=Example(
            gives=0.0,
            facts={"requester_cell": BEIJING},
            past=(Past(kind="screening", ago=timedelta(days=3), values={"cell": BEIJING}),),
        ),
    ),
    Signal(
        name="location.provinces_30d",
        zh="三十天内出现的省份数",
        why="A line that shows up in many provinces: a lorry driver, or many hands.",
        origin="ours",
        risk="either",
        missing="the velocity store could not be asked",
        reason="LOCATION_UNUSUAL",
        reads=(PROVINCES,),
        compute=lambda m: m.seen(PROVINCES),
        fires=Example(
            gives=2.0,
            past=(
                Past(kind="login_succeeded", ago=timedelta(days=2), values={"province": 310000}),
                Past(kind="login_succeeded", ago=timedelta(days=4), values={"province": 440000}),
            ),
        ),
        quiet=Example(gives=0.0),
    ),
    Signal(
        name="location.verification_false",
        zh="网络位置核验不符",
        why="The network says that the line is not where the requester claims to be (CAMARA Location Verification).",
        origin="carrier",
        risk="rises",
        missing="the network was not asked, or could not tell",
        reason="LOCATION_FAR_FROM_LINE",
        compute=lambda m: {"TRUE": 0.0, "PARTIAL": 0.0, "FALSE": 1.0}.get(m.request.location.verification_result or ""),
        fires=Example(gives=1.0, request={"location": {"verification_result": "FALSE"}}),
        quiet=Example(gives=0.0, request={"location": {"verification_result": "TRUE"}}),
    ),
    Signal(
        name="location.accuracy_suspect",
        zh="定位精度可疑",
        why="A position that is exact to the metre zero, or vague to kilometres, was not measured.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing=NO_FIX,
        reason="LOCATION_FORGED",
        compute=_accuracy,
        fires=Example(gives=1.0, request={"location": {"accuracy_m": 0.0}}),
        quiet=Example(gives=0.0, request={"location": {"accuracy_m": 30.0}}),
    ),
)
