"""CONTRIBUTING says how a signal is added, in one file: here it is done exactly so, in a copy of the tree."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("features", "model", "service", "training", "tests", "pyproject.toml", "CONTRIBUTING.md")
NAME = "velocity.password_resets_30d"


def documented() -> tuple[str, str]:
    """Return the file and the entry of the page."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    found = re.search(r"In `(?P<file>features/groups/\w+\.py)`.*?```python\n(?P<entry>.*?)```", page, re.DOTALL)
    assert found is not None
    return found["file"], found["entry"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree in which the entry of the page was added, and nothing else."""
    copy = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    file, entry = documented()
    group = copy / file
    head, _, tail = group.read_text().rpartition(")\n")
    assert not tail
    group.write_text(head + indent(entry.rstrip() + ",\n", "    ") + ")\n")
    return copy


def run(tree: Path, *arguments: str) -> str:
    """Run Python in the copy and return what it printed."""
    done = subprocess.run(  # noqa: S603 - our own tree
        [sys.executable, "-I", "-c", "import sys; sys.path.insert(0, '.'); " + arguments[0], *arguments[1:]],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=tree,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_entry_is_complete(tree: Path) -> None:
    """The generic tests cover it: name, sentences, examples, direction, and the same answer online and offline."""
    code = "import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    tests = ("tests/features/test_catalogue.py", "tests/features/test_windows.py")
    said = run(tree, code, "-q", "-p", "no:cacheprovider", "-n0", "-k", "password_resets or windows", *tests)
    assert re.search(r"[1-9]\d* passed", said) or "100%" in said


def test_it_is_documented_and_explained(tree: Path) -> None:
    """The table names it, and `lastcall features explain` tells an analyst why it is there."""
    run(tree, "import runpy; runpy.run_module('features.table', run_name='__main__')")
    assert NAME in (tree / "features" / "README.md").read_text()
    said = run(tree, "from service.cli import main; sys.argv[0] = 'lastcall'; main()", "features", "explain", NAME)
    assert "password_reset" in said


def test_it_is_there_online_and_offline(tree: Path) -> None:
    """The store keeps its window and the offline rows have its column; no model or policy changes by it."""
    code = (
        "from features.catalogue import catalogue, columns; from model.policy import Policy; c = catalogue(); "
        "print(any('password_reset' in w.name and w.by == 'line' for w in c.plan.shelves['line'].windows)); "
        "print(any(k.signal.name == 'velocity.password_resets_30d' for k in columns(c.used_by('model')))); "
        "print(any('password_resets' in name for name in Policy.load(None, c).signals))"
    )
    assert run(tree, code).split() == ["True", "True", "False"]
