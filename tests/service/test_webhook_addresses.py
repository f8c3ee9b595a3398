"""Webhooks go nowhere that a stranger's address must not lead us."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from features.clock import SystemClock
from service.adapters.webhooks import HttpWebhooks, Reach
from service.ports_webhooks import (
    Delivery,
    Endpoint,
)
from tests.client.raw import raw_server
from tests.service.certificates import server_certificate
from tests.service.webhooks import NEW, OK, TOLD, received, resolving, sent

PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "10.0.0.1",
    "172.16.3.4",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.2.7",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "fec0::1",
    "::10.0.0.1",
    "::93.184.215.14",
    "64:ff9b:1::a00:1",
    "not an address",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_must_not_be_reached(address: str) -> None:
    """Also when they hide among good ones, or in an address of the newer kind."""
    refused = Delivery(outcome="failed", why="address")
    assert sent("https://hooks.example", Reach(), resolve=resolving(address)) == refused
    assert sent("https://hooks.example", Reach(), resolve=resolving("93.184.215.14", address)) == refused


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e", "2002:5db8:d70e::1", "10.20.0.7", "fd12::7"]
)
def test_addresses_that_may_be_reached(address: str) -> None:
    """Strangers' public ones, and what an operator names; the guard alone is asked, for there is no network."""
    sender = HttpWebhooks(SystemClock(), Reach(allowed=("10.20.0.0/16", "fd12::/16")), resolving(address))
    found = asyncio.run(sender._vetted(httpx.URL("https://hooks.example")))
    assert [str(one) for one in found] == [address]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example",
        "ftp://hooks.example",
        "file:///etc/passwd",
        "https://",
        "https://user:pass@hooks.example",
        "https://hooks.example/#fragment",
        "//hooks.example",
        "hooks.example",
        "",
        "https://[::1",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://localhost/",
        "https://localhost./",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://１２７.0.0.1/",
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    """By their form, or because the machine's own resolver leads back to us; no connection is made."""
    with raw_server(OK) as server:
        port = server.url.rpartition(":")[2]
        assert sent(url, Reach(limit=timedelta(seconds=20))).outcome == "failed"
        assert sent(url.replace(".1/", f".1:{port}/"), Reach(limit=timedelta(seconds=20))).why in {
            "address",
            "connection",
        }
        assert server.asked == []


def test_the_address_that_was_looked_at_is_the_one_that_is_reached() -> None:
    """A name that answers differently the second time is asked only once."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"], ["127.0.0.3"]])
    asked: list[str] = []

    async def resolve(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    with raw_server(OK) as server:
        port = server.url.rpartition(":")[2]
        assert sent(f"http://hooks.example:{port}/x", resolve=resolve).outcome == "delivered"
        assert received(server)["host"] == f"hooks.example:{port}"
    assert asked == ["hooks.example"]


def test_another_address_is_tried_when_one_is_not_there() -> None:
    """Names may have several, and only one that answers gets the message, once."""
    with raw_server(OK) as server:
        port = server.url.rpartition(":")[2]
        reach = Reach(allowed=("127.0.0.0/8",), plain_http=True, limit=timedelta(seconds=20))
        found = sent(f"http://hooks.example:{port}", reach, resolve=resolving("127.0.0.9", "127.0.0.1"))
        assert (found.outcome, len(server.asked)) == ("delivered", 1)


def test_tls_is_verified_for_the_name(tmp_path: Path) -> None:
    """The connection goes to an address, and the certificate must still be the host's."""
    root, certificate, key = server_certificate("hooks.example")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "server.pem").write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    trusting = ssl.create_default_context(cadata=root.public_bytes(Encoding.PEM).decode())
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "server.pem")

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    async def run(host: str, context: ssl.SSLContext) -> Delivery:
        server = await asyncio.start_server(attend, "127.0.0.1", 0, ssl=serving)
        port = server.sockets[0].getsockname()[1]
        reach = Reach(allowed=("127.0.0.1/32",), limit=timedelta(seconds=20), verify=context)
        sender = HttpWebhooks(SystemClock(), reach, resolving("127.0.0.1"))
        try:
            return await sender.send(Endpoint(url=f"https://{host}:{port}/", secrets=(NEW,)), TOLD)
        finally:
            await sender.close()
            server.close()

    assert asyncio.run(run("hooks.example", trusting)).outcome == "delivered"
    assert asyncio.run(run("other.example", trusting)) == Delivery(outcome="failed", why="connection")
    assert asyncio.run(run("hooks.example", ssl.create_default_context())).why == "connection"
