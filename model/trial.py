"""The trial: a model's text is read for the first time in a child process, which may crash, hang or eat memory.

`python -m model.trial` reads a trial from its standard input and prints the raw scores. It gets none of our environment
but what a process needs to start, and limits itself before it reads the text.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct

from model.scorer import BrokenModelError, raw_scores, read_trees

PATIENCE: Final = timedelta(seconds=60)
MOST_MEMORY: Final = 6 << 30
"""Bytes of address space; libraries reserve far more than they use."""
PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "LANG")
REFUSED: Final = 3


class Trial(Struct, frozen=True):
    """A model's text, the columns that it must have, and rows to score; a value that is not known is null."""

    model: str
    names: list[str]
    rows: Sequence[Sequence[float | None]]


class TrialFailedError(RuntimeError):
    """The child did not answer: the model's text is not safe to read."""


def tried(trial: Trial, patience: timedelta = PATIENCE) -> Sequence[float]:
    """Read a model in a child process and return the raw log-odds of the rows.

    Raises:
        TrialFailedError: it crashed, took too long, or could not read the text.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "model.trial"],
            input=msgspec.json.encode(trial),
            capture_output=True,
            env=_surroundings(),
            timeout=patience.total_seconds(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"the model could not be read within {patience.total_seconds():.0f} s"
        raise TrialFailedError(message) from None
    if done.returncode == REFUSED:
        raise TrialFailedError(done.stderr.decode(errors="replace").strip().splitlines()[-1])
    try:
        scores = msgspec.json.decode(done.stdout, type=list[float]) if done.returncode == 0 else []
    except msgspec.DecodeError:
        scores = []
    if len(scores) != len(trial.rows):
        message = f"the process that read the model ended with {done.returncode} and no usable answer"
        raise TrialFailedError(message)
    return scores


def _surroundings() -> dict[str, str]:
    home = str(Path(__file__).resolve().parents[1])
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ} | threads | {"PYTHONPATH": home}


def _run() -> int:
    """Score the trial on standard input; what the library prints goes to standard error."""
    answers = os.dup(1)
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    trial = msgspec.json.decode(sys.stdin.buffer.read(), type=Trial)
    try:
        trees = read_trees(trial.model, trial.names)
    except BrokenModelError as error:
        sys.stderr.write(f"\n{error}\n")
        return REFUSED
    scores = raw_scores(trees, np.asarray(trial.rows, dtype=np.float64))
    with os.fdopen(answers, "wb") as out:
        out.write(msgspec.json.encode(scores.tolist()))
    return 0


if __name__ == "__main__":
    sys.exit(_run())
