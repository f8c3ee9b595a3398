"""The parts that pages are made of: plain elements with our classes, tables, chips; every text is a text node."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from service.console.context import here
from service.errors import Problem
from service.ports import StoreDownError
from service.ports_records import RefusedError

Work = Callable[[], Awaitable[None]]
Cell = str | Callable[[], Any]
DECISION_KIND: Final = {"allow": "good", "challenge": "warn", "hold": "hold", "block": "bad"}


def div(classes: str = "", tag: str = "div") -> Element:
    """Return a box."""
    return ui.element(tag).classes(classes)


def say(text: object, classes: str = "", tag: str = "div") -> TextElement:
    """Show a text as it is, whatever is in it."""
    return TextElement(tag=tag, text=str(text)).classes(classes)


def chip(text: object, kind: str = "") -> TextElement:
    """Show a word in a small frame, coloured by its kind: good, warn, hold, bad, info."""
    return say(text, f"chip {kind}", "span")


def decision_chip(decision: str) -> TextElement:
    """Show an outcome in its colour."""
    return chip(here().t(f"decision.{decision}"), DECISION_KIND.get(decision, ""))


@contextmanager
def panel(title: str, classes: str = "", note: str = "") -> Iterator[Element]:
    """Open a framed part of a page with its title."""
    with div(f"panel {classes}", "section") as box:
        with div("panel-head"):
            say(title, "panel-title", "h2")
            if note:
                say(note, "muted")
        yield box


def facts(pairs: Iterable[tuple[str, Cell]]) -> None:
    """Show names beside their values."""
    with div("facts", "dl"):
        for name, value in pairs:
            say(name, tag="dt")
            _cell(value, "dd")


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]], classes: str = "", empty: str = "") -> Element:
    """Show rows under their heads; a cell is a text, or builds itself."""
    with div("table-box") as box, div(f"rows {classes}", "table"):
        with div(tag="thead"), div(tag="tr"):
            for head in heads:
                say(head, tag="th")
        count = 0
        with div(tag="tbody"):
            for count, row in enumerate(rows, start=1):  # noqa: B007 - counted for the empty line
                with div(tag="tr"):
                    for cell in row:
                        _cell(cell, "td")
            if not count:
                with div(tag="tr"):
                    say(empty or here().t("nothing"), "empty", "td").props(f"colspan={len(heads)}")
    return box


def _cell(cell: Cell, tag: str) -> None:
    if isinstance(cell, str):
        say(cell, tag=tag)
    else:
        with div(tag=tag):
            cell()


def link(text: str, path: str, classes: str = "") -> ui.link:
    """Lead to another page of the console."""
    return ui.link(text, path).classes(classes)


def button(text: str, work: Work, *, kind: str = "", icon: str | None = None) -> ui.button:
    """Show a button that does something, and says so when it could not be done."""
    made = ui.button(text, on_click=does(work), icon=icon, color=None)
    return made.props("no-caps unelevated").classes(f"button {kind}")


def does(work: Work) -> Work:
    """Return the same work, told to the person when it is refused or the record is down."""

    async def done() -> None:
        try:
            await work()
        except Problem as problem:
            tell(problem.code, problem.detail)
        except RefusedError as refusal:
            tell("REFUSED", str(refusal))
        except StoreDownError:
            tell("STORE_UNAVAILABLE", "")

    return done


def tell(code: str, detail: str) -> None:
    """Say what is wrong, in the person's language; a code that has no words shows its own sentence."""
    words = here().t(f"problem.{code}")
    ui.notify(detail if words == f"problem.{code}" and detail else words, type="negative", position="top")


def told(key: str, **values: object) -> None:
    """Say that something was done."""
    ui.notify(here().t(key, **values), type="positive", position="top")


def go(path: str) -> None:
    """Go to another page of the console."""
    ui.navigate.to(path)
