"""A whole face check on a real photograph that is made to move: measured as in the pool, judged by the rules.

It shows three things at once: that real landmarks cross the limits that drawn ones do, that the hints find a film that
is put together carelessly, and that they do not find one that is put together with care. The last is no fault of the
test: it is what docs/liveness.md warns of.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from PIL import Image

from model.face import Measured, points
from model.gestures import Step
from model.liveness import Frame, Verdict, judge
from service.adapters.face_measure import measure
from tests.service.animated import Floats, Pixels, acted, coded, filmed
from tests.service.photos import PHOTO

pytestmark = pytest.mark.slow

STEPS: tuple[Step, ...] = ("turn_left", "blink", "open_mouth", "turn_right")
PAUSES = (4, 3, 6, 5)
SCRIPT: tuple[Step | None, ...] = (
    *(look for step, pause in zip(STEPS, PAUSES, strict=True) for look in (*(None,) * pause, step, step)),
    *(None,) * 3,
)
GAPS_MS = (230, 251, 244, 238, 262, 247, 233)


def portrait() -> Pixels:
    """Return the head of Matplotlib's sample photograph, as large as in a selfie."""
    with Image.open(PHOTO) as opened:
        head = opened.convert("RGB").crop((110, 60, 410, 410)).resize((549, 640), Image.Resampling.LANCZOS)
    return np.asarray(head)


@pytest.fixture(scope="module")
def resting() -> tuple[Pixels, Measured]:
    """The portrait and what is measured on it."""
    picture = portrait()
    return picture, measure(coded(picture, "PNG"))


def checked(
    picture: Pixels, enrolled: Measured, develop: Callable[[Pixels], bytes], script: Sequence[Step | None] = SCRIPT
) -> Verdict:
    """Act a script on a photograph, develop each frame, measure and judge them."""
    face: Floats = points(enrolled.landmarks)
    films = [measure(develop(acted(picture, face, look))) for look in script]
    times = np.cumsum([GAPS_MS[n % len(GAPS_MS)] for n in range(len(films))])
    frames = [Frame(int(at), film) for at, film in zip(times, films, strict=True)]
    return judge(frames, STEPS, enrolled=enrolled.template)


def test_real_landmarks_cross_the_limits_and_care_deceives_the_hints(resting: tuple[Pixels, Measured]) -> None:
    """With a fresh grain for every frame this photograph does all four steps and passes: no certified PAD."""
    source = np.random.default_rng(4)
    verdict = checked(*resting, lambda picture: filmed(picture, source))
    assert (verdict.status, verdict.flags, verdict.steps_done) == ("passed", (), STEPS)
    assert verdict.match is not None
    assert verdict.match > 0.9
    assert verdict.pad_level == "none"


def test_a_film_put_together_carelessly_is_found(resting: tuple[Pixels, Measured]) -> None:
    """The same without grain: frames come again, and the background is one and the same."""
    verdict = checked(*resting, lambda picture: coded(picture, "PNG"), SCRIPT[:12])
    assert verdict.status == "failed"
    assert {"duplicate_frames", "identical_noise"} <= set(verdict.flags)
