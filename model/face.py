"""Faces as numbers: how alike two templates are, how open an eye and a mouth is, and which way a head is turned.

No picture comes here, only what a measuring process read off one: a template of 128 numbers (dlib's face recognition
model) and 68 landmarks in the order of iBUG 300-W. Left and right are the person's own, as in a picture that is not
mirrored: the person's left is at the right of the picture.
"""

from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TEMPLATE_NUMBERS: Final = 128
LANDMARKS: Final = 68

EVEN_DISTANCE: Final = 0.55
"""At this distance a match is as likely a coincidence as not; 0.6, dlib's usual limit, is no limit for safety."""
STEP_DISTANCE: Final = 0.1
"""A tenth nearer multiplies the odds by four, so a distance of 0.45 scores 0.8."""
ODDS: Final = 4.0

SMALLEST: Final = 100.0
"""Pixels from cheek to cheek; of a smaller face the landmarks of the eyes cannot be relied on."""
LOOKING_AHEAD: Final = 20.0
EYES_OPEN: Final = 0.12

RIGHT_EYE: Final = slice(36, 42)
LEFT_EYE: Final = slice(42, 48)
INNER_LIPS: Final = slice(60, 68)
RIGID: Final = (30, 8, 36, 45, 48, 54)
"""Nose tip, chin, outer corners of the eyes, corners of the mouth: what moves least when a face moves itself."""
HEAD: Final[Floats] = np.array(
    [
        (0.0, 0.0, 0.0),
        (0.0, 330.0, -65.0),
        (-225.0, -170.0, -135.0),
        (225.0, -170.0, -135.0),
        (-150.0, 150.0, -125.0),
        (150.0, 150.0, -125.0),
    ]
)
"""The same six points on a common head: x to the right of the picture, y down, z towards the camera."""


class Measured(Struct, frozen=True, kw_only=True):
    """What was read off one picture. With a template in it this is biometric data: keep it in memory, or sealed.

    Attributes:
        faces: how many were seen; the rest is empty unless it is one.
        landmarks: 68 points (x, y) in pixels of the measured picture.
        template: 128 numbers.
        digest: of the pixels; the same picture has the same.
        grain: a digest of each tile of the picture, 0 where the tile is flat and has no grain to compare.
    """

    faces: int
    landmarks: tuple[tuple[float, float], ...] = ()
    template: tuple[float, ...] = ()
    digest: str = ""
    grain: tuple[int, ...] = ()


Unfit = Literal["NO_FACE", "SEVERAL_FACES", "FACE_TOO_SMALL", "LOOKING_AWAY", "EYES_SHUT"]


class NotAFaceError(ValueError):
    """The numbers are not those of a face: a wrong count, or some that are not finite."""


class Pose(Struct, frozen=True):
    """Which way a head is turned, in degrees.

    Attributes:
        yaw: to the side; above zero towards the person's own left.
        pitch: up and down; above zero up.
        roll: tilt; above zero clockwise in the picture.
    """

    yaw: float
    pitch: float
    roll: float


def template(numbers: object) -> Floats:
    """Return a template as an array, shape (128,).

    Raises:
        NotAFaceError: these are not 128 finite numbers.
    """
    return _array(numbers, (TEMPLATE_NUMBERS,))


def points(landmarks: object) -> Floats:
    """Return landmarks as an array, shape (68, 2).

    Raises:
        NotAFaceError: these are not 68 finite points.
    """
    return _array(landmarks, (LANDMARKS, 2))


def _array(numbers: object, shape: tuple[int, ...]) -> Floats:
    try:
        array = np.asarray(numbers, dtype=np.float64)
    except (TypeError, ValueError):
        message = "not numbers"
        raise NotAFaceError(message) from None
    if array.shape != shape or not np.isfinite(array).all():
        message = f"expected {shape} finite numbers"
        raise NotAFaceError(message)
    return array


def distance(one: Floats, other: Floats) -> float:
    """Return the Euclidean distance of two templates: nearer is more alike."""
    return float(np.linalg.norm(one - other))


def match_score(apart: float) -> float:
    """Return how much a distance speaks for one person, 0 to 1; 0.8 and above counts as a match.

    A score of ours is not a false match rate: that is measured on the operator's own customers, not assumed.
    """
    return float(1.0 / (1.0 + ODDS ** ((apart - EVEN_DISTANCE) / STEP_DISTANCE)))


def medoid(templates: Floats) -> Floats:
    """Return the template that lies nearest to all others, shape (n, 128) to (128,).

    A mean would lie between two people when there are two, and near enough to both.
    """
    apart = np.linalg.norm(templates[:, None, :] - templates[None, :, :], axis=2)
    return np.asarray(templates[int(apart.sum(axis=1).argmin())])


def eye_aspect_ratio(face: Floats) -> float:
    """Return how open the eyes are, as height by width, the mean of both (Soukupova and Cech, CVWW 2016)."""
    return (_openness(face[RIGHT_EYE]) + _openness(face[LEFT_EYE])) / 2.0


def _openness(eye: Floats) -> float:
    """Take six points: a corner, two on the upper lid, the other corner, two on the lower lid."""
    heights = np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4])
    return _ratio(float(heights), 2.0 * float(np.linalg.norm(eye[0] - eye[3])))


def mouth_ratio(face: Floats) -> float:
    """Return how open the mouth is, as height by width between the lips."""
    lips = face[INNER_LIPS]
    heights = sum(float(np.linalg.norm(lips[up] - lips[down])) for up, down in ((1, 7), (2, 6), (3, 5)))
    return _ratio(heights, 3.0 * float(np.linalg.norm(lips[0] - lips[4])))


def width(face: Floats) -> float:
    """Return how wide a face is, from cheek to cheek, in pixels."""
    return float(np.linalg.norm(face[0] - face[16]))


def unfit(measured: Measured) -> Unfit | None:
    """Return why a picture will not do for enrolling a person, None when it will: the template is only as good."""
    if measured.faces != 1:
        return "SEVERAL_FACES" if measured.faces else "NO_FACE"
    face = points(measured.landmarks)
    if width(face) < SMALLEST:
        return "FACE_TOO_SMALL"
    if abs(head_pose(face).yaw) > LOOKING_AHEAD:
        return "LOOKING_AWAY"
    return "EYES_SHUT" if eye_aspect_ratio(face) < EYES_OPEN else None


def _ratio(height: float, width: float) -> float:
    return height / width if width > 0.0 else 0.0


def head_pose(face: Floats) -> Pose:
    """Return which way a head is turned: the turn of a common head that lays its points nearest to those seen.

    Scaled orthographic projection (DeMenthon and Davis, POS): exact for a far camera, a few degrees off for a near one,
    so turns are judged against the person's own straight look.
    """
    seen = face[list(RIGID)]
    model = np.column_stack([HEAD, np.ones(len(HEAD))])
    solved = np.linalg.lstsq(model, seen, rcond=None)[0].T[:, :3]
    left, _, right = np.linalg.svd(solved, full_matrices=False)
    across, down = left @ right
    ahead = np.cross(across, down)
    yaw = np.arctan2(across[2], ahead[2])
    pitch = np.arctan2(-down[2], np.hypot(across[2], ahead[2]))
    roll = np.arctan2(-across[1], down[1])
    return Pose(*(float(np.degrees(angle)) for angle in (yaw, pitch, roll)))
