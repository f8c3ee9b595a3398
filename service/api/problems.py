"""Every error leaves as an RFC 9457 problem document, whoever raised it, and says nothing of our insides."""

import logging
from http import HTTPStatus

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from service.errors import Problem
from service.ports import StoreDownError

logger = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Answer every error of an app as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(StoreDownError, _store_down)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _parameters)
    app.add_exception_handler(Exception, _unexpected)


def answer(problem: Problem) -> Response:
    """Return a problem as a response."""
    headers: dict[str, str] = {}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        msgspec.json.encode(problem.body()),
        status_code=problem.status,
        headers=headers,
        media_type="application/problem+json",
    )


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - the framework hands each handler its own kind
    return answer(error)


async def _store_down(_: Request, __: Exception) -> Response:
    return answer(
        Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "STORE_UNAVAILABLE",
            "the record cannot be reached; ask again",
            retry_after_s=2,
        )
    )


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    status = HTTPStatus(error.status_code)
    found = answer(Problem(status, status.name, status.description or status.phrase))
    found.headers.update(error.headers or {})
    return found


async def _parameters(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    path = ".".join(str(part) for part in error.errors()[0]["loc"][1:])
    return answer(
        Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "INVALID_VALUE", "this parameter is missing or not valid", path=path)
    )


async def _unexpected(_: Request, error: Exception) -> Response:
    """A defect of ours: nothing is allowed, and the log names the kind of error alone."""
    logger.error("unexpected error", extra={"error": type(error).__name__}, exc_info=error)
    return answer(
        Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "an error of ours; nothing was allowed", retry_after_s=5
        )
    )
