"""`make screenshots`: every page of the console in both languages, light and dark, as an analyst and others see it."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx
from playwright.sync_api import Browser, Page

from service.demo_model import World, make
from service.settings import Settings, load
from service.wiring import open_records, prepare
from tests.console.browsing import browser, page_of, sign_in
from tests.console.seeding import Staff, ask, catch_up, divided, enrol, load_past
from tests.service.served import key_of, served

LOOKS = (("zh", False), ("en", False), ("zh", True), ("en", True))
COOKIE = "lastcall_session"
TABLET = {"width": 1024, "height": 768}


@dataclass
class Day:
    """A served day's work."""

    url: str
    staff: Staff
    decided: dict[str, str]
    sessions: dict[str, str] = field(default_factory=dict)

    def one(self, decision: str) -> str | None:
        """Return a screening that was decided so."""
        return next((found for found, said in self.decided.items() if said == decision), None)


@contextmanager
def day(folder: Path) -> Iterator[Day]:
    """Serve a day's work on a model that is trained for it."""
    settings = load(data=folder / "data", console=True, deadline_ms=20_000, velocity_deadline_ms=2_000)
    prepare(settings)
    log, bundle = make(settings, folder, World(days=30, per_day=200), quiet=True)

    async def activate() -> None:
        async with open_records(settings) as records:
            await records.releases.activate(bundle, by="tests")

    anyio.run(activate)
    with worked_on(settings, log) as opened:
        yield opened


@contextmanager
def worked_on(settings: Settings, log: Path) -> Iterator[Day]:
    """Serve a folder in which a model is in force, with a log's past and its newest requests asked again."""
    past, live = divided(log, fraud=40, genuine=60)
    load_past(settings, past)
    key, staff = key_of(settings, "screen", "events", "risk:read", tenant="demo"), enrol(settings)
    with served(settings) as client:
        address = str(client.base_url)
        with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30) as caller:
            decided = ask(caller, live)
        catch_up(settings)
        yield Day(address, staff, decided)


def worked(page: Page, day: Day) -> None:
    """Do some of the day's work, so that lists are not empty: a verdict, a note, two proposals."""
    page.goto("/console/queue")
    page.get_by_role("button", name="领取下一件").click()
    page.locator("textarea").first.fill("回访机主，确认本人办理。")
    page.get_by_role("button", name="放行", exact=True).click()
    page.get_by_text("已裁决").first.wait_for()
    blocked = day.one("block")
    if blocked:
        page.goto(f"/console/screening/{blocked}")
        page.locator("textarea").first.fill("机主持证件到营业厅，已核验。")
        page.get_by_role("button", name="提请放行").click()
        page.wait_for_url("**/approvals")
    page.goto("/console/exports")
    page.get_by_label("理由").first.fill("月度审计")
    page.get_by_role("button", name="提请导出").click()
    page.get_by_text("待审批").first.wait_for()


def pages(day: Day, case: str) -> list[tuple[str, str]]:
    """Return the pages by name."""
    found = [
        ("dashboard", "/"),
        ("queue", "/queue"),
        ("case", case),
        ("explorer", "/explorer"),
        ("policy", "/policy"),
        ("approvals", "/approvals"),
        ("exports", "/exports"),
    ]
    blocked = day.one("block")
    return [*found, ("screening", f"/screening/{blocked}")] if blocked else found


def shot(page: Page, file: Path) -> None:
    """Write what is seen once all charts are drawn; the whole length of the page."""
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    size = page.viewport_size
    assert size is not None
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
    page.screenshot(path=file)
    page.set_viewport_size(size)


def searched(page: Page, day: Day, file: Path) -> None:
    """Search for the line of the stranger's story."""
    page.goto("/console/explorer")
    page.locator(".search input").last.fill("+8613800200001")
    page.locator(".search .primary").click()
    page.locator(".rows td a").first.wait_for()
    shot(page, file)


def drafted(page: Page, file: Path) -> None:
    """Show a draft that is wrong, and the tables of factors and thresholds."""
    page.goto("/console/policy")
    page.locator(".q-tab").nth(1).click()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type('version = "draft"\n')
    page.locator(".trouble").first.wait_for()
    shot(page, file)
    for number, name in ((2, "factors"), (3, "thresholds")):
        page.locator(".q-tab").nth(number).click()
        page.locator(".q-tab-panel .rows td").first.wait_for()
        shot(page, file.with_name(file.name.replace("policy-draft", f"policy-{name}")))


def as_somebody(opened: Browser, day: Day, name: str, *, lang: str = "zh", dark: bool = False) -> Page:
    """Return a page of somebody, who signs in once and keeps the session."""
    page = page_of(opened, day.url, lang=lang, dark=dark)
    if name not in day.sessions:
        sign_in(page, day.staff, name)
        day.sessions[name] = next(c["value"] for c in page.context.cookies() if c["name"] == COOKIE)
    page.context.add_cookies([{"name": COOKIE, "value": day.sessions[name], "domain": "127.0.0.1", "path": "/"}])
    return page


def shoot(day: Day, into: Path) -> None:
    """Write every page in every look."""
    with browser() as opened:
        page = as_somebody(opened, day, "zhao")
        worked(page, day)
        page.goto("/console/queue")
        page = as_somebody(opened, day, "li")
        page.goto("/console/queue")
        page.get_by_role("button", name="领取下一件").click()
        page.wait_for_url("**/case/**")
        case = page.url.partition("/console")[2]
        for lang, dark in LOOKS:
            look = into / f"{lang}-{'dark' if dark else 'light'}"
            _look(as_somebody(opened, day, "li", lang=lang, dark=dark), day, case, str(look))
            page = as_somebody(opened, day, "admin", lang=lang, dark=dark)
            page.goto("/console/users")
            shot(page, Path(f"{look}-users.png"))
            visitor = page_of(opened, day.url, lang=lang, dark=dark)
            for name in ("sign-in", "enrol"):
                visitor.goto(f"/console/{name}")
                shot(visitor, Path(f"{look}-{name}.png"))


def _look(page: Page, day: Day, case: str, look: str) -> None:
    for name, path in pages(day, case):
        page.goto(f"/console{path}")
        shot(page, Path(f"{look}-{name}.png"))
    searched(page, day, Path(f"{look}-explorer-found.png"))
    drafted(page, Path(f"{look}-policy-draft.png"))
    page.goto("/console/queue")
    page.keyboard.press("?")
    page.locator(".keys").wait_for()
    shot(page, Path(f"{look}-keys.png"))
    page.set_viewport_size(TABLET)
    for name, path in pages(day, case)[:3]:
        page.goto(f"/console{path}")
        shot(page, Path(f"{look}-tablet-{name}.png"))
    page.context.close()


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "build/screenshots")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, day(Path(folder)) as opened_day:
        shoot(opened_day, target)
    print(f"{len(list(target.glob('*.png')))} pictures in {target}")  # noqa: T201 - a command says what it did
