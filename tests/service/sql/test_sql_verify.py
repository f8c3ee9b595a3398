"""The audit trail on both databases: whoever changes the record is found, and the first break is named."""

import asyncio
import re
from dataclasses import dataclass

import pytest

from features.codec import LoggedLabel
from service.adapters.secrets_folder import SecretsFolder
from service.adapters.sql_verify import AuditDesk
from tests.service.sql.records import NOW_MS, TENANT, MovingClock, Record, entry, event, past

pytestmark = pytest.mark.anyio
TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"


async def filled(record: Record) -> None:
    """Write some of everything, in several links."""
    for number in range(4):
        await record.book.record(entry(f"{number}", decision="block" if number == 3 else "challenge"))
    await record.book.report(TENANT, [event(n) for n in range(3)])
    await record.book.history(TENANT, [past(n) for n in range(3)])
    await record.book.label(TENANT, [LoggedLabel(screening_id="past-1", label="fraud", source="a", at_ms=NOW_MS)])
    await record.registry.register("m-1", "m-1", "digest", by="tests")
    await record.registry.move("m-1", "active", by="tests")
    key, _ = await record.keys.create(TENANT, "billing", ["screen"])
    await record.keys.revoke(key.key_id)


def unguarded(record: Record) -> None:
    """Take away the triggers that refuse changes, as somebody with the database's password might."""
    if record.database.embedded:
        record.change(*(f"DROP TRIGGER {name}" for (name,) in record.rows(TRIGGERS)))
        return
    tables = "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
    record.change(*(f"ALTER TABLE {name} DISABLE TRIGGER USER" for (name,) in record.rows(tables)))


async def test_an_honest_record_holds(record: Record) -> None:
    """Also after other processes have written, and when there is nothing yet."""
    assert (await record.audit.verify()).broken is None
    await filled(record)
    verdict = await record.audit.verify()
    assert verdict.broken is None
    assert (verdict.chains, verdict.links) == (1, 11)
    assert verdict.entries == 12


async def test_decisions_of_one_batch_share_a_link(record: Record) -> None:
    """One commit is one link."""
    await asyncio.gather(*(record.book.record(entry(f"{n}")) for n in range(50)))
    verdict = await record.audit.verify()
    assert verdict.broken is None
    assert verdict.links < 50
    assert verdict.entries == 51


@dataclass(frozen=True)
class Deed:
    """What somebody does to the database, and what the walk says."""

    sql: str
    says: str


DEEDS = [
    Deed("UPDATE decisions SET decision = 'allow' WHERE idem_key = 'key-1'", "decision scr_{1} was edited"),
    Deed("UPDATE decisions SET probability = 0.0 WHERE idem_key = 'key-2'", "decision scr_{2} was edited"),
    Deed("DELETE FROM decisions WHERE idem_key = 'key-3'", "decision scr_{3} was deleted"),
    Deed("UPDATE audit_entries SET ref = 'other' WHERE n = 2 AND position = 0", "link 2 was edited"),
    Deed("UPDATE audit_links SET at_ms = at_ms + 1 WHERE n = 3", "link 3 was edited"),
    Deed("DELETE FROM audit_entries WHERE n = 2", "an entry of link 2 was deleted"),
    Deed("DELETE FROM audit_links WHERE n = 2", "link 2 was deleted"),
    Deed("UPDATE events SET kind = 'otp_sent' WHERE event_id = 'e-1'", "events .* was edited"),
    Deed("DELETE FROM events WHERE event_id = 'e-1'", "events .* was edited"),
    Deed("DELETE FROM events", "events .* was deleted"),
    Deed("UPDATE labels SET label = 'legitimate'", "labels .* was edited"),
    Deed("DELETE FROM past_screenings WHERE event_id = 'past-2'", "past_screenings .* was edited"),
    Deed("UPDATE registry SET path = 'elsewhere'", "registry m-1#2 was edited"),
    Deed("UPDATE service_keys SET scopes = 'admin screen'", "key .*#3 was edited"),
    Deed("UPDATE service_keys SET revoked_ms = NULL", "key .*#1 was edited"),
    Deed(
        "INSERT INTO labels (tenant, screening_id, source, label, at_ms, intake) "
        "VALUES ('north', 'past-2', 'me', 'legitimate', 1, 'mine')",
        "labels mine was inserted",
    ),
]


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.sql[:60])
async def test_a_change_is_found(record: Record, deed: Deed) -> None:
    """Whatever was edited, deleted or inserted behind our back."""
    await filled(record)
    unguarded(record)
    record.change(deed.sql)
    broken = (await record.audit.verify()).broken
    assert broken is not None
    says = deed.says
    for number in (1, 2, 3):
        says = says.replace(f"scr_{{{number}}}", entry(f"{number}").screening_id)
    assert re.match(says, broken.sentence), broken.sentence


