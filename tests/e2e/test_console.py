"""A day in the console, in a headless Chromium on a real service: from the first sign-in to the label."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from service.cli.stories import stranger
from service.settings import load
from tests.console.browsing import browser, page_of, sign_in
from tests.console.seeding import PASSWORD, Staff, ask, catch_up, divided, enrol, load_past
from tests.e2e.cluster import lastcall, serving
from tests.e2e.conftest import Trained, key_for, new_data

NUMBER = stranger()["subscriber"]["msisdn"]


@dataclass
class Office:
    """A service with work to do, and the people who do it."""

    url: str
    data: Path
    staff: Staff
    decided: dict[str, str]

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """Read the record."""
        with closing(sqlite3.connect(f"file:{self.data}/lastcall.db?mode=ro", uri=True)) as database:
            return database.execute(query, values).fetchall()

    def one(self, decision: str) -> str:
        """Return a screening that was decided so."""
        return next(found for found, said in self.decided.items() if said == decision)


@pytest.fixture(scope="module")
def office(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A service on the trained model, after some thirty requests were stopped."""
    data = new_data(trained, tmp_path_factory.mktemp("office"))
    settings = load(data=data)
    past, live = divided(trained.log, fraud=40, genuine=5)
    load_past(settings, past[-2000:])
    staff = enrol(settings, {"wang": "analyst", "li": "lead", "zhao": "lead", "leaver": "analyst", "root": "admin"})
    # A shared machine may be slow; what is tested here is no deadline.
    patience = {"LASTCALL_DEADLINE_MS": "20000", "LASTCALL_VELOCITY_DEADLINE_MS": "5000"}
    with serving(data, "--console", **patience) as url:
        key = key_for(data, "screen", "events")
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as caller:
            decided = ask(caller, live)
        catch_up(settings)
        yield Office(url, data, staff, decided)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser."""
    with browser() as opened:
        yield opened


def test_a_first_sign_in(office: Office, chromium: Browser) -> None:
    """The one-time code, a new password, a code from the generator: then the console is open, and out again."""
    invitation = lastcall("users", "create", "--name", "newton", "--role", "analyst", data=office.data).strip()
    page = page_of(chromium, office.url)
    page.goto("/console/queue")
    page.get_by_role("link", name="首次登录？用一次性邀请码启用账户").click()
    page.get_by_label("用户名").fill("newton")
    page.get_by_label("一次性邀请码").fill(invitation)
    page.get_by_role("button", name="继续").click()
    office.staff.secrets["newton"] = page.locator(".door-secret").get_attribute("data-secret") or ""
    page.get_by_label("新密码（至少 12 位）").fill(PASSWORD)
    page.get_by_label("动态验证码（6 位）").fill(office.staff.code("newton"))
    page.get_by_role("button", name="完成").click()
    page.get_by_text("账户已启用，请登录。").wait_for()
    sign_in(page, office.staff, "newton")
    cookie = next(found for found in page.context.cookies() if found["name"] == "lastcall_session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/sign-in")
    page.goto("/console/queue")
    page.wait_for_url("**/sign-in**")


def test_a_wrong_code_is_refused(office: Office, chromium: Browser) -> None:
    """And what was wrong is not told."""
    page = page_of(chromium, office.url)
    page.goto("/console/sign-in")
    page.get_by_label("用户名").fill("wang")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_label("动态验证码（6 位）").fill("000000")
    page.get_by_role("button", name="登录").click()
    page.get_by_text("姓名、密码或验证码有误").wait_for()


def test_a_case_is_taken_read_and_released(office: Office, chromium: Browser) -> None:
    """The four questions stand on one page; the verdict leaves a message for the carrier and a label."""
    page = page_of(chromium, office.url)
    sign_in(page, office.staff, "wang")
    page.goto("/console/queue")
    page.get_by_role("button", name="领取下一件").click()
    page.wait_for_url("**/case/*")
    case_id = page.url.rpartition("/")[2]
    for question in ("申请了什么", "为何拦下", "此处的常态", "下一步"):
        expect(page.get_by_role("heading", name=question)).to_be_visible()
    assert page.locator(".reason").count() > 0
    page.locator(".nicegui-echart svg").first.wait_for(state="attached")
    assert "*" in page.locator(".line-shown .mono").inner_text()
    page.get_by_role("button", name="查看").click()
    page.get_by_label("理由").fill("回访机主")
    page.locator(".dialog").get_by_role("button", name="查看").click()
    expect(page.locator(".line-shown .mono")).to_contain_text("+86")
    expect(page.locator(".line-shown .mono")).not_to_contain_text("*")
    page.get_by_role("button", name="放行", exact=True).click()
    page.locator(".q-notification").wait_for()
    page.get_by_label("备注（写入记录）").fill("已回访机主，确认本人办理")
    page.get_by_role("button", name="放行", exact=True).click()
    expect(page.locator(".verdict-done")).to_contain_text("真实")
    [(screening_id, state, verdict)] = office.rows(
        "SELECT screening_id, state, verdict FROM cases WHERE case_id = ?", case_id
    )
    assert (state, verdict) == ("decided", "release")
    told = office.rows("SELECT kind, payload FROM outbox WHERE kind IN ('hold.released', 'case.decided')")
    assert [kind for kind, payload in told if screening_id in _text(payload)]
    assert office.rows("SELECT label, source FROM labels WHERE screening_id = ?", screening_id) == [
        ("legitimate", "analyst")
    ]
    assert office.rows("SELECT reason FROM accesses WHERE what = 'reveal'") == [("回访机主",)]


def _text(payload: Any) -> str:
    return payload.decode() if isinstance(payload, bytes) else json.dumps(payload)


def test_a_block_is_released_by_two(office: Office, chromium: Browser) -> None:
    """One proposes and cannot approve; another approves."""
    blocked = office.one("block")
    one = page_of(chromium, office.url)
    sign_in(one, office.staff, "zhao")
    one.goto(f"/console/screening/{blocked}")
    one.get_by_label("备注（写入记录）").fill("机主持证件到店")
    one.get_by_role("button", name="提请放行").click()
    one.wait_for_url("**/approvals")
    one.get_by_text("您提请的事项须由他人审批。").wait_for()
    assert one.get_by_role("button", name="批准").count() == 0
    other = page_of(chromium, office.url, lang="en")
    sign_in(other, office.staff, "li")
    other.goto("/console/approvals")
    other.get_by_role("button", name="Approve").click()
    other.get_by_text("Nothing waits for approval").wait_for()
    [(released_by, approved_by)] = office.rows(
        "SELECT released_by, approved_by FROM releases WHERE screening_id = ?", blocked
    )
    assert (released_by, approved_by) == ("zhao", "li")
    other.goto("/console/explorer")
    other.get_by_placeholder("Token or plain identifier").fill(NUMBER)
    other.get_by_role("button", name="Search").click()
    other.get_by_role("link", name="scr_").first.wait_for()


def test_a_disabled_user_is_out_at_once(office: Office, chromium: Browser) -> None:
    """An admin disables somebody whose page is open: the page is left, and no door opens."""
    page = page_of(chromium, office.url)
    sign_in(page, office.staff, "leaver")
    page.goto("/console/queue")
    page.locator("table").wait_for()
    admin = page_of(chromium, office.url)
    sign_in(admin, office.staff, "root")
    admin.goto("/console/users")
    admin.locator("tr", has_text="leaver").get_by_role("button", name="停用").click()
    admin.locator("tr", has_text="leaver").get_by_text("已停用").wait_for()
    page.wait_for_url("**/sign-in")
    page.goto("/console/queue")
    page.wait_for_url("**/sign-in**")


def test_without_the_console_there_is_none(trained: Trained, tmp_path: Path) -> None:
    """`--no-console` serves the API alone."""
    with serving(new_data(trained, tmp_path), "--no-console") as url:
        assert httpx.get(f"{url}/console/sign-in").status_code == 404
