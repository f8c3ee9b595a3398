"""Tokens: one a scope, kept until shortly before its end, fetched one at a time, and replaced when refused."""

import asyncio
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest

from service.adapters.camara import oauth
from service.adapters.camara.guard import Rules
from service.adapters.camara.oauth import Credentials, Tokens
from service.ports_network import SOURCES, SourceFailedError
from tests.camara.asking import NUMBER, network
from tests.camara.gateway import Gateway, gateway, http
from tests.camara.specs import needs_specs

SCOPE = "sim-swap:retrieve-date"


def with_gateway(use: Any) -> Any:
    """Run with a new gateway and the tokens of it."""

    async def run() -> Any:
        async with gateway() as made, httpx.AsyncClient(trust_env=False) as client:
            tokens = Tokens(client, Credentials(f"{made.root}/token", "lastcall", "s:cret"), timedelta(seconds=1))
            return await use(made, tokens)

    return asyncio.run(run())


def lives(seconds: Any) -> bytes:
    """Return a grant of a token with a life."""
    return http(200, {"access_token": "t", "token_type": "bearer", "expires_in": seconds})


def test_a_token_is_fetched_once_for_all_who_wait() -> None:
    """And kept."""

    async def use(made: Gateway, tokens: Tokens) -> None:
        made.delays["token"] = 0.1
        found = await asyncio.gather(*(tokens.token(SCOPE) for _ in range(20)))
        found.append(await tokens.token(SCOPE))
        assert set(found) == {f"1.{SCOPE}"}
        assert made.tokens == [SCOPE]
        await tokens.token("other")
        assert made.tokens == [SCOPE, "other"]

    with_gateway(use)


def test_one_that_gives_up_does_not_take_the_token_away() -> None:
    """A token that takes longer than a request has time for still comes, for the next."""

    async def use(made: Gateway, tokens: Tokens) -> None:
        made.delays["token"] = 0.2
        with anyio.move_on_after(0.05) as scope:
            await tokens.token(SCOPE)
        assert scope.cancelled_caught
        assert await tokens.token(SCOPE) == f"1.{SCOPE}"
        assert made.tokens == [SCOPE]

    with_gateway(use)


def test_a_token_is_replaced_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The old one serves while the new one is fetched, so nobody waits."""
    monkeypatch.setattr(oauth, "_RENEW", 0.0)

    async def use(made: Gateway, tokens: Tokens) -> None:
        assert await tokens.token(SCOPE) == f"1.{SCOPE}"
        made.delays["token"] = 0.1
        assert [await tokens.token(SCOPE) for _ in range(3)] == [f"1.{SCOPE}"] * 3
        await asyncio.gather(*tokens._fetching.values())
        assert await tokens.token(SCOPE) == f"2.{SCOPE}"

    with_gateway(use)


@pytest.mark.parametrize("seconds", [0, -5])
def test_a_token_that_is_over_is_not_kept(seconds: int) -> None:
    """It is used at once or not at all."""

    async def use(made: Gateway, tokens: Tokens) -> None:
        made.grant = lambda _: lives(seconds)
        await tokens.token(SCOPE)
        await tokens.token(SCOPE)
        assert len(made.tokens) == 2

    with_gateway(use)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (None, "down"),
        (http(503, b""), "down"),
        (http(400, {"error": "invalid_scope"}), "refused"),
        (http(401, {"error": "invalid_client"}), "refused"),
        (http(302, b"", "text/plain", "Location: /token"), "refused"),
        (http(200, b"token"), "lying"),
        (http(200, {"access_token": "t", "token_type": "mac", "expires_in": 60}), "lying"),
        (http(200, {"access_token": "t\r\nX-More: 1", "token_type": "Bearer"}), "lying"),
        (http(200, {"access_token": "", "token_type": "Bearer"}), "lying"),
        (http(200, {"access_token": "t", "token_type": "Bearer", "expires_in": "soon"}), "lying"),
        (http(200, {"access_token": "x" * 100_000, "token_type": "Bearer"}), "lying"),
    ],
)
def test_a_grant_that_is_none(reply: bytes | None, why: str) -> None:
    """Each is a failure with its reason, and the next request asks anew."""

    async def use(made: Gateway, tokens: Tokens) -> None:
        made.grant = lambda _: reply
        for _ in range(2):
            with pytest.raises(SourceFailedError) as caught:
                await tokens.token(SCOPE)
            assert (caught.value.why, caught.value.code) == (why, "TOKEN")
        assert len(made.tokens) == 2
        made.grant = None
        assert await tokens.token(SCOPE) == f"3.{SCOPE}"

    with_gateway(use)


def test_a_slow_grant_ends() -> None:
    """Fetching has a limit of its own."""

    async def use(made: Gateway, tokens: Tokens) -> None:
        made.delays["token"] = 20
        with pytest.raises(SourceFailedError, match="slow"):
            await tokens.token(SCOPE)

    with_gateway(use)


@needs_specs
def test_a_token_that_is_refused_is_replaced_once() -> None:
    """An operator that revoked it costs no signal."""

    async def run() -> None:
        rules = {source: Rules(deadline=timedelta(seconds=20), keep=timedelta(0)) for source in SOURCES}
        async with gateway() as made, httpx.AsyncClient(trust_env=False) as client:
            adapter = network(made, client, rules=rules)
            assert await adapter.roaming(NUMBER) is False
            made.revoked.add("1.device-roaming-status:read")
            assert await adapter.roaming(NUMBER) is False
            assert len(made.tokens) == 2
            made.revoked.update(f"{n}.device-roaming-status:read" for n in range(9))
            with pytest.raises(SourceFailedError) as caught:
                await adapter.roaming(NUMBER)
            assert (caught.value.why, caught.value.code) == ("refused", "UNAUTHENTICATED")
            assert len(made.tokens) == 3

    asyncio.run(run())


def test_the_secret_is_not_shown() -> None:
    """Neither by itself nor in what holds it."""
    assert "s:cret" not in repr(Credentials("https://operator.example/token", "lastcall", "s:cret"))
