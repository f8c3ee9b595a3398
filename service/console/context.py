"""What every page has at hand: the use cases, who is looking, in which language, light or dark."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from fastapi import Request
from nicegui import Client, app, context

from features.clock import Clock
from service.casework import Casework
from service.console.texts import Lang, text
from service.dashboard import Dashboard
from service.desk import Desk
from service.explorer import Explorer
from service.four_eyes import FourEyes
from service.judging import InForce
from service.people import Accounts
from service.permissions import Permission, Person, may
from service.ports_people import Session

PATH: Final = "/console"
LANGUAGE_COOKIE, DARK_COOKIE = "lastcall_lang", "lastcall_dark"


@dataclass(frozen=True)
class Console:
    """The use cases that pages call; whoever may not is refused there, whatever a page shows."""

    accounts: Accounts
    casework: Casework
    desk: Desk
    explorer: Explorer
    four_eyes: FourEyes
    dashboard: Dashboard
    in_force: Callable[[], InForce]
    clock: Clock


@dataclass
class Here:
    """One open page.

    Attributes:
        console: the use cases.
        request: by which the page was opened.
        client: its socket.
        token: of the session that opened it.
        session: as it was found at the last event.
        lang: the language.
        dark: whether it is dark.
    """

    console: Console
    request: Request
    client: Client
    token: str
    session: Session
    lang: Lang
    dark: bool

    @property
    def person(self) -> Person:
        """Whoever is looking, with the role of this moment."""
        return self.session.person

    @property
    def other(self) -> Lang:
        """The language that stands beside."""
        return "en" if self.lang == "zh" else "zh"

    def t(self, key: str, **values: object) -> str:
        """Return a text in the page's language."""
        return text(key, self.lang, **values)

    def may(self, permission: Permission) -> bool:
        """Say whether the person may do something, for showing it or not."""
        return may(self.person.role, permission)

    def words(self, said: Any) -> str:  # noqa: ANN401 - whatever has `zh` and `en`
        """Return a sentence that comes in both languages."""
        return str(getattr(said, self.lang))

    def beside(self, said: Any) -> str:  # noqa: ANN401 - whatever has `zh` and `en`
        """Return the same in the other language."""
        return str(getattr(said, self.other))


def use(console: Callable[[], Console]) -> None:
    """Say where the use cases are found once the service is open."""
    app.state.console = console


def console() -> Console:
    """Return the use cases."""
    return cast("Callable[[], Console]", app.state.console)()


def here() -> Here:
    """Return the page that is being built or acted on."""
    return cast("Here", context.client.storage["here"])


def here_of(client: Client) -> Here | None:
    """Return the page of a socket; None while it is not built."""
    return cast("Here | None", client.storage.get("here"))
