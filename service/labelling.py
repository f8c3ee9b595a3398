"""The use case: somebody says what a request turned out to be, and windows, models and receipts learn of it.

A label counts from when we learn of it, however early its source found it: before that nobody knew.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal, Protocol

from msgspec import Meta, Struct

from features.clock import FUTURE_TOLERANCE, Clock, milliseconds, to_ms
from features.codec import LoggedLabel
from features.derived import confirmed_fraud
from features.vocabulary import Fen
from service.errors import Problem, not_found
from service.ports import Book, Found
from service.ports_after import Afterwards, Withdrawal
from service.remembering import Remembering


class Label(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request turned out to be, who says so and since when it is known; amounts in fen."""

    label: Literal["fraud", "legitimate"]
    source: Literal["analyst", "complaint", "investigation", "not_me"]
    at: datetime | None = None
    loss_fen: Fen | None = None
    recovered_fen: Annotated[int, Meta(ge=0, le=10**12)] | None = None


class Labelled(Struct, frozen=True, kw_only=True):
    """How a label was taken: `accepted` is false for one that was known."""

    screening_id: str
    label: str
    source: str
    accepted: bool


class Labels(Protocol):
    """Whoever takes labels."""

    async def label(self, tenant: str, screening_id: str, said: Label, *, by: str) -> Labelled:
        """Write a label; the same one of the same source again changes nothing."""
        ...


class Labelling:
    """Takes labels."""

    def __init__(self, book: Book, afterwards: Afterwards, remembering: Remembering, clock: Clock) -> None:
        """Take the record, whoever lets windows remember, and the clock."""
        self._book = book
        self._after = afterwards
        self._remembering = remembering
        self._clock = clock

    async def label(self, tenant: str, screening_id: str, said: Label, *, by: str) -> Labelled:
        """Write a label; one of fraud is remembered by every entity of the request, and its receipt is dead.

        Raises:
            Problem: 404 for another tenant's, 422 for a time that cannot be.
            StoreDownError: nothing or a part was written; say it again.
        """
        found = await self._book.screening(tenant, screening_id)
        if found is None:
            raise not_found("screening")
        now_ms = self._clock.now_ms()
        said_ms = _said_ms(said, found, now_ms)
        line = LoggedLabel(
            screening_id=screening_id,
            label=said.label,
            source=said.source,
            at_ms=now_ms,
            loss_fen=said.loss_fen,
            recovered_fen=said.recovered_fen,
            said_ms=said_ms,
        )
        new = await self._book.label(tenant, [line])
        if said.label == "fraud":
            await self._warn(tenant, found, now_ms, by)
        return Labelled(screening_id=screening_id, label=said.label, source=said.source, accepted=bool(new))

    async def _warn(self, tenant: str, found: Found, now_ms: int, by: str) -> None:
        """Kill the receipt of what was fraud, and let windows remember it; whoever says so again counts once."""
        if found.kept.answer.decision == "allow":
            why = Withdrawal(
                tenant=tenant, screening_id=found.screening_id, at_ms=now_ms, until_ms=None, by=by, why="fraud"
            )
            await self._after.withdraw(why)
        await self._remembering.take(tenant, [confirmed_fraud(found.logged.event, now_ms)])


def _said_ms(said: Label, found: Found, now_ms: int) -> int:
    """Return when the source found it; not before the request, and not in the future."""
    if said.at is None:
        return now_ms
    if said.at.tzinfo is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "TIME_WITHOUT_OFFSET", "a time needs an offset", path="at")
    at_ms = to_ms(said.at)
    if at_ms > now_ms + milliseconds(FUTURE_TOLERANCE):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "OCCURRED_IN_FUTURE", "this time has not come", path="at")
    if at_ms < found.created_ms:
        detail = "a request cannot be known before it was made"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "LABEL_BEFORE_REQUEST", detail, path="at")
    return min(at_ms, now_ms)
