"""The client is a small distribution of its own: what it needs, what it brings, and a README that runs."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import lastcall_client
from tests.client.examples import raw
from tests.client.raw import raw_server, reply, says

HOME = Path(__file__).parents[2] / "clients" / "python"
SOURCES = sorted((HOME / "lastcall_client").glob("*.py"))
LONGEST_FILE = 300


def test_it_needs_httpx_alone() -> None:
    """And brings one package, typed."""
    project = tomllib.loads((HOME / "pyproject.toml").read_text())
    assert [re.match(r"[a-z-]+", name)[0] for name in project["project"]["dependencies"]] == ["httpx"]  # type: ignore[index]
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["lastcall_client"]
    assert (HOME / "lastcall_client" / "py.typed").exists()
    assert set(packages_distributions().get("lastcall_client", [])) <= {"lastcall-client"}
    assert distribution("lastcall-client").requires == ["httpx>=0.28", "joserfc>=1.8; extra == 'receipts'"]


def test_its_version_is_said_once() -> None:
    """The service sees in its log which client asked."""
    version = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]["version"]
    assert lastcall_client.__version__ == version


def test_importing_it_brings_nothing_heavy() -> None:
    """Not what verifies receipts, and nothing of the service."""
    unwanted = ("joserfc", "cryptography", "msgspec", "features", "service")
    code = f"import sys, lastcall_client; print([name for name in {unwanted!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


def test_its_files_are_short_and_say_what_they_are_for() -> None:
    """As in the rest of the house."""
    assert [file.name for file in SOURCES if len(file.read_text().splitlines()) > LONGEST_FILE] == []
    assert [file.name for file in SOURCES if not ast.get_docstring(ast.parse(file.read_text()))] == []


def test_the_readme_runs() -> None:
    """Word by word, against a server that allows and lets execute."""
    [snippet] = re.findall(r"```python\n(.*?)```", (HOME / "README.md").read_text(), re.DOTALL)
    asked = reply(raw(request_id="bss-2026-000123"))
    with raw_server(says(asked), says(reply(b'{"do": "close"}'))) as server:
        code = f"LASTCALL_URL, LASTCALL_KEY = {server.url!r}, 'lc_secret'\n{snippet}\nprint(state, order.do)"
        done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)  # noqa: S603
    assert done.stdout.split() == ["completed", "close"], done.stderr
