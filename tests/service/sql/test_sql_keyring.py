"""Service keys on both databases: shown once, kept as a digest, and withdrawn within a second."""

import asyncio
from datetime import timedelta

import pytest

from service.adapters.keyring import SHAPE, SqlKeyring
from service.ports_records import SCOPES, RefusedError
from tests.service.sql.records import TENANT, MovingClock, Record

pytestmark = pytest.mark.anyio


class Ticks:
    """Seconds that go on only when told to."""

    def __init__(self) -> None:
        """Start at a hundred."""
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


async def test_a_key_lets_in_who_holds_it(record: Record) -> None:
    """With its tenant, name and scopes."""
    made, secret = await record.keys.create(TENANT, "billing", ["screen", "events", "screen"])
    assert SHAPE.fullmatch(secret)
    found = await record.keys.credential(secret)
    assert found == made
    assert (made.tenant, made.name, made.scopes) == (TENANT, "billing", frozenset({"screen", "events"}))


async def test_nobody_else_is_let_in(record: Record) -> None:
    """One letter changed, something else, nothing."""
    _, secret = await record.keys.create(TENANT, "billing", ["screen"])
    last = "a" if secret[-1] != "a" else "b"
    for wrong in (secret[:-1] + last, secret + "a", secret[:-1], "", "lc_", "lc_" + "é" * 53, secret[3:], f" {secret}"):
        assert await record.keys.credential(wrong) is None


async def test_the_secret_is_kept_nowhere(record: Record) -> None:
    """Whoever reads the table cannot call."""
    _, secret = await record.keys.create(TENANT, "billing", ["screen"])
    rows = record.rows("SELECT * FROM service_keys")
    assert secret[13:] not in str(rows)
    assert record.rows("SELECT length(digest) FROM service_keys") == [(32,)]


@pytest.mark.parametrize("scopes", [[], ["everything"], ["screen", "Screen"]])
async def test_a_key_needs_scopes_that_exist(record: Record, scopes: list[str]) -> None:
    """The sentence lists them."""
    with pytest.raises(RefusedError, match="risk:read"):
        await record.keys.create(TENANT, "billing", scopes)
    assert record.count("service_keys") == 0


async def test_a_revoked_key_lets_nobody_in(record: Record) -> None:
    """In this process at once; revoking twice says that there was nothing to revoke."""
    made, secret = await record.keys.create(TENANT, "billing", ["screen"])
    assert await record.keys.credential(secret)
    assert await record.keys.revoke(made.key_id)
    assert await record.keys.credential(secret) is None
    assert not await record.keys.revoke(made.key_id)
    assert not await record.keys.revoke("nosuchkey")
    assert await record.keys.credentials() == []


async def test_another_process_remembers_a_key_for_half_a_second(record: Record) -> None:
    """It asks the record again then, so a key that was revoked elsewhere works for less than a second."""
    ticks = Ticks()
    other = SqlKeyring(record.writer, record.reader, record.clock, ticking=ticks)
    made, secret = await record.keys.create(TENANT, "billing", ["screen"])
    assert await other.credential(secret)
    await record.keys.revoke(made.key_id)
    ticks.now += 0.49
    assert await other.credential(secret)
    ticks.now += 0.02
    assert await other.credential(secret) is None


async def test_keys_in_force_are_listed(record: Record) -> None:
    """The oldest first, of one tenant or of all."""
    for tenant, name in ((TENANT, "a"), ("south", "b"), (TENANT, "c")):
        await record.keys.create(tenant, name, SCOPES)
        record.clock.at_ms += 1
    assert [key.name for key in await record.keys.credentials()] == ["a", "b", "c"]
    assert [key.name for key in await record.keys.credentials(TENANT)] == ["a", "c"]


async def test_many_keys_are_made_at_once(record: Record) -> None:
    """No two are alike, and the trail holds each."""
    made = await asyncio.gather(*(record.keys.create(TENANT, f"{n}", ["screen"]) for n in range(40)))
    assert len({secret for _, secret in made}) == len({key.key_id for key, _ in made}) == 40
    assert (await record.audit.verify()).broken is None


async def test_a_key_ends_by_itself(record: Record, clock: MovingClock) -> None:
    """At its last moment it lets nobody in any more, and is not among the keys in force."""
    made, secret = await record.keys.create(TENANT, "billing", ["screen"], lasts=timedelta(days=1))
    clock.advance(timedelta(days=1, milliseconds=-1))
    assert await record.keys.credential(secret) == made
    clock.advance(timedelta(milliseconds=1))
    record.keys._remembered.clear()
    assert await record.keys.credential(secret) is None
    assert await record.keys.credentials() == []


async def test_a_key_is_rotated_without_a_gap(record: Record, clock: MovingClock) -> None:
    """For the overlap both work; then the new one alone, with the same scopes; the trail holds."""
    old, first = await record.keys.create(TENANT, "billing", ["screen", "events"])
    new, second = await record.keys.rotate(old.key_id, timedelta(hours=1))
    assert (new.scopes, new.name, new.tenant) == (old.scopes, old.name, old.tenant)
    assert await record.keys.credential(first)
    assert await record.keys.credential(second)
    clock.advance(timedelta(hours=1))
    record.keys._remembered.clear()
    assert await record.keys.credential(first) is None
    assert await record.keys.credential(second) == new
    await record.keys.revoke(new.key_id)
    assert (await record.audit.verify()).broken is None
    with pytest.raises(RefusedError, match="no key"):
        await record.keys.rotate(old.key_id, timedelta(0))
