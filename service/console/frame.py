"""The frame around every page: navigation, language, light and dark, keys, and the look at the session."""

from collections.abc import Awaitable, Callable
from copy import copy
from http import HTTPStatus
from typing import Final

from fastapi import Request
from nicegui import context, ui
from nicegui.events import KeyEventArguments

from service.console.context import DARK_COOKIE, LANGUAGE_COOKIE, PATH, Here, console
from service.console.guard import DOOR, alive, session_of, token_of
from service.console.parts import div, does, go, link, say, tell
from service.console.texts import language
from service.errors import Problem
from service.permissions import Permission
from service.ports import StoreDownError

Build = Callable[[Here], Awaitable[None]]
LOOK_EVERY_S: Final = 3.0
"""How often an open page asks by itself whether its session lives."""

NAVIGATION: Final[tuple[tuple[str, str, str, Permission, str], ...]] = (
    ("/", "nav.dashboard", "dashboard", "dashboard.read", "d"),
    ("/queue", "nav.queue", "inbox", "cases.read", "q"),
    ("/explorer", "nav.explorer", "travel_explore", "explore", "e"),
    ("/policy", "nav.policy", "rule", "policy.read", "p"),
    ("/approvals", "nav.approvals", "how_to_reg", "cases.read", "a"),
    ("/exports", "nav.exports", "download", "export.decisions", "x"),
    ("/users", "nav.users", "group", "users.manage", "u"),
)
"""Path, name, icon, the permission that shows it, and the key after `g` that goes there."""


def page(path: str, title: str, permission: Permission) -> Callable[[Build], Build]:
    """Register a page of the console: its frame is built for whoever may see it."""

    def register(build: Build) -> Build:
        async def show(request: Request) -> None:
            at = _arrive(request)
            _head(at, title)
            with div("page", "main"):
                if at.may(permission):
                    await _built(build, at)
                else:
                    say(at.t("problem.NOT_PERMITTED"), "refused")
            # Last: a timer waits for the socket, and NiceGUI sends a page off, half built, once something waits for it.
            ui.timer(LOOK_EVERY_S, lambda: _look(at))

        ui.page(path, title="Lastcall", response_timeout=20, reconnect_timeout=5)(show)
        return build

    return register


async def _built(build: Build, at: Here) -> None:
    try:
        await build(at)
    except Problem as problem:
        ui.status_code(problem.status)
        say(at.t(f"problem.{problem.code}"), "refused")
    except StoreDownError:
        ui.status_code(HTTPStatus.SERVICE_UNAVAILABLE)
        say(at.t("problem.STORE_UNAVAILABLE"), "refused")


def _arrive(request: Request) -> Here:
    """Take up session, language and look; the page object is shared by all clients, so this one gets its own."""
    client, lang = context.client, language(request.cookies.get(LANGUAGE_COOKIE))
    dark = request.cookies.get(DARK_COOKIE) == "1"
    client.page = copy(client.page)
    client.page.dark = dark
    client.page.language = "zh-CN" if lang == "zh" else "en-US"
    at = Here(console(), request, client, token_of(request.cookies), session_of(request), lang, dark)
    client.storage["here"] = at
    return at


def _head(at: Here, title: str) -> None:
    ui.add_head_html(f'<link rel="stylesheet" href="{PATH}/look.css">')
    ui.colors(primary="#1d4ed8", positive="#1f8a5b", negative="#c62828", warning="#a86f00")
    ui.page_title(f"{at.t(title)} · Lastcall")
    here_path = str(at.request.scope["path"]).removeprefix(PATH) or "/"
    with div("side", "nav"):
        with div("brand"):
            say("Lastcall", "brand-name")
            say(at.t("brand.what"), "brand-what")
        for path, name, icon, permission, key in NAVIGATION:
            if at.may(permission):
                now = path == here_path or (path != "/" and here_path.startswith(path))
                with link("", path, f"nav-link {'now' if now else ''}").tooltip(f"{at.t(name)} (g {key})"):
                    ui.icon(icon)
                    say(at.t(name), "nav-name", "span")
        div("grow")
        _foot(at)
    _keys(at)


def _foot(at: Here) -> None:
    with div("side-foot"):
        say(at.person.name, "who-name")
        say(at.t(f"role.{at.person.role}"), "muted")
        with div("side-tools"):
            switch = f"document.cookie='{LANGUAGE_COOKIE}={at.other};path={PATH};max-age=31536000;samesite=strict'"
            _tool(at, "translate", "nav.other_language", _runs(f"{switch};location.reload()"))
            shade = f"document.cookie='{DARK_COOKIE}={int(not at.dark)};path={PATH};max-age=31536000;samesite=strict'"
            _tool(at, "light_mode" if at.dark else "dark_mode", "nav.shade", _runs(f"{shade};location.reload()"))
            _tool(at, "keyboard", "keys.title", lambda: _help(at))
            _tool(at, "logout", "nav.sign_out", lambda: _leave(at))


def _tool(at: Here, icon: str, name: str, work: Callable[[], Awaitable[None]]) -> None:
    made = ui.button(icon=icon, on_click=does(work), color=None).props("flat dense round size=sm")
    made.props(f'aria-label="{at.t(name)}"').tooltip(at.t(name)).classes("tool").mark(name)


def _runs(code: str) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        ui.run_javascript(code)

    return run


async def _leave(at: Here) -> None:
    await at.console.accounts.sign_out(at.token)
    go(DOOR)


async def _look(at: Here) -> None:
    """Send a page away whose session is over, though nobody clicked."""
    if not await alive(at):
        go(DOOR)


KEYS: Final = (("?", "keys.help"), ("/", "keys.search"), ("n", "keys.next"))


async def _help(at: Here) -> None:
    with ui.dialog() as dialog, div("dialog"):
        say(at.t("keys.title"), "dialog-title")
        with div("keys"):
            for path, name, _, permission, key in NAVIGATION:
                if at.may(permission) and path:
                    say(f"g {key}", tag="kbd")
                    say(at.t(name))
            for key, name in KEYS:
                say(key, tag="kbd")
                say(at.t(name))
    dialog.on("hide", dialog.delete)
    dialog.open()


def _keys(at: Here) -> None:
    """Listen for `g` and a letter, for `?`, `/` and `n`; not while something is typed."""
    last: list[str] = [""]

    async def pressed(key: str) -> None:
        before, last[0] = last[0], key
        if key == "?":
            await _help(at)
        elif before == "g":
            for path, _, _, permission, letter in NAVIGATION:
                if key == letter and at.may(permission):
                    go(path)
        elif key == "/" and at.may("explore"):
            go("/explorer")
        elif key == "n" and at.may("cases.work"):
            await take_next(at)

    async def heard(event: KeyEventArguments) -> None:
        modified = event.modifiers.ctrl or event.modifiers.alt or event.modifiers.meta
        if event.action.keydown and not event.action.repeat and not modified and event.key.name != "Shift":
            await does(lambda: pressed(str(event.key)))()

    ui.keyboard(on_key=heard, repeating=False)


async def take_next(at: Here, *, queue: str | None = None, region: str | None = None) -> None:
    """Take the first case that waits and open it."""
    case = await at.console.casework.take_next(at.person, queue=queue, region=region)
    if case is None:
        tell("QUEUE_EMPTY", "")
    else:
        go(f"/case/{case.case_id}")
