"""The engines: all cores or one, compiled or not, here or on Spark, the answers are the same."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from features.catalogue import catalogue
from features.replay import Found, log_of
from features.replay.kernels import PLAIN
from features.replay.log import EventLog
from tests.training.logs import log
from training.engines import EngineError, compiled, local, spark

PLAN = catalogue().plan


@pytest.fixture(scope="module")
def events() -> EventLog:
    """A small invented history, as arrays."""
    return log_of(log().remembered(), PLAN)


def same(one: Found, other: Found) -> bool:
    """Say whether two engines gave the same answers, to the bit."""
    return one.columns.keys() == other.columns.keys() and all(
        np.array_equal(one.columns[window], other.columns[window], equal_nan=True)
        if one.columns[window].dtype.kind == "f"
        else np.array_equal(one.columns[window], other.columns[window])
        for window in one.columns
    )


def test_all_cores_answer_as_one_does(events: EventLog) -> None:
    """Compiled, in stretches of any size, by any number of threads; and something was answered."""
    plain = local(events, PLAN, threads=1, kernels=PLAIN)
    assert same(plain, local(events, PLAN, threads=7, kernels=compiled(), stretch=64))
    assert sum(bool((numbers > 0).any()) for numbers in plain.columns.values()) > 5


def test_progress_is_told_up_to_the_end(events: EventLog) -> None:
    """It rises, and ends where it should."""
    told: list[tuple[int, int]] = []
    local(events, PLAN, lambda _, done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (1000, 1000)
    assert len({done for done, _ in told}) > 5


def test_what_goes_wrong_in_a_thread_is_not_lost(events: EventLog) -> None:
    """An answer that was not computed must not look like none."""

    def broken(*_: object) -> None:
        message = "broken"
        raise ZeroDivisionError(message)

    with pytest.raises(ZeroDivisionError):
        local(events, PLAN, kernels=PLAIN._replace(tally=broken))


def test_spark_that_is_not_there_says_what_to_install(events: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a sentence, and nothing else happens."""
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(EngineError, match="pip install pyspark pandas"):
        spark(events, PLAN)


@pytest.mark.filterwarnings("ignore")
def test_spark_answers_as_this_machine_does(events: EventLog) -> None:
    """A real local Spark, where there is one."""
    for library in ("pyspark", "pandas"):
        pytest.importorskip(library, reason=f"{library} is not installed: pip install pyspark pandas")
    java = shutil.which("java")
    if java is None or subprocess.run([java, "-version"], check=False, capture_output=True).returncode:  # noqa: S603 - the machine's own
        pytest.skip("there is no Java on this machine")
    assert same(local(events, PLAN), spark(events, PLAN))


def test_the_loops_need_no_compiler() -> None:
    """What we look at stays pure: the compiler is handed in by training, and read in only when a log is long."""
    code = "import sys, training.dataset; print('numba' in sys.modules)"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=root)  # noqa: S603
    assert done.stdout.strip() == "False"
