"""The simulation: days of requests by invented people, with what was reported before them and what came out later.

A log of `lastcall simulate` has everything that a carrier's own would have. Its bytes depend on the arguments alone.
Fraud is drawn more often than it happens, and every request says how many real ones it stands for (`sampling`).
"""

from collections.abc import Callable, Iterator
from typing import Final

from features.codec import Line, LoggedEvent, LoggedHeader, LoggedScreening
from features.places import Places
from features.subject import event_of, keys_of
from training.world.country import Atlas
from training.world.dice import Dice
from training.world.labels import label_of
from training.world.personas import Truth
from training.world.play import Decide, Play, Played
from training.world.practice import practice
from training.world.stage import DAY_MS, DIFFICULTIES, Stage, midnight_before

BASE_RATE: Final = 0.001
"""Share of fraud among real requests that a log is weighted to; no public figure exists (1e-4 to 1e-3 is likely)."""


def simulate(  # noqa: PLR0913 - the options of the command
    *,
    days: int,
    per_day: int,
    seed: int,
    fraud_rate: float = 0.03,
    difficulty: str = "normal",
    until_ms: int,
    atlas: Atlas | None = None,
    decide: Decide | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Line]:
    """Yield a history as the lines of a log, in the order in which things became known.

    Args:
        days: how many days before `until_ms`.
        per_day: about how many requests a day; fewer come on holidays.
        seed: of all chance.
        fraud_rate: share of fraud among the requests that are drawn.
        difficulty: how hard thieves make it, one of `DIFFICULTIES`.
        until_ms: when the history ends; later requests are not in it.
        atlas: the look-ups of numbers and addresses; the tables by default.
        decide: the outside world: what is decided on a request, asked in the order of time. Thieves adapt to it, and
            it is logged. By default a carrier's plain checks, which are not.
        progress: told how many days are done.

    Labels come as they became known; those that would come after the end come last, because a simulation knows.
    """
    since_ms = until_ms - days * DAY_MS
    stage = Stage(Dice(seed), atlas or Places(), (since_ms, until_ms), DIFFICULTIES[difficulty])
    yield LoggedHeader(
        made_by="lastcall simulate",
        fraud_rate=fraud_rate,
        seed=seed,
        since_ms=since_ms,
        until_ms=until_ms,
        notes={"difficulty": difficulty, "base_rate": str(BASE_RATE)},
    )
    play = Play(stage, decide or practice, until_ms)
    played: list[Played] = []
    midnight = midnight_before(since_ms)
    for day in range(days if midnight == since_ms else days + 1):
        played += play.day(midnight + day * DAY_MS, per_day, fraud_rate)
        progress(min(day + 1, days))
    inside = [one for one in played if since_ms <= one.visit.at_ms]
    yield from _log(stage, inside, until_ms, told=decide is not None)


def _log(stage: Stage, played: list[Played], until_ms: int, *, told: bool) -> Iterator[Line]:
    """Put requests, events and labels into one order."""
    weights = _weights([one.persona.label for one in played])
    lines: list[tuple[int, int, Line]] = []
    for one in played:
        screening = _screening(stage, one, weights[one.persona.label], told=told)
        lines.append((one.visit.at_ms, 1, screening))
        label = label_of(stage.dice, screening, one.persona, one.decision)
        if label is not None:
            lines.append((label.at_ms, 2, label))
    lines += [(event.known_ms, 0, LoggedEvent(event=event)) for event in stage.past.events if event.known_ms < until_ms]
    lines.sort(key=lambda line: line[:2])
    for _, _, line in lines:
        yield line


def _weights(truths: list[Truth]) -> dict[Truth, float]:
    """Return how many real requests each drawn one stands for, so that the weighted share of fraud is the base rate."""
    frauds = truths.count("fraud")
    genuine = len(truths) - frauds
    if not frauds or not genuine:
        return {"fraud": 1.0, "legitimate": 1.0}
    return {"fraud": 1.0, "legitimate": round(frauds * (1 - BASE_RATE) / BASE_RATE / genuine, 6)}


def _screening(stage: Stage, one: Played, weight: float, *, told: bool) -> LoggedScreening:
    request = one.request
    facts = stage.country.facts(request)
    event = event_of(request, facts, keys_of(request), event_id=f"scr:{request.request_id}", at_ms=one.visit.at_ms)
    return LoggedScreening(
        event=event, request=request, facts=facts, decision=one.decision if told else None, sampling=weight
    )
