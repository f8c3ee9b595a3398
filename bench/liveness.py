"""What a face check costs and how often it errs, on the photographs that are there.

    python -m bench.liveness [FOLDER] [--json] [--rounds N]

FOLDER holds photographs whose names begin with who is on them: `ann_1.jpg`, `ann_2.jpg`, `bo-1.png`. Without one the
times are taken on Matplotlib's sample photograph, and no error rates can be. A handful of photographs of well-known
people says nothing of an operator's customers: measure on those, with their consent, before relying on a limit.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final, TypeVar

import httpx
from matplotlib import cbook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from model.face import Floats, distance, match_score, template
from service.adapters import face_measure
from service.adapters.face_pool import FacePool
from service.adapters.image_gate import RefusedError
from service.adapters.picture import Pixels, decode, small

LIMITS: Final = (0.40, 0.45, 0.50, 0.55, 0.60)
AT_ONCE: Final = 8
TURNS: Final = 5
CALLS: Final = 500
PAUSE_S: Final = 0.004
Done = TypeVar("Done")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", nargs="?", type=Path, help="photographs, named by who is on them")
    asked.add_argument("--json", action="store_true", help="print JSON")
    asked.add_argument("--rounds", type=int, default=7, help="how often each step is timed on each photograph")
    told = asked.parse_args(arguments)
    photos = dict(_photos(told.folder))
    found = {
        "photos": len(photos),
        "ms_a_frame": _times(list(photos.values()), told.rounds),
        "match": _match(photos) if told.folder else None,
        "decisions_beside": asyncio.run(_beside(next(iter(photos.values())))),
    }
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if told.json else "\n".join(_lines(found)) + "\n")


def _photos(folder: Path | None) -> Iterator[tuple[str, bytes]]:
    files = [Path(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))]
    if folder is not None:
        files = [file for file in sorted(folder.iterdir()) if file.suffix.lower() in {".jpg", ".jpeg", ".png"}]
    for file in files:
        data = file.read_bytes()
        try:
            decode(data).close()
        except RefusedError as refused:
            sys.stderr.write(f"{file.name}: {refused.code}, left out\n")
        else:
            yield file.name, data


def _times(photos: Sequence[bytes], rounds: int) -> dict[str, dict[str, float]]:
    """Return the milliseconds of each step; what comes after finding is timed where there is one face."""
    steps: dict[str, list[float]] = {"decode": [], "detect": [], "landmarks": [], "encode": [], "grain": []}
    for data in list(photos) * rounds:
        pixels = _timed(steps["decode"], _decoded, data)
        boxes = _timed(steps["detect"], face_measure.faces, pixels)
        _timed(steps["grain"], face_measure.grain, pixels)
        if len(boxes) == 1:
            _timed(steps["landmarks"], face_measure.landmarks, pixels, boxes[0])
            _timed(steps["encode"], face_measure.encode, pixels, boxes[0])
    return {name: _spread(values) for name, values in steps.items()}


def _decoded(data: bytes) -> Pixels:
    return small(decode(data))


def _timed(into: list[float], work: Callable[..., Done], *arguments: object) -> Done:
    begun = time.perf_counter()
    done = work(*arguments)
    into.append((time.perf_counter() - begun) * 1000)
    return done


def _spread(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {"n": 0}
    return {"n": len(values), "least": round(min(values), 2), "median": round(median(values), 2)}


def _match(photos: Mapping[str, bytes]) -> dict[str, object]:
    """Return how often one person is taken for two (FNMR) and two for one (FMR), at each limit, with counts."""
    templates = {name: found for name, data in photos.items() if (found := _template(data)) is not None}
    same: list[float] = []
    other: list[float] = []
    for one, two in combinations(templates, 2):
        apart = distance(templates[one], templates[two])
        (same if _who(one) == _who(two) else other).append(apart)
    return {
        "with_one_face": len(templates),
        "pairs_of_one_person": {"n": len(same), **_range(same)},
        "pairs_of_two": {"n": len(other), **_range(other)},
        "at": [_errors(limit, same, other) for limit in LIMITS],
    }


def _template(data: bytes) -> Floats | None:
    pixels = _decoded(data)
    boxes = face_measure.faces(pixels)
    return template(face_measure.encode(pixels, boxes[0])) if len(boxes) == 1 else None


def _who(name: str) -> str:
    return re.split(r"[-_.0-9]", name, maxsplit=1)[0].lower()


def _range(apart: Sequence[float]) -> dict[str, float]:
    return {"nearest": round(min(apart), 3), "farthest": round(max(apart), 3)} if apart else {}


def _errors(limit: float, same: Sequence[float], other: Sequence[float]) -> dict[str, float]:
    """Count; shares of a few pairs would look like more than they are, so the counts are what is given."""
    return {
        "distance": limit,
        "score": round(match_score(limit), 2),
        "not_matched": sum(apart > limit for apart in same),
        "of_one_person": len(same),
        "falsely_matched": sum(apart <= limit for apart in other),
        "of_two": len(other),
    }


async def _beside(photo: bytes) -> dict[str, float]:
    """Return how long a request takes that does nothing, without and with eight pictures being measured beside it."""
    app = Starlette(routes=[Route("/", _nothing, methods=["POST"])])
    pool = FacePool(children=1, queue=AT_ONCE)
    quiet: list[float] = []
    busy: list[float] = []
    measured = 0
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        try:
            await pool.measure(photo)
            await _calls(client, [])
            for _ in range(TURNS):
                await _calls(client, quiet)
                over = asyncio.Event()
                jobs = [asyncio.create_task(_keep(pool, photo, over)) for _ in range(AT_ONCE)]
                await _calls(client, busy)
                over.set()
                measured += sum(await asyncio.gather(*jobs))
        finally:
            await pool.close()
    return {**_tail("quiet", quiet), **_tail("busy", busy), "pictures_measured": measured, "calls": len(busy)}


async def _nothing(request: Request) -> Response:
    return Response(await request.body())


async def _keep(pool: FacePool, photo: bytes, over: asyncio.Event) -> int:
    measured = 0
    while not over.is_set():
        await pool.measure(photo)
        measured += 1
    return measured


async def _calls(client: httpx.AsyncClient, into: list[float]) -> None:
    for _ in range(CALLS):
        begun = time.perf_counter()
        await client.post("/", content=b"{}")
        into.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(PAUSE_S)


def _tail(name: str, values: Sequence[float]) -> dict[str, float]:
    cuts = quantiles(values, n=100)
    return {f"{name}_p50_ms": round(cuts[49], 3), f"{name}_p99_ms": round(cuts[98], 3)}


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a person reads."""
    yield f"photographs: {found['photos']}"
    yield "milliseconds a frame, one core, this process:"
    for step, spread in found["ms_a_frame"].items():
        yield f"  {step:<10} median {spread.get('median', '-')}  least {spread.get('least', '-')}  n={spread['n']}"
    match = found["match"]
    if match is None:
        yield "match error rates: none without a folder of photographs"
    else:
        yield f"pairs of one person: {match['pairs_of_one_person']}, of two: {match['pairs_of_two']}"
        for at in match["at"]:
            yield (
                f"  distance {at['distance']:.2f} (score {at['score']:.2f}): one person not matched "
                f"{at['not_matched']}/{at['of_one_person']}, two falsely matched {at['falsely_matched']}/{at['of_two']}"
            )
    beside = found["decisions_beside"]
    yield f"a request beside {AT_ONCE} pictures at once (n={beside['calls']}, {beside['pictures_measured']} measured):"
    for name in ("quiet", "busy"):
        yield f"  {name:<6} p50 {beside[f'{name}_p50_ms']} ms  p99 {beside[f'{name}_p99_ms']} ms"


if __name__ == "__main__":
    main()
