"""Ports of the desk: the index by which things are found, the counts of the dashboard, and who looked at what."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from features.signal import Value

Subject = Literal["line", "party", "device", "agent", "store", "contact", "target", "beneficiary"]
Bucket = Literal["hour", "day"]


class Mention(Struct, frozen=True, kw_only=True):
    """That an event names somebody or something."""

    entity: str
    token: str
    at_ms: int
    kind: str
    event_id: str


class DecisionLine(Struct, frozen=True, kw_only=True):
    """A decision as lists and exports show it."""

    screening_id: str
    request_id: str
    created_ms: int
    action: str
    channel: str
    region: str
    decision: str
    degraded: bool
    line: str | None
    party: str | None
    device: str | None
    model: str | None
    policy: str
    probability: float | None


class Mentions(Protocol):
    """The index by which things are found: who or what each event names. It lags by what the jobs have not read yet."""

    async def catch_up(self, now_ms: int) -> int:
        """Read what the journal holds since last time; return how many mentions were new."""
        ...

    async def of(self, tenant: str, tokens: Sequence[str], *, each: int) -> Sequence[Mention]:
        """Return the newest mentions of each token."""
        ...

    async def beside(self, tenant: str, event_ids: Sequence[str]) -> Sequence[Mention]:
        """Return everything that these events name."""
        ...

    async def frauds(self, tenant: str, tokens: Sequence[str]) -> Mapping[str, int]:
        """Count the confirmed frauds that each token was part of."""
        ...

    async def decisions(self, tenant: str, entity: str, token: str, *, limit: int) -> Sequence[DecisionLine]:
        """Return the decisions that name a token, the newest first."""
        ...


class Flow(Struct, frozen=True, kw_only=True):
    """Decisions of one outcome in one span of time."""

    start_ms: int
    decision: str
    count: int


class Friction(Struct, frozen=True, kw_only=True):
    """How many requests of a kind were touched: challenged, held or blocked. `by` is action, channel or slice."""

    by: str
    name: str
    total: int
    challenged: int
    held: int
    blocked: int

    @property
    def touched(self) -> float:
        """The share that was not simply let through."""
        return (self.challenged + self.held + self.blocked) / self.total if self.total else 0.0


class QueueState(Struct, frozen=True, kw_only=True):
    """A queue at a glance; a breach is an open case past its due time."""

    queue: str
    open: int
    snoozed: int
    taken: int
    escalated: int
    breached: int
    oldest_ms: int | None
    harm_fen: int


class Rate(Struct, frozen=True, kw_only=True):
    """How often somebody did something, of how many."""

    who: str
    count: int
    total: int


class Coverage(Struct, frozen=True, kw_only=True):
    """How much of what is carried out was screened; `unasked` was carried out without a receipt: an alarm."""

    allowed: int = 0
    redeemed: int = 0
    executed: int = 0
    unasked: int = 0


class Coverages(Protocol):
    """Tells coverage."""

    async def coverage(self, tenant: str, since_ms: int) -> Coverage:
        """Return what was allowed, redeemed and executed since then."""
        ...


class Staffing(Struct, frozen=True, kw_only=True):
    """What a threshold would mean: cases a day at it, cases a day now, minutes a case takes, and people needed."""

    threshold: float
    cases_per_day: float
    now_per_day: float
    minutes_per_case: float | None
    people: float | None


class Standing(Struct, frozen=True, kw_only=True):
    """What is in force."""

    model: str | None
    policy: str
    catalogue: str
    mode: str
    strictness: str


class Board(Struct, frozen=True, kw_only=True):
    """The dashboard's numbers. `sampled` says of how many of the newest decisions the slices were counted."""

    since_ms: int
    until_ms: int
    bucket: Bucket
    flow: tuple[Flow, ...]
    friction: tuple[Friction, ...]
    sampled: int
    queues: tuple[QueueState, ...]
    overrides_by_agent: tuple[Rate, ...]
    releases_by_analyst: tuple[Rate, ...]
    fraud_stopped: int
    loss_fen: int
    recovered_fen: int
    coverage: Coverage
    degraded_minutes: int
    standing: Standing


class Numbers(Protocol):
    """Counts for the dashboard, from indexes alone."""

    async def flow(self, tenant: str, since_ms: int, until_ms: int, bucket: Bucket) -> Sequence[Flow]:
        """Count decisions by outcome and span; days and hours are China's."""
        ...

    async def friction(self, tenant: str, since_ms: int, until_ms: int) -> Sequence[Friction]:
        """Count decisions by action and by channel."""
        ...

    async def slices(self, tenant: str, newest: int) -> Sequence[Friction]:
        """Count the newest decisions by slice of the public."""
        ...

    async def queues(self, tenant: str, now_ms: int) -> Sequence[QueueState]:
        """Describe every queue that has cases."""
        ...

    async def overrides(self, tenant: str, since_ms: int) -> Sequence[Rate]:
        """Count screenings with an agent's override by agent, the most first, at most fifty."""
        ...

    async def releases(self, tenant: str, since_ms: int) -> Sequence[Rate]:
        """Count releases by analyst, of all that they decided."""
        ...

    async def outcome(self, tenant: str, since_ms: int) -> tuple[int, int, int]:
        """Return how many decided cases were fraud and not released, and the fen lost and recovered."""
        ...

    async def degraded_minutes(self, tenant: str, since_ms: int, until_ms: int) -> int:
        """Count the minutes in which some decision was degraded."""
        ...

    async def above(self, tenant: str, threshold: float, since_ms: int, until_ms: int) -> tuple[int, int]:
        """Count decisions whose probability reaches a threshold, and the holds there were."""
        ...

    async def minutes_per_case(self, tenant: str, since_ms: int) -> float | None:
        """Return the mean minutes between taking and deciding a case; None when nothing was decided."""
        ...

    async def peers(self, tenant: str, action: str, names: Sequence[str], newest: int) -> Mapping[str, list[Value]]:
        """Return the values of some signals in the newest requests for an action."""
        ...

    async def line_past(self, tenant: str, line: str, limit: int) -> Sequence[DecisionLine]:
        """Return the decisions on a line, the newest first."""
        ...

    async def between(self, tenant: str, since_ms: int, until_ms: int, limit: int) -> Sequence[DecisionLine]:
        """Return decisions of a span of time, in order."""
        ...


class Access(Struct, frozen=True, kw_only=True):
    """That somebody looked at something: written before it is shown."""

    access_id: str
    tenant: str
    at_ms: int
    by: str
    what: Literal["search", "reveal", "export", "subject"]
    subject: str
    reason: str


class Accesses(Protocol):
    """The record of who looked at what. Down: nothing is shown."""

    async def note(self, access: Access, *, limit: int | None = None, window_ms: int = 0) -> bool:
        """Write an access; False (and nothing written) when the person had as many as the limit within the window."""
        ...

    async def accesses(self, tenant: str, *, by: str | None = None, limit: int = 200) -> Sequence[Access]:
        """Return accesses, the newest first."""
        ...
