"""What is decided without the service, by action: what can be taken back is challenged, all else is held."""

from collections.abc import Mapping
from typing import Final

from lastcall_client.answers import Customer, Decision, Degraded, Hold, Screening, Sentence
from lastcall_client.failures import Failure

REVERSIBLE: Final[frozenset[str]] = frozenset({"unsubscribe", "suspend", "resume"})
"""A suspension that protects its owner is among them, so it is never held. An action we do not know is held."""

RETRY_AFTER_S: Final = 30
"""When to ask again, where the service did not say."""

REASON: Final = Sentence(
    code="FAILOVER",
    en="The check could not be made, so the request is treated with care until it can be.",
    zh="暂时无法完成核验，核验恢复前将谨慎处理该请求。",
)
CUSTOMER: Final[Mapping[Decision, Customer]] = {
    "hold": Customer(
        en="Your request is noted and waits for a check. Nothing has been closed.",
        zh="您的申请已登记，正等待核验，号码尚未注销。",
    ),
    "challenge": Customer(
        en="Please confirm that it is you, with a way other than this number if you can.",
        zh="请先确认是您本人操作，尽量使用本号码以外的方式。",
    ),
}


def failover(request: object, failure: Failure) -> Screening:
    """Return the answer to a request that the service did not answer: hold or challenge, marked as ours.

    Nothing is offered as a challenge, because which factors a thief has spoiled is not known here: use the step-up that
    your process has without us. Ask again with the same `request_id` when the service is back.
    """
    asked: Mapping[object, object] = request if isinstance(request, Mapping) else {}
    action, request_id = asked.get("action"), asked.get("request_id")
    decision: Decision = "challenge" if isinstance(action, str) and action in REVERSIBLE else "hold"
    wait = RETRY_AFTER_S if failure.retry_after_s is None else failure.retry_after_s
    return Screening(
        decision=decision,
        enforced=True,
        request_id=request_id if isinstance(request_id, str) else None,
        reasons=(REASON,),
        hold=Hold(case_id=None, expires_at=None, on_expiry="rescreen", retry_after_s=wait)
        if decision == "hold"
        else None,
        degraded=Degraded(is_degraded=True, failed=("lastcall",)),
        customer=CUSTOMER[decision],
        failover=True,
        failure=failure,
    )
