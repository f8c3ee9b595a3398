"""The order in which everything that speaks for an answer meets, case by case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.outcome import DECISIONS, RANK, Decision, Voices, settle, strongest

CASES: list[tuple[str, Voices, Decision]] = [
    ("nothing speaks against it", Voices(band="allow"), "allow"),
    ("no model and no rule", Voices(), "allow"),
    ("a red rule blocks", Voices(red=True, band="allow"), "block"),
    ("a red rule blocks even a protective suspension", Voices(red=True, protective=True), "block"),
    ("a red rule is overridden by nobody", Voices(red=True, exception="allow"), "block"),
    ("the model's band counts", Voices(band="challenge"), "challenge"),
    ("the stronger of model and amber counts", Voices(band="challenge", amber="hold"), "hold"),
    ("amber does not weaken the model", Voices(band="block", amber="challenge"), "block"),
    ("an exception lowers model and amber", Voices(band="hold", amber="block", exception="allow"), "allow"),
    ("an exception never raises", Voices(band="allow", exception="challenge"), "allow"),
    ("an exception does not lower a floor", Voices(band="hold", exception="allow", floors=("hold",)), "hold"),
    ("an exception does not lower an earlier verdict", Voices(band="hold", exception="allow", sticky="block"), "block"),
    ("a floor raises", Voices(band="allow", floors=("challenge", "hold")), "hold"),
    ("a floor does not lower", Voices(band="block", floors=("challenge",)), "block"),
    ("an earlier verdict sticks", Voices(band="allow", sticky="hold"), "hold"),
    ("a step-up meets what it was asked for", Voices(band="challenge", amber="challenge", stepped_up="hold"), "allow"),
    ("a step-up at a challenge does not meet a hold", Voices(band="hold", stepped_up="challenge"), "hold"),
    ("nothing meets a block", Voices(amber="block", stepped_up="hold"), "block"),
    ("a step-up does not lower a floor", Voices(band="challenge", floors=("hold",), stepped_up="hold"), "hold"),
    ("a step-up takes an earlier hold away", Voices(band="allow", sticky="hold", stepped_up="hold"), "allow"),
    ("but not one that it did not meet", Voices(band="allow", sticky="hold", stepped_up="challenge"), "hold"),
    ("nor an earlier block", Voices(band="allow", sticky="block", stepped_up="hold"), "block"),
    ("nor a red rule", Voices(red=True, stepped_up="hold"), "block"),
    ("a protective suspension is never held", Voices(band="hold", amber="block", protective=True), "challenge"),
    ("nor for lack of signals", Voices(floors=("hold",), protective=True), "challenge"),
    ("a protective suspension may go through", Voices(band="allow", protective=True), "allow"),
]


@pytest.mark.parametrize(("why", "voices", "expected"), CASES, ids=[case[0] for case in CASES])
def test_the_order_of_the_contract(why: str, voices: Voices, expected: Decision) -> None:
    """Each row of the table is a sentence of the contract."""
    assert settle(voices) == expected, why


decisions = st.one_of(st.none(), st.sampled_from(DECISIONS))


@given(band=decisions, amber=decisions, exception=decisions, sticky=decisions, floor=decisions)
def test_a_floor_or_an_earlier_verdict_never_makes_it_milder(
    band: Decision | None,
    amber: Decision | None,
    exception: Decision | None,
    sticky: Decision | None,
    floor: Decision | None,
) -> None:
    """Whatever else is said."""
    bare = settle(Voices(band=band, amber=amber, exception=exception))
    floors = () if floor is None else (floor,)
    raised = settle(Voices(band=band, amber=amber, exception=exception, floors=floors, sticky=sticky))
    assert RANK[raised] >= max(RANK[bare], RANK[strongest(floor, sticky)])
