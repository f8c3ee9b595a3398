"""Ports of the casework: cases with their locks and verdicts, and releases.

Everything that is written here is written together with its entry in the audit trail and the messages that it promises.
A change that the state of a case does not permit is a `CaseRefusedError`; a store that is down is `StoreDownError`.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal, Protocol

from msgspec import Struct

from service.ports_records import RefusedError

CaseState = Literal["open", "snoozed", "merged", "decided", "expired"]
Verdict = Literal["release", "uphold", "step_up"]
CaseLabel = Literal["fraud", "legitimate", "unclear"]
Act = Literal[
    "taken", "put_back", "note", "snoozed", "woken", "escalated", "merged", "closed", "decided", "proposed", "expired"
]
Refusal = Literal["NOT_FOUND", "CASE_TAKEN", "CASE_CLOSED", "FOUR_EYES", "PROPOSAL_CLOSED", "NOT_APPROVED"]
ESCALATED: Final = 1
"""The level of a case that a lead must look at."""


class CaseRefusedError(RefusedError):
    """A case or a proposal is not in a state for this; `code` is stable."""

    def __init__(self, code: Refusal, sentence: str) -> None:
        """Carry the code and a sentence that may be shown."""
        super().__init__(sentence)
        self.code = code


class CaseFile(Struct, frozen=True, kw_only=True):
    """A case in full, as queues and pages show it.

    Attributes:
        queue: the action that was asked for; queues go by it and by region.
        origin: `hold`, or `sample` for a challenge that was drawn to be looked at.
        level: 0, or 1 when escalated to a lead.
        rank_ms: the order of the queue, the smallest first: the due time, brought forward by what may be lost.
        taken_by: who works on it until `taken_until_ms`.
        wake_ms: when a snoozed case comes back.
        merged_into: the case that decides it as well.
        lifted: whether a release or step-up of it was written.
        revision: counts its changes.
    """

    case_id: str
    tenant: str
    screening_id: str
    region: str
    queue: str
    origin: str
    state: CaseState
    level: int
    opened_ms: int
    due_ms: int
    expires_ms: int
    expected_harm_fen: int
    rank_ms: int
    taken_by: str | None = None
    taken_until_ms: int | None = None
    wake_ms: int | None = None
    merged_into: str | None = None
    verdict: Verdict | None = None
    label: CaseLabel | None = None
    loss_fen: int | None = None
    recovered_fen: int | None = None
    decided_ms: int | None = None
    decided_by: str | None = None
    revision: int = 0


class CaseEntry(Struct, frozen=True, kw_only=True):
    """One line of a case's history, the `n`-th: who did what, and the note that they left."""

    entry_id: str
    case_id: str
    n: int
    at_ms: int
    by: str
    act: Act
    text: str


class RelatedCase(Struct, frozen=True, kw_only=True):
    """Another case that asks about the same line, device or party; `shared` says which of them."""

    case: CaseFile
    shared: tuple[str, ...]


class Wanted(Struct, frozen=True, kw_only=True):
    """Which cases: None and empty for any.

    Attributes:
        queue: of one action.
        regions: of these provinces.
        state: in this state.
        level: at most this level; a take-next of an analyst leaves the escalated ones to leads.
        taken_by: whom they are taken by.
    """

    queue: str | None = None
    regions: tuple[str, ...] = ()
    state: CaseState = "open"
    level: int | None = None
    taken_by: str | None = None


class Change(Struct, frozen=True, kw_only=True):
    """A change of one case that is open or snoozed and not taken by somebody else."""

    tenant: str
    case_id: str
    by: str
    at_ms: int
    act: Act
    text: str
    entry_id: str
    values: dict[str, Any] = {}
    whoever_has_it: bool = False


class Release(Struct, frozen=True, kw_only=True):
    """A person's word that one line may go on with one action until a moment; the kept answer stays as it was.

    A following rescreen or new request of the line gets `lowers_to` at the most from the model and the amber rules:
    the same step as an override of the policy, so red rules and floors still raise it.
    """

    release_id: str
    tenant: str
    line: str
    klass: str
    action: str
    lowers_to: Literal["allow", "challenge"]
    screening_id: str
    from_ms: int
    until_ms: int
    released_by: str
    approved_by: str | None = None
    case_id: str | None = None


class Decided(Struct, frozen=True, kw_only=True):
    """A verdict to be written: on the case and on those merged into it.

    `release` carries id, until and what it lowers to; line, class and action are the decision's own. None for uphold.
    """

    tenant: str
    case_id: str
    by: str
    at_ms: int
    entry_id: str
    verdict: Verdict
    note: str
    label: CaseLabel
    loss_fen: int | None = None
    recovered_fen: int | None = None
    release_until_ms: int | None = None


class Verdicts(Struct, frozen=True, kw_only=True):
    """What a verdict wrote: the cases that it decided, the first the one that was asked for, and their releases."""

    cases: tuple[CaseFile, ...]
    releases: tuple[Release, ...]


class Docket(Protocol):
    """The cases: at most one person works on each, and each is decided once."""

    async def page(self, tenant: str, wanted: Wanted, *, skip: int = 0, limit: int = 50) -> Sequence[CaseFile]:
        """Return cases in the order of the queue; decided ones the last decided first."""
        ...

    async def count(self, tenant: str, wanted: Wanted) -> int:
        """Count the cases that are wanted, up to ten thousand."""
        ...

    async def case(self, tenant: str, case_id: str) -> CaseFile | None:
        """Return a case; another tenant's is None."""
        ...

    async def case_of(self, tenant: str, screening_id: str) -> CaseFile | None:
        """Return the case that a screening opened."""
        ...

    async def history(self, tenant: str, case_id: str) -> Sequence[CaseEntry]:
        """Return what was done with a case, in order."""
        ...

    async def related(self, tenant: str, case_id: str) -> Sequence[RelatedCase]:
        """Return open cases about the same line, device or party, at most fifty."""
        ...

    async def take(self, tenant: str, by: str, wanted: Wanted, *, now_ms: int, until_ms: int) -> CaseFile | None:
        """Take and lock the first case of the queue that nobody has; whoever comes at the same time gets another."""
        ...

    async def take_this(self, tenant: str, case_id: str, by: str, *, now_ms: int, until_ms: int) -> CaseFile:
        """Take or keep one case; taken by somebody else is refused."""
        ...

    async def change(self, change: Change) -> CaseFile:
        """Write a change with its line of history."""
        ...

    async def merge(self, change: Change, into: str) -> CaseFile:
        """Let another case decide this one as well; merging into a merged, closed or the same case is refused."""
        ...

    async def close_duplicates(self, tenant: str, case_ids: Sequence[str], of: str, *, by: str, now_ms: int) -> int:
        """Merge many cases into one at once; return how many were open. Those taken by others stay."""
        ...

    async def decide(self, decided: Decided) -> Verdicts:
        """Write a verdict: cases, release, messages, audit; a second verdict on a case is refused."""
        ...

    async def tick(self, now_ms: int, *, limit: int = 200) -> Sequence[CaseFile]:
        """Wake, escalate what is overdue, end what has expired with a message `hold.expired`; return those ended."""
        ...

    async def unlabelled(self, limit: int) -> Sequence[CaseFile]:
        """Return decided cases whose label has not reached the record yet."""
        ...

    async def mark_labelled(self, case_ids: Sequence[str], *, now_ms: int) -> None:
        """Write down that labels have reached the record."""
        ...

    async def releases_for(self, tenant: str, line: str, klass: str, at_ms: int) -> Sequence[Release]:
        """Return the releases of a line and class of action in force at a moment; indexed, for the hot path."""
        ...
