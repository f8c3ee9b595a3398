"""The door: signing in, enrolling once, as plain HTML forms, so that nobody without a session reaches a socket."""

from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import Request, Response
from nicegui import core
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse

from service.console.context import DARK_COOKIE, LANGUAGE_COOKIE, PATH, console
from service.console.guard import COOKIE, HOST_COOKIE, LOOPBACK, SIGN_IN
from service.console.texts import Lang, language, text
from service.errors import Problem
from service.people import Enrolment
from service.ports import StoreDownError

STYLE: Final = Path(__file__).with_name("look.css")
ENROL: Final = f"{PATH}/enrol"


def install() -> None:
    """Add the door's routes to the console, once however often it is mounted."""
    for path, endpoint, methods in (
        ("/sign-in", _sign_in, ["GET", "POST"]),
        ("/enrol", _enrol, ["GET", "POST"]),
        ("/look.css", _style, ["GET"]),
    ):
        core.app.remove_route(path)
        core.app.add_route(path, endpoint, methods=methods)


async def _style(_: Request) -> Response:
    return FileResponse(STYLE, media_type="text/css", headers={"Cache-Control": "no-cache"})


async def _sign_in(request: Request) -> Response:
    if request.method == "GET":
        return _page(request, _sign_in_form(request), HTTPStatus.OK)
    form = {name: str(value) for name, value in (await request.form()).items()}
    name, address = form.get("name", "").strip().lower(), _address(request)
    try:
        begun = await console().accounts.sign_in(name, form.get("password", ""), _code(form), address)
    except Problem as problem:
        return _page(request, _sign_in_form(request, problem.code), problem.status)
    except StoreDownError:
        return _page(request, _sign_in_form(request, "STORE_UNAVAILABLE"), HTTPStatus.SERVICE_UNAVAILABLE)
    answer = RedirectResponse(PATH + _next(form.get("next", "")), HTTPStatus.SEE_OTHER)
    secure = request.url.scheme == "https"
    answer.set_cookie(
        HOST_COOKIE if secure else COOKIE, begun.token, httponly=True, secure=secure, samesite="strict", path="/"
    )
    return answer


async def _enrol(request: Request) -> Response:
    if request.method == "GET":
        return _page(request, _invitation_form(request), HTTPStatus.OK)
    form = {name: str(value) for name, value in (await request.form()).items()}
    name, invitation = form.get("name", "").strip().lower(), form.get("invitation", "").strip()
    accounts, address = console().accounts, _address(request)
    trouble = ""
    try:
        if "password" in form:
            try:
                await accounts.finish_enrolment(name, invitation, form["password"], _code(form), address)
                return RedirectResponse(f"{SIGN_IN}?enrolled=1", HTTPStatus.SEE_OTHER)
            except Problem as problem:
                trouble = problem.code
        offered = await accounts.begin_enrolment(name, invitation, address)
    except Problem as problem:
        return _page(request, _invitation_form(request, trouble or problem.code), problem.status)
    except StoreDownError:
        return _page(request, _invitation_form(request, "STORE_UNAVAILABLE"), HTTPStatus.SERVICE_UNAVAILABLE)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if trouble else HTTPStatus.OK
    return _page(request, _password_form(request, offered, invitation, trouble), status)


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _code(form: dict[str, str]) -> str:
    return form.get("code", "").replace(" ", "")


def _next(wanted: str) -> str:
    """Return where to go after signing in: a page of the console, never another site."""
    inside = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    return wanted if inside else "/"


def _sign_in_form(request: Request, trouble: str = "") -> str:
    t = _t(request)
    told = f'<p class="door-told">{t("door.enrolled")}</p>' if request.query_params.get("enrolled") else ""
    if request.url.scheme != "https" and request.url.hostname not in LOOPBACK:
        told += f'<p class="door-trouble">{t("door.insecure")}</p>'
    return (
        f"<h1>{t('door.sign_in')}</h1>{told}{_trouble(request, trouble)}"
        f'<form method="post" action="{SIGN_IN}">'
        + _hidden("next", _next(request.query_params.get("next", "")))
        + _input("name", t("door.name"), "username", focus=True)
        + _input("password", t("door.password"), "current-password", kind="password")
        + _input("code", t("door.code"), "one-time-code", numeric=True)
        + f'<button type="submit">{t("door.enter")}</button></form>'
        f'<p class="door-aside"><a href="{ENROL}">{t("door.first_time")}</a></p>'
    )


