"""The thresholds: worth their cost, within their caps, and no block without proof."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.dataset import Dataset, Floats
from training.evaluate import levels_of
from training.thresholds import CAPS, COSTS, Caps, Costs, bands, capped, choose, proven, upper_bound


def rows(probability: Floats, seed: int = 2) -> Dataset:
    """Return rows of which each is fraud as likely as is said of it, of both classes, with uneven weights."""
    dice = np.random.default_rng(seed)
    n = len(probability)
    return Dataset(
        signals=(),
        x=np.zeros((n, 0)),
        fraud=dice.random(n) < probability,
        weight=dice.uniform(0.5, 2, n),
        at_ms=np.arange(n),
        irreversible=dice.random(n) < 0.6,
        links=np.full(n, None, dtype=object),
        facets={},
    )


@given(
    probability=st.lists(st.sampled_from([0.001, 0.01, 0.02, 0.05, 0.3, 0.6, 0.97, 0.999]), min_size=1, max_size=80),
    share=st.sampled_from([0.0, 0.02, 0.12, 0.5]),
)
def test_a_cap_is_kept_however_many_rows_are_alike(probability: list[float], share: float) -> None:
    """A cap is kept however many rows are alike."""
    told = np.asarray(probability)
    weight = np.linspace(0.5, 2, len(told))
    start = capped(told, weight, share)
    assert weight[told >= start].sum() <= share * weight.sum() * (1 + 1e-9)


def test_a_cap_is_used_up() -> None:
    """A cap is used up."""
    told = np.linspace(0, 1, 1001)
    assert (told >= capped(told, np.ones(1001), 0.1)).mean() == pytest.approx(0.1, abs=0.002)


@pytest.mark.parametrize("hot", [0.0, 0.3, 0.9])
def test_chosen_bands_touch_no_more_than_the_caps(hot: float) -> None:
    """Chosen bands touch no more than the caps."""
    dice = np.random.default_rng(3)
    told = np.where(dice.random(5000) < hot, dice.uniform(0.2, 0.99, 5000), dice.beta(0.3, 20, 5000))
    data = rows(told)
    chosen = choose(told, data)
    for raised, classes in ((1, chosen.normal), (2, chosen.raised)):
        levels = levels_of(told, data, classes)
        for klass in (data.irreversible, ~data.irreversible):
            share = [data.weight[klass & (levels >= level)].sum() / data.weight[klass].sum() for level in (1, 2)]
            assert share[0] <= raised * CAPS.challenge + 1e-9
            assert share[1] <= raised * CAPS.hold + 1e-9


def test_a_band_begins_where_it_is_worth_its_cost() -> None:
    """A band begins where it is worth its cost."""
    costs = Costs(harm=1000.0, challenge=10.0, hold=50.0, block=2000.0, stopped_by_challenge=0.5, stopped_by_hold=0.9)
    told = np.full(1000, 1e-6)
    found, _ = bands(told, rows(told), costs, Caps(challenge=1, hold=1, block=1))
    assert found.challenge == pytest.approx(10 / (10 + 500))
    assert found.hold == pytest.approx(40 / (40 + 400))
    assert found.block == pytest.approx(1950 / (1950 + 100))
    at = found.challenge
    assert at is not None
    assert at * 0.5 * 1000 == pytest.approx((1 - at) * 10), "expected gain and expected trouble are even there"


def test_harm_that_cannot_be_undone_is_challenged_earlier() -> None:
    """Harm that cannot be undone is challenged earlier."""
    assert all(a < b for a, b in zip(COSTS["irreversible"].starts, COSTS["reversible"].starts, strict=True))


def test_few_genuine_rows_prove_nothing_so_the_model_may_not_block() -> None:
    """Few genuine rows prove nothing so the model may not block."""
    start, proof = proven(np.full(29_000, 0.001), 0.9, 1e-4)
    assert start is None
    assert proof.genuine == 29_000
    assert proof.bound == pytest.approx(3 / 29_000, rel=0.01)


def test_enough_genuine_rows_allow_a_block() -> None:
    """Enough genuine rows allow a block."""
    start, proof = proven(np.full(30_000, 0.001), 0.9, 1e-4)
    assert start == 0.9
    assert proof.bound <= 1e-4


def test_a_block_goes_above_the_genuine_rows_that_it_would_hit() -> None:
    """A block goes above the genuine rows that it would hit."""
    genuine = np.concatenate([np.full(49_990, 0.001), np.full(10, 0.95)])
    start, proof = proven(genuine, 0.9, 1e-4)
    assert start is not None
    assert start > 0.95
    assert proof.blocked == 0
    one_allowed, proof = proven(np.append(np.full(60_000, 0.001), 0.95), 0.9, 1e-4)
    assert (one_allowed, proof.blocked) == (0.9, 1)


@pytest.mark.parametrize(("hits", "n", "bound"), [(0, 0, 1.0), (0, 100, 0.0295), (5, 100, 0.1023), (100, 100, 1.0)])
def test_the_bound_is_the_textbook_one(hits: int, n: int, bound: float) -> None:
    """The bound is the textbook one."""
    assert upper_bound(hits, n) == pytest.approx(bound, abs=2e-4)


def test_raised_strictness_is_never_milder_and_somewhere_stricter() -> None:
    """Raised strictness is never milder and somewhere stricter."""
    told = np.random.default_rng(5).beta(0.3, 20, 4000)
    chosen = choose(told, rows(told))
    normal, raised = chosen.normal.irreversible, chosen.raised.irreversible
    assert normal.challenge is not None
    assert raised.challenge is not None
    assert raised.challenge < normal.challenge
    assert normal.block is None


def test_a_class_without_rows_still_gets_bands() -> None:
    """A class without rows still gets bands."""
    told = np.random.default_rng(5).beta(0.3, 20, 400)
    data = rows(told)
    chosen = choose(told[data.irreversible], data.take(data.irreversible))
    assert chosen.normal.reversible.block is None
    assert chosen.proofs["reversible"].bound == 1.0
