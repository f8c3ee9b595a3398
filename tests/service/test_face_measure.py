"""What is measured on a real photograph: where everything is in a face, who it is, and how many there are."""

import dlib
import numpy as np
from face_recognition import api

from model.face import distance, eye_aspect_ratio, head_pose, mouth_ratio, points, template
from service.adapters.face_measure import faces, grain, landmarks
from service.adapters.face_measure import measure as measured
from service.adapters.picture import decode, small
from tests.service.image_corpus import drawn
from tests.service.photos import photo


def test_a_face_is_measured() -> None:
    """One face, looking ahead, eyes open, mouth closed; the same from a PNG, and nearly so from another coding."""
    answer = measured(photo())
    face = points(answer.landmarks)
    assert answer.faces == 1
    assert 0.2 < eye_aspect_ratio(face) < 0.45
    assert mouth_ratio(face) < 0.1
    assert abs(head_pose(face).yaw) < 12
    again = measured(photo(kind="PNG"))
    assert again.digest != answer.digest
    assert distance(template(answer.template), template(again.template)) < 0.2
    assert measured(photo()).digest == answer.digest


def test_landmarks_are_in_their_order() -> None:
    """Chin below, brows above the eyes, the person's right eye at the left, the inner lips between the outer."""
    face = points(measured(photo()).landmarks)
    right_eye, left_eye = face[36:42].mean(axis=0), face[42:48].mean(axis=0)
    assert face[8, 1] == face[:, 1].max()
    assert right_eye[0] < face[30, 0] < left_eye[0]
    assert face[17:27, 1].max() < face[36:48, 1].max()
    assert face[48, 0] < face[60, 0] < face[64, 0] < face[54, 0]
    assert face[51, 1] < face[62, 1] <= face[66, 1] < face[57, 1]
    assert face[61, 0] < face[62, 0] < face[63, 0]
    assert face[67, 0] < face[66, 0] < face[65, 0]


def test_landmarks_are_the_models_own() -> None:
    """All 68 of them, each once, in the order in which the model gives them: the library hands them out by part."""
    picture = small(decode(photo()))
    box = faces(picture)[0]
    own = api.pose_predictor_68_point(picture, dlib.rectangle(box[3], box[0], box[1], box[2])).parts()
    assert landmarks(picture, box) == tuple((point.x, point.y) for point in own)


def test_a_mirrored_face_is_turned_the_other_way() -> None:
    """Left and right are told apart on a real picture, too."""
    plain, mirrored = [head_pose(points(measured(photo(change)).landmarks)) for change in ("", "mirrored")]
    assert plain.roll > 0 > mirrored.roll or plain.roll < 0 < mirrored.roll
    assert abs(plain.yaw + mirrored.yaw) < 10


def test_a_photo_stored_sideways_is_turned() -> None:
    """Phones do this; without turning no face is found."""
    sideways = measured(photo(orientation=6))
    assert sideways.faces == 1
    upright = measured(photo())
    assert distance(template(sideways.template), template(upright.template)) < 0.25


def test_faces_are_counted() -> None:
    """None in noise, two where there are two; neither gives a template."""
    for picture, count in ((drawn("JPEG", size=(320, 240)), 0), (photo("twice"), 2)):
        answer = measured(picture)
        assert (answer.faces, answer.template, answer.landmarks) == (count, (), ())


def test_the_grain_of_a_copy_is_the_same_and_of_another_coding_is_not() -> None:
    """Every tile that has grain; the sky behind may be flat."""
    plain, png, other = [measured(photo(kind=kind)) for kind in ("PNG", "PNG", "JPEG")]
    assert plain.grain == png.grain
    assert sum(1 for tile in plain.grain if tile) > 32
    assert sum(a == b for a, b in zip(plain.grain, other.grain, strict=True) if a) < 8


def test_what_is_flat_has_no_grain() -> None:
    """An overexposed wall is the same in every picture, and says nothing."""
    wall = np.full((480, 640, 3), 250, dtype=np.uint8)
    assert grain(wall) == (0,) * 64
    wall[:60, :80] = np.random.default_rng(1).integers(0, 255, (60, 80, 3))
    assert [place for place, tile in enumerate(grain(wall)) if tile] == [0]
