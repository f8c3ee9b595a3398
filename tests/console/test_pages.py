"""What analysts see, in a headless Chromium: nothing that a request says runs, and a dead session does nothing."""

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as PageTimeoutError

from tests.console.browsing import browser, page_of
from tests.console.staged import TOKEN, Stage, staged

HOSTILE = (
    "<img src=x onerror=\"window.hurt='ran'\"><script>window.hurt='ran'</script>"
    "{{constructor.constructor('window.hurt=1')()}}`${window.hurt=1}`"
)
PAGES = ("/", "/queue", "/case/cas_01", "/screening/scr_01", "/explorer", "/policy", "/approvals", "/exports")


@pytest.fixture(scope="module")
def stage() -> Stage:
    """A stage on which every text is hostile."""
    return Stage(HOSTILE)


@pytest.fixture(scope="module")
def url(stage: Stage) -> Iterator[str]:
    """Its address."""
    with staged(stage) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser."""
    with browser() as opened:
        yield opened


def visit(chromium: Browser, url: str, **look: bool) -> Page:
    """Return the page of somebody with a session."""
    page = page_of(chromium, url, **look)
    page.context.add_cookies([{"name": "lastcall_session", "value": TOKEN, "domain": "127.0.0.1", "path": "/"}])
    return page


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_script_in_any_field_does_not_run(chromium: Browser, url: str, path: str, lang: str) -> None:
    """It is shown as the text that it is, and nothing is loaded from anywhere else."""
    page = page_of(chromium, url, lang=lang)
    page.context.add_cookies([{"name": "lastcall_session", "value": TOKEN, "domain": "127.0.0.1", "path": "/"}])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"/console{path}")
    page.locator(".page-title").wait_for()
    if path == "/explorer":
        page.locator(".search input").last.fill("x")
        page.locator(".search .primary").click()
        page.locator("table td").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.hurt") is None
    assert page.locator("img[src=x]").count() == 0
    assert [one for one in asked if not one.startswith((url, "data:", "blob:"))] == []
    assert errors == []
    if path not in {"/policy", "/exports"}:
        assert "<img src=x onerror" in page.locator(".page").inner_text()


def test_a_refusal_in_words_from_outside_is_text(chromium: Browser, url: str) -> None:
    """Notices are shown as they are, too."""
    page = visit(chromium, url)
    page.goto("/console/case/cas_01")
    page.get_by_role("button", name="上报组长").click()
    page.locator(".q-notification").get_by_text("<img src=x").wait_for()
    assert page.evaluate("window.hurt") is None


def test_tooltips_of_charts_are_no_markup(chromium: Browser, url: str) -> None:
    """ECharts draws them as pictures of text; an HTML tooltip would be another way in."""
    page = visit(chromium, url)
    page.goto("/console/case/cas_01")
    chart = page.locator(".nicegui-echart").first
    chart.locator("svg path").first.wait_for(state="attached")
    for index in range(page.locator(".nicegui-echart").count()):
        box = page.locator(".nicegui-echart").nth(index).bounding_box()
        assert box is not None
        for step in range(12):
            page.mouse.move(box["x"] + box["width"] * step / 12, box["y"] + box["height"] / 2)
    assert page.evaluate("window.hurt") is None
    assert page.locator("img[src=x]").count() == 0


def test_an_event_of_a_session_that_ended_does_nothing(chromium: Browser, url: str, stage: Stage) -> None:
    """Though the socket was open: the click is not handed on, and the page goes to the door."""
    page = visit(chromium, url)
    page.goto("/console/case/cas_01")
    page.locator("textarea").first.fill("ok")
    page.get_by_role("button", name="仅留备注").click()
    page.wait_for_load_state("networkidle")
    page.locator("textarea").first.wait_for()
    before = stage.events.count("note:ok")
    assert before == 1
    page.locator("textarea").first.fill("late")
    stage.open = False
    try:
        # The page also looks by itself every few seconds, and may be at the door before the click.
        with suppress(PageTimeoutError):
            page.get_by_role("button", name="仅留备注").click(timeout=2000)
        page.wait_for_url("**/sign-in")
        assert [event for event in stage.events if event.startswith("note:")] == ["note:ok"]
    finally:
        stage.open = True


def test_an_open_page_is_left_when_its_session_ends(chromium: Browser, url: str, stage: Stage) -> None:
    """Nobody has to click: it looks by itself every few seconds."""
    page = visit(chromium, url)
    page.goto("/console/queue")
    page.locator("table").wait_for()
    stage.open = False
    try:
        page.wait_for_url("**/sign-in")
    finally:
        stage.open = True


def test_a_role_that_changed_counts_at_the_next_click(chromium: Browser, url: str, stage: Stage) -> None:
    """The button of the old role is still there; the use case is asked with the role of this moment."""
    page = visit(chromium, url)
    page.goto("/console/users")
    assert "您的角色没有此权限" in page.locator(".page").inner_text()
    stage.role = "admin"
    try:
        page.reload()
        page.get_by_role("button", name="停用").wait_for()
        stage.role = "analyst"
        page.get_by_role("button", name="停用").click()
        page.get_by_text("您的角色没有此权限").wait_for()
    finally:
        stage.role = "lead"
    assert stage.disabled == []


def test_language_and_shade_are_switched(chromium: Browser, url: str) -> None:
    """By a click each, and kept."""
    page = visit(chromium, url)
    page.goto("/console/queue")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Queue").wait_for()
    assert page.locator("html").get_attribute("lang") == "en-US"
    assert "body--dark" not in (page.locator("body").get_attribute("class") or "")
    page.get_by_role("button", name="Dark / light").click()
    page.locator("body.body--dark").wait_for()


def test_keys_lead_to_pages(chromium: Browser, url: str) -> None:
    """`?` shows them; nothing happens while something is typed."""
    page = visit(chromium, url)
    page.goto("/console/queue")
    page.locator("table").wait_for()
    page.keyboard.press("?")
    page.locator(".keys").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("e")
    page.wait_for_url("**/explorer")
    page.locator(".search input").last.fill("")
    page.keyboard.type("gq")
    assert page.locator(".search input").last.input_value() == "gq"
    assert page.url.endswith("/explorer")


def test_a_draft_is_checked_as_it_is_typed(chromium: Browser, url: str) -> None:
    """By the check that loads policies; keys typed into it are no shortcuts."""
    page = visit(chromium, url)
    page.goto("/console/policy")
    page.get_by_role("tab", name="草稿").click()
    page.get_by_text("检查通过").wait_for()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("nonsense = 1\n")
    page.locator(".trouble").get_by_text(re.compile("nonsense")).wait_for()
    assert page.url.endswith("/policy")
