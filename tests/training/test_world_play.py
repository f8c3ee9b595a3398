"""The outside world: people learn of us by what is decided and by nothing else, and thieves go on from there."""

from collections import defaultdict
from collections.abc import Callable

import msgspec
import pytest

from features.codec import LoggedScreening
from features.request import ScreeningRequest
from tests.training.worlds import PLACES, UNTIL_MS
from training.simulate import simulate
from training.world.dice import Dice
from training.world.labels import label_of
from training.world.personas.fraud import PERSONAS as FRAUD
from training.world.personas.genuine import PERSONAS as GENUINE
from training.world.play import Decide, Play, Played
from training.world.practice import practice
from training.world.stage import DAY_MS, DIFFICULTIES, Stage

DAYS = 20
SIZE = {"days": 6, "per_day": 100, "seed": 2, "fraud_rate": 0.5, "until_ms": UNTIL_MS, "atlas": PLACES}
MIDNIGHT = UNTIL_MS - DAYS * DAY_MS


def allow(request: ScreeningRequest) -> str:
    """Let everybody through."""
    return "allow"


def no_apps(request: ScreeningRequest) -> str:
    """Stop whoever comes through the app."""
    return "block" if request.channel == "app" else "allow"


def played(decide: Decide, seed: int = 5, difficulty: str = "normal", fraud_rate: float = 0.4) -> list[Played]:
    """Return what was asked in some weeks."""
    stage = Stage(Dice(seed), PLACES, (MIDNIGHT, UNTIL_MS), DIFFICULTIES[difficulty])
    play = Play(stage, decide, UNTIL_MS)
    return [one for day in range(DAYS) for one in play.day(MIDNIGHT + day * DAY_MS, 60, fraud_rate)]


def by_line(found: list[Played], label: str) -> list[list[Played]]:
    """Return the requests of thieves, or of honest people, by the line that they are about."""
    lines: dict[str, list[Played]] = defaultdict(list)
    for one in found:
        if one.persona.label == label:
            lines[one.visit.person.line.msisdn].append(one)
    return list(lines.values())


def came_back(found: list[Played], label: str) -> float:
    """Return how many of those whose first request was stopped asked again about the same line."""
    stopped = [line for line in by_line(found, label) if line[0].decision != "allow"]
    assert len(stopped) > 30
    return sum(len(line) > 1 for line in stopped) / len(stopped)


def test_the_world_asks_once_for_each_request_and_in_the_order_of_time() -> None:
    """What is decided is asked for as it happens, and what is logged is what was asked."""
    asked: list[ScreeningRequest] = []

    def decide(request: ScreeningRequest) -> str:
        asked.append(request)
        return "challenge" if len(asked) % 3 == 0 else "allow"

    lines = list(simulate(days=4, per_day=60, seed=2, until_ms=UNTIL_MS, atlas=PLACES, decide=decide))
    logged = [line for line in lines if isinstance(line, LoggedScreening)]
    assert [line.request for line in logged] == asked
    times = [line.event.known_ms for line in logged]
    assert times == sorted(times)
    decided = [line.decision for line in logged]
    assert decided == ["challenge" if number % 3 == 0 else "allow" for number in range(1, len(asked) + 1)]


def test_the_same_answers_give_the_same_world() -> None:
    """People change their minds by what is decided, and by nothing else."""
    first, again = (
        list(simulate(days=3, per_day=60, seed=2, until_ms=UNTIL_MS, atlas=PLACES, decide=no_apps)) for _ in range(2)
    )
    other = list(simulate(days=3, per_day=60, seed=2, until_ms=UNTIL_MS, atlas=PLACES, decide=allow))
    assert first == again
    assert [line for line in other if isinstance(line, LoggedScreening)] != [
        line for line in first if isinstance(line, LoggedScreening)
    ]


def test_a_thief_who_is_stopped_comes_back_another_way() -> None:
    """By another door, with another phone, from elsewhere, saying less, or for something smaller; and often gets in."""
    stopped = [line for line in by_line(played(no_apps), "fraud") if line[0].decision == "block"]
    back = [line for line in stopped if len(line) > 1]
    assert len(back) / len(stopped) > 0.4

    def tactics(one: Played) -> tuple[object, ...]:
        request = one.request
        return request.channel, request.device.id, request.network.ip, request.action

    assert sum(tactics(line[0]) != tactics(line[1]) for line in back) / len(back) > 0.9
    assert sum(line[-1].decision == "allow" for line in back) / len(back) > 0.6
    assert len({line[1].request.channel for line in back}) >= 5


