"""Webhooks in: genuine, of now, and once; every other message is refused in the same way."""

import asyncio
import base64
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from features.clock import SystemClock
from service.adapters.webhooks_in import WebhookVerifier
from service.ports import StoreDownError
from service.ports_webhooks import ForgedWebhookError, new_secret

OLD, NEW = new_secret(), new_secret()
BODY = '{"type":"order.withdrawn","data":{"order":"o-1","名":"王"}}'.encode()


class Seen:
    """Remembers messages in memory."""

    def __init__(self) -> None:
        """Know none."""
        self.known: dict[tuple[str, str], int] = {}
        self.down = False

    async def first(self, tenant: str, message_id: str, until_ms: int) -> bool:
        """Note a message."""
        if self.down:
            raise StoreDownError
        return self.known.setdefault((tenant, message_id), until_ms) is until_ms


def signed(
    body: bytes = BODY, secret: str = NEW, message_id: str = "msg_1", ago: timedelta = timedelta(0)
) -> list[tuple[str, str]]:
    """Return the headers of a message."""
    at = datetime.now(UTC) - ago
    signature = Webhook(secret).sign(msg_id=message_id, timestamp=at, data=body.decode())
    return [
        ("Webhook-Id", message_id),
        ("Webhook-Timestamp", str(int(at.timestamp()))),
        ("Webhook-Signature", signature),
        ("Content-Type", "application/json"),
    ]


def taken(headers: Any, body: bytes = BODY, seen: Seen | None = None, secrets: tuple[str, ...] = (NEW, OLD)) -> str:
    """Verify a message."""
    verifier = WebhookVerifier("north", secrets, seen or Seen(), SystemClock())
    return asyncio.run(verifier.verify(headers, body))


def refused(headers: Any, body: bytes = BODY, seen: Seen | None = None) -> bool:
    """Say whether a message is refused."""
    try:
        taken(headers, body, seen)
    except ForgedWebhookError as error:
        return str(error) == ""
    return False


@pytest.mark.parametrize("secret", [NEW, OLD], ids=["new", "old"])
def test_a_genuine_message_is_taken(secret: str) -> None:
    """By either secret of a rotation; also when it was signed with more than one."""
    assert taken(signed(secret=secret)) == "msg_1"
    headers = dict(signed(secret=secret))
    headers["Webhook-Signature"] = f"v1a,AAAA v1,AAAA {headers['Webhook-Signature']}"
    assert taken(headers.items()) == "msg_1"


def test_a_message_is_taken_once() -> None:
    """A copy inside the five minutes is genuine by its signature, and refused; it is remembered for long enough."""
    seen, headers = Seen(), signed()
    before_ms = SystemClock().now_ms()
    assert taken(headers, seen=seen) == "msg_1"
    assert refused(headers, seen=seen)
    assert refused(signed(), seen=seen)
    assert taken(signed(message_id="msg_2"), seen=seen) == "msg_2"
    assert seen.known["north", "msg_1"] >= before_ms + 600_000


def test_forged_old_and_future_messages_are_refused() -> None:
    """And not remembered, so that they keep no genuine one out."""
    seen = Seen()
    for headers in (
        signed(secret=new_secret()),
        signed(ago=timedelta(minutes=6)),
        signed(ago=timedelta(minutes=-6)),
        signed(message_id=""),
        signed(message_id="x" * 129),
        signed(message_id="名"),
        [],
        [*signed(), ("webhook-id", "msg_1")],
        [*signed(), ("WEBHOOK-SIGNATURE", "v1,AAAA")],
        *([pair for pair in signed() if pair[0] != name] for name in ("Webhook-Id", "Webhook-Timestamp")),
        *(
            [*signed()[:2], ("Webhook-Signature", text)]
            for text in ("", "v1", "v1,", "v1,!", "v2,AAAA", ",", "v1,é", "v1,A,B")
        ),
        *(
            [signed()[0], ("Webhook-Timestamp", text), signed()[2]]
            for text in ("", "now", "nan", "inf", "-1", "1e999", "9" * 400)
        ),
    ):
        assert refused(headers, seen=seen), headers
    for body in (b"", b"\xff", BODY + b" ", BODY.replace(b"o-1", b"o-2")):
        assert refused(signed(), body, seen)
    assert seen.known == {}


def test_every_single_change_of_a_byte_is_refused() -> None:
    """Of the body or of the signature, a thousand times over."""
    headers = dict(signed())
    chance = random.Random(7)  # noqa: S311 - the same bytes each time
    raw = base64.b64decode(headers["Webhook-Signature"].partition(",")[2])
    for _ in range(1000):
        place, flip = chance.randrange(len(BODY)), 1 << chance.randrange(8)
        changed = BODY[:place] + bytes([BODY[place] ^ flip]) + BODY[place + 1 :]
        assert refused(headers.items(), changed)
        place = chance.randrange(len(raw))
        other = raw[:place] + bytes([raw[place] ^ flip]) + raw[place + 1 :]
        assert refused((headers | {"Webhook-Signature": "v1," + base64.b64encode(other).decode()}).items())


def test_without_a_memory_nothing_is_taken() -> None:
    """The sender tries again; taking it twice would be worse."""
    seen = Seen()
    seen.down = True
    with pytest.raises(StoreDownError):
        taken(signed(), seen=seen)
