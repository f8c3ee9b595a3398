"""Request: what is asked, by whom, through which door, at what hour, and how the form was filled in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, get_args

from features.clock import local_hour
from features.signal import Example, Moment, Past, Signal, Value, flag, is_one_of, number
from features.vocabulary import Action, Channel, DocumentStatus, Reason, Role
from features.windows import Count

TOO_FAST_S: Final = 1.5
CALM_S: Final = 60.0
NIGHT_FROM: Final = 22
NIGHT_TO: Final = 6
DAY_90: Final = timedelta(days=90)

ATTEMPTS: Final = Count(by="line", of=("screening",), span=timedelta(days=7))
BEEN_THERE: Final = Count(by="line+province", of=("screening", "login_succeeded", "device_enrolled"), span=DAY_90)
ANYWHERE: Final = Count(by="line", of=("login_succeeded", "device_enrolled"), span=DAY_90)


def _province_never_seen(m: Moment) -> Value:
    """Never seen there, among what was seen at all: a line without any history is unknown, not suspicious."""
    subscriber = m.request.subscriber
    if subscriber.handling_province is None or subscriber.home_province is None:
        return None
    if subscriber.handling_province == subscriber.home_province:
        return 0.0
    seen, anywhere = m.seen(BEEN_THERE), m.seen(ANYWHERE)
    if seen is None or (not anywhere and not seen):
        return None
    return float(seen == 0)


def _off_province(m: Moment) -> Value:
    home, here = m.request.subscriber.home_province, m.request.subscriber.handling_province
    return None if home is None or here is None else float(home != here)


def _contact_not_owner(m: Moment) -> Value:
    said = [contact.same_owner for contact in m.request.contacts if contact.source != "on_record"]
    known = [answer for answer in said if answer in {"yes", "no"}]
    return float("no" in known) if known else None


def _page_seconds(m: Moment) -> float | None:
    return m.request.confirmation.seconds_on_page


def _at(hour: int) -> str:
    return f"2026-11-02T{hour:02d}:30:00+08:00"


def _choice(name: str, zh: str, why: str, kinds: object, pick: Callable[[Moment], Value], *, reason: str) -> Signal:  # noqa: PLR0913
    """Return a category that the carrier states."""
    field = name.partition(".")[2]
    values = get_args(kinds)
    group = {"requester": {field: values[-1]}} if field in {"role", "document_status"} else {field: values[-1]}
    calm = {"requester": {field: values[0]}} if field in {"role", "document_status"} else {field: values[0]}
    return Signal(
        name=name,
        zh=zh,
        why=why,
        origin="carrier",
        risk="either",
        missing="the carrier's system does not say",
        reason=reason,
        categories=values,
        compute=pick,
        fires=Example(gives=values[-1], request=group),
        quiet=Example(gives=values[0], request=calm),
    )


SIGNALS: Final = (
    _choice(
        "request.action",
        "业务类型",
        "What is asked sets how much is lost if the asker is a thief: a closed number cannot be taken back.",
        Action,
        lambda m: m.request.action,
        reason="REQUEST_UNUSUAL",
    ),
    _choice(
        "request.channel",
        "办理渠道",
        "Each door shows other things: an app its device, a store its clerk, a hotline next to nothing.",
        Channel,
        lambda m: m.request.channel,
        reason="REQUEST_UNUSUAL",
    ),
    _choice(
        "request.reason",
        "办理原因",
        "The stated reason must fit the line's life; a death or a misused identity leads to a person, not a machine.",
        Reason,
        lambda m: m.request.reason,
        reason="REQUEST_UNUSUAL",
    ),
    _choice(
        "request.role",
        "办理人身份",
        "Somebody who acts for the owner needs papers; most who do have them.",
        Role,
        lambda m: m.request.requester.role,
        reason="REQUESTER_NOT_OWNER",
    ),
    _choice(
        "request.document_status",
        "证件核验状态",
        "Verified papers are the strongest sign that the right person stands there.",
        DocumentStatus,
        lambda m: m.request.requester.document_status,
        reason="REQUEST_UNUSUAL",
    ),
    Signal(
        name="request.documents_failed",
        zh="证件核验未通过",
        why="Papers were shown and did not pass.",
        origin="carrier",
        risk="rises",
        missing="no papers were asked for",
        reason="DOCUMENTS_NOT_VERIFIED",
        compute=lambda m: is_one_of(m.request.requester.document_status, "failed"),
        fires=Example(gives=1.0, request={"requester": {"document_status": "failed"}}),
        quiet=Example(gives=0.0, request={"requester": {"document_status": "verified"}}),
    ),
    Signal(
        name="request.hour",
        zh="办理时刻（点）",
        why="Fraud keeps other hours than people; the hour matters most where a store should be shut.",
        origin="ours",
        risk="either",
        missing="never: our own clock says it",
        reason="REQUEST_UNUSUAL",
        compute=lambda m: float(local_hour(m.at_ms)),
        fires=Example(gives=3.0, at=_at(3)),
        quiet=Example(gives=10.0, at=_at(10)),
    ),
    Signal(
        name="request.at_night",
        zh="深夜办理",
        why="Between ten in the evening and six in the morning fewer genuine people close numbers.",
        origin="ours",
        risk="rises",
        missing="never: our own clock says it",
        reason="REQUEST_AT_NIGHT",
        compute=lambda m: float(not NIGHT_TO <= local_hour(m.at_ms) < NIGHT_FROM),
        fires=Example(gives=1.0, at=_at(23)),
        quiet=Example(gives=0.0, at=_at(6)),
    ),
    Signal(
        name="request.off_province",
        zh="异地办理",
        why="Closing from another province is a right, and mostly students and workers do it: alone it counts little.",
        origin="carrier",
        risk="either",
        missing="one of the two provinces is not given",
        reason="LOCATION_UNUSUAL",
        compute=_off_province,
        fires=Example(gives=1.0, request={"subscriber": {"home_province": "440000", "handling_province": "310000"}}),
        quiet=Example(gives=0.0, request={"subscriber": {"home_province": "440000", "handling_province": "440000"}}),
    ),
    Signal(
        name="request.province_never_seen",
        zh="办理省份从未出现过",
        why="The line was in use for months, and never once in the province where it is now to be closed.",
        origin="carrier",
        risk="rises",
        missing="nothing is known of where the line was used",
        reason="LOCATION_UNUSUAL",
        reads=(BEEN_THERE, ANYWHERE),
        compute=_province_never_seen,
        fires=Example(
            gives=1.0,
            request={"subscriber": {"home_province": "440000", "handling_province": "310000"}},
            past=(Past(kind="login_succeeded", ago=timedelta(days=2), other=("province",)),),
        ),
        quiet=Example(
            gives=0.0,
            request={"subscriber": {"home_province": "440000", "handling_province": "310000"}},
            past=(Past(kind="login_succeeded", ago=timedelta(days=2)),),
        ),
    ),
    Signal(
        name="request.confirm_too_fast",
        zh="确认页停留过短",
        why="Nobody reads that they lose their number within a second and a half; a script does.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing="hotline and store requests have no page",
        reason="REQUEST_AUTOMATED",
        compute=lambda m: flag(None if (s := _page_seconds(m)) is None else s < TOO_FAST_S),
        fires=Example(gives=1.0, request={"confirmation": {"seconds_on_page": 0.7}}),
        quiet=Example(gives=0.0, request={"confirmation": {"seconds_on_page": 1.5}}),
    ),
    Signal(
        name="request.confirm_seconds_over",
        zh="确认页停留超出一分钟的秒数",
        why="People who are coached take minutes where others take seconds; slow readers do too, so it weighs little.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing="hotline and store requests have no page",
        reason="REQUEST_HESITANT",
        compute=lambda m: None if (s := _page_seconds(m)) is None else max(0.0, s - CALM_S),
        fires=Example(gives=90.0, request={"confirmation": {"seconds_on_page": 150.0}}),
        quiet=Example(gives=0.0, request={"confirmation": {"seconds_on_page": 12.0}}),
    ),
    Signal(
        name="request.no_edits",
        zh="表单未经修改",
        why="A form that was filled without a single keystroke was filled by a program, or by the app itself.",
        origin="device",
        risk="rises",
        benign=0.0,
        missing="only our own app counts edits",
        reason="REQUEST_AUTOMATED",
        compute=lambda m: flag(None if m.request.confirmation.edits is None else m.request.confirmation.edits == 0),
        fires=Example(gives=1.0, request={"confirmation": {"edits": 0}}),
        quiet=Example(gives=0.0, request={"confirmation": {"edits": 2}}),
    ),
    Signal(
        name="request.line_attempts_7d",
        zh="七天内本号码申请次数",
        why="Somebody keeps trying: confused customers do, and thieves who look for the gap.",
        origin="ours",
        risk="rises",
        missing="the velocity store could not be asked",
        reason="MANY_REQUESTS",
        reads=(ATTEMPTS,),
        compute=lambda m: m.seen(ATTEMPTS),
        fires=Example(gives=3.0, past=(Past(kind="screening", ago=timedelta(hours=1), times=3),)),
        quiet=Example(gives=0.0, past=(Past(kind="screening", ago=timedelta(days=8)),)),
    ),
    Signal(
        name="request.bundle_count",
        zh="同单号码数",
        why="Many lines in one order: an enterprise, a victim of misused identity, or a thief with a list.",
        origin="carrier",
        risk="either",
        missing="a single line",
        reason="MANY_LINES_ONE_PERSON",
        compute=lambda m: number(m.request.bundle_count),
        fires=Example(gives=40.0, request={"bundle_count": 40}),
        quiet=Example(gives=1.0, request={"bundle_count": 1}),
    ),
    Signal(
        name="request.days_to_cycle_end",
        zh="距账期结束天数",
        why="People who plan close near the end of their billing cycle; a thief does not wait for it.",
        origin="carrier",
        risk="either",
        missing="prepaid lines have no cycle",
        reason="REQUEST_UNUSUAL",
        compute=lambda m: number(m.request.account.days_to_cycle_end),
        fires=Example(gives=27.0, request={"account": {"days_to_cycle_end": 27}}),
        quiet=Example(gives=2.0, request={"account": {"days_to_cycle_end": 2}}),
    ),
    Signal(
        name="request.balance_to_other_owner",
        zh="余额转给他人",
        why="What is left on the line goes to somebody else: how a closure is turned into money.",
        origin="carrier",
        risk="rises",
        missing="nothing is left to transfer, or the owner of the target is not known",
        reason="BALANCE_TO_STRANGER",
        compute=lambda m: is_one_of(m.request.balance_transfer.same_owner, "no"),
        fires=Example(gives=1.0, request={"balance_transfer": {"same_owner": "no"}}),
        quiet=Example(gives=0.0, request={"balance_transfer": {"same_owner": "yes"}}),
    ),
    Signal(
        name="request.contact_not_owner",
        zh="新留联系方式非本人",
        why="The contact that the requester left belongs to another person: the owner would hear of nothing.",
        origin="carrier",
        risk="rises",
        missing="no new contact was left, or its owner is not known",
        reason="CONTACT_NOT_OWNER",
        compute=_contact_not_owner,
        fires=Example(gives=1.0, request={"contacts": [{"token": "c-x", "source": "supplied", "same_owner": "no"}]}),
        quiet=Example(gives=0.0, request={"contacts": [{"token": "c-x", "source": "supplied", "same_owner": "yes"}]}),
    ),
)
