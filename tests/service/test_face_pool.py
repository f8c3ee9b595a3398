"""The pool of measuring children, for real: what a child may do, what it survives, and what happens if not."""

import asyncio
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import anyio
import msgspec
import pytest

from model.face import Measured
from service.adapters import face_pool
from service.adapters.face_child import Answer, _answer
from service.adapters.face_pool import FacePool
from service.adapters.image_gate import MOST_BYTES, RefusedError
from service.adapters.no_faces import NoFaces, NoVendor
from service.ports_faces import FacesBusyError, FacesDownError, Refused
from tests.service.image_corpus import CORPUS, png
from tests.service.photos import photo

pytestmark = pytest.mark.anyio
PATIENT = timedelta(minutes=3)
"""A child comes last: on a machine that does much else, tests included, it may take long."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module, so that its children start once."""
    return "asyncio"


@pytest.fixture(scope="module")
async def pool() -> AsyncIterator[FacePool]:
    """One child, ready."""
    opened = FacePool(queue=3, longest=PATIENT, patience=PATIENT)
    assert await opened.ready()
    yield opened
    await opened.close()
    assert opened.pids == ()


async def measured(pool: FacePool, picture: bytes) -> Measured:
    """Measure what must be measurable."""
    answer = await pool.measure(picture)
    assert isinstance(answer, Measured)
    return answer


def said_of(pid: int, what: str) -> str:
    """Return what the kernel says of a process."""
    return Path(f"/proc/{pid}/{what}").read_text()


