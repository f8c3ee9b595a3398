"""What a caller gets back: the answer to a screening, as it is sent and as it is kept.

One full answer is kept with every decision. `seen_with` gives the part that a key's scopes may see, so a replayed
answer is the same bytes for the same key.
"""

from typing import Literal

import msgspec
from msgspec import Struct

from model.outcome import Decision


class Part(Struct, frozen=True, kw_only=True):
    """A part of an answer; every field is written out, null included."""


class ReasonLine(Part, frozen=True):
    """A reason in words; `public` is the coarse code for callers without `risk:read`, who see no other."""

    code: str
    en: str
    zh: str


class ChallengeOffer(Part, frozen=True):
    """What the customer may do: any one of the lists, all factors of it."""

    challenge_id: str
    any_of: tuple[tuple[str, ...], ...]
    expires_at: str


class Hold(Part, frozen=True):
    """A request that waits; it always ends by itself, and never in an allow."""

    case_id: str | None
    expires_at: str
    on_expiry: Literal["rescreen", "store_referral"]
    retry_after_s: int


class Obligation(Part, frozen=True):
    """Something to settle before the line can be closed; it says nothing of fraud."""

    code: str
    en: str
    zh: str
    amount_fen: int | None = None


class Eligibility(Part, frozen=True):
    """Whether the line can be closed at all, told apart from risk."""

    eligible: bool
    obligations: tuple[Obligation, ...] = ()


class CoolingOff(Part, frozen=True):
    """Until when a closure can be withdrawn."""

    until: str
    withdraw_url: str


class Sentence(Part, frozen=True):
    """A coded sentence in both languages."""

    code: str
    en: str
    zh: str


class Degraded(Part, frozen=True):
    """What was missing (not given by the caller) and what failed (asked and not answered)."""

    is_degraded: bool
    missing: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


class Customer(Part, frozen=True):
    """What the customer may be told; names no signal and no threshold."""

    en: str
    zh: str
    appeal_ref: str


class Contribution(Part, frozen=True):
    """What one signal added to the log-odds of fraud."""

    feature: str
    value: float | str | None
    log_odds: float


class Risk(Part, frozen=True):
    """The model's view; for keys with `risk:read` alone."""

    probability: float | None
    score: int | None
    contributions: tuple[Contribution, ...] = ()


class Versions(Part, frozen=True):
    """What was in force."""

    model: str | None
    policy: str
    catalogue: str


class Answer(Part, frozen=True):
    """The whole answer to one screening."""

    screening_id: str
    request_id: str
    created_at: str
    decision: Decision
    enforced: bool
    reasons: tuple[ReasonLine, ...]
    challenge: ChallengeOffer | None
    hold: Hold | None
    eligibility: Eligibility
    cooling_off: CoolingOff | None
    next_actions: tuple[Sentence, ...]
    degraded: Degraded
    receipt: str | None
    customer: Customer
    versions: Versions
    risk: Risk | None = None


class Workings(Part, frozen=True):
    """How a verdict came about, for whoever opens the case: rules hit, rules that could not be told, what was shown."""

    hits: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    spoiled: dict[str, tuple[str, ...]] = {}


class KeptAnswer(Part, frozen=True):
    """An answer as it is kept: with the reasons in their public and their full form, and how it came about."""

    answer: Answer
    public_reasons: tuple[ReasonLine, ...]
    workings: Workings = Workings()


_encoder = msgspec.json.Encoder()
_kept = msgspec.json.Decoder(KeptAnswer)


def seen_with(kept: KeptAnswer, *, risk_read: bool) -> Answer:
    """Return the part of an answer that a key may see: without `risk:read`, coarse reasons and no risk."""
    if risk_read:
        return kept.answer
    return msgspec.structs.replace(kept.answer, reasons=kept.public_reasons, risk=None)


def to_json(answer: Answer) -> bytes:
    """Return the body of an answer; `risk` is left out where the key may not see it."""
    if answer.risk is None:
        fields = {name: getattr(answer, name) for name in answer.__struct_fields__ if name != "risk"}
        return _encoder.encode(fields)
    return _encoder.encode(answer)


def keep(kept: KeptAnswer) -> bytes:
    """Return the bytes that are stored."""
    return _encoder.encode(kept)


def recall(raw: bytes) -> KeptAnswer:
    """Return a stored answer."""
    return _kept.decode(raw)
