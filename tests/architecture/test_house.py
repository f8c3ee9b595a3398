"""The house holds its own rules: sizes, names, the one clock, and nothing that runs what it reads."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("features", "model", "service", "training")
LONGEST_FILE = 300
LONGEST_USUAL_FUNCTION, LONGEST_MEDIAN_FUNCTION = 30, 8

RUNS_WHAT_IT_READS = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "jsonpickle"}
WALL_CLOCKS = {
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
    "time.strftime",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
}
"""Asked in `features/clock.py` alone; `time.monotonic` and `time.perf_counter` measure spans and are no clocks."""


def sources(*folders: str) -> list[Path]:
    """Return our Python files."""
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


@cache
def tree_of(file: Path) -> ast.Module:
    """Return a file's syntax."""
    return ast.parse(file.read_text())


def calls(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield what is called, by its dotted name, and where."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def imported(tree: ast.AST) -> set[str]:
    """Return the first names of all modules that a file imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("name", OURS)
def test_no_other_distribution_provides_our_names(name: str) -> None:
    """They are short words: another package that brought one would be imported in our place, or we in its."""
    assert set(packages_distributions().get(name, [])) <= {"lastcall"}


def test_files_are_short() -> None:
    """Whatever does not fit into three hundred lines is two things."""
    long = {str(f.relative_to(ROOT)): n for f in sources(*OURS, "tests") if (n := _lines(f)) > LONGEST_FILE}
    assert long == {}


def _lines(file: Path) -> int:
    return len(file.read_text().splitlines())


def test_functions_are_short() -> None:
    """By their own lines, without docstring: the median up to eight, nine of ten up to thirty."""
    sizes = sorted(
        (node.end_lineno or 0) - node.body[0].lineno + 1 - _docstring_lines(node)
        for file in sources(*OURS)
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert sizes[len(sizes) // 2] <= LONGEST_MEDIAN_FUNCTION
    assert sizes[len(sizes) * 9 // 10] <= LONGEST_USUAL_FUNCTION


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    if ast.get_docstring(node) is None:
        return 0
    return (first.end_lineno or 0) - first.lineno + 1


def test_nothing_runs_what_it_reads() -> None:
    """A file, a model or a message is data: no pickle, no `eval`, no `exec`."""
    bad = []
    for file in sources(*OURS):
        tree = tree_of(file)
        bad += [f"{file.name} imports {name}" for name in imported(tree) & RUNS_WHAT_IT_READS]
        bad += [f"{file.name}:{line} {name}" for name, line in calls(tree) if name in {"eval", "exec", "compile"}]
        bad += [
            f"{file.name}:{line} {name}"
            for name, line in calls(tree)
            if name.endswith(("yaml.load", "np.load", "numpy.load")) or name in {"os.system", "os.popen"}
        ]
    assert bad == []


def test_no_shell_is_asked() -> None:
    """Other programs are started with a list of words."""
    shells = [
        f"{file.name}:{node.lineno}"
        for file in sources(*OURS)
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call) and any(keyword.arg == "shell" for keyword in node.keywords)
    ]
    assert shells == []


def test_one_file_asks_the_clock() -> None:
    """So that any moment can be replayed."""
    asked = {
        f"{file.relative_to(ROOT)}:{line} {name}"
        for file in sources(*OURS)
        if file != ROOT / "features" / "clock.py"
        for name, line in calls(tree_of(file))
        if any(name == clock or name.endswith(f".{clock}") for clock in WALL_CLOCKS)
    }
    assert asked == set()
    assert any(name == "time.time_ns" for name, _ in calls(tree_of(ROOT / "features" / "clock.py")))


def test_every_file_says_what_it_is_for() -> None:
    """In one sentence, first."""
    silent = [str(f.relative_to(ROOT)) for f in sources(*OURS, "tests") if not ast.get_docstring(tree_of(f))]
    assert [name for name in silent if not name.endswith("__init__.py")] == []


def test_every_package_is_typed_and_wheeled() -> None:
    """Each of the four has `py.typed`, and the wheel holds the four and nothing else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == list(OURS)
    assert [name for name in OURS if not (ROOT / name / "py.typed").exists()] == []


def test_every_opt_out_of_the_linter_says_why() -> None:
    """`noqa` without a reason hides something."""
    bare = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in sources(*OURS)
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if (found := re.search(r"#\s*noqa(?P<rest>.*)$", line)) and not found["rest"].startswith(":")
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("features.catalogue", ("fastapi", "redis", "sqlalchemy", "httpx", "lightgbm")),
        ("model.policy", ("fastapi", "redis", "sqlalchemy", "httpx")),
        ("service.supervisor", ("fastapi", "sqlalchemy", "lightgbm", "numpy")),
        ("service.screening", ("fastapi", "redis", "sqlalchemy")),
    ],
)
def test_what_an_import_does_not_bring(module: str, unwanted: tuple[str, ...]) -> None:
    """Inner rooms stay light and pure, also by way of what they import."""
    code = f"import sys, {module}; print([name for name in {unwanted!r} if name in sys.modules])"
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_the_import_contracts_hold() -> None:
    """Arrows run one way, rooms are in their order, and only the wiring names an adapter."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
