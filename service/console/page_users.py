"""Users, for admins: who may sign in as what; a disabled one is out at once."""

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from service.console import formats
from service.console.context import PATH, Here
from service.console.frame import page
from service.console.parts import button, chip, div, panel, say, table, told
from service.permissions import PERMISSIONS, ROLES, may, require
from service.ports_people import User

STATE_KIND = {"active": "good", "invited": "info", "disabled": "bad"}


@page("/users", "nav.users", "users.manage")
async def build(at: Here) -> None:
    """Show the users and what roles may do."""
    with div("page-head"):
        say(at.t("nav.users"), "page-title", "h1")

    @ui.refreshable
    async def users() -> None:
        require(at.person, "users.manage")
        found = await at.console.accounts.users(at.person.tenant)
        heads = ("name", "role", "regions", "state", "last_seen")
        table(
            [at.t(f"users.{head}") for head in heads] + [""],
            [_row(at, user, users.refresh) for user in found],
            "hover",
        )

    with div("board"):
        with panel(at.t("users.all"), "span-2"):
            await users()
        with panel(at.t("users.new")):
            _new(at, users.refresh)
        with panel(at.t("users.roles")):
            _roles(at)


def _row(at: Here, user: User, again: Callable[[], Any]) -> Sequence[Any]:
    return (
        lambda: say(user.name, "strong"),
        at.t(f"role.{user.role}"),
        " ".join(formats.province(code, at.lang) for code in user.regions) or at.t("queue.every_region"),
        lambda: chip(at.t(f"user_state.{user.state}"), STATE_KIND[user.state]),
        formats.when(user.last_seen_ms) or "—",
        lambda: _acts(at, user, again),
    )


def _acts(at: Here, user: User, again: Callable[[], Any]) -> None:
    accounts, by = at.console.accounts, at.person.name

    async def disable() -> None:
        require(at.person, "users.manage")
        await accounts.disable(user.name, by=by)
        told("users.disabled", name=user.name)
        again()

    async def enable() -> None:
        require(at.person, "users.manage")
        await accounts.enable(user.name, by=by)
        again()

    async def reset() -> None:
        require(at.person, "users.manage")
        _invitation(at, user.name, await accounts.reset(user.name, by=by))
        again()

    if user.name != by:
        with div("others"):
            if user.state == "disabled":
                button(at.t("users.enable"), enable, kind="small")
            else:
                button(at.t("users.disable"), disable, kind="small").mark(f"disable-{user.name}")
            button(at.t("users.reset"), reset, kind="small")


def _new(at: Here, again: Callable[[], Any]) -> None:
    with div("pair"):
        name = ui.input(at.t("users.name")).props("outlined dense maxlength=32").mark("new-name")
        role = ui.select({role: at.t(f"role.{role}") for role in ROLES}, value="analyst", label=at.t("users.role"))
        role.props("outlined dense options-dense").mark("new-role")
    regions = ui.input(at.t("users.regions_codes")).props("outlined dense maxlength=300").classes("wide")

    async def create() -> None:
        require(at.person, "users.manage")
        codes = (regions.value or "").replace(",", " ").split()
        user, secret = await at.console.accounts.create(
            (name.value or "").strip().lower(),
            str(role.value),
            tenant=at.person.tenant,
            by=at.person.name,
            regions=codes,
        )
        _invitation(at, user.name, secret)
        again()

    button(at.t("users.create"), create, kind="primary").mark("create-user")


def _invitation(at: Here, name: str, secret: str) -> None:
    """Show a one-time secret, this once."""
    with ui.dialog() as dialog, div("dialog"):
        say(at.t("users.invited", name=name), "dialog-title")
        say(at.t("users.invited_why", path=f"{PATH}/enrol"), "muted")
        say(secret, "secret mono").mark("invitation")
    dialog.open()


def _roles(at: Here) -> None:
    def mark(role: str, permission: Any) -> Callable[[], Any] | str:  # noqa: ANN401 - one of PERMISSIONS
        return (lambda: chip("✓", "good")) if may(role, permission) else ""

    table(
        [at.t("users.permission"), *(at.t(f"role.{role}") for role in ROLES)],
        [(at.t(f"permission.{permission}"), *(mark(role, permission) for role in ROLES)) for permission in PERMISSIONS],
        "tight",
    )
