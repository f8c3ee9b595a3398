"""Who gets in, and what every answer of the console carries."""

from collections.abc import Iterator

import httpx
import pytest

from tests.console.staged import TOKEN, Stage, staged

PAGES = ("/", "/queue", "/case/cas_01", "/explorer", "/policy", "/approvals", "/exports", "/users")


@pytest.fixture(scope="module")
def stage() -> Stage:
    """A stage."""
    return Stage()


@pytest.fixture(scope="module")
def url(stage: Stage) -> Iterator[str]:
    """Its address."""
    with staged(stage) as address:
        yield address


def visitor(url: str, token: str = "", **headers: str) -> httpx.Client:
    """Return somebody with a session's id, or without."""
    return httpx.Client(
        base_url=f"{url}/console", cookies={"lastcall_session": token} if token else {}, headers=headers
    )


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_a_session(url: str, path: str) -> None:
    """They are sent to the door, which remembers where they wanted to go."""
    for token in ("", "another"):
        answer = visitor(url, token).get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/console/sign-in")


def test_nobody_opens_a_socket_without_a_session(url: str) -> None:
    """Neither by polling nor by upgrading; nor are scripts given out."""
    for path in ("/_nicegui_ws/socket.io/?EIO=4&transport=polling", "/_nicegui/3.18.0/static/nicegui.js"):
        assert visitor(url).get(path).status_code == 401
        assert visitor(url, TOKEN).get(path).status_code != 401


def test_another_sites_requests_are_refused(url: str) -> None:
    """Forms and sockets of other pages carry their origin, whatever cookies come along."""
    foreign = visitor(url, TOKEN, origin="https://evil.example")
    assert foreign.get("/_nicegui_ws/socket.io/?EIO=4&transport=polling").status_code == 403
    assert foreign.post("/sign-in", data={"name": "wang"}).status_code == 403
    own = visitor(url, TOKEN, origin=url)
    assert own.get("/_nicegui_ws/socket.io/?EIO=4&transport=polling").status_code == 200


@pytest.mark.parametrize("path", ["/sign-in", "/queue", "/look.css", "/nowhere"])
def test_every_answer_carries_the_headers(url: str, path: str) -> None:
    """Scripts come from us alone and run by a nonce that is new each time; nobody frames us."""
    seen = set()
    for _ in range(2):
        answer = visitor(url, TOKEN).get(path)
        policy = answer.headers["content-security-policy"]
        nonce = policy.partition("'nonce-")[2].partition("'")[0]
        seen.add(nonce)
        assert len(nonce) >= 20
        assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.text.count("<script") == answer.text.count(f'<script nonce="{nonce}"')
    assert len(seen) == 2


def test_the_door_sends_nobody_to_another_site(url: str) -> None:
    """After signing in one goes on to a page of the console."""
    for wanted in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert 'name="next" value="/"' in visitor(url).get("/sign-in", params={"next": wanted}).text
    assert 'name="next" value="/queue"' in visitor(url).get("/sign-in", params={"next": "/queue"}).text
    assert "<script>" not in visitor(url).get("/sign-in", params={"next": '/"><script>', "lang": "<b>"}).text


def test_a_page_that_a_role_may_not_see_says_so(url: str, stage: Stage) -> None:
    """The page is there and empty; the queue is no auditor's or admin's to work."""
    stage.role = "admin"
    try:
        assert "您的角色没有此权限" in visitor(url, TOKEN).get("/queue").text
        assert "cas_01" not in visitor(url, TOKEN).get("/queue").text
    finally:
        stage.role = "lead"
    assert "cas_01" in visitor(url, TOKEN).get("/queue").text


def test_the_door_speaks_both_languages(url: str) -> None:
    """Chinese when nobody asked for another."""
    assert "登录" in visitor(url).get("/sign-in").text
    assert "Sign in" in visitor(url).get("/sign-in", params={"lang": "en"}).text
