"""What the page of a case shows: what is asked, why it was stopped, what is normal here, what to do next.

Every text of a request is a text here and never markup. Numbers are masked or tokens; a plain one comes from `reveal`.
"""

from typing import Literal

from msgspec import Struct

from features.signal import Value
from service.answer import KeptAnswer, ReasonLine, Sentence
from service.ports_cases import CaseEntry, CaseFile, RelatedCase
from service.ports_proposals import Proposal


class Bilingual(Struct, frozen=True):
    """A text in both languages."""

    en: str
    zh: str


class Field(Struct, frozen=True):
    """One thing that was said in the request, by its path."""

    path: str
    value: str


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked."""

    screening_id: str
    request_id: str
    at_ms: int
    action: str
    channel: str
    reason: str | None
    role: str | None
    line_masked: str
    line_token: str
    number_province: str | None
    home_province: str | None
    handling_province: str | None
    tenure_days: int | None
    premium_tier: int | None
    linked_services: int | None
    prepaid_balance_fen: int | None
    obligations: tuple[Sentence, ...]
    fields: tuple[Field, ...]


class Bar(Struct, frozen=True, kw_only=True):
    """One contribution for the bar chart: the signal in words, its value, and what it added to the log-odds."""

    feature: str
    zh: str
    why: str
    value: Value
    log_odds: float


class RuleShown(Struct, frozen=True, kw_only=True):
    """A rule that was hit or could not be told, with what to do; `known` is false once the policy no longer has it."""

    name: str
    state: Literal["hit", "unknown"]
    kind: str
    then: str
    why: str
    runbook: Bilingual
    known: bool = True


class FactorShown(Struct, frozen=True, kw_only=True):
    """A factor: whether it was shown, whether the signals have spoiled it and which, whether it was offered."""

    factor: str
    shown: bool
    offered: bool
    spoiled_by: tuple[str, ...]


class Why(Struct, frozen=True, kw_only=True):
    """Why it was stopped. Probability, score and bars are empty for who may not read risk."""

    decision: str
    reasons: tuple[ReasonLine, ...]
    probability: float | None
    score: int | None
    bars: tuple[Bar, ...]
    rules: tuple[RuleShown, ...]
    factors: tuple[FactorShown, ...]
    evidence: tuple[str, ...]
    missing: tuple[str, ...]
    failed: tuple[str, ...]
    model: str | None
    policy: str
    enforced: bool


class Happening(Struct, frozen=True, kw_only=True):
    """One event of the timeline; for a screening its id and what was decided."""

    at_ms: int
    kind: str
    screening_id: str | None = None
    action: str | None = None
    decision: str | None = None
    is_this: bool = False


class Peers(Struct, frozen=True, kw_only=True):
    """How one signal is spread among recent requests for the same action, and where this request stands.

    Attributes:
        value: of this request; None when not known.
        count: how many of the others know theirs.
        quantiles: at 0, 5, 25, 50, 75, 95 and 100 per cent; empty for categories.
        shares: of categories, the commonest first; empty for numbers.
        below: the share of the others with a smaller value.
    """

    feature: str
    zh: str
    value: Value
    count: int
    quantiles: tuple[float, ...]
    shares: tuple[tuple[str, float], ...]
    below: float | None


class PlaceShown(Struct, frozen=True, kw_only=True):
    """A place: `what` is `number`, `home`, `handling`, `visited`, `requester` or `ip`; it lies at the capital."""

    what: str
    province: str
    zh: str
    latitude: float
    longitude: float


class Normal(Struct, frozen=True, kw_only=True):
    """What is normal here: this line's past, its peers, and where everything is."""

    timeline: tuple[Happening, ...]
    peers: tuple[Peers, ...]
    places: tuple[PlaceShown, ...]
    distance_km: float | None
    speed_kmh: float | None


class Node(Struct, frozen=True, kw_only=True):
    """One thing of the graph: `fraud` counts confirmed frauds it was part of, `hop` its distance from the request."""

    token: str
    entity: str
    fraud: int
    hop: int


class Graph(Struct, frozen=True, kw_only=True):
    """How things hang together by shared screenings; `edges` are pairs of tokens, `cut` says that there was more."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]
    cut: bool


class Step(Struct, frozen=True, kw_only=True):
    """One step of what to do next, from a rule's runbook or the ways on that are open."""

    source: str
    words: Bilingual


class CasePage(Struct, frozen=True, kw_only=True):
    """A case on one screen: what is asked, why we stopped it, what is normal here, what to do next.

    `case` is None for a screening that opened none: a block has none, and is released by two people.
    """

    case: CaseFile | None
    asked: Asked
    why: Why
    normal: Normal
    graph: Graph
    steps: tuple[Step, ...]
    history: tuple[CaseEntry, ...]
    related: tuple[RelatedCase, ...]
    proposals: tuple[Proposal, ...]
    kept: KeptAnswer
