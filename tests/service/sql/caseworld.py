"""A desk of analysts over a record: cases to work on, people to work on them, and labels that can be counted."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from service.adapters.sql_proposals import SqlProposals
from service.casework import Casework
from service.four_eyes import FourEyes
from service.labelling import Label, Labelled
from service.permissions import Person, Role
from service.ports import StoreDownError
from tests.service.sql.records import NOW_MS, TENANT, Record, case, entry

HOUR_MS = 3_600_000


@dataclass
class NotedLabels:
    """Takes labels and shows them; fails when told to."""

    said: list[tuple[str, str, str]] = field(default_factory=list)
    amounts: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    down: bool = False

    async def label(self, tenant: str, screening_id: str, said: Label, *, by: str) -> Labelled:
        """Note a label."""
        if self.down:
            raise StoreDownError("labels")
        self.said.append((screening_id, said.label, by))
        self.amounts[screening_id] = (said.loss_fen, said.recovered_fen)
        return Labelled(screening_id=screening_id, label=said.label, source=said.source, accepted=True)


@dataclass
class World:
    """The use cases over one record."""

    record: Record
    labels: NotedLabels = field(default_factory=NotedLabels)

    @property
    def work(self) -> Casework:
        """Casework."""
        return Casework(self.record.docket, self.labels, self.record.clock)

    @property
    def proposals(self) -> SqlProposals:
        """What is proposed."""
        return SqlProposals(self.record.writer, self.record.reader)

    @property
    def eyes(self) -> FourEyes:
        """What takes two."""
        return FourEyes(self.proposals, self.record.book, self.labels, self.record.clock)

    async def hold(self, number: str, **changes: Any) -> str:
        """Write a hold and return its case; `due`, `harm` and `queue` are the case's."""
        opened = msgspec.structs.replace(
            case(number),
            due_ms=changes.pop("due", NOW_MS + 8 * HOUR_MS),
            expected_harm_fen=changes.pop("harm", 300_000),
            queue=changes.pop("queue", "close_remote"),
        )
        line = changes.pop("line", f"line-{number}")
        made = entry(number, decision="hold", case=opened, line=line, **changes)
        keys = {**made.logged.event.keys, **{name: changes_of(name, number) for name in ("party", "device")}}
        seen = msgspec.structs.replace(made.logged.event, keys=keys)
        await self.record.book.record(
            msgspec.structs.replace(made, logged=msgspec.structs.replace(made.logged, event=seen))
        )
        return opened.case_id


def changes_of(name: str, number: str) -> str:
    """Return a token that no other case shares."""
    return f"t1_{name}-{number}".ljust(25, "x")[:25]


def person(name: str, role: Role = "analyst", *, regions: tuple[str, ...] = (), tenant: str = TENANT) -> Person:
    """Return somebody who acts."""
    return Person(user_id=f"usr_{name}", tenant=tenant, name=name, role=role, regions=regions)


WANG = person("wang")
LI = person("li")
ZHAO = person("zhao", "lead")
CHEN = person("chen", "lead")
