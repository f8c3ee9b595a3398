"""What the customer is told: plain sentences in Chinese and English that name no signal and no threshold.

A person who is stopped learns what to do next and where to ask; a thief learns nothing.
"""

from typing import Final

from model.outcome import Decision
from service.answer import Customer

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "allow": (
        "Your request has passed our safety check and can go ahead.",
        "您的申请已通过安全核验，可以继续办理。",
    ),
    "allow_ineligible": (
        "Your request has passed our safety check. Please settle the points listed before it can be completed.",
        "您的申请已通过安全核验。请先办妥所列事项，之后即可完成办理。",
    ),
    "challenge": (
        "To protect your number, please confirm that it is you in any way offered; a face check is never the only one.",
        "为保护您的号码安全，请确认是您本人办理。您可任选一种核验方式，人脸核验不是唯一方式。",
    ),
    "hold": (
        (
            "To protect your number, a member of staff will look at your request; you need not apply again. "
            "You may also go to one of our own stores with your identity document."
        ),
        "为保护您的号码安全，我们将人工复核您的申请。您无需重复提交，也可携带身份证件到自有营业厅办理。",
    ),
    "hold_degraded": (
        "Part of our safety check cannot be reached just now. We look again by ourselves; you need not apply again.",
        "安全核验系统暂时繁忙，恢复后将自动重新核验，您无需重复提交。",
    ),
    "block": (
        (
            "This request cannot go ahead in this way. If you are the owner of the number, please come to one of our "
            "own stores with your identity document, or ask for a review."
        ),
        "此申请目前无法通过本渠道办理。如您是号码机主，请携带身份证件到自有营业厅办理，或申请人工复核。",
    ),
}


def customer_text(decision: Decision, appeal_ref: str, *, eligible: bool, degraded_only: bool) -> Customer:
    """Return what the customer may be told of a decision, with the reference for asking about it."""
    name: str = decision
    if decision == "allow" and not eligible:
        name = "allow_ineligible"
    elif decision == "hold" and degraded_only:
        name = "hold_degraded"
    en, zh = _TEXTS[name]
    return Customer(
        en=f"{en} Reference: {appeal_ref}.",
        zh=f"{zh}查询编号：{appeal_ref}。",
        appeal_ref=appeal_ref,
    )
