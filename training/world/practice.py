"""The practice: what an invented carrier checks before it is screened by anything better. It only looks at the request.

It stands for the outside world's `decide(request)` when nobody gives another: what it stops is seldom confirmed later,
and whoever is stopped comes back another way.
"""

from typing import Final

from features.request import ScreeningRequest

Decision = str
"""`allow`, `challenge`, `hold` or `block`."""
ALLOW: Final = "allow"
STOPPED: Final = frozenset({"hold", "block"})


def practice(request: ScreeningRequest) -> Decision:
    """Return what carriers do today: papers and codes are looked at, the rest is not."""
    account, otp = request.account, request.otp
    if request.irreversible and account.frozen_reason in {"police", "security"}:
        return "block"
    if request.requester.document_status == "failed":
        return "hold"
    if request.irreversible and request.kyc.id_document_match == "false":
        return "hold"
    if otp.status in {"failed", "expired"} or (request.irreversible and account.closure_lock == "on"):
        return "challenge"
    return ALLOW