async def test_what_may_change_is_no_break(record: Record) -> None:
    """What was private may be erased, a verdict lifted, an event marked as remembered."""
    await filled(record)
    await record.journal.mark_applied(TENANT, ["e-1"])
    record.change("UPDATE decisions SET private = NULL", "UPDATE decisions SET lifted_ms = 5 WHERE idem_key = 'key-1'")
    assert (await record.audit.verify()).broken is None


async def test_the_database_itself_refuses_most_of_it(record: Record) -> None:
    """Triggers stand before a careless hand; the trail is for a careful one."""
    await filled(record)
    for sql in ("DELETE FROM audit_links", "UPDATE audit_entries SET ref = 'x'"):
        with pytest.raises(Exception, match=r"(?i)audit|append"):
            record.change(sql)
    assert (await record.audit.verify()).broken is None


async def test_a_cut_off_end_is_found_against_an_anchor(record: Record) -> None:
    """Rows and links that go together leave no gap; the head that was kept outside does not fit any more."""
    await filled(record)
    heads = await record.audit.heads()
    await record.book.record(entry("late"))
    later = await record.audit.heads()
    unguarded(record)
    last = later[0].n
    record.change(
        f"DELETE FROM audit_entries WHERE n = {last}",  # noqa: S608 - a number
        f"DELETE FROM audit_links WHERE n = {last}",  # noqa: S608
        "DELETE FROM challenges WHERE screening_id LIKE '%late'",
        "DELETE FROM decisions WHERE idem_key = 'key-late'",
    )
    assert (await record.audit.verify(heads)).broken is None
    broken = (await record.audit.verify(later)).broken
    assert broken is not None
    assert (broken.kind, broken.ref) == ("deleted", str(last))


async def test_chains_are_held_together(record: Record, secrets: SecretsFolder, clock: MovingClock) -> None:
    """The first link of a later process names the newest link of an earlier one: a whole chain cannot vanish."""
    await filled(record)
    clock.at_ms += 1000
    other = Record(record.url, secrets, clock)
    await other.book.record(entry("other"))
    assert (await other.audit.verify()).chains == 2
    unguarded(record)
    first = record.trail.chain
    for table in ("audit_entries", "audit_links"):
        record.change(f"DELETE FROM {table} WHERE chain = '{first}'")  # noqa: S608 - a name of ours
    broken = (await other.audit.verify()).broken
    await other.close()
    assert broken is not None
    assert (broken.kind, broken.thing, broken.ref) == ("deleted", "chain", first)


async def test_a_chain_under_a_strangers_key_does_not_hold(record: Record) -> None:
    """Whoever can write the database cannot make links without the key that is outside."""
    await filled(record)
    stranger = AuditDesk(record.reader, [b"s" * 32])
    broken = (await stranger.verify()).broken
    assert broken is not None
    assert broken.kind == "edited"


async def test_after_a_rotation_both_keys_verify(record: Record, secrets: SecretsFolder, clock: MovingClock) -> None:
    """Earlier chains hold under the key with which they were made."""
    await filled(record)
    secrets.rotate("audit")
    clock.at_ms += 1000
    other = Record(record.url, secrets, clock)
    await other.book.record(entry("other"))
    verdict = await other.audit.verify()
    await other.close()
    assert verdict.broken is None
    assert verdict.chains == 2
