"""Writing the answer: from a verdict to what the caller gets, the case an analyst gets, and the challenge a customer gets.

`allow` is made here and nowhere else, and only when nothing failed: the last assertion before a line can be closed.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from model.policy import Verdict
from model.reasons import NEXT_ACTIONS, reasons_for

from features.clock import rfc3339
from features.codec import LoggedScreening
from service.answer import (
    Answer,
    Degraded,
    KeptAnswer,
    Sentence,
    Versions,
)
from service.ids import appeal_ref, new_id
from service.judging import InForce, Judgement
from service.ports import CaseOpened, ChallengeOpened, Receipts
from service.wording import customer_text

CHALLENGE_LIFE: Final = timedelta(minutes=30)
RETRY_DEGRADED_S: Final = 30
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

    def __init__(self, receipts: Receipts, receipt_life: timedelta, *, enforced: bool) -> None:
        """Take the signer of receipts, how long one may be redeemed, and whether verdicts are enforced."""
        self._receipts = receipts
        self._receipt_life = receipt_life
        self._enforced = enforced

    def compose(
        self, tenant: str, at_ms: int, logged: LoggedScreening, judgement: Judgement, force: InForce
    ) -> Composition:
        """Return the answer to a judged request.

        Raises:
            UnsafeAllowError: the verdict allows although a check failed.
        """
        verdict = judgement.verdict
        decision = _safe(verdict, judgement)
        screening_id, reference = new_id("scr", at_ms), appeal_ref()
        case = _case(at_ms, logged, verdict, judgement.probability)
        challenge = _challenge(at_ms, logged.request, verdict)
        full, public = reasons_for(judgement.contributions, verdict)
        versions = Versions(model=force.model_version, policy=force.policy.version, catalogue=force.catalogue.digest)
        answer = Answer(
            screening_id=screening_id,
            request_id=logged.request.request_id,
            created_at=rfc3339(at_ms),
            decision=decision,
            enforced=self._enforced,
            reasons=_lines(full),
            challenge=_offer(challenge),
            hold=_hold(at_ms, verdict, case),
            eligibility=_eligibility(verdict),
            cooling_off=None,
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
        kept = KeptAnswer(answer=answer, public_reasons=_lines(public))
        named = {"policy": versions.policy, "catalogue": versions.catalogue}
        return Composition(kept, named | ({"model": versions.model} if versions.model else {}), case, challenge)

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
