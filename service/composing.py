"""Writing the answer: from a verdict to what the caller gets, with the case and the challenge that are opened by it.

`allow` is made here and nowhere else, and only when nothing failed: the last assertion before a line can be closed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

import msgspec

from features.clock import milliseconds, rfc3339
from features.codec import LoggedScreening
from features.request import ScreeningRequest
from model.eligibility import SENTENCES
from model.outcome import Decision
from model.policy import Verdict
from model.reasons import NEXT_ACTIONS, Reason, full_reasons, public_reasons
from service.answer import (
    Answer,
    ChallengeOffer,
    Contribution,
    CoolingOff,
    Degraded,
    Eligibility,
    Hold,
    KeptAnswer,
    Obligation,
    ReasonLine,
    Risk,
    Sentence,
    Versions,
    Workings,
)
from service.ids import appeal_ref, new_id
from service.judging import InForce, Judgement, score_of
from service.ports import CaseOpened, ChallengeOpened, Receipts
from service.wording import customer_text

CHALLENGE_LIFE: Final = timedelta(hours=24)
"""A store visit takes a day; codes and faces end by themselves much sooner."""
RETRY_DEGRADED_S: Final = 30
RETRY_HELD_S: Final = 3600
HARM_FEN: Final = {"unsubscribe": 5_000, "suspend": 20_000, "resume": 50_000, "close": 300_000, "close_remote": 500_000}
"""What a fraudulent action costs at least, for ordering an analyst's queue; a policy's own costs replace it later."""


class UnsafeAllowError(AssertionError):
    """Something tried to allow a request while a check had failed: the request is not answered."""


@dataclass(frozen=True, slots=True)
class Composition:
    """An answer, and what is opened with it."""

    kept: KeptAnswer
    versions: dict[str, str]
    case: CaseOpened | None
    challenge: ChallengeOpened | None


class Composer:
    """Writes answers."""

    def __init__(self, receipts: Receipts, receipt_life: timedelta, *, enforced: bool, public_url: str = "") -> None:
        """Take the signer of receipts, how long one may be redeemed, whether verdicts are enforced, and our address."""
        self._receipts = receipts
        self._receipt_life = receipt_life
        self._enforced = enforced
        self._public_url = public_url.rstrip("/")

    def compose(  # noqa: PLR0913 - an answer is made of as much
        self,
        tenant: str,
        at_ms: int,
        logged: LoggedScreening,
        judgement: Judgement,
        force: InForce,
        *,
        standing: Hold | None = None,
    ) -> Composition:
        """Return the answer to a judged request.

        Args:
            tenant: whose.
            at_ms: now.
            logged: the request as it is kept.
            judgement: what was decided.
            force: by what.
            standing: the hold of an earlier look, which goes on with its case instead of a new one.

        Raises:
            UnsafeAllowError: the verdict allows although a check failed.
        """
        verdict = judgement.verdict
        decision = _safe(verdict, judgement)
        screening_id, reference = new_id("scr", at_ms), appeal_ref()
        standing = standing if standing is not None and standing.case_id and verdict.decision == "hold" else None
        case = None if standing else _case(at_ms, logged, verdict, judgement.probability)
        challenge = _challenge(at_ms, logged.request, verdict)
        pointing = [
            (contribution.reason, contribution.log_odds)
            for contribution in judgement.contributions
            if force.catalogue.signals[contribution.feature].says(contribution.value)
        ]
        full = full_reasons(decision, verdict.reasons, pointing)
        versions = Versions(model=force.model_version, policy=force.policy.version, catalogue=force.catalogue.digest)
        answer = Answer(
            screening_id=screening_id,
            request_id=logged.request.request_id,
            created_at=rfc3339(at_ms),
            decision=decision,
            enforced=self._enforced,
            reasons=_lines(full),
            challenge=_offer(challenge),
            hold=standing or _hold(at_ms, verdict, case),
            eligibility=_eligibility(verdict),
            cooling_off=self._cooling_off(at_ms, screening_id, logged.request, verdict, force),
            next_actions=tuple(
                Sentence(code=code, en=NEXT_ACTIONS[code].en, zh=NEXT_ACTIONS[code].zh) for code in verdict.next_actions
            ),
            degraded=Degraded(
                is_degraded=bool(judgement.failures),
                missing=tuple(sorted(name for name, value in (logged.row or {}).items() if value is None)),
                failed=tuple(sorted(judgement.failures)),
            ),
            receipt=self._receipt(tenant, at_ms, screening_id, logged, verdict),
            customer=customer_text(decision, reference, eligible=verdict.eligible, degraded_only=verdict.degraded_only),
            versions=versions,
            risk=_risk(judgement),
        )
        kept = KeptAnswer(answer=answer, public_reasons=_lines(public_reasons(full)), workings=_workings(verdict))
        named = {"policy": versions.policy, "catalogue": versions.catalogue}
        return Composition(kept, named | ({"model": versions.model} if versions.model else {}), case, challenge)

    def _cooling_off(
        self, at_ms: int, screening_id: str, request: ScreeningRequest, verdict: Verdict, force: InForce
    ) -> CoolingOff | None:
        """Return until when an allowed closure may be taken back."""
        span = force.policy.cooling_off(request.action)
        if verdict.decision != "allow" or not verdict.eligible or not span:
            return None
        url = f"{self._public_url}/v1/screenings/{screening_id}/withdraw"
        return CoolingOff(until=rfc3339(at_ms + milliseconds(span)), withdraw_url=url)

    def _receipt(
        self, tenant: str, at_ms: int, screening_id: str, logged: LoggedScreening, verdict: Verdict
    ) -> str | None:
        """Sign what an executor must redeem: bound to the tenant, the line, the action and what was asked."""
        if verdict.decision != "allow" or not verdict.eligible:
            return None
        now_s = at_ms // 1000
        return self._receipts.issue(
            {
                "iss": "lastcall",
                "aud": tenant,
                "sub": logged.event.keys["line"],
                "jti": screening_id,
                "act": logged.request.action,
                "dig": digest_of(logged.request),
                "iat": now_s,
                "exp": now_s + int(self._receipt_life.total_seconds()),
            }
        )


def digest_of(request: ScreeningRequest) -> str:
    """Return what binds a receipt or a challenge to what was asked: action, line and target of the balance."""
    bound = (request.action, request.subscriber.msisdn, request.balance_transfer.target_token)
    return sha256(msgspec.json.encode(bound)).hexdigest()[:32]


def _safe(verdict: Verdict, judgement: Judgement) -> Decision:
    """Return the decision; one that allows although a check failed is a defect, and is never answered."""
    if verdict.decision == "allow" and judgement.failures:
        raise UnsafeAllowError
    return verdict.decision


def _case(at_ms: int, logged: LoggedScreening, verdict: Verdict, probability: float | None) -> CaseOpened | None:
    """Return the case that an analyst gets for a hold; what failures alone stopped is screened again instead."""
    if verdict.decision != "hold" or verdict.hold is None or verdict.degraded_only:
        return None
    life_ms = milliseconds(timedelta(hours=verdict.hold.hours))
    harm_fen = HARM_FEN[logged.request.action] * (1 + (logged.request.account.premium_tier or 0))
    return CaseOpened(
        case_id=new_id("cas", at_ms),
        queue=logged.request.action,
        due_ms=at_ms + life_ms // 3,
        expires_ms=at_ms + life_ms,
        # A rule that held it knows more than the model did, so it counts as even odds at least.
        expected_harm_fen=round(harm_fen * max(probability or 0.0, 0.5)),
    )


def _challenge(at_ms: int, request: ScreeningRequest, verdict: Verdict) -> ChallengeOpened | None:
    if not verdict.ways:
        return None
    return ChallengeOpened(
        challenge_id=new_id("chl", at_ms),
        digest=digest_of(request),
        any_of=verdict.ways,
        expires_ms=at_ms + milliseconds(timedelta(hours=verdict.hold.hours) if verdict.hold else CHALLENGE_LIFE),
    )


def _offer(challenge: ChallengeOpened | None) -> ChallengeOffer | None:
    if challenge is None:
        return None
    return ChallengeOffer(
        challenge_id=challenge.challenge_id, any_of=challenge.any_of, expires_at=rfc3339(challenge.expires_ms)
    )


def _hold(at_ms: int, verdict: Verdict, case: CaseOpened | None) -> Hold | None:
    """Return how long the request waits: a degraded one until the cause is gone, another until its case ends."""
    if verdict.hold is None:
        return None
    expires_ms = at_ms + milliseconds(timedelta(hours=verdict.hold.hours))
    return Hold(
        case_id=case.case_id if case else None,
        expires_at=rfc3339(expires_ms),
        on_expiry="rescreen" if verdict.degraded_only else verdict.hold.on_expiry,
        retry_after_s=RETRY_DEGRADED_S if verdict.degraded_only else RETRY_HELD_S,
    )


def _eligibility(verdict: Verdict) -> Eligibility:
    return Eligibility(
        eligible=verdict.eligible,
        obligations=tuple(
            Obligation(
                code=owed.code,
                en=SENTENCES[owed.code].en,
                zh=SENTENCES[owed.code].zh,
                amount_fen=owed.amount_fen,
            )
            for owed in verdict.obligations
        ),
    )


def _risk(judgement: Judgement) -> Risk:
    return Risk(
        probability=judgement.probability,
        score=score_of(judgement.probability),
        contributions=tuple(
            Contribution(feature=found.feature, value=found.value, log_odds=found.log_odds)
            for found in judgement.contributions
        ),
    )


def _workings(verdict: Verdict) -> Workings:
    return Workings(
        hits=tuple(rule.name for rule in verdict.hits),
        unknown=verdict.unknown,
        evidence=tuple(sorted(verdict.evidence)),
        spoiled=dict(sorted(verdict.spoiled.items())),
    )


def _lines(reasons: Iterable[Reason]) -> tuple[ReasonLine, ...]:
    return tuple(ReasonLine(code=reason.code, en=reason.en, zh=reason.zh) for reason in reasons)