def _invitation_form(request: Request, trouble: str = "") -> str:
    t = _t(request)
    return (
        f"<h1>{t('door.enrol')}</h1><p>{t('door.enrol_why')}</p>{_trouble(request, trouble)}"
        f'<form method="post" action="{ENROL}">'
        + _input("name", t("door.name"), "username", focus=True)
        + _input("invitation", t("door.invitation"), "off")
        + f'<button type="submit">{t("door.go_on")}</button></form>'
        f'<p class="door-aside"><a href="{SIGN_IN}">{t("door.back")}</a></p>'
    )


def _password_form(request: Request, offered: Enrolment, invitation: str, trouble: str) -> str:
    t = _t(request)
    spaced = " ".join(offered.secret[at : at + 4] for at in range(0, len(offered.secret), 4))
    return (
        f"<h1>{t('door.enrol')}</h1>{_trouble(request, trouble)}"
        f'<ol class="door-steps"><li>{t("door.step_secret")}'
        f'<code class="door-secret" data-secret="{escape(offered.secret)}">{escape(spaced)}</code>'
        f'<a class="door-uri" href="{escape(offered.uri)}">{t("door.open_generator")}</a></li>'
        f"<li>{t('door.step_password')}</li><li>{t('door.step_code')}</li></ol>"
        f'<form method="post" action="{ENROL}">'
        + _hidden("name", offered.name)
        + _hidden("invitation", invitation)
        + _input("password", t("door.new_password"), "new-password", kind="password", focus=True)
        + _input("code", t("door.code"), "one-time-code", numeric=True)
        + f'<button type="submit">{t("door.finish")}</button></form>'
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def _input(  # noqa: PLR0913 - what a field is
    name: str, label: str, complete: str, *, kind: str = "text", focus: bool = False, numeric: bool = False
) -> str:
    more = (" autofocus" if focus else "") + (' inputmode="numeric" maxlength="8"' if numeric else "")
    return (
        f'<label>{label}<input name="{name}" type="{kind}" autocomplete="{complete}" spellcheck="false"'
        f' autocapitalize="none" required{more}></label>'
    )


def _trouble(request: Request, code: str) -> str:
    return f'<p class="door-trouble" role="alert">{_t(request)(f"problem.{code}")}</p>' if code else ""


class _t:  # noqa: N801 - it is a verb: texts of a request's language, escaped
    def __init__(self, request: Request) -> None:
        self._lang: Lang = language(request.cookies.get(LANGUAGE_COOKIE), request.query_params.get("lang"))

    def __call__(self, key: str) -> str:
        return escape(text(key, self._lang))


def _page(request: Request, inside: str, status: HTTPStatus) -> Response:
    t, dark = _t(request), request.cookies.get(DARK_COOKIE) == "1"
    lang = language(request.cookies.get(LANGUAGE_COOKIE), request.query_params.get("lang"))
    other = "en" if lang == "zh" else "zh"
    answer = HTMLResponse(
        f'<!doctype html><html lang="{"zh-CN" if lang == "zh" else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>Lastcall</title>'
        f'<link rel="stylesheet" href="{PATH}/look.css"></head>'
        f'<body class="door {"body--dark" if dark else "body--light"}"><main class="door-card">'
        f'<div class="door-brand"><b>Lastcall</b><span>{t("brand.what")}</span>'
        f'<a href="?lang={other}" hreflang="{other}">{t("nav.other_language")}</a></div>{inside}</main></body></html>',
        status_code=status,
        headers={"Cache-Control": "no-store"},
    )
    if request.query_params.get("lang"):
        answer.set_cookie(LANGUAGE_COOKIE, lang, max_age=31_536_000, samesite="strict", path=PATH)
    return answer
