"""Graph: how this request hangs together with others by the things they share, one step away."""

from datetime import timedelta
from typing import Final

from features.signal import Example, Moment, Past, Signal, Value
from features.windows import Count, Distinct

MONTH: Final = timedelta(days=30)
QUARTER: Final = timedelta(days=90)

TARGET_SOURCES: Final = Distinct(what="line", by="target", of=("screening",), span=MONTH)
CONTACT_LINES: Final = Distinct(what="line", by="contact", of=("screening",), span=MONTH)
BENEFICIARY: Final = Count(by="agent+beneficiary", of=("screening",), span=MONTH)
DEVICE_LINES: Final = Distinct(what="line", by="device", of=("screening",), span=MONTH)
LINE_DEVICES: Final = Distinct(what="device", by="line", of=("screening",), span=MONTH)
HANGS_ON: Final = (DEVICE_LINES, LINE_DEVICES, TARGET_SOURCES, CONTACT_LINES)
FRAUD_NEAR: Final = tuple(
    Count(by=by, of=("labelled_fraud",), span=QUARTER) for by in ("device", "party", "contact", "target")
)


def _fraud_near(m: Moment) -> Value:
    """The most that any shared thing was part of; None when nothing is shared or nothing could be asked."""
    known = [found for found in (m.seen(window) for window in FRAUD_NEAR) if found is not None]
    return max(known, default=None)


def _component(m: Moment) -> Value:
    """One step in each direction: an upper bound of the component's size, told without walking a graph."""
    known = [found for found in (m.seen(window) for window in HANGS_ON) if isinstance(found, float)]
    return sum(known) if known else None


SIGNALS: Final = (
    Signal(
        name="graph.component_30d",
        zh="三十天内相连号码与设备数",
        why="Lines and devices that hang together by one phone, contact or target: a family is small, a farm is not.",
        origin="ours",
        risk="rises",
        missing="the velocity store could not be asked",
        reason="MANY_LINES_ONE_DEVICE",
        reads=HANGS_ON,
        compute=_component,
        fires=Example(
            gives=14.0,
            request={"device": {"id": "d-1"}, "contacts": [{"token": "c-1", "source": "supplied"}]},
            past=(
                Past(kind="screening", ago=timedelta(days=1), other=("line", "party", "contact"), times=8),
                Past(kind="screening", ago=timedelta(days=2), other=("line", "party", "device"), times=6),
            ),
        ),
        quiet=Example(
            gives=1.0,
            request={"device": {"id": "d-1"}},
            past=(Past(kind="screening", ago=timedelta(days=2), other=("line", "party"), times=1),),
        ),
    ),
    Signal(
        name="graph.target_sources_30d",
        zh="三十天内同一余额去向的号码数",
        why="Balances of several lines flow to one target: somebody collects.",
        origin="carrier",
        risk="rises",
        missing="no balance is transferred, or its target is not named",
        reason="BALANCE_COLLECTED",
        reads=(TARGET_SOURCES,),
        compute=lambda m: m.seen(TARGET_SOURCES),
        fires=Example(
            gives=4.0,
            request={"balance_transfer": {"target_token": "b-1"}},
            past=(Past(kind="screening", ago=timedelta(days=2), other=("line", "party", "device"), times=4),),
        ),
        quiet=Example(
            gives=0.0,
            request={"balance_transfer": {"target_token": "b-1"}},
            past=(Past(kind="screening", ago=timedelta(days=2), other=("line", "target"), times=4),),
        ),
    ),
    Signal(
        name="graph.contact_lines_30d",
        zh="三十天内同一新留联系方式的号码数",
        why="One contact was left for several lines: the notices of all of them go to the same hand.",
        origin="carrier",
        risk="rises",
        missing="no new contact was left",
        reason="CONTACT_NOT_OWNER",
        reads=(CONTACT_LINES,),
        compute=lambda m: m.seen(CONTACT_LINES),
        fires=Example(
            gives=5.0,
            request={"contacts": [{"token": "c-1", "source": "supplied"}]},
            past=(Past(kind="screening", ago=timedelta(days=1), other=("line", "party"), times=5),),
        ),
        quiet=Example(gives=0.0, request={"contacts": [{"token": "c-1", "source": "supplied"}]}),
    ),
    Signal(
        name="graph.beneficiary_repeats_30d",
        zh="三十天内同一受理人与受益人次数",
        why="The same clerk serves the same beneficiary again and again: how insiders are found.",
        origin="carrier",
        risk="rises",
        missing="no clerk handles it, or nobody benefits by name",
        reason="AGENT_UNUSUAL",
        reads=(BENEFICIARY,),
        compute=lambda m: m.seen(BENEFICIARY),
        fires=Example(
            gives=4.0,
            request={"agent": {"id": "a-1", "beneficiary_token": "y-1"}},
            past=(Past(kind="screening", ago=timedelta(days=3), other=("line", "party"), times=4),),
        ),
        quiet=Example(
            gives=0.0,
            request={"agent": {"id": "a-1", "beneficiary_token": "y-1"}},
            past=(Past(kind="screening", ago=timedelta(days=3), other=("line", "beneficiary")),),
        ),
    ),
    Signal(
        name="graph.fraud_near_90d",
        zh="九十天内关联的已确认欺诈数",
        why="Device, person, contact or target of the balance were part of a confirmed fraud in the last three months.",
        origin="ours",
        risk="rises",
        missing="the request names nothing that could be shared",
        reason="FRAUD_NEARBY",
        reads=FRAUD_NEAR,
        compute=_fraud_near,
        fires=Example(
            gives=2.0,
            request={"device": {"id": "d-1"}},
            past=(Past(kind="labelled_fraud", ago=timedelta(days=9), other=("line", "party"), times=2),),
        ),
        quiet=Example(
            gives=0.0,
            request={"device": {"id": "d-1"}},
            past=(Past(kind="labelled_fraud", ago=timedelta(days=91)),),
        ),
    ),
)