async def test_the_whole_corpus_leaves_nothing_behind(
    pool: FacePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file is refused for its reason by one child that outlives them all, and no file is written."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    own = FacePool(longest=PATIENT)
    try:
        assert await own.ready()
        before = own.pids
        answers = {hostile.name: await own.measure(hostile.data) for hostile in CORPUS}
        assert answers == {hostile.name: Refused(hostile.code) for hostile in CORPUS}
        assert own.pids == before
        assert (await measured(own, photo())).faces == 1
    finally:
        await own.close()
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a name is enough


async def test_a_child_has_little_power(pool: FacePool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Last in line for the processor, no file, no core, bounded memory and time, and nothing of our environment."""
    monkeypatch.setenv("LASTCALL_DATABASE_URL", "secret-address")
    await measured(pool, photo())
    (pid,) = pool.pids
    limits, surroundings = said_of(pid, "limits"), said_of(pid, "environ")
    assert os.getpriority(os.PRIO_PROCESS, pid) == 19
    for name in ("file size", "open files", "core file size"):
        assert re.search(rf"Max {name}\s+0\s+0\s", limits)
    assert 0 < int(re.search(r"Max address space\s+(\d+)", limits)[1]) < 1 << 30
    assert 0 < int(re.search(r"Max cpu time\s+(\d+)", limits)[1]) < 600
    assert "LASTCALL" not in surroundings
    assert "secret" not in surroundings


async def test_a_picture_that_takes_too_much_memory_is_refused(pool: FacePool) -> None:
    """The limit holds, and the child goes on with the next one."""
    await measured(pool, photo())
    (pid,) = pool.pids
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    held = int(said_of(pid, "statm").split()[0]) * resource.getpagesize()
    resource.prlimit(pid, resource.RLIMIT_AS, (held + (4 << 20), before[1]))
    assert await pool.measure(png(width=2000, height=2000)) == Refused("TOO_HEAVY")
    resource.prlimit(pid, resource.RLIMIT_AS, before)
    assert (await measured(pool, photo())).faces == 1
    assert pool.pids == (pid,)


def test_the_service_itself_loads_no_decoder_and_no_model() -> None:
    """What holds the interpreter for a tenth of a second at a time, or reads hostile bytes, is in the child alone."""
    heavy = ("dlib", "face_recognition", "PIL")
    code = f"import sys, service.adapters.face_pool; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603 - ours
    assert done.stdout.strip() == "[]"


def test_a_child_ends_with_its_parent() -> None:
    """When the pipe closes, also because the service was killed, nothing keeps running."""
    program = [sys.executable, *face_pool.PROGRAM]
    done = subprocess.run(program, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)  # noqa: S603 - ours
    assert (done.returncode, done.stderr) == (0, b"")
    assert msgspec.json.decode(done.stdout[4:], type=Answer) == Answer()


async def test_a_picture_that_is_too_long_is_not_even_handed_on(pool: FacePool) -> None:
    """The gate's limit holds at the door."""
    assert await pool.measure(bytes(MOST_BYTES + 1)) == Refused("TOO_MANY_BYTES")


async def test_a_full_queue_turns_away_at_once(pool: FacePool) -> None:
    """One is measured, three wait, the fifth is told to come again; the four are answered."""
    (pid,) = pool.pids
    os.kill(pid, signal.SIGSTOP)
    waiting = [asyncio.create_task(pool.measure(photo())) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(FacesBusyError) as busy:
        await pool.measure(photo())
    assert busy.value.retry_after_s > 0
    os.kill(pid, signal.SIGCONT)
    assert [answer.faces for answer in await asyncio.gather(*waiting)] == [1, 1, 1, 1]
    assert (await measured(pool, photo())).faces == 1


@pytest.mark.parametrize(
    ("ended_by", "answer"),
    [(signal.SIGKILL, None), (signal.SIGTERM, None), (signal.SIGXCPU, "TOO_HEAVY"), (signal.SIGSEGV, "TOO_HEAVY")],
)
async def test_a_child_that_dies_is_replaced(pool: FacePool, ended_by: signal.Signals, answer: str | None) -> None:
    """The job fails cleanly: for its picture when the decoder fell over it, else as a trouble of ours."""
    assert await pool.ready()
    (pid,) = pool.pids
    os.kill(pid, signal.SIGSTOP)
    task = asyncio.create_task(pool.measure(photo()))
    await asyncio.sleep(0.05)
    os.kill(pid, ended_by)
    os.kill(pid, signal.SIGCONT)
    if answer is None:
        with pytest.raises(FacesDownError):
            await task
    else:
        assert await task == Refused(answer)
    assert (await measured(pool, photo())).faces == 1
    assert pool.pids != (pid,)


async def test_a_child_that_died_at_rest_costs_nobody_an_answer(pool: FacePool) -> None:
    """The next picture starts another."""
    assert await pool.ready()
    (pid,) = pool.pids
    os.kill(pid, signal.SIGKILL)
    with anyio.fail_after(60):
        while pool.pids:  # noqa: ASYNC110 - another process is awaited
            await asyncio.sleep(0.01)
    assert (await measured(pool, photo())).faces == 1


async def test_a_child_that_stalls_is_replaced() -> None:
    """Its caller is told to come again, and the next picture is measured by another child."""
    own = FacePool(longest=timedelta(milliseconds=100))
    assert await own.ready()
    (pid,) = own.pids
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(FacesBusyError):
        await own.measure(photo())
    assert pid not in own.pids
    own._longest = PATIENT
    assert (await measured(own, photo())).faces == 1
    await own.close()


async def test_whoever_gives_up_gets_no_one_elses_answer(pool: FacePool) -> None:
    """A caller that hung up in the middle of a picture leaves no answer behind for the next."""
    (pid,) = pool.pids
    os.kill(pid, signal.SIGSTOP)
    with anyio.move_on_after(0.05):
        await pool.measure(photo())
    assert (await measured(pool, photo("twice"))).faces == 2
    assert pool.pids != (pid,)


async def test_waiting_has_an_end() -> None:
    """Whose turn does not come in time is told to come again."""
    own = FacePool(patience=timedelta(milliseconds=50), longest=PATIENT)
    assert await own.ready()
    os.kill(own.pids[0], signal.SIGSTOP)
    first = asyncio.create_task(own.measure(photo()))
    await asyncio.sleep(0)
    with pytest.raises(FacesBusyError):
        await own.measure(photo())
    os.kill(own.pids[0], signal.SIGCONT)
    assert (await first).faces == 1
    await own.close()


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit(1)",
        "import sys; sys.stdout.buffer.write(b'\\xff\\xff\\xff\\xff')",
        "print('{\"measured\": 1}')",
    ],
)
async def test_a_child_that_does_not_start_is_told(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It dies, boasts of an endless answer, or talks nonsense: not ready, and each job fails cleanly."""
    monkeypatch.setattr(face_pool, "PROGRAM", ("-c", program))
    own = FacePool()
    assert not await own.ready()
    with pytest.raises(FacesDownError):
        await own.measure(photo())
    assert own.pids == ()


@pytest.mark.parametrize("error", [None, RefusedError("BROKEN"), MemoryError()])
def test_a_picture_is_wiped_after_it_was_measured(error: Exception | None) -> None:
    """However it went."""
    seen: list[bytes] = []

    def measure(picture: bytearray) -> Measured:
        seen.append(bytes(picture))
        if error:
            raise error
        return Measured(faces=0)

    picture = bytearray(b"pixels")
    answer = _answer(measure, picture)
    assert (seen, picture) == ([b"pixels"], bytearray(6))
    assert answer == (Answer(measured=Measured(faces=0)) if error is None else Answer(refused=answer.refused))
    assert (answer.refused is None) == (error is None)


async def test_without_faces_the_other_ways_remain() -> None:
    """The null adapters say so and do nothing."""
    assert not await NoFaces().ready()
    with pytest.raises(FacesDownError):
        await NoFaces().measure(photo())
    assert await NoVendor().verdict("t", "s", "r") is None


def test_an_answer_of_another_shape_is_not_taken() -> None:
    """What a child says is data of one shape."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"refused": "ANYTHING"}', type=Answer)
