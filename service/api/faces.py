"""Face checks of our own, and enrolled faces: pictures come as multipart, stay in memory, and are forgotten."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from service.api.access import needs
from service.api.answered import answered
from service.api.body import decoded, read
from service.api.schema import answers_with, takes
from service.enrolment import Consent, Enrolled
from service.errors import Problem
from service.liveness import Film, Opened, OpenSession, Outcome, Picture, Taken
from service.ports import Credential

router = APIRouter(prefix="/v1", tags=["step-up"])
Performer = Annotated[Credential, Depends(needs("challenge"))]

MOST_BYTES: Final = 16 * 1024 * 1024
MOST_PICTURES: Final = 40
_open: Final = msgspec.json.Decoder(OpenSession)
_times: Final = msgspec.json.Decoder(tuple[int, ...])
MULTIPART: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "frames": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "at_ms": {
                            "type": "string",
                            "description": "JSON: when each picture was taken, in ms",
                        },
                        "shown_ms": {"type": "string", "description": "JSON: when each step was shown; with the last"},
                        "final": {"type": "string", "enum": ["true", "false"]},
                    },
                }
            }
        },
    }
}


class _InMemory(MultiPartParser):
    """Parts never reach the disk: what is larger than this was refused before."""

    spool_max_size = MOST_BYTES + 1


@router.post("/liveness/sessions", openapi_extra=takes(OpenSession) | answers_with(Opened, HTTPStatus.CREATED))
async def open_session(request: Request, who: Performer) -> Response:
    """Open a face check at a challenge that offers one; the steps come in an order that nobody could know."""
    service = request.app.state.service
    said = decoded(await read(request, service.settings.body_limit_bytes), _open)
    return answered(await service.liveness.open(who.tenant, said), HTTPStatus.CREATED)


@router.post(
    "/liveness/sessions/{session_id}/frames", openapi_extra=MULTIPART | answers_with(Taken, HTTPStatus.ACCEPTED)
)
async def frames(request: Request, who: Performer, session_id: str) -> Response:
    """Take pictures in order; with `final=true` the check is judged."""
    form = await _form(request)
    files, times = _files(form, "frames"), _numbers(form, "at_ms")
    if len(files) != len(times):
        raise _bad("at_ms", "say of every picture when it was taken")
    pictures = [Picture(await file.read(), at_ms) for file, at_ms in zip(files, times, strict=True)]
    film = Film(pictures=pictures, final=form.get("final") == "true", shown_ms=_numbers(form, "shown_ms"))
    service = request.app.state.service
    return answered(await service.liveness.take(who.tenant, session_id, film), HTTPStatus.ACCEPTED)


@router.get("/liveness/sessions/{session_id}", openapi_extra=answers_with(Outcome, HTTPStatus.OK))
async def session(request: Request, who: Performer, session_id: str) -> Response:
    """See how a face check stands."""
    return answered(await request.app.state.service.liveness.outcome(who.tenant, session_id), HTTPStatus.OK)


@router.put("/subjects/{party_id}/face", openapi_extra=answers_with(Enrolled, HTTPStatus.OK))
async def enrol(request: Request, who: Performer, party_id: str) -> Response:
    """Keep a template of a face, by separate consent: `picture`, `consent_version` and `consent_at` as multipart."""
    form = await _form(request)
    files, version, at = _files(form, "picture"), form.get("consent_version"), form.get("consent_at")
    if len(files) != 1 or not isinstance(version, str) or not isinstance(at, str):
        raise _bad("picture", "send one picture, `consent_version` and `consent_at`")
    try:
        consent = msgspec.convert({"version": version, "at": datetime.fromisoformat(at)}, Consent)
    except (msgspec.ValidationError, ValueError):
        raise _bad("consent_at", "send an RFC 3339 time with an offset") from None
    if consent.at.tzinfo is None:
        raise _bad("consent_at", "a time needs an offset")
    service = request.app.state.service
    return answered(await service.enrolment.enrol(who.tenant, party_id, await files[0].read(), consent), HTTPStatus.OK)


@router.delete("/subjects/{party_id}/face", status_code=HTTPStatus.NO_CONTENT)
async def erase(request: Request, who: Performer, party_id: str) -> Response:
    """Erase a template at once; it is fine when there was none."""
    await request.app.state.service.enrolment.erase(who.tenant, party_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _form(request: Request) -> FormData:
    """Read a multipart body whole, bounded and in memory.

    Raises:
        Problem: 413 for one that is too long, 415 for another kind, 422 for one that cannot be read.
    """
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", "send multipart/form-data")
    try:
        parser = _InMemory(request.headers, _bounded(request), max_files=MOST_PICTURES, max_fields=8)
        return await parser.parse()
    except (MultiPartException, KeyError, ValueError):
        raise _bad("body", f"send at most {MOST_PICTURES} pictures and the fields that are documented") from None


async def _bounded(request: Request) -> AsyncGenerator[bytes, None]:
    total = 0
    async for part in request.stream():
        total += len(part)
        if total > MOST_BYTES:
            detail = f"a batch may have {MOST_BYTES} bytes; send fewer pictures at once"
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "BODY_TOO_LARGE", detail)
        yield part


def _files(form: FormData, name: str) -> Sequence[UploadFile]:
    found = form.getlist(name)
    if not all(isinstance(file, UploadFile) for file in found):
        raise _bad(name, "send pictures as files")
    return [file for file in found if isinstance(file, UploadFile)]


def _numbers(form: FormData, name: str) -> tuple[int, ...]:
    said = form.get(name)
    if said is None:
        return ()
    try:
        return _times.decode(str(said))
    except msgspec.DecodeError:
        raise _bad(name, "send a JSON array of whole milliseconds") from None


def _bad(path: str, detail: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "INVALID_VALUE", detail, path=path)
