"""Mounts the console on the application: pages, the door, the guard around all of it."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from nicegui import core, ui

from service.console import context, sign_in
from service.console.context import PATH, Console
from service.console.guard import Guard, watch_events

PAGES: Final = ("approvals", "case", "dashboard", "explorer", "exports", "policy", "queue", "users")
ICON: Final = Path(__file__).with_name("icon.svg")


def mount(app: FastAPI, console: Callable[[], Console]) -> None:
    """Mount the console; NiceGUI has one application in a process, which is taken up anew by each app of ours.

    Args:
        app: our application.
        console: gives the use cases once the service is open.
    """
    context.use(console)
    for name in PAGES:
        import_module(f"service.console.page_{name}")
    sign_in.install()
    core.app.user_middleware.clear()
    core.app.middleware_stack = None
    core.app.add_middleware(Guard)
    watch_events()
    ui.run_with(
        app,
        title="Lastcall",
        favicon=ICON,
        mount_path=PATH,
        tailwind=False,
        show_welcome_message=False,
        binding_refresh_interval=None,
        gzip_middleware_factory=None,
    )
