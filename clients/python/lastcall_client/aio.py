"""The client for asyncio and trio: one connection pool, kept for as long as the client is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ssl import SSLContext
from types import TracebackType
from typing import Final, Literal, Self, TypeVar

import httpx

from lastcall_client import operations
from lastcall_client.answers import Screening
from lastcall_client.counting import Books, Result, Tally
from lastcall_client.events import ReportedEvent
from lastcall_client.operations import Operation, perform
from lastcall_client.receipts import Keys, KeySet
from lastcall_client.requests import Action, ScreeningRequest
from lastcall_client.results import CheckedReceipt, Recorded, Redemption, Reported
from lastcall_client.wire import VERSION, Wire

Name = Literal["screen", "report", "redeem", "outcome", "withdraw", "label", "verify_receipt"]
Outcome = Literal["executed", "abandoned", "withdrawn", "reversed"]
Label = Literal["fraud", "legitimate"]
LabelSource = Literal["analyst", "complaint", "investigation", "not_me"]
R = TypeVar("R", bound=Result)
DEADLINE: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a client asks.

    Attributes:
        deadline: the longest a call may take, all of it; each call may name its own.
        raise_failures: raise `LastcallError` where a failed result would be returned.
        keys: the service's public keys as a JWK set; given here, the receipt of every allow is verified at once.
        verify: how TLS certificates are verified, as in httpx.
        proxy: an HTTP proxy; those named in the environment are not used.
        connections: how many calls may run at once; more wait within their deadline.
    """

    deadline: timedelta = DEADLINE
    raise_failures: bool = False
    keys: KeySet | None = None
    verify: SSLContext | bool = True
    proxy: str | None = None
    connections: int = 100


def opened(base_url: str, key: str, options: Options) -> Wire:
    """Return the way to the service. No connection is made yet."""
    return Wire(
        httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}", "User-Agent": f"lastcall-client/{VERSION}"},
            timeout=None,  # noqa: S113 - the whole call has one limit, which httpx cannot express
            follow_redirects=False,
            trust_env=False,
            verify=options.verify,
            proxy=options.proxy,
            limits=httpx.Limits(max_connections=options.connections, max_keepalive_connections=options.connections),
        )
    )


class AsyncLastcall:
    """Asks Lastcall, and decides by itself when Lastcall cannot be asked. Make one per event loop and keep it."""

    def __init__(self, base_url: str, key: str, options: Options | None = None) -> None:
        """Take the service's address and the secret of a key (`lc_...`).

        Raises:
            ValueError: of httpx, for an address that is none.
        """
        self._options = options or Options()
        self._books = Books(raise_failures=self._options.raise_failures)
        self._keys = Keys(self._options.keys)
        self._wire = opened(base_url, key, self._options)

    async def __aenter__(self) -> Self:
        """Open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; later calls fail over."""
        await self._wire.close()

    def tally(self, name: Name) -> Tally:
        """Return how calls of a kind went so far."""
        return self._books.tally(name)

    async def screen(
        self, request: ScreeningRequest, *, deadline: timedelta | None = None, idempotency_key: str | None = None
    ) -> Screening:
        """Ask whether a request may be executed; the idempotency key is its `request_id` unless named."""
        return await self._perform(operations.screening(request, idempotency_key, self._keys, self._within(deadline)))

    async def report(self, events: Sequence[ReportedEvent], *, deadline: timedelta | None = None) -> Reported:
        """Report what happened to a line, a person or a device."""
        return await self._perform(operations.reporting(events, self._within(deadline)))

    async def redeem(  # noqa: PLR0913 - what an executor must show
        self,
        screening_id: str,
        receipt: str,
        *,
        action: Action,
        msisdn: str,
        execution_id: str,
        deadline: timedelta | None = None,
    ) -> Redemption:
        """Ask, as the executor, what may be done now; `execution_id` names this one execution in your own books."""
        return await self._perform(
            operations.redeeming(
                screening_id,
                {"receipt": receipt, "action": action, "msisdn": msisdn},
                execution_id,
                self._within(deadline),
            )
        )

    async def outcome(
        self, screening_id: str, outcome: Outcome, *, at: datetime | None = None, deadline: timedelta | None = None
    ) -> Recorded:
        """Tell what became of a request, and when."""
        body = {"outcome": outcome, "at": at}
        return await self._perform(
            operations.recording("outcome", screening_id, "outcome", body, self._within(deadline))
        )

    async def withdraw(self, screening_id: str, *, deadline: timedelta | None = None) -> Recorded:
        """Take a closure back while it cools off, because its owner wishes so."""
        return await self._perform(
            operations.recording("withdraw", screening_id, "withdraw", {}, self._within(deadline))
        )

    async def label(  # noqa: PLR0913 - the fields of a label
        self,
        screening_id: str,
        label: Label,
        *,
        source: LabelSource,
        at: datetime | None = None,
        loss_fen: int | None = None,
        recovered_fen: int | None = None,
        deadline: timedelta | None = None,
    ) -> Recorded:
        """Tell what a request was found to be."""
        body = {"label": label, "source": source, "at": at, "loss_fen": loss_fen, "recovered_fen": recovered_fen}
        return await self._perform(operations.recording("label", screening_id, "labels", body, self._within(deadline)))

    async def verify_receipt(
        self, receipt: str, *, action: Action | None = None, deadline: timedelta | None = None
    ) -> CheckedReceipt:
        """Check that a receipt is genuine, not over, and for the action; only `redeem` lets it be executed."""
        return await self._perform(operations.checking(receipt, action, self._keys, self._within(deadline)))

    def _within(self, deadline: timedelta | None) -> timedelta:
        return self._options.deadline if deadline is None else deadline

    async def _perform(self, operation: Operation[R]) -> R:
        self._books.asked(operation.name)
        try:
            result = await perform(self._wire, operation)
        except BaseException:
            self._books.abandoned(operation.name)
            raise
        return self._books.settled(operation.name, result)
