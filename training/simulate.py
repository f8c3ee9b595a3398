"""The simulation: days of requests by invented people, with what was reported before them and what came out later.

A log of `lastcall simulate` has everything that a carrier's own would have. Its bytes depend on the arguments alone.
Fraud is drawn more often than it happens, and every request says how many real ones it stands for (`sampling`).
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final, Literal

import msgspec

from features.clock import milliseconds
from features.codec import Line, LoggedEvent, LoggedHeader, LoggedLabel, LoggedScreening
from features.places import Places
from features.request import ScreeningRequest
from features.subject import event_of, keys_of
from training.world.country import Atlas
from training.world.dice import Choices, Dice
from training.world.personas import Persona
from training.world.personas.fraud import PERSONAS as FRAUD
from training.world.personas.genuine import PERSONAS as GENUINE
from training.world.stage import DAY_MS, Stage
from training.world.visit import Visit

BASE_RATE: Final = 0.001
"""Share of fraud among real requests that a log is weighted to; no public figure exists (1e-4 to 1e-3 is likely)."""
WRONG: Final = {"fraud": 0.02, "legitimate": 0.00002}
"""Share of labels that are wrong: some fraud is never noticed, and now and then an owner forgets."""
SOURCES: Final = {"fraud": ("complaint", "investigation", "not_me"), "legitimate": ("analyst", "complaint", "analyst")}
CHINA_MS: Final = 8 * 3_600_000
BUSIEST: Final = 12
"""The most requests one persona makes in one go: a day may end that much above its number."""
SOONEST: Final = timedelta(minutes=30)
"""Nobody knows what a request was before this."""


def simulate(  # noqa: PLR0913 - the options of the command
    *,
    days: int,
    per_day: int,
    seed: int,
    fraud_rate: float = 0.03,
    until_ms: int,
    atlas: Atlas | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Line]:
    """Yield a history as the lines of a log, in the order in which things became known.

    Args:
        days: how many days before `until_ms`.
        per_day: about how many requests a day.
        seed: of all chance.
        fraud_rate: share of fraud among the requests that are drawn.
        until_ms: when the history ends; later requests are not in it.
        atlas: the look-ups of numbers and addresses; the tables by default.
        progress: told how many days are done.

    Labels come as they became known; those that would come after the end come last, because a simulation knows.
    """
    dice = Dice(seed)
    stage = Stage(dice, atlas or Places())
    since_ms = until_ms - days * DAY_MS
    yield LoggedHeader(
        made_by="lastcall simulate", fraud_rate=fraud_rate, seed=seed, since_ms=since_ms, until_ms=until_ms
    )
    company = {"fraud": _choices(FRAUD), "legitimate": _choices(GENUINE)}
    played: list[tuple[Visit, Persona]] = []
    for day in range(days):
        midnight = (since_ms + CHINA_MS) // DAY_MS * DAY_MS - CHINA_MS + day * DAY_MS
        played += _day(stage, company, midnight, per_day, fraud_rate)
        progress(day + 1)
    inside = [(visit, persona) for visit, persona in played if since_ms <= visit.at_ms < until_ms]
    yield from _log(stage, inside, until_ms)


def _choices(personas: tuple[Persona, ...]) -> Choices[Persona]:
    return Choices.of({persona: persona.weight for persona in personas})


def _day(
    stage: Stage, company: dict[str, Choices[Persona]], midnight: int, per_day: int, fraud_rate: float
) -> list[tuple[Visit, Persona]]:
    """Play one day: as many genuine and fraudulent requests as were asked for, personas drawn by their weights."""
    found: list[tuple[Visit, Persona]] = []
    frauds = stage.dice.count(per_day * fraud_rate) if per_day * fraud_rate < 1 else round(per_day * fraud_rate)
    kinds: tuple[tuple[Literal["fraud", "legitimate"], int], ...] = (
        ("fraud", frauds),
        ("legitimate", per_day - frauds),
    )
    for kind, wanted in kinds:
        done = 0
        while done < wanted:
            persona = stage.dice.one(company[kind])
            persona.act(stage, midnight)
            played = stage.done[: wanted - done + BUSIEST]
            stage.done.clear()
            found += [(visit, persona) for visit in played]
            done += len(played)
    return found


def _log(stage: Stage, played: list[tuple[Visit, Persona]], until_ms: int) -> Iterator[Line]:
    """Put requests, events and labels into one order."""
    played.sort(key=lambda one: one[0].at_ms)
    frauds = sum(persona.label == "fraud" for _, persona in played)
    weights = _weights(frauds, len(played) - frauds)
    lines: list[tuple[int, int, Line]] = []
    for number, (visit, persona) in enumerate(played):
        screening = _screening(stage, visit, number, weights[persona.label])
        lines.append((visit.at_ms, 1, screening))
        label = _label(stage.dice, screening, persona)
        lines.append((label.at_ms, 2, label))
    lines += [(event.known_ms, 0, LoggedEvent(event=event)) for event in stage.past.events if event.known_ms < until_ms]
    lines.sort(key=lambda line: line[:2])
    for _, _, line in lines:
        yield line


def _weights(frauds: int, genuine: int) -> dict[str, float]:
    """Return how many real requests each drawn one stands for, so that the weighted share of fraud is the base rate."""
    if not frauds or not genuine:
        return {"fraud": 1.0, "legitimate": 1.0}
    return {"fraud": 1.0, "legitimate": round(frauds * (1 - BASE_RATE) / BASE_RATE / genuine, 6)}


def _screening(stage: Stage, visit: Visit, number: int, weight: float) -> LoggedScreening:
    visit.body |= {"request_id": f"sim-{number:07d}", "occurred_at": visit.occurred_at()}
    request = msgspec.convert(_told(visit.body), ScreeningRequest)
    facts = stage.country.facts(request)
    event = event_of(request, facts, keys_of(request), event_id=f"scr:sim-{number:07d}", at_ms=visit.at_ms)
    return LoggedScreening(event=event, request=request, facts=facts, sampling=weight)


def _told(body: dict[str, object]) -> dict[str, object]:
    """Return a body without what is not said."""
    return {
        name: {field: value for field, value in group.items() if value is not None}
        if isinstance(group, dict)
        else group
        for name, group in body.items()
    }


def _label(dice: Dice, screening: LoggedScreening, persona: Persona) -> LoggedLabel:
    """Return what somebody says of a request some days later; now and then they are wrong."""
    truth = persona.label
    if dice.chance(WRONG[truth]):
        truth = "legitimate" if truth == "fraud" else "fraud"
    late_ms = int(dice.waiting(4 if truth == "fraud" else 9) * DAY_MS) + milliseconds(SOONEST)
    lost = int(dice.skewed(400_000, 1.0)) if truth == "fraud" else None
    return LoggedLabel(
        screening_id=screening.event.id,
        label=truth,
        source=dice.pick(SOURCES[truth]),
        at_ms=screening.event.known_ms + late_ms,
        loss_fen=lost,
        persona=persona.name,
    )
