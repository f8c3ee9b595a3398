"""The split: by time, and nobody in two parts."""

from itertools import pairwise

import numpy as np
import pytest

from features.catalogue import catalogue
from tests.training.logs import log
from training.dataset import Dataset, build
from training.split import SHARES, groups_of, periods_of, split

DATA = build(log(), catalogue()).data
SPLIT = split(DATA)
PARTS: tuple[Dataset, ...] = (SPLIT.train, SPLIT.calibrate, SPLIT.threshold, SPLIT.test)


def test_no_two_parts_share_a_party_line_device_or_target() -> None:
    """No two parts share a party line device or target."""
    met = [{name for names in part.links for name in names} for part in PARTS]
    for index, one in enumerate(met):
        for other in met[index + 1 :]:
            assert not one & other
    assert any(name.startswith("party:p-family") for name in met[0]), "this says something only of linked people"


def test_parts_follow_one_another_in_time() -> None:
    """Parts follow one another in time."""
    for before, after in pairwise(PARTS):
        assert before.at_ms.max() < after.at_ms.min()


def test_every_row_is_in_one_part_or_dropped() -> None:
    """Every row is in one part or dropped."""
    assert sum(map(len, PARTS)) + SPLIT.dropped == len(DATA)
    assert 0 < SPLIT.dropped < len(DATA) / 5
    moments = np.concatenate([part.at_ms for part in PARTS])
    assert len(set(moments.tolist())) == len(moments)


def test_parts_have_about_their_shares() -> None:
    """Parts have about their shares."""
    for part, share in zip(PARTS, SHARES.values(), strict=True):
        assert len(part) / len(DATA) == pytest.approx(share, abs=0.05)


def test_requests_of_one_instant_stay_together() -> None:
    """Requests of one instant stay together."""
    periods = periods_of(np.asarray([1, 2, 2, 2, 2, 2, 2, 2, 2, 3], dtype=np.int64))
    assert len(set(periods[1:-1].tolist())) == 1


def test_links_reach_through_others() -> None:
    """Links reach through others."""
    groups = groups_of([("party:a", "device:1"), ("party:b", "device:1"), ("party:b", "line:2"), ("party:c",), (), ()])
    assert groups[0] == groups[1] == groups[2]
    assert len(set(groups.tolist())) == 4


def test_rows_keep_everything_about_themselves() -> None:
    """Rows keep everything about themselves."""
    picked = DATA.take(np.asarray([5, 1]))
    assert picked.x[0].tolist() == pytest.approx(DATA.x[5].tolist(), nan_ok=True)
    assert (picked.fraud[1], picked.at_ms[1]) == (DATA.fraud[1], DATA.at_ms[1])
    assert picked.facets["persona"][0] == DATA.facets["persona"][5]
    assert picked.links[0] == DATA.links[5]
