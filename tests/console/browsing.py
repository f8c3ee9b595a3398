"""A headless Chromium on the console."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.console.seeding import PASSWORD, Staff

CHROMIUM = os.environ.get("LASTCALL_TEST_CHROMIUM", "/usr/bin/chromium")


@contextmanager
def browser() -> Iterator[Browser]:
    """Run the system's Chromium until the block ends; `make test` installs it on Debian."""
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip("there is no Chromium here")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield opened
        finally:
            opened.close()


def page_of(opened: Browser, url: str, *, lang: str = "zh", dark: bool = False, **more: Any) -> Page:
    """Return a new visitor's page."""
    context = opened.new_context(viewport={"width": 1280, "height": 800}, base_url=url, **more)
    for name, value in (("lastcall_lang", lang), ("lastcall_dark", str(int(dark)))):
        context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/console"}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def sign_in(page: Page, staff: Staff, name: str) -> None:
    """Sign in as somebody who enrolled."""
    page.goto("/console/sign-in")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.fill("input[name=code]", staff.code(name))
    page.click("button[type=submit]")
    page.wait_for_selector(".page-title")
