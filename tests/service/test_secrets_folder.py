"""Secrets: made once, for us alone, from the environment where it has them, and never shown."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.adapters.secrets_folder import Key, SecretsError, SecretsFolder, parse, write_private

ONE = "1:" + "A" * 43
TWO = "2:" + "B" * 42 + "A"


def test_a_ring_is_made_once_for_us_alone(tmp_path: Path) -> None:
    """Folder 0700, file 0600, and the same key at the next start."""
    folder = tmp_path / "secrets"
    made = SecretsFolder(folder, {}).ring("seal")
    assert SecretsFolder(folder, {}).ring("seal") == made
    assert [key.number for key in made] == [1]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "seal.keys").stat().st_mode) == 0o600
    assert [file.name for file in folder.iterdir()] == ["seal.keys"], "no draft is left behind"


def test_purposes_have_their_own_keys(tmp_path: Path) -> None:
    """Who learns the key of tokens cannot open what is sealed."""
    folder = SecretsFolder(tmp_path, {})
    assert len({folder.ring(purpose)[0].secret for purpose in ("seal", "index", "audit", "receipt")}) == 4


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    """One of them makes the key, all of them use it."""
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: SecretsFolder(tmp_path / "new", {}).ring("audit"), range(32)))
    assert len(set(rings)) == 1


def test_the_environment_comes_first(tmp_path: Path) -> None:
    """Then no file is made, and keys are changed there."""
    folder = SecretsFolder(tmp_path, {"LASTCALL_SECRET_SEAL": f"{ONE} {TWO}"})
    assert [key.number for key in folder.ring("seal")] == [1, 2]
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SecretsError, match="add a key there"):
        folder.rotate("seal")


def test_rotation_adds_a_key_and_keeps_the_old(tmp_path: Path) -> None:
    """What the old key closed must still open."""
    folder = SecretsFolder(tmp_path, {})
    before = folder.ring("seal")
    new = folder.rotate("seal")
    assert folder.ring("seal") == (*before, new)
    assert new.number == 2
    assert stat.S_IMODE((tmp_path / "seal.keys").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The sentence says what to do."""
    folder = SecretsFolder(tmp_path, {})
    folder.ring("seal")
    (tmp_path / "seal.keys").chmod(mode)
    with pytest.raises(SecretsError, match="chmod 600"):
        folder.ring("seal")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "nonsense",
        "1:short",
        "1:" + "A" * 44,
        "1:" + "!" * 43,
        "x:" + "A" * 43,
        "0:" + "A" * 43,
        "1000:" + "A" * 43,
        f"{TWO} {ONE}",
        f"{ONE} {ONE}",
    ],
)
def test_what_is_no_ring_is_refused_without_showing_it(text: str) -> None:
    """The sentence names the place and never the contents."""
    with pytest.raises(SecretsError, match=r"^the file x must hold keys") as caught:
        parse(text, "the file x")
    assert "A" * 10 not in str(caught.value)


def test_a_key_shows_its_number_alone() -> None:
    """In a traceback or a log there is nothing to steal."""
    assert repr(Key(number=3, secret=b"s" * 32)) == str(Key(number=3, secret=b"s" * 32)) == "Key(3)"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """Written whole or not at all."""
    path = tmp_path / "x"
    write_private(path, b"first")
    path.chmod(0o600)
    write_private(path, b"ignored", only_new=True)
    assert path.read_bytes() == b"first"
    write_private(path, b"second")
    assert path.read_bytes() == b"second"
    assert [file.name for file in tmp_path.iterdir()] == ["x"]
