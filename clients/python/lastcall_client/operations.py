"""What can be asked, said once for both clients: how each call is sent, read, and what it is when it fails."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeVar

import anyio

from lastcall_client import reading, receipts
from lastcall_client.answers import LESS_HARMFUL, Screening
from lastcall_client.failover import failover
from lastcall_client.failures import Failure, Trouble
from lastcall_client.receipts import Keys
from lastcall_client.results import CheckedReceipt, Recorded, Redemption, RejectedEvent, Reported
from lastcall_client.wire import Call, Reply, Wire

T = TypeVar("T")
BATCH: Final = 500
"""How many events the service takes at once."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[T]):
    """A call that is ready to be made: what to do, within which time, and what it is when that fails."""

    name: str
    within: timedelta
    run: Callable[[Wire], Awaitable[T]]
    failed: Callable[[Failure], T]


async def perform(wire: Wire, operation: Operation[T]) -> T:
    """Make a call within its time; whatever goes wrong becomes a result, and only a cancellation passes through."""
    try:
        with anyio.fail_after(operation.within.total_seconds()):
            return await operation.run(wire)
    except TimeoutError:
        return operation.failed(Failure(cause="timeout"))
    except Trouble as trouble:
        return operation.failed(trouble.failure)
    except Exception as error:  # noqa: BLE001 - a defect of ours, or of a library, must not allow or break anything
        return operation.failed(Failure(cause="client_error", detail=type(error).__name__))


def screening(request: object, key: str | None, keys: Keys, within: timedelta) -> Operation[Screening]:
    """Ask whether a request may be executed."""

    async def run(wire: Wire) -> Screening:
        asked = request if isinstance(request, Mapping) else {}
        request_id = asked.get("request_id")
        if not isinstance(request_id, str):
            raise Trouble("invalid_request", "request_id")
        call = Call(method="POST", path="/v1/screenings", body=request, key=key or request_id)
        found = _screening(await wire.send(call))
        if found.request_id != request_id:
            raise Trouble("mismatched", "request_id")
        if found.receipt is not None and keys.pinned is not None:
            _match(found, asked.get("action"), receipts.checked(found.receipt, keys.pinned, now_s=None))
        return found

    return Operation(name="screen", within=within, run=run, failed=lambda failure: failover(request, failure))


def _screening(reply: Reply) -> Screening:
    return Screening.read(reading.mapping(reply.body, "body"), replayed=reply.replayed)


def _match(found: Screening, action: object, claims: Mapping[str, str | int]) -> None:
    """Refuse a genuine receipt that was given for something else."""
    if claims.get("jti") != found.screening_id or claims.get("act") != action:
        raise Trouble("bad_receipt", "for something else")


def reporting(events: Sequence[object], within: timedelta) -> Operation[Reported]:
    """Report what happened; more than the service takes at once goes in several batches, all within the time."""

    async def run(wire: Wire) -> Reported:
        done = Reported()
        for start in range(0, len(events), BATCH):
            batch = {"events": list(events[start : start + BATCH])}
            reply = await wire.send(Call(method="POST", path="/v1/events", body=batch))
            done = _added(done, reading.mapping(reply.body, "body"), start)
        return done

    return Operation(name="report", within=within, run=run, failed=lambda failure: Reported(failure=failure))


def _added(done: Reported, body: reading.Body, start: int) -> Reported:
    rejected = reading.parts(
        body,
        "rejected",
        lambda one: RejectedEvent(index=start + reading.count(one, "index"), code=reading.text(one, "code")),
    )
    return Reported(
        accepted=done.accepted + reading.count(body, "accepted"),
        duplicates=done.duplicates + reading.count(body, "duplicates"),
        rejected=done.rejected + rejected,
    )


def redeeming(
    screening_id: str, shown: Mapping[str, str], execution_id: str, within: timedelta
) -> Operation[Redemption]:
    """Ask, as the executor, for the one permission that a receipt stands for; it shows receipt, action and number."""
    action = shown["action"]

    async def run(wire: Wire) -> Redemption:
        call = Call(
            method="POST",
            path=f"/v1/screenings/{_safe(screening_id)}/redeem",
            body=shown,
            key=execution_id,
        )
        body = reading.mapping((await wire.send(call)).body, "body")
        do = reading.text(body, "do")
        if do != action and do not in LESS_HARMFUL.get(action, frozenset()):
            raise Trouble("unknown_answer", "do")
        return Redemption(
            do=do, close_receipt=reading.maybe_text(body, "close_receipt"), until=reading.maybe_text(body, "until")
        )

    return Operation(name="redeem", within=within, run=run, failed=lambda failure: Redemption(failure=failure))


def recording(
    name: str, screening_id: str, what: str, body: Mapping[str, object], within: timedelta
) -> Operation[Recorded]:
    """Tell the service something of a request; it counts once, however often it arrives."""

    async def run(wire: Wire) -> Recorded:
        said = {field: value for field, value in body.items() if value is not None}
        path = f"/v1/screenings/{_safe(screening_id)}/{what}"
        reply = await wire.send(Call(method="POST", path=path, body=said or None))
        taken = reading.mapping(reply.body, "body")
        known = reading.maybe_flag(taken, "accepted") is False
        return Recorded(recorded=True, known=known, redeemed=reading.maybe_flag(taken, "redeemed"))

    def failed(failure: Failure) -> Recorded:
        return Recorded(recorded=False, failure=failure)

    return Operation(name=name, within=within, run=run, failed=failed)


def checking(receipt: str, action: str | None, keys: Keys, within: timedelta) -> Operation[CheckedReceipt]:
    """Check a receipt offline, by pinned keys or by those of the service."""

    async def run(wire: Wire) -> CheckedReceipt:
        claims = await keys.check(wire, receipt)
        if action is not None and claims.get("act") != action:
            raise Trouble("bad_receipt", "for something else")
        return CheckedReceipt(valid=True, claims=claims)

    def failed(failure: Failure) -> CheckedReceipt:
        return CheckedReceipt(valid=False, claims={}, failure=failure)

    return Operation(name="verify_receipt", within=within, run=run, failed=failed)


def _safe(screening_id: str) -> str:
    """Return an id that may stand in a path."""
    if not isinstance(screening_id, str) or not _ID.fullmatch(screening_id):
        raise Trouble("invalid_request", "screening_id")
    return screening_id
