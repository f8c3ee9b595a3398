"""Seeing a full value: a reason is asked first, and kept."""

from nicegui import ui

from service.console.context import Here
from service.console.parts import button, div, say


async def ask_reason(at: Here, screening_id: str, field: str) -> str | float | None:
    """Ask for a reason and return the plain value; None when the person thought better of it."""
    with ui.dialog() as dialog, div("dialog"):
        say(at.t("reveal.title"), "dialog-title")
        say(at.t("reveal.why"), "muted")
        reason = ui.input(at.t("reveal.reason")).props("outlined dense autofocus maxlength=400").mark("reveal-reason")
        with div("dialog-foot"):

            async def cancel() -> None:
                dialog.submit(None)

            async def show() -> None:
                dialog.submit(reason.value or "")

            button(at.t("cancel"), cancel)
            button(at.t("reveal.show"), show, kind="primary").mark("reveal-show")
    said = await dialog
    dialog.delete()
    if said is None:
        return None
    return await at.console.explorer.reveal(at.person, screening_id, field, str(said))
