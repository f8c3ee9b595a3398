"""Agent: the clerk who handles a request, if anybody does, and how their day looks beside it."""

from datetime import timedelta
from typing import Final

from features.clock import local_hour
from features.signal import Example, Moment, Past, Signal, Value, flag
from features.windows import Count

DAY: Final = timedelta(days=1)
NO_CLERK: Final = "nobody handles it: the customer does it alone"
OPENS: Final = 8
CLOSES: Final = 20

REQUESTS_1H: Final = Count(by="agent", of=("screening",), span=timedelta(hours=1))
OVERRIDES_24H: Final = Count(by="agent", of=("screening_overridden",), span=DAY)
VIEWED_24H: Final = Count(by="agent", of=("record_viewed_by_agent",), span=DAY)
CLERK: Final = {"agent": {"id": "a-1"}}


def _night(m: Moment) -> Value:
    """Stores and desks are shut from eight in the evening to eight in the morning."""
    return None if m.request.agent.id is None else float(not OPENS <= local_hour(m.at_ms) < CLOSES)


SIGNALS: Final = (
    Signal(
        name="agent.override",
        zh="受理人员越过核验",
        why="The clerk skipped a check by hand; sometimes they must, and insiders always do.",
        origin="carrier",
        risk="rises",
        missing=NO_CLERK,
        reason="AGENT_OVERRIDE",
        compute=lambda m: flag(m.request.agent.override),
        fires=Example(gives=1.0, request={"agent": {"id": "a-1", "override": True}}),
        quiet=Example(gives=0.0, request={"agent": {"id": "a-1", "override": False}}),
    ),
    Signal(
        name="agent.requests_1h",
        zh="一小时内受理人员申请数",
        why="A clerk who closes line after line works through a list; a busy Saturday looks alike.",
        origin="carrier",
        risk="rises",
        missing=NO_CLERK,
        reason="AGENT_UNUSUAL",
        reads=(REQUESTS_1H,),
        compute=lambda m: m.seen(REQUESTS_1H),
        fires=Example(
            gives=25.0,
            request=CLERK,
            past=(Past(kind="screening", ago=timedelta(minutes=4), other=("line", "party"), times=25),),
        ),
        quiet=Example(
            gives=0.0,
            request=CLERK,
            past=(Past(kind="screening", ago=timedelta(minutes=4), other=("line", "agent"), times=9),),
        ),
    ),
    Signal(
        name="agent.overrides_24h",
        zh="一天内受理人员越权次数",
        why="One skipped check is an exception; several a day are a habit.",
        origin="carrier",
        risk="rises",
        missing=NO_CLERK,
        reason="AGENT_OVERRIDE",
        reads=(OVERRIDES_24H,),
        compute=lambda m: m.seen(OVERRIDES_24H),
        fires=Example(
            gives=3.0,
            request=CLERK,
            past=(Past(kind="screening_overridden", ago=timedelta(hours=2), other=("line",), times=3),),
        ),
        quiet=Example(
            gives=0.0,
            request=CLERK,
            past=(Past(kind="screening_overridden", ago=timedelta(hours=25), other=("line",)),),
        ),
    ),
    Signal(
        name="agent.night",
        zh="非营业时间受理",
        why="Somebody at the carrier handles it while stores and desks are shut.",
        origin="carrier",
        risk="rises",
        missing=NO_CLERK,
        reason="AGENT_UNUSUAL",
        compute=_night,
        fires=Example(gives=1.0, request=CLERK, at="2026-11-02T22:30:00+08:00"),
        quiet=Example(gives=0.0, request=CLERK, at="2026-11-02T08:00:00+08:00"),
    ),
    Signal(
        name="agent.records_viewed_24h",
        zh="一天内受理人员查看档案数",
        why="Who looks at many customers' records looks for somebody.",
        origin="carrier",
        risk="rises",
        missing=NO_CLERK,
        reason="AGENT_UNUSUAL",
        reads=(VIEWED_24H,),
        compute=lambda m: m.seen(VIEWED_24H),
        fires=Example(
            gives=40.0,
            request=CLERK,
            past=(Past(kind="record_viewed_by_agent", ago=timedelta(hours=1), other=("line",), times=40),),
        ),
        quiet=Example(
            gives=0.0,
            request=CLERK,
            past=(Past(kind="record_viewed_by_agent", ago=timedelta(days=2), other=("line",)),),
        ),
    ),
)