def test_a_thief_who_gets_through_is_content() -> None:
    """Whom nobody stops asks again only to go on from a small step to the closure; the rest is an answer to us."""
    lines = by_line(played(allow), "fraud")
    repeated = [line for line in lines if len(line) > 1]
    assert len(repeated) / len(lines) < 0.2
    assert not any(line[0].request.irreversible for line in repeated)


def test_honest_people_come_back_too() -> None:
    """Mostly a day or two later, often at a counter with their papers."""
    found = played(no_apps, fraud_rate=0.05)
    assert 0.3 < came_back(found, "legitimate") < 0.7
    doors = [
        line[1].request.channel for line in by_line(found, "legitimate") if line[0].decision == "block" and line[1:]
    ]
    assert doors.count("store") > doors.count("partner_api")


@pytest.mark.parametrize(
    ("difficulty", "low", "high"), [("easy", 0.1, 0.45), ("normal", 0.4, 0.75), ("hard", 0.6, 0.95)]
)
def test_the_harder_the_oftener_they_come_back(difficulty: str, low: float, high: float) -> None:
    """How stubborn thieves are is a setting."""
    assert low < came_back(played(no_apps, difficulty=difficulty), "fraud") < high


def test_the_harder_the_fewer_traces_they_leave() -> None:
    """After a swapped SIM, fewer of the careful change the password and the contact at once, or empty a bank."""

    def told(difficulty: str) -> float:
        swapped = [one for one in played(allow, 6, difficulty) if one.persona.name == "sim_swapper"]
        assert len(swapped) > 40
        traces = (
            lambda r: r.account.password_reset_h is not None and r.account.password_reset_h < 48,
            lambda r: r.account.contact_changed_h is not None and r.account.contact_changed_h < 48,
            lambda r: r.network.device_change_age_h is not None and r.network.device_change_age_h < 48,
            lambda r: (r.otp.bank_code_storm_1h or 0) >= 4,
        )
        return sum(trace(one.request) for one in swapped for trace in traces) / len(swapped)

    assert told("easy") > told("normal") > told("hard")


@pytest.mark.parametrize(
    ("decide", "label", "low", "high"),
    [
        (lambda _: "allow", "fraud", 0.93, 1.0),
        (lambda _: "block", "fraud", 0.25, 0.55),
        (lambda _: "hold", "legitimate", 0.45, 0.75),
        (lambda _: "allow", "legitimate", 0.97, 1.0),
    ],
)
def test_what_was_stopped_is_seldom_confirmed(decide: Decide, label: str, low: float, high: float) -> None:
    """Labels are selective: nobody complains of a theft that did not happen."""
    stage = Stage(Dice(9), PLACES, (MIDNIGHT, UNTIL_MS))
    screenings = {line.event.id: line for line in simulate(**SIZE, decide=decide) if isinstance(line, LoggedScreening)}
    persona = next(one for one in (*FRAUD, *GENUINE) if one.label == label)
    told = [label_of(stage.dice, line, persona, str(line.decision)) for line in screenings.values()]
    assert low < sum(one is not None for one in told) / len(told) <= high
    if "allow" not in {line.decision for line in screenings.values()}:
        assert all(one.loss_fen is None and one.source == "analyst" for one in told if one is not None)


@pytest.mark.parametrize(
    ("bend", "decision"),
    [
        ({}, "allow"),
        ({"otp": {"status": "failed"}}, "challenge"),
        ({"account": {"closure_lock": "on"}}, "challenge"),
        ({"requester": {"document_status": "failed"}}, "hold"),
        ({"kyc": {"id_document_match": "false"}}, "hold"),
        ({"account": {"frozen_reason": "police"}}, "block"),
    ],
)
def test_what_carriers_check_today(
    bend: dict[str, object], decision: str, close: Callable[..., ScreeningRequest]
) -> None:
    """Papers, codes, locks and freezes; nothing of phones, places or what happened before."""
    assert practice(close(**bend)) == decision


@pytest.fixture
def close() -> Callable[..., ScreeningRequest]:
    """Return a maker of closures."""

    def make(**bend: object) -> ScreeningRequest:
        body = {"request_id": "r", "action": "close", "channel": "app", "subscriber": {"msisdn": "+8613800138000"}}
        return msgspec.convert(body | bend, ScreeningRequest)

    return make
