"""What the other calls give back; each carries its failure, and a failed one asks for nothing to be done."""

from collections.abc import Mapping
from dataclasses import dataclass

from lastcall_client.failures import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedEvent:
    """An event that was not taken: its place among those that were sent, from 0, and why."""

    index: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """How events were taken. After a failure report all of them again: an event counts once, by its `event_id`."""

    accepted: int = 0
    duplicates: int = 0
    rejected: tuple[RejectedEvent, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """What an executor may do, once.

    Attributes:
        do: the action to execute; None: nothing. With a cooling-off a closure is told to suspend now.
        close_receipt: what to redeem when the cooling-off has ended.
        until: when that is.
        failure: why there is nothing to do.
    """

    do: str | None = None
    close_receipt: str | None = None
    until: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Whether something that you told was written down.

    Attributes:
        recorded: whether the service has it now.
        known: whether it had it before.
        redeemed: of an outcome, whether what was executed had been redeemed; false is an alarm.
    """

    recorded: bool
    known: bool = False
    redeemed: bool | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedReceipt:
    """Whether a receipt is genuine and for this; only `redeem` says whether it may be executed."""

    valid: bool
    claims: Mapping[str, str | int]
    failure: Failure | None = None
