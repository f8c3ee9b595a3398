"""What an owner opens who was told of a closure: a page that does nothing by itself, with a button that stops it.

Mail and message clients fetch links to show a preview, so opening the page changes nothing: only its button does.
"""

from functools import cache
from html import escape
from http import HTTPStatus
from importlib.resources import files
from string import Template
from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from service.api.access import anybody
from service.errors import not_found
from service.labelling import Label

router = APIRouter(tags=["owner"], dependencies=[Depends(anybody)], include_in_schema=False)

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@router.get("/not-me/{token}")
async def ask(request: Request, token: str) -> Response:
    """Show the page; nothing is changed by it."""
    if request.app.state.service.links.read(token) is None:
        raise not_found("link")
    return _page("这不是我", "owner_ask.html", action=f"/not-me/{escape(token)}")


@router.post("/not-me/{token}")
async def stop(request: Request, token: str) -> Response:
    """Take the closure back and say that it was fraud: what it touched is remembered, nothing of it is redeemed."""
    service = request.app.state.service
    named = service.links.read(token)
    if named is None:
        raise not_found("link")
    tenant, screening_id = named
    await service.redeeming.not_me(tenant, screening_id)
    await service.labelling.label(tenant, screening_id, Label(label="fraud", source="not_me"), by="owner")
    return _page("已撤回", "owner_done.html")


def _page(title: str, name: str, **parts: str) -> Response:
    page = _read("owner.html").substitute(title=title, body=_read(name).substitute(parts))
    return Response(page, HTTPStatus.OK, HEADERS, media_type="text/html; charset=utf-8")


@cache
def _read(name: str) -> Template:
    return Template(files("service.api").joinpath(name).read_text(encoding="utf-8"))
