"""Measuring a picture: by the pool, with what a caller is told when a picture is not looked at or nobody can look."""

from http import HTTPStatus

from model.face import Measured
from service.errors import Problem
from service.ports_faces import Faces, FacesBusyError, FacesDownError, Refused


async def measured(pool: Faces, place: int, picture: bytes) -> Measured:
    """Return what was read off a picture.

    Args:
        pool: who measures.
        place: which picture of the batch it is, from 0.
        picture: JPEG or PNG.

    Raises:
        Problem: 422 for one that is not looked at, 503 with `Retry-After` when nobody can look.
    """
    try:
        found = await pool.measure(picture)
    except FacesBusyError as error:
        raise down(error.retry_after_s) from None
    except FacesDownError:
        raise down(30) from None
    if isinstance(found, Refused):
        detail = "this picture is not looked at; send a plain JPEG or PNG from the camera"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"PICTURE_{found.code}", detail, path=f"frames.{place}")
    return found


def down(retry_after_s: int) -> Problem:
    """Say that no face can be checked just now."""
    detail = "no face can be checked just now; come again, or take another way on"
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "FACES_UNAVAILABLE", detail, retry_after_s=retry_after_s)


def row_of(tenant: str, party: str) -> str:
    """Return the row in which a person's template is closed."""
    return f"{tenant}|{party}"
