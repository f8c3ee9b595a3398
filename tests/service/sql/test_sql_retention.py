"""Retention on both databases: what has had its time is gone, the rest stays, and the trail still verifies."""

import pytest
from sqlalchemy import insert

from service.adapters.sql_retention import BATCH, Ends
from service.adapters.sql_tables import outbox
from service.adapters.sql_tables_after import faces, liveness_sessions, otp_codes
from tests.service.sql.records import NOW_MS, TENANT, Record, entry

pytestmark = pytest.mark.anyio
DAY_MS = 86_400_000


def ends(**changes: int) -> Ends:
    """Erase nothing but what is named."""
    return Ends(**{"now_ms": 0, "private_ms": 0, "sent_ms": 0, "over_ms": 0, **changes})


async def test_plain_numbers_and_places_are_erased(record: Record) -> None:
    """The decision stays, and its answer; what was sealed is gone for good, and no link of the trail breaks."""
    old = (await record.book.record(entry("1", created_ms=NOW_MS - DAY_MS))).kept.answer.screening_id
    new = (await record.book.record(entry("2"))).kept.answer.screening_id
    assert (await record.retention.erase(ends(private_ms=NOW_MS))).private == 1
    assert await record.book.private(TENANT, old) == {}
    assert (await record.book.private(TENANT, new))["msisdn"]
    assert (await record.book.screening(TENANT, old)) is not None
    assert (await record.audit.verify()).broken is None
    assert record.count("audit_entries WHERE what = 'erasure'") == 1


async def test_erasing_nothing_writes_nothing(record: Record) -> None:
    """A quiet day leaves no line in the trail."""
    await record.book.record(entry("1"))
    assert (await record.retention.erase(ends())).total == 0
    assert record.count("audit_entries WHERE what = 'erasure'") == 0


async def test_messages_stay_until_they_are_sent_and_old(record: Record) -> None:
    """One that still waits is never erased, however old."""
    for number in ("1", "2"):
        await record.book.record(entry(number))
    sent = outbox.update().where(outbox.c.message_id.like("%1")).values(state="sent")
    record.change(str(sent.compile(compile_kwargs={"literal_binds": True})))
    assert (await record.retention.erase(ends(sent_ms=NOW_MS))).messages == 0
    assert (await record.retention.erase(ends(sent_ms=NOW_MS + 1))).messages == 1
    assert record.rows("SELECT state FROM outbox") == [("waiting",)]


async def test_codes_sessions_and_faces_end(record: Record) -> None:
    """Each at its own moment; a face not an hour after what was stated."""
    await record.book.record(entry("1"))
    code = {"authentication_id": "a", "challenge_id": "chl_1", "contact": "closing_number", "digest": b"x", "tries": 0}
    session = {"session_id": "s", "challenge_id": "chl_1", "nonce": "n", "steps": "[]", "consent": "v1"}
    face = {"party": "p", "template": b"x", "consent_version": "v1", "consent_ms": 1, "enrolled_ms": 1}
    plain = {"tenant": TENANT, "expires_ms": NOW_MS}
    with record.database.writer.begin() as connection:
        connection.execute(insert(faces), plain | face)
        connection.execute(insert(otp_codes), plain | code | {"line": "l", "state": "open", "sent_ms": 1})
        connection.execute(insert(liveness_sessions), plain | session | {"line": "l", "state": "open", "opened_ms": 1})
    assert (await record.retention.erase(ends(now_ms=NOW_MS - 1, over_ms=NOW_MS))).total == 0
    erased = await record.retention.erase(ends(now_ms=NOW_MS, over_ms=NOW_MS + 1))
    assert (erased.faces, erased.codes, erased.sessions) == (1, 1, 1)


async def test_a_step_erases_a_batch(record: Record) -> None:
    """So that nobody waits long for the database."""
    for number in range(BATCH + 3):
        await record.book.record(entry(f"{number}"))
    steps = [(await record.retention.erase(ends(private_ms=NOW_MS + 1))).private for _ in range(3)]
    assert steps == [BATCH, 3, 0]
