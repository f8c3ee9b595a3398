"""The rarest draws: dice that fall on their edges again and again never make a request that would be refused.

Such a draw comes once in many histories, and must not end that one. The world reads every body back as a request
before it is asked, so a refused one raises.
"""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.codec import LoggedEvent, LoggedScreening
from tests.training.worlds import PLACES, UNTIL_MS
from training import simulate as world
from training.world.dice import Dice
from training.world.visit import FIVE_YEARS_H

LOWEST, HIGHEST = 0.0, 1 - 2**-53
"""What the stream of numbers in [0, 1) can reach."""
HOUR_MS = 3_600_000
FIVE_YEARS_MS = int(FIVE_YEARS_H * HOUR_MS)
WEEKS_MS = 60 * 24 * HOUR_MS


class Loaded(Dice):
    """Dice that fall on one of some edges as often as they are told to."""

    edges: tuple[float, ...] = ()
    often: float = 0.0

    def share(self) -> float:
        """Return an edge, or an honest number."""
        if super().share() < self.often:
            return self.edges[int(super().share() * len(self.edges))]
        return super().share()


def played(monkeypatch: pytest.MonkeyPatch, seed: int, often: float, *edges: float) -> Iterator[object]:
    """Return a short history of loaded dice."""
    loaded = type("Loaded", (Loaded,), {"edges": edges, "often": often})
    monkeypatch.setattr(world, "Dice", loaded)
    return world.simulate(days=2, per_day=40, seed=seed, fraud_rate=0.5, until_ms=UNTIL_MS, atlas=PLACES)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    often=st.sampled_from([0.02, 0.1, 0.3]),
    edges=st.lists(st.sampled_from([LOWEST, HIGHEST, 1e-12, 0.5, 1 - 1e-9]), min_size=1, max_size=3),
)
def test_whatever_the_dice_a_request_is_one_that_can_be_sent(
    monkeypatch: pytest.MonkeyPatch, seed: int, often: float, edges: list[float]
) -> None:
    """Whatever falls, however often, with whatever seed."""
    for line in played(monkeypatch, seed, often, *edges):
        if isinstance(line, LoggedScreening):
            msgspec.convert(msgspec.to_builtins(line.request), type(line.request))


@pytest.mark.parametrize("edge", [LOWEST, HIGHEST])
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_older_than_five_years(monkeypatch: pytest.MonkeyPatch, seed: int, edge: float) -> None:
    """Books reach back five years; an age of centuries was refused once, and ended a history."""
    oldest = UNTIL_MS - WEEKS_MS - FIVE_YEARS_MS
    seen = 0
    for line in played(monkeypatch, seed, 0.25, edge):
        if isinstance(line, LoggedEvent):
            assert oldest < line.event.occurred_ms <= line.event.known_ms
        if isinstance(line, LoggedScreening):
            request = line.request
            ages = (
                request.account.contact_changed_h,
                request.account.password_reset_h,
                request.account.safety_service_cancelled_h,
                request.network.sim_change_age_h,
                request.network.device_change_age_h,
                request.network.call_forward_set_h,
                *(contact.since_h for contact in request.contacts),
            )
            assert all(0 <= age <= FIVE_YEARS_H for age in ages if age is not None)
            seen += 1
    assert seen > 20


@pytest.mark.parametrize("share", [LOWEST, 1e-12, 0.5, HIGHEST])
def test_every_way_to_draw_stays_in_its_bounds(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """At both ends of the stream: finite numbers, whole numbers within their ends, words that exist."""
    dice = Dice(1)
    monkeypatch.setattr(dice, "share", lambda: share)
    assert abs(dice.normal(0, 1)) < 7
    assert 0 < dice.skewed(10, 2) < 1e8
    assert 0 <= dice.waiting(3) < 200
    assert 2 <= dice.whole(2, 5) <= 5
    assert 2 <= dice.between(2, 5) <= 5
    assert dice.pick("abc") in "abc"
    assert 0 <= dice.count(3) <= 100
