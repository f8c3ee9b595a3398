"""What a caller gets back, as plain frozen dataclasses: the same shape whether the service answered or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from lastcall_client import reading
from lastcall_client.failures import Failure, Trouble
from lastcall_client.reading import Body

Decision = Literal["allow", "challenge", "hold", "block"]
DECISIONS: Final[Mapping[str, Decision]] = {word: word for word in get_args(Decision)}
LESS_HARMFUL: Final[Mapping[str, frozenset[str]]] = {
    "close": frozenset({"suspend"}),
    "close_remote": frozenset({"close", "suspend"}),
}
"""What an executor may be told to do instead of what was asked; anything else it does not understand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A coded sentence in both languages: a reason, or what to do next."""

    code: str
    en: str
    zh: str

    @classmethod
    def read(cls, body: Body) -> "Sentence":
        """Read one."""
        return cls(code=reading.text(body, "code"), en=reading.text(body, "en"), zh=reading.text(body, "zh"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """Something to settle before the line can be closed; it says nothing of fraud."""

    code: str
    en: str
    zh: str
    amount_fen: int | None = None

    @classmethod
    def read(cls, body: Body) -> "Obligation":
        """Read one."""
        said = Sentence.read(body)
        return cls(code=said.code, en=said.en, zh=said.zh, amount_fen=reading.maybe_count(body, "amount_fen"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What the customer may do: any one of the lists, all factors of it."""

    challenge_id: str
    any_of: tuple[tuple[str, ...], ...]
    expires_at: str

    @classmethod
    def read(cls, body: Body) -> "Challenge":
        """Read one."""
        return cls(
            challenge_id=reading.text(body, "challenge_id"),
            any_of=reading.lists_of_texts(body, "any_of"),
            expires_at=reading.text(body, "expires_at"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A request that waits; it ends by itself, and never in an allow. One of ours (a failover) has no case."""

    case_id: str | None
    expires_at: str | None
    on_expiry: str
    retry_after_s: int

    @classmethod
    def read(cls, body: Body) -> "Hold":
        """Read one."""
        return cls(
            case_id=reading.maybe_text(body, "case_id"),
            expires_at=reading.text(body, "expires_at"),
            on_expiry=reading.text(body, "on_expiry"),
            retry_after_s=reading.count(body, "retry_after_s"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Whether the line can be closed at all, told apart from risk."""

    eligible: bool
    obligations: tuple[Obligation, ...] = ()

    @classmethod
    def read(cls, body: Body) -> "Eligibility":
        """Read it."""
        return cls(
            eligible=reading.flag(body, "eligible"), obligations=reading.parts(body, "obligations", Obligation.read)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CoolingOff:
    """Until when a closure can be withdrawn."""

    until: str
    withdraw_url: str

    @classmethod
    def read(cls, body: Body) -> "CoolingOff":
        """Read it."""
        return cls(until=reading.text(body, "until"), withdraw_url=reading.text(body, "withdraw_url"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Degraded:
    """What was missing (not given by the caller) and what failed (asked and not answered)."""

    is_degraded: bool
    missing: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    @classmethod
    def read(cls, body: Body) -> "Degraded":
        """Read it."""
        return cls(
            is_degraded=reading.flag(body, "is_degraded"),
            missing=reading.texts(body.get("missing"), "missing"),
            failed=reading.texts(body.get("failed"), "failed"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """What the customer may be told."""

    en: str
    zh: str
    appeal_ref: str | None = None

    @classmethod
    def read(cls, body: Body) -> "Customer":
        """Read it."""
        return cls(
            en=reading.text(body, "en"), zh=reading.text(body, "zh"), appeal_ref=reading.maybe_text(body, "appeal_ref")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one signal added to the log-odds of fraud."""

    feature: str
    value: object
    log_odds: float | None

    @classmethod
    def read(cls, body: Body) -> "Contribution":
        """Read one."""
        return cls(
            feature=reading.text(body, "feature"),
            value=body.get("value"),
            log_odds=reading.maybe_number(body, "log_odds"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The model's view; for keys with `risk:read` alone."""

    probability: float | None
    score: int | None
    contributions: tuple[Contribution, ...] = ()

    @classmethod
    def read(cls, body: Body) -> "Risk":
        """Read it."""
        return cls(
            probability=reading.maybe_number(body, "probability"),
            score=reading.maybe_count(body, "score"),
            contributions=reading.parts(body, "contributions", Contribution.read),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What was in force."""

    model: str | None
    policy: str | None
    catalogue: str | None

    @classmethod
    def read(cls, body: Body) -> "Versions":
        """Read them."""
        return cls(
            model=reading.maybe_text(body, "model"),
            policy=reading.maybe_text(body, "policy"),
            catalogue=reading.maybe_text(body, "catalogue"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What to do with a request.

    Attributes:
        failover: whether this is the client's own answer, because the service gave none that can be trusted.
        failure: why, when it is.
        replayed: whether the service gave this answer before.
    """

    decision: Decision
    enforced: bool
    request_id: str | None
    screening_id: str | None = None
    created_at: str | None = None
    reasons: tuple[Sentence, ...] = ()
    challenge: Challenge | None = None
    hold: Hold | None = None
    eligibility: Eligibility | None = None
    cooling_off: CoolingOff | None = None
    next_actions: tuple[Sentence, ...] = ()
    degraded: Degraded
    receipt: str | None = None
    customer: Customer
    versions: Versions | None = None
    risk: Risk | None = None
    replayed: bool = False
    failover: bool = False
    failure: Failure | None = None

    @property
    def proceed(self) -> bool:
        """Whether the workflow may go on: with a receipt to redeem, or because the service only observes.

        An allow without a receipt (something is owed, say) is no permission, and a failover never is.
        """
        if self.failover:
            return False
        return not self.enforced or (self.decision == "allow" and self.receipt is not None)

    @classmethod
    def read(cls, body: Body, *, replayed: bool = False) -> "Screening":
        """Read the service's answer.

        Raises:
            Trouble: `unknown_answer` for a decision we do not know, a damaged field, or parts that contradict.
        """
        decision = DECISIONS.get(reading.text(body, "decision"))
        receipt = reading.maybe_text(body, "receipt")
        eligibility = reading.whole(body, "eligibility", Eligibility.read)
        if decision is None:
            raise Trouble("unknown_answer", "decision")
        if receipt is not None and (decision != "allow" or not eligibility.eligible):
            raise Trouble("unknown_answer", "receipt")
        return cls(
            decision=decision,
            enforced=reading.flag(body, "enforced"),
            request_id=reading.text(body, "request_id"),
            screening_id=reading.text(body, "screening_id"),
            created_at=reading.text(body, "created_at"),
            reasons=reading.parts(body, "reasons", Sentence.read),
            challenge=reading.part(body, "challenge", Challenge.read),
            hold=reading.part(body, "hold", Hold.read),
            eligibility=eligibility,
            cooling_off=reading.part(body, "cooling_off", CoolingOff.read),
            next_actions=reading.parts(body, "next_actions", Sentence.read),
            degraded=reading.whole(body, "degraded", Degraded.read),
            receipt=receipt,
            customer=reading.whole(body, "customer", Customer.read),
            versions=reading.part(body, "versions", Versions.read),
            risk=reading.part(body, "risk", Risk.read),
            replayed=replayed,
        )
