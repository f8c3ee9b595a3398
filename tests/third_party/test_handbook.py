"""An oracle from outside: the twelve window features that others published with their transactions.

The Fraud Detection Handbook (Le Borgne, Siblini, Lebichot and Bontempi 2022) publishes card transactions and, for each,
counts and means over 1, 7 and 30 days. Its windows include the transaction itself and are open on the left: a
customer's are (t - W, t], a terminal's are shifted by a delay of seven days, (t - 7 d - W, t - 7 d]. Ours leave the
event itself out and are closed on the left, so a span that is a millisecond shorter, and the event added, give theirs.
Their windows have no cap.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from features.replay.log import Coded, Column, EventLog
from features.windows import Count, Plan, Sum, Window
from training.engines import compiled, local

pytestmark = pytest.mark.third_party

DATA: Final = Path(os.environ.get("LASTCALL_THIRD_PARTY", Path(__file__).parents[3] / "shared" / "data"))
RAW: Final = DATA / "handbook_raw_2018-04-01_08-14.parquet"
PUBLISHED: Final = DATA / "handbook_transformed_2018-07-11_08-14.parquet"
DAYS: Final = (1, 7, 30)
DELAY: Final = 7
MILLISECOND: Final = timedelta(milliseconds=1)
Numbers = NDArray[Any]


def table(file: Path) -> Mapping[str, Numbers]:
    """Return the columns of a file, in the order of the transactions' ids, which is that of their times."""
    if not file.exists():
        pytest.skip(f"{file.name} is not in {DATA}: name its folder in LASTCALL_THIRD_PARTY")
    parquet = pytest.importorskip("pyarrow.parquet")
    read = parquet.read_table(file).sort_by("TRANSACTION_ID")
    return {name: read[name].to_numpy() for name in read.column_names}


def counted(by: str, days: int) -> tuple[Window, Window]:
    """Return the windows (t - days, t] of a count and of a sum, but for the event itself."""
    span = timedelta(days=days) - MILLISECOND
    what = "fen" if by == "line" else "fraud"
    return Count(by=by, of=("screening",), span=span), Sum(what=what, by=by, of=("screening",), span=span)


CUSTOMER: Final = {days: counted("line", days) for days in DAYS}
TERMINAL: Final = {days: counted("store", days) for days in (DELAY, *(DELAY + days for days in DAYS))}


@cache
def answers() -> tuple[Mapping[str, Numbers], Mapping[Window, Numbers]]:
    """Return the published rows and our windows at each; a customer stands as a line, a terminal as a store."""
    raw, published = table(RAW), table(PUBLISHED)
    t = raw["TX_TIME_SECONDS"].astype(np.int64) * 1000
    size = t.size
    keys = {
        "line": Coded(raw["CUSTOMER_ID"].astype(np.int32), int(raw["CUSTOMER_ID"].max()) + 1),
        "store": Coded(raw["TERMINAL_ID"].astype(np.int32), int(raw["TERMINAL_ID"].max()) + 1),
    }
    fen = np.round(raw["TX_AMOUNT"] * 100).astype(np.int64)
    log = EventLog(
        kinds=np.zeros(size, np.int8),
        names=("screening",),
        occurred=t,
        known=t,
        keys=keys,
        columns={"fen": Column.of(fen), "fraud": Column.of(raw["TX_FRAUD"].astype(np.int64))},
    )
    plan = Plan.of(window for pairs in (CUSTOMER, TERMINAL) for pair in pairs.values() for window in pair)
    found = local(log, plan, kernels=compiled(), caps=lambda _: size)
    rows = np.searchsorted(raw["TRANSACTION_ID"], published["TRANSACTION_ID"])
    assert np.array_equal(raw["TRANSACTION_ID"][rows], published["TRANSACTION_ID"])
    own = {"fen": fen[rows], "fraud": raw["TX_FRAUD"][rows].astype(np.int64)}
    # The event itself: one more, and its own amount.
    ours = {
        window: numbers[rows].astype(np.int64) + (own[window.what] if isinstance(window, Sum) else 1)
        for window, numbers in found.columns.items()
    }
    return published, ours


def tied() -> NDArray[np.bool_]:
    """Return which published rows share customer and second with another transaction."""
    raw, published = table(RAW), table(PUBLISHED)
    pairs, inverse, times = np.unique(
        np.stack([raw["CUSTOMER_ID"].astype(np.int64), raw["TX_TIME_SECONDS"].astype(np.int64)]),
        axis=1,
        return_inverse=True,
        return_counts=True,
    )
    assert pairs.shape[1] == times.size
    return times[inverse][np.searchsorted(raw["TRANSACTION_ID"], published["TRANSACTION_ID"])] > 1


def test_history_reaches_back_far_enough() -> None:
    """The first published day has more than 37 days before it, the longest of the windows with its delay."""
    published, _ = answers()
    assert published["TX_TIME_DAYS"].min() >= DELAY + max(DAYS)
    assert published["TX_TIME_DAYS"].size > 300_000


@pytest.mark.parametrize("days", DAYS)
def test_a_terminals_windows_are_exact(days: int) -> None:
    """Count, and share of fraud, of every published row."""
    published, ours = answers()
    (count, fraud), (late_count, late_fraud) = (TERMINAL[DELAY + days], TERMINAL[DELAY])
    number = ours[count] - ours[late_count]
    risk = np.divide(ours[fraud] - ours[late_fraud], number, out=np.zeros(number.size), where=number > 0)
    np.testing.assert_array_equal(number, published[f"TERMINAL_ID_NB_TX_{days}DAY_WINDOW"])
    np.testing.assert_array_equal(risk, published[f"TERMINAL_ID_RISK_{days}DAY_WINDOW"])


@pytest.mark.parametrize("days", DAYS)
def test_a_customers_windows_are_exact_but_for_ties(days: int) -> None:
    """Of transactions of one customer at one second, the published order is not known; they are a handful.

    Means were published as running sums of floating-point numbers, so they are compared to a billionth.
    """
    published, ours = answers()
    count, total = CUSTOMER[days]
    number, mean = ours[count], ours[total] / 100 / ours[count]
    same = (number == published[f"CUSTOMER_ID_NB_TX_{days}DAY_WINDOW"]) & np.isclose(
        mean, published[f"CUSTOMER_ID_AVG_AMOUNT_{days}DAY_WINDOW"], rtol=1e-9, atol=1e-9
    )
    assert np.all(same | tied())
    assert np.sum(tied()) <= 58
