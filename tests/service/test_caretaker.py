"""The caretaker: what time does with cases, and what happens to it while the record is down."""

import pytest

from service.adapters.sql_mentions import SqlMentions
from service.jobs.caretaker import Caretaker
from service.ports import StoreDownError
from tests.service.sql.caseworld import HOUR_MS, WANG, World
from tests.service.sql.records import NOW_MS, TENANT, Record, token

pytestmark = pytest.mark.anyio


class Down:
    """A use case or an index whose record is down."""

    async def tick(self) -> None:
        """Fail."""
        raise StoreDownError("down")

    async def catch_up(self, now_ms: int) -> int:
        """Fail."""
        raise StoreDownError("down")


async def test_it_ends_holds_and_reads_the_journal(small_record: Record) -> None:
    """Each once."""
    world = World(small_record)
    await world.hold("1", line="line")
    await world.work.snooze(WANG, "cas_1", NOW_MS + HOUR_MS, "later")
    mentions = SqlMentions(small_record.writer, small_record.reader, small_record.journal)
    caretaker = Caretaker(world.work, mentions, small_record.clock)
    assert (await caretaker.look(), await caretaker.index(), await caretaker.index()) == (0, 4, 0)
    assert len(await mentions.of(TENANT, [token("line")], each=9)) == 1
    small_record.clock.at_ms += 24 * HOUR_MS
    assert (await caretaker.look(), await caretaker.look()) == (1, 0)


async def test_while_the_record_is_down_everything_waits(small_record: Record) -> None:
    """The job goes on and says nothing of its insides."""
    caretaker = Caretaker(Down(), Down(), small_record.clock)  # type: ignore[arg-type]  # fails as the real ones do
    assert (await caretaker.look(), await caretaker.index()) == (0, 0)
