"""The use case: messages that were promised go out; webhooks to the operator's backend, notices to the owner.

A message is promised in the transaction that it tells of, so none is lost when we die and none tells of what was not
written. It goes out at least once, under one id, so a receiver can count it once.
"""

import logging
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, get_args

import msgspec

from features.clock import Clock, milliseconds
from service.otp import NAMES
from service.ports import Book, StoreDownError
from service.ports_otp import Gateway, GatewayDownError
from service.ports_outbox import NOTICE, Addresses, Links, Outbox, Promised
from service.ports_webhooks import Kind, WebhookSender, message, wait_before

logger = logging.getLogger(__name__)

BATCH: Final = 50
KINDS: Final[frozenset[str]] = frozenset(get_args(Kind))
LINK_LIVES: Final = timedelta(days=30)
_SPREAD: Final = 1000


class Messenger:
    """Lets messages go out."""

    def __init__(  # noqa: PLR0913 - whom it tells, by what, and what it must know for it
        self,
        outbox: Outbox,
        addresses: Addresses,
        sender: WebhookSender,
        gateway: Gateway,
        book: Book,
        links: Links,
        clock: Clock,
        public_url: str,
    ) -> None:
        """Take the record, who sends, and where customers reach us."""
        self._outbox = outbox
        self._addresses = addresses
        self._sender = sender
        self._gateway = gateway
        self._book = book
        self._links = links
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    async def look(self) -> int:
        """Let those go out whose time has come; return how many went, each at the first attempt or a later one."""
        went = 0
        try:
            for promised in await self._outbox.due(self._clock.now_ms(), BATCH):
                went += await self._one(promised)
        except StoreDownError:
            logger.warning("messages wait: the record cannot be reached")
        return went

    async def _one(self, promised: Promised) -> bool:
        retry_after = None
        if promised.kind == NOTICE:
            fine = await self._notice(promised)
        elif promised.kind in KINDS:
            fine, retry_after = await self._webhook(promised)
        else:
            # What only people look at: it is in the record, and the console shows it.
            fine = True
        if fine:
            await self._outbox.sent(promised.message_id)
            return True
        chance = secrets.randbelow(_SPREAD) / _SPREAD
        wait = wait_before(promised.attempts + 1, chance, retry_after)
        if wait is None:
            logger.error("a message is a dead letter", extra={"kind": promised.kind, "id": promised.message_id})
        next_ms = None if wait is None else self._clock.now_ms() + milliseconds(wait)
        await self._outbox.later(promised.message_id, next_ms)
        return False

    async def _webhook(self, promised: Promised) -> tuple[bool, timedelta | None]:
        """Tell every endpoint of the tenant; one that failed hears it again under the same id, and so do the others."""
        told: Mapping[str, str] = msgspec.json.decode(promised.payload)
        kind: Kind = promised.kind  # type: ignore[assignment]  # one of `KINDS`, as was looked at
        whole = message(promised.message_id, kind, self._clock.now_ms(), dict(told))
        fine, retry_after = True, None
        for endpoint_id, endpoint in await self._addresses.endpoints(promised.tenant):
            delivery = await self._sender.send(endpoint, whole)
            if delivery.outcome == "gone":
                await self._addresses.close(endpoint_id, "gone")
            elif delivery.outcome == "failed":
                fine, retry_after = False, delivery.retry_after
        return fine, retry_after

    async def _notice(self, promised: Promised) -> bool:
        """Tell the owner on every contact that is on record, and on the line itself; one that was told is enough."""
        screening_id = msgspec.json.decode(promised.payload, type=dict[str, str])["screening_id"]
        found = await self._book.screening(promised.tenant, screening_id)
        if found is None:
            return True
        private = await self._book.private(promised.tenant, found.root)
        number = str(private.get("msisdn", ""))
        link = f"{self._public_url}/not-me/{self._links.sign(promised.tenant, screening_id, LINK_LIVES)}"
        zh, en = NAMES[found.logged.request.action]
        text = (
            f"【销户提醒】尾号{number[-4:]}的号码已申请{zh}。如非本人操作，请立即打开 {link} 撤回。"
            f" A request to {en} the number ending {number[-4:]} was approved. Not you? {link}"
        )
        # The second contact first: whoever has the line may be the thief.
        contacts = [to for name, to in sorted(private.items()) if name.startswith("contact_")]
        told = [await self._tell(str(to), text) for to in (*contacts, number) if to]
        return any(told) or not told

    async def _tell(self, to: str, text: str) -> bool:
        try:
            await self._gateway.send(to=to, text=text, purpose="notice")
        except GatewayDownError:
            return False
        return True
