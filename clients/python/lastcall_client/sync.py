"""The client without `await`, safe to share between threads: the same calls, waited for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self, TypeVar

import httpx

from lastcall_client import operations
from lastcall_client.aio import Label, LabelSource, Name, Options, Outcome, opened
from lastcall_client.answers import Screening
from lastcall_client.background import Background
from lastcall_client.counting import Books, Result, Tally
from lastcall_client.events import ReportedEvent
from lastcall_client.failures import Failure
from lastcall_client.operations import Operation, perform
from lastcall_client.receipts import Keys
from lastcall_client.requests import Action, ScreeningRequest
from lastcall_client.results import CheckedReceipt, Recorded, Redemption, Reported

R = TypeVar("R", bound=Result)


class Lastcall:
    """Asks Lastcall, and decides by itself when Lastcall cannot be asked. Make one and keep it."""

    def __init__(self, base_url: str, key: str, options: Options | None = None) -> None:
        """Take the service's address and the secret of a key (`lc_...`).

        Raises:
            ValueError: the address is none.
        """
        if httpx.URL(base_url).scheme not in {"http", "https"}:
            message = "the address must start with https:// or http://"
            raise ValueError(message)
        settled = options or Options()
        self._options = settled
        self._books = Books(raise_failures=settled.raise_failures)
        self._keys = Keys(settled.keys)
        self._background = Background(lambda: opened(base_url, key, settled))

    def __enter__(self) -> Self:
        """Open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Close the connections; later calls fail over."""
        self._background.close()

    def tally(self, name: Name) -> Tally:
        """Return how calls of a kind went so far."""
        return self._books.tally(name)

    def screen(
        self, request: ScreeningRequest, *, deadline: timedelta | None = None, idempotency_key: str | None = None
    ) -> Screening:
        """Ask whether a request may be executed; the idempotency key is its `request_id` unless named."""
        return self._perform(operations.screening(request, idempotency_key, self._keys, self._within(deadline)))

    def report(self, events: Sequence[ReportedEvent], *, deadline: timedelta | None = None) -> Reported:
        """Report what happened to a line, a person or a device."""
        return self._perform(operations.reporting(events, self._within(deadline)))

    def redeem(  # noqa: PLR0913 - what an executor must show
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
        return self._perform(
            operations.redeeming(
                screening_id,
                {"receipt": receipt, "action": action, "msisdn": msisdn},
                execution_id,
                self._within(deadline),
            )
        )

    def outcome(
        self, screening_id: str, outcome: Outcome, *, at: datetime | None = None, deadline: timedelta | None = None
    ) -> Recorded:
        """Tell what became of a request, and when."""
        body = {"outcome": outcome, "at": at}
        return self._perform(operations.recording("outcome", screening_id, "outcome", body, self._within(deadline)))

    def withdraw(self, screening_id: str, *, deadline: timedelta | None = None) -> Recorded:
        """Take a closure back while it cools off, because its owner wishes so."""
        return self._perform(operations.recording("withdraw", screening_id, "withdraw", {}, self._within(deadline)))

    def label(  # noqa: PLR0913 - the fields of a label
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
        return self._perform(operations.recording("label", screening_id, "labels", body, self._within(deadline)))

    def verify_receipt(
        self, receipt: str, *, action: Action | None = None, deadline: timedelta | None = None
    ) -> CheckedReceipt:
        """Check that a receipt is genuine, not over, and for the action; only `redeem` lets it be executed."""
        return self._perform(operations.checking(receipt, action, self._keys, self._within(deadline)))

    def _within(self, deadline: timedelta | None) -> timedelta:
        return self._options.deadline if deadline is None else deadline

    def _perform(self, operation: Operation[R]) -> R:
        self._books.asked(operation.name)
        try:
            result = self._waited_for(operation)
        except BaseException:
            self._books.abandoned(operation.name)
            raise
        return self._books.settled(operation.name, result)

    def _waited_for(self, operation: Operation[R]) -> R:
        try:
            return self._background.run(lambda wire: perform(wire, operation), operation.within.total_seconds())
        except TimeoutError:
            return operation.failed(Failure(cause="timeout"))
        except Exception as error:  # noqa: BLE001 - a closed client or a machine without threads allows nothing
            return operation.failed(Failure(cause="client_error", detail=type(error).__name__))
