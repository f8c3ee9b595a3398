"""The registry on both databases: one model in force, and every change in the trail."""

import asyncio

import pytest

from service.ports_records import RefusedError
from tests.service.sql.records import Record

pytestmark = pytest.mark.anyio


async def test_one_model_is_in_force(record: Record) -> None:
    """Activating one retires the one before; going back is activating again."""
    assert await record.registry.active() is None
    for version in ("m-1", "m-2"):
        assert (await record.registry.register(version, version, f"d-{version}", by="a")).state == "candidate"
        record.clock.at_ms += 1
        await record.registry.move(version, "active", by="a")
    assert {bundle.version: bundle.state for bundle in await record.registry.bundles()} == {
        "m-1": "retired",
        "m-2": "active",
    }
    record.clock.at_ms += 1
    back = await record.registry.move("m-1", "active", by="b")
    assert (back.changed_by, back.changed_ms) == ("b", record.clock.at_ms)
    active = await record.registry.active()
    assert active == back
    assert (await record.audit.verify()).broken is None


async def test_many_who_activate_at_once_leave_one(record: Record) -> None:
    """Whoever is last wins, and the database holds that it is one."""
    for n in range(8):
        await record.registry.register(f"m-{n}", f"m-{n}", "d", by="a")
    await asyncio.gather(*(record.registry.move(f"m-{n}", "active", by="a") for n in range(8)))
    assert [bundle.state for bundle in await record.registry.bundles()].count("active") == 1
    assert (await record.audit.verify()).broken is None


async def test_the_same_bundle_again_stays_as_it_is(record: Record) -> None:
    """Other contents under a known version are refused, and change nothing."""
    await record.registry.register("m-1", "m-1", "d", by="a")
    await record.registry.move("m-1", "active", by="a")
    assert (await record.registry.register("m-1", "m-1", "d", by="b")).state == "active"
    with pytest.raises(RefusedError, match="registered with other contents"):
        await record.registry.register("m-1", "m-1", "other", by="b")
    assert [bundle.digest for bundle in await record.registry.bundles()] == ["d"]


async def test_what_is_not_there_cannot_be_activated(record: Record) -> None:
    """And the one in force stays."""
    await record.registry.register("m-1", "m-1", "d", by="a")
    await record.registry.move("m-1", "active", by="a")
    with pytest.raises(RefusedError, match="no bundle m-9"):
        await record.registry.move("m-9", "active", by="a")
    active = await record.registry.active()
    assert active is not None
    assert active.version == "m-1"
