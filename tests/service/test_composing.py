"""Writing the answer: the last assertion before a line can be closed, and what binds a receipt to what was asked."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from features.catalogue import catalogue
from features.request import ScreeningRequest
from model.outcome import DECISIONS
from model.policy import Matter, Policy
from service.answer import keep, recall, seen_with, to_json
from service.composing import Composer, UnsafeAllowError, digest_of
from service.ids import CROCKFORD, appeal_ref, new_id
from service.judging import InForce, Judgement, score_of
from service.wording import customer_text
from tests.builders import request
from tests.service.fakes import Desk, OpenReceipts, asked
from tests.service.sql.records import NOW_MS, TENANT, answer

pytestmark = pytest.mark.anyio


async def test_an_allow_beside_a_failure_is_never_written() -> None:
    """Whatever a policy says: if a check failed, an allow is a defect and not an answer."""
    desk = Desk()
    given = await desk.screening().screen(asked(desk.know(request())))
    assert given.kept.answer.decision == "allow"
    force = InForce(catalogue(), Policy.load(None, catalogue()), desk.scorer)
    logged = desk.book.entries[0].logged
    verdict = force.policy.judge(
        Matter(
            request=logged.request,
            row=logged.row or {},
            failures=frozenset(),
            sticky=None,
            at_ms=NOW_MS,
            strictness="normal",
            probability=0.0001,
            band="allow",
        )
    )
    assert verdict.decision == "allow"
    judgement = Judgement(verdict=verdict, probability=0.0001, contributions=(), failures=frozenset())
    composer = Composer(OpenReceipts(), timedelta(seconds=300), enforced=True)
    assert composer.compose(TENANT, NOW_MS, logged, judgement, force).kept.answer.receipt
    with pytest.raises(UnsafeAllowError):
        composer.compose(TENANT, NOW_MS, logged, replace(judgement, failures=frozenset({"velocity"})), force)


def test_a_receipt_is_bound_to_what_was_asked() -> None:
    """Another action, another line, another target of the balance: another digest; the rest does not matter."""

    def digest(**patch: object) -> str:
        return digest_of(msgspec.convert(base | patch, ScreeningRequest))

    base = request()
    other_line = base["subscriber"] | {"msisdn": "+8613900139000"}
    seen = {
        digest(),
        digest(action="close_remote"),
        digest(subscriber=other_line),
        digest(balance_transfer={"target_token": "somebody"}),
    }
    assert len(seen) == 4
    assert digest(channel="web") == digest()


def test_an_answer_is_kept_and_recalled() -> None:
    """Byte by byte the same for the same key; without the scope coarse reasons and no risk."""
    kept = answer("1", "challenge")
    assert recall(keep(kept)) == kept
    plain = seen_with(kept, risk_read=False)
    assert plain.reasons == kept.public_reasons
    assert b'"risk"' not in to_json(plain)
    assert b'"risk":{' in to_json(seen_with(kept, risk_read=True))
    assert b'"cooling_off":null' in to_json(plain)


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize("eligible", [True, False])
@pytest.mark.parametrize("degraded", [True, False])
def test_what_a_customer_is_told_names_no_signal(
    decision: str,
    eligible: bool,  # noqa: FBT001
    degraded: bool,  # noqa: FBT001
) -> None:
    """In both languages, with a reference; a person who is stopped learns what to do."""
    told = customer_text(decision, "LC-1", eligible=eligible, degraded_only=degraded)  # type: ignore[arg-type]
    assert told.en.endswith("Reference: LC-1.")
    assert told.zh.endswith("查询编号：LC-1。")
    for word in ("SIM", "device", "fraud", "score", "location", "model", "风险", "欺诈", "设备", "评分"):
        assert word not in told.en + told.zh


def test_a_score_is_on_the_scale_that_analysts_know() -> None:
    """600 at even odds, thirty points for doubled odds, within 0 and 1000, nothing for nothing."""
    assert score_of(None) is None
    assert [score_of(p) for p in (0.5, 2 / 3, 1 / 3)] == [600, 630, 570]
    assert [score_of(p) for p in (0.0, 1.0)] == [0, 1000]


def test_ids_are_in_order_and_unguessable() -> None:
    """Later ones sort behind; no two are alike; a reference can be read out."""
    early, late = new_id("scr", NOW_MS), new_id("scr", NOW_MS + 1)
    assert early < late
    assert len(early) == len("scr_") + 26
    assert len({new_id("scr", NOW_MS) for _ in range(1000)}) == 1000
    assert len({appeal_ref() for _ in range(1000)}) == 1000
    assert set(appeal_ref()) <= set(CROCKFORD) | {"-", "L"}
