"""What a customer sees who asks with the reference that they were given: how far it is, what is owed, until when.

Coarse on purpose: whoever finds a reference learns neither whose line it is nor why it was stopped.
"""

from typing import Final, Literal

from msgspec import Struct

from service.answer import Obligation
from service.errors import not_found
from service.ports import Book
from service.ports_after import Afterwards, Progress

Stage = Literal["approved", "confirm", "waiting", "stopped", "withdrawn", "suspended", "done"]
SENTENCES: Final[dict[Stage, tuple[str, str]]] = {
    "approved": ("The request has been approved and will be carried out.", "申请已通过，等待办理。"),
    "confirm": (
        "Please confirm that it is you, in any way you were offered.",
        "请按所提供的任一方式确认是您本人办理。",
    ),
    "waiting": ("The request is being looked at.", "申请正在审核中。"),
    "stopped": (
        "The request cannot go ahead in this way; a store of ours can help.",
        "此申请无法通过本渠道办理，请到自有营业厅咨询。",
    ),
    "withdrawn": ("The request was taken back; the line is kept.", "申请已撤回，号码保留。"),
    "suspended": (
        "The line is suspended; it can be taken back until the time shown.",
        "号码已停机，在所示时间之前可以撤回销户。",
    ),
    "done": ("The request has been carried out.", "申请已办理完成。"),
}


class Status(Struct, frozen=True, kw_only=True):
    """How a request stands."""

    appeal_ref: str
    stage: Stage
    en: str
    zh: str
    until: str | None
    owed: tuple[Obligation, ...]


class Counter:
    """Answers whoever asks with a reference."""

    def __init__(self, book: Book, afterwards: Afterwards) -> None:
        """Take the record."""
        self._book = book
        self._after = afterwards

    async def status(self, reference: str) -> Status:
        """Return how a request stands; of one that was looked at again, the newest look.

        Raises:
            Problem: 404 for a reference that nobody was given.
        """
        first = await self._book.by_appeal(reference)
        if first is None:
            raise not_found("reference")
        newest = await self._book.by_request(first.tenant, first.logged.request.request_id) or first
        answer = newest.kept.answer
        stage = _stage(answer.decision, await self._after.progress(newest.screening_id), cools=bool(answer.cooling_off))
        until = {
            "suspended": answer.cooling_off and answer.cooling_off.until,
            "waiting": answer.hold and answer.hold.expires_at,
            "confirm": answer.challenge and answer.challenge.expires_at,
        }.get(stage)
        en, zh = SENTENCES[stage]
        return Status(
            appeal_ref=reference,
            stage=stage,
            en=en,
            zh=zh,
            until=until or None,
            owed=answer.eligibility.obligations,
        )


def _stage(decision: str, progress: Progress, *, cools: bool) -> Stage:
    if progress.withdrawn or "withdrawn" in progress.outcomes or "reversed" in progress.outcomes:
        return "withdrawn"
    if "close" in progress.redeemed or (progress.redeemed and not cools):
        return "done"
    if progress.redeemed:
        return "suspended"
    stages: dict[str, Stage] = {"allow": "approved", "challenge": "confirm", "hold": "waiting"}
    return stages.get(decision, "stopped")
