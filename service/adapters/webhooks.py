"""Webhooks out: signed by the `standardwebhooks` library, and sent nowhere that a stranger's address must not lead us.

A name is resolved, every address it has is looked at, and the connection is made to the address that was looked at: a
name that answers otherwise a moment later (DNS rebinding) changes nothing. TLS is still verified for the name. No
redirect is followed, nothing of the answer but its head is read, and a connection is used once, because it is known by
an address that other names may share.
"""

import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from ssl import SSLContext
from typing import Final

import anyio
import httpx
from standardwebhooks import Webhook

from features.clock import Clock, moment
from service.ports_webhooks import Delivery, Endpoint, Message, Why

logger = logging.getLogger(__name__)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

LIMIT: Final = timedelta(seconds=10)
MOST_SECRETS: Final = 2
MOST_ADDRESSES: Final = 3
_UNICAST: Final = ip_network("2000::/3")
_NAT64: Final = ip_network("64:ff9b::/96")
_LAST_32_BITS: Final = 0xFFFF_FFFF


class AddressRefusedError(Exception):
    """A URL leads to where we do not go."""


class UnusableSecretError(Exception):
    """An endpoint has no secret, too many, or one that is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far webhooks go.

    Attributes:
        limit: the longest that one attempt may take, all of it.
        allowed: networks that are not public and may be reached all the same, such as the carrier's own.
        plain_http: whether `http://` may be used; for tests, and for networks that encrypt by themselves.
        verify: how TLS certificates are verified, as in httpx.
    """

    limit: timedelta = LIMIT
    allowed: tuple[str, ...] = ()
    plain_http: bool = False
    verify: SSLContext | bool = True


class HttpWebhooks:
    """The port `WebhookSender`; see the port for what a failure degrades to."""

    def __init__(self, clock: Clock, reach: Reach | None = None, resolve: Resolver | None = None) -> None:
        """Take the clock that signatures carry, where we may go, and what finds the addresses of a name."""
        settled = reach or Reach()
        self._clock = clock
        self._limit_s = settled.limit.total_seconds()
        self._allowed: tuple[Network, ...] = tuple(ip_network(network) for network in settled.allowed)
        self._schemes = {"https", "http"} if settled.plain_http else {"https"}
        self._resolve = resolve or _resolved
        self._http = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113 - the whole attempt has one limit
            verify=settled.verify,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def close(self) -> None:
        """Close what is open."""
        await self._http.aclose()

    async def send(self, endpoint: Endpoint, message: Message) -> Delivery:
        """Make one attempt."""
        try:
            with anyio.fail_after(self._limit_s):
                status, wait = await self._posted(endpoint, message)
        except TimeoutError:
            return _failed("slow", message)
        except AddressRefusedError:
            return _failed("address", message)
        except UnusableSecretError:
            return _failed("secret", message)
        except (httpx.HTTPError, OSError):
            return _failed("connection", message)
        return _judged(status, wait)

    async def _posted(self, endpoint: Endpoint, message: Message) -> tuple[int, str]:
        url = self._checked(endpoint.url)
        headers = self._signed(endpoint, message) | {
            "Host": url.netloc.decode(),
            "Content-Type": "application/json",
            "User-Agent": "Lastcall-Webhooks/1",
        }
        addresses = await self._vetted(url)
        for address in addresses[:-1]:
            try:
                return await self._to(address, url, headers, message.body)
            except httpx.ConnectError:
                continue
        return await self._to(addresses[-1], url, headers, message.body)

    async def _to(self, address: Address, url: httpx.URL, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        """Post to an address that was looked at; TLS names and verifies the host."""
        request = self._http.build_request(
            "POST",
            url.copy_with(host=str(address)),
            content=body,
            headers=headers,
            extensions={"sni_hostname": url.host},
        )
        response = await self._http.send(request, stream=True)
        await response.aclose()
        return response.status_code, response.headers.get("retry-after", "")

    def _checked(self, text: str) -> httpx.URL:
        try:
            url = httpx.URL(text)
        except (httpx.InvalidURL, TypeError, ValueError) as error:
            raise AddressRefusedError from error
        if url.scheme not in self._schemes or not url.host or url.userinfo or url.fragment:
            raise AddressRefusedError
        return url

    async def _vetted(self, url: httpx.URL) -> Sequence[Address]:
        """Return the addresses of a host; one that must not be reached refuses them all, for it was put there."""
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = [ip_address(text.partition("%")[0]) for text in await self._resolve(url.host, port)]
        except (ValueError, UnicodeError) as error:
            raise AddressRefusedError from error
        if not found or not all(self._may(address) for address in found):
            raise AddressRefusedError
        return found[:MOST_ADDRESSES]

    def _may(self, address: Address) -> bool:
        if any(address in network for network in self._allowed):
            return True
        return _is_public(address) and all(_is_public(one) for one in _inside(address))

    def _signed(self, endpoint: Endpoint, message: Message) -> dict[str, str]:
        """Return the headers of the standard: one signature a secret, and the time of this attempt."""
        if not 1 <= len(endpoint.secrets) <= MOST_SECRETS:
            raise UnusableSecretError
        # In UTC: the library takes whatever the clock face shows for UTC.
        at = moment(self._clock.now_ms())
        try:
            signatures = [
                Webhook(secret).sign(msg_id=message.id, timestamp=at, data=message.body.decode())
                for secret in endpoint.secrets
            ]
        except Exception as error:  # the library has no one kind of error for a damaged secret
            raise UnusableSecretError from error
        return {
            "webhook-id": message.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


def _is_public(address: Address) -> bool:
    """Say whether an address is a stranger's; more is asked than by Python, to which `fec0::` is public."""
    if isinstance(address, IPv6Address) and address not in _UNICAST and address not in _NAT64:
        return False
    return address.is_global and not address.is_multicast


def _inside(address: Address) -> Sequence[Address]:
    """Return the addresses of the older kind that one of the newer kind stands for: mapped, NAT64, 6to4, Teredo."""
    if isinstance(address, IPv4Address):
        return ()
    inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inside.append(IPv4Address(int(address) & _LAST_32_BITS))
    return [one for one in inside if one is not None]


def _judged(status: int, wait: str) -> Delivery:
    retry_after = timedelta(seconds=int(wait)) if wait.isascii() and wait.isdecimal() and len(wait) <= 6 else None  # noqa: PLR2004
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Delivery(outcome="delivered", status=status)
    if status == HTTPStatus.GONE:
        return Delivery(outcome="gone", why="status", status=status)
    why: Why = "redirect" if status < HTTPStatus.BAD_REQUEST else "status"
    return Delivery(outcome="failed", why=why, status=status, retry_after=retry_after)


def _failed(why: Why, message: Message) -> Delivery:
    logger.warning("webhook failed", extra={"message_id": message.id, "why": why})
    return Delivery(outcome="failed", why=why)


async def _resolved(host: str, port: int) -> Sequence[str]:
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]
