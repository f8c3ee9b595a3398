"""Faces as numbers: what is measured on a drawn head is what was drawn."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.face import (
    Measured,
    NotAFaceError,
    distance,
    eye_aspect_ratio,
    head_pose,
    match_score,
    medoid,
    mouth_ratio,
    points,
    template,
    unfit,
)
from tests.model.faces import Look, Person, landmarks

ANN, BO = Person(seed=1), Person(seed=2)


def drawn(look: Look, person: Person = ANN, size: float = 0.5) -> np.ndarray:
    """Return the landmarks of a drawn face."""
    return points(landmarks(person, look, size))


@pytest.mark.parametrize("yaw", [-35, -25, -15, 0, 15, 25, 35])
@pytest.mark.parametrize("pitch", [-8, 0, 8])
def test_a_turned_head_is_seen_turned(yaw: float, pitch: float) -> None:
    """To the side that it was turned to, within a few degrees, nodding or not."""
    assert head_pose(drawn(Look(yaw=yaw, pitch=pitch))).yaw == pytest.approx(yaw, abs=7)


@pytest.mark.parametrize("roll", [-20, 0, 20])
def test_a_tilted_head_is_not_a_turned_one(roll: float) -> None:
    """Tilting reads as roll and leaves the yaw alone."""
    pose = head_pose(drawn(Look(roll=roll)))
    assert pose.roll == pytest.approx(roll, abs=2)
    assert pose.yaw == pytest.approx(0, abs=3)


def test_a_nod_reads_as_pitch() -> None:
    """Up is above zero."""
    up, level, down = (head_pose(drawn(Look(pitch=pitch))).pitch for pitch in (15, 0, -15))
    assert up > level + 8 > level > down + 8


def test_to_the_persons_left_is_to_the_right_of_the_picture() -> None:
    """The nose moves there; a mirrored picture would swap the two."""
    straight, left = drawn(Look()), drawn(Look(yaw=25))
    assert left[30, 0] > straight[30, 0]
    assert head_pose(left).yaw > 0


def test_an_eye_is_as_open_as_it_was_drawn() -> None:
    """Height by width; a shut eye has next to none."""
    assert eye_aspect_ratio(drawn(Look())) == pytest.approx(0.3, abs=0.02)
    assert eye_aspect_ratio(drawn(Look(lids=0.2))) == pytest.approx(0.06, abs=0.01)


def test_a_mouth_is_as_open_as_it_was_drawn() -> None:
    """Closed lips touch."""
    assert mouth_ratio(drawn(Look())) < 0.05
    assert mouth_ratio(drawn(Look(mouth=0.8))) > 0.5


@given(st.floats(0.1, 3.0))
def test_how_near_the_camera_is_changes_nothing(size: float) -> None:
    """All are ratios or angles."""
    look = Look(yaw=12, lids=0.7, mouth=0.3)
    near, far = drawn(look, size=size), drawn(look)
    assert eye_aspect_ratio(near) == pytest.approx(eye_aspect_ratio(far))
    assert mouth_ratio(near) == pytest.approx(mouth_ratio(far))
    assert head_pose(near).yaw == pytest.approx(head_pose(far).yaw)


def test_points_that_fall_together_measure_nothing() -> None:
    """And divide by nothing."""
    flat = np.zeros((68, 2))
    assert eye_aspect_ratio(flat) == mouth_ratio(flat) == 0.0
    assert math.isfinite(head_pose(flat).yaw)


@pytest.mark.parametrize(("apart", "score"), [(0.35, 0.94), (0.45, 0.8), (0.55, 0.5), (0.64, 0.22), (1.4, 0.0)])
def test_a_distance_scores(apart: float, score: float) -> None:
    """0.45 is just a match; dlib's usual limit of 0.6 is far from one."""
    assert match_score(apart) == pytest.approx(score, abs=0.01)


@given(st.floats(0, 3), st.floats(0, 3))
def test_nearer_never_scores_less(one: float, other: float) -> None:
    """Within 0 and 1."""
    near, far = sorted((one, other))
    assert 0 <= match_score(far) <= match_score(near) <= 1


def test_two_people_are_apart_and_one_is_near_himself() -> None:
    """As templates go."""
    ann, again, bo = (template(numbers) for numbers in (ANN.template(), ANN.template(0.2), BO.template()))
    assert distance(ann, ann) == 0
    assert distance(ann, again) == pytest.approx(0.2)
    assert distance(ann, bo) > 1


def test_the_middle_template_is_one_of_them() -> None:
    """A mean of two people would be near enough to both; this one is one person's."""
    some = np.array([ANN.template(), ANN.template(0.1), ANN.template(0.2), BO.template()])
    assert distance(medoid(some), template(ANN.template())) < 0.2


@pytest.mark.parametrize(
    "wrong", [(), (0.0,) * 127, (0.0,) * 129, (math.nan,) * 128, (math.inf,) * 128, "x" * 128, None]
)
def test_what_is_no_template_is_refused(wrong: object) -> None:
    """Counts and kinds are checked before anything is computed."""
    with pytest.raises(NotAFaceError):
        template(wrong)


@pytest.mark.parametrize("wrong", [(), ((0.0, 0.0),) * 67, ((0.0,),) * 68, ((math.nan, 0.0),) * 68, [[1, 2], [3]]])
def test_what_are_no_landmarks_is_refused(wrong: object) -> None:
    """So for points."""
    with pytest.raises(NotAFaceError):
        points(wrong)


@pytest.mark.parametrize(
    ("faces", "look", "size", "why"),
    [
        (1, Look(), 0.5, None),
        (1, Look(yaw=10), 0.2, None),
        (0, Look(), 0.5, "NO_FACE"),
        (2, Look(), 0.5, "SEVERAL_FACES"),
        (1, Look(), 0.15, "FACE_TOO_SMALL"),
        (1, Look(yaw=30), 0.5, "LOOKING_AWAY"),
        (1, Look(lids=0.2), 0.5, "EYES_SHUT"),
    ],
)
def test_a_picture_to_enrol_by_shows_one_whole_face(faces: int, look: Look, size: float, why: str | None) -> None:
    """Large enough, looking ahead, with open eyes; narrow ones are open."""
    for person in (ANN, Person(eye=0.17)):
        measured = Measured(faces=faces, landmarks=landmarks(person, look, size) if faces == 1 else ())
        assert unfit(measured) == why
