"""The play: stories of many people, in the order of time; each is told what was decided, and goes on from there."""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import msgspec

from features.request import ScreeningRequest
from training.world.dice import Choices
from training.world.outage import DAY_MS
from training.world.personas import Persona, Story, Truth
from training.world.personas.fraud import PERSONAS as FRAUD
from training.world.personas.genuine import EVERYDAY
from training.world.personas.genuine import PERSONAS as GENUINE
from training.world.season import MIX, VOLUME, Season, season_of
from training.world.stage import Stage
from training.world.visit import Visit

Decide = Callable[[ScreeningRequest], str]
"""The outside world: a request in, `allow`, `challenge`, `hold` or `block` out. All else is unknown to people."""
KINDS: Final[dict[Truth, tuple[Persona, ...]]] = {"fraud": FRAUD, "legitimate": GENUINE}


@dataclass(frozen=True, slots=True)
class Played:
    """A request that was made, by whom, and what was decided."""

    visit: Visit
    request: ScreeningRequest
    persona: Persona
    decision: str


class Play:
    """Runs stories; a heap holds the next visit of each."""

    def __init__(self, stage: Stage, decide: Decide, until_ms: int) -> None:
        """Take the stage, the outside world and when the history ends."""
        self._stage = stage
        self._decide = decide
        self._until_ms = until_ms
        self._next: list[tuple[int, int, Visit, Story, Persona]] = []
        self._number = count()
        self._asked = count()
        self._company: dict[tuple[Truth, Season], Choices[Persona]] = {}
        self._made: dict[Truth, float] = {"fraud": 0.0, "legitimate": 0.0}
        self._wanted: dict[Truth, float] = {"fraud": 0.0, "legitimate": 0.0}

    def day(self, midnight: int, per_day: float, fraud_rate: float) -> Iterator[Played]:
        """Play a day: new stories begin until as many requests as were asked for are on their way."""
        season = season_of(midnight + DAY_MS // 2)
        asked = per_day * VOLUME.get(season, 1.0)
        shares: Mapping[Truth, float] = {"fraud": asked * fraud_rate, "legitimate": asked * (1 - fraud_rate)}
        for truth, share in shares.items():
            self._wanted[truth] += share
            while self._made[truth] < self._wanted[truth] and self._stage.dice.chance(
                self._wanted[truth] - self._made[truth]
            ):
                self._begin(self._stage.dice.one(self._those(truth, season)), midnight)
        yield from self._until(midnight + DAY_MS)

    def _those(self, truth: Truth, season: Season) -> Choices[Persona]:
        """Return who comes in a season."""
        if (truth, season) not in self._company:
            mix = MIX.get(season, {})
            weights = {persona: persona.weight * mix.get(persona.name, 1.0) for persona in KINDS[truth]}
            self._company[truth, season] = Choices.of(weights)
        return self._company[truth, season]

    def _begin(self, persona: Persona, midnight: int) -> None:
        story = persona.act(self._stage, midnight)
        self._push(next(story), story, persona)

    def _push(self, visit: Visit, story: Story, persona: Persona) -> None:
        """Await a visit; those after the end of the history are never made."""
        self._made["legitimate" if visit.owners_own else persona.label] += 1
        if visit.at_ms < self._until_ms:
            heapq.heappush(self._next, (visit.at_ms, next(self._number), visit, story, persona))

    def _until(self, end_ms: int) -> Iterator[Played]:
        """Play what is due before a moment."""
        while self._next and self._next[0][0] < end_ms:
            at_ms, _, visit, story, persona = heapq.heappop(self._next)
            request = self._request(visit)
            decision = self._decide(request)
            yield Played(visit, request, EVERYDAY if visit.owners_own else persona, decision)
            try:
                following = story.send(decision)
            except StopIteration:
                continue
            following.at_ms = max(following.at_ms, at_ms + 1)
            self._push(following, story, persona)

    def _request(self, visit: Visit) -> ScreeningRequest:
        """Return the request as a carrier's backend sends it."""
        visit.body |= {"request_id": f"sim-{next(self._asked):07d}", "occurred_at": visit.occurred_at()}
        return msgspec.convert(_told(visit.body), ScreeningRequest)


def _told(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body without what is not said."""
    return {
        name: {field: value for field, value in group.items() if value is not None}
        if isinstance(group, dict)
        else group
        for name, group in body.items()
    }
