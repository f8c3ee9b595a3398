"""Walking the audit trail: recomputes every link, then compares what the trail says was written with what is there.

Finds what was edited, deleted, inserted or put in another order, and names the first such break. What it cannot see by
itself is a chain whose end was cut off together with the rows that it told of; against `heads` kept outside it can.
"""

import hmac
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, Literal

from msgspec import Struct
from sqlalchemy import Connection, Select, func, select, tuple_

from service.adapters.sql_accounted import ACCOUNTED
from service.adapters.sql_audit import (
    OPENED,
    Head,
    Line,
    contents_of,
    digest_of,
    genesis,
    link_hash,
    name_of,
    unordered,
)
from service.adapters.sql_intake import KEYS, held_fast, in_order
from service.adapters.sql_reader import Reader
from service.adapters.sql_rows import decision_digest, intake_digest
from service.adapters.sql_tables import audit_entries, audit_links, decisions, metadata

Kind = Literal["edited", "deleted", "inserted", "reordered"]
PAGE: Final = 500

lk: Final = audit_links.c
en: Final = audit_entries.c


class Break(Struct, frozen=True, kw_only=True):
    """Where the record does not hold: what happened to which thing, and the link that shows it."""

    kind: Kind
    thing: str
    ref: str
    chain: str = ""
    n: int = -1

    @property
    def sentence(self) -> str:
        """What an auditor reads."""
        where = f" (chain {self.chain}, link {self.n})" if self.chain else ""
        return f"{self.thing} {self.ref} was {self.kind}{where}"


class Verdict(Struct, frozen=True, kw_only=True):
    """What a walk found: how much it covered, and the first break, None when everything holds."""

    chains: int
    links: int
    entries: int
    broken: Break | None


class BrokenError(Exception):
    """Ends a walk at the first break."""

    def __init__(self, found: Break) -> None:
        """Carry the break."""
        super().__init__(found.sentence)
        self.found = found


class AuditDesk:
    """Verifies the trail, and tells the heads that are to be kept outside."""

    def __init__(self, reader: Reader, keys: Sequence[bytes]) -> None:
        """Read with the process's reader; the ring `audit` is what nobody has who can only write the database."""
        self._reader = reader
        self._keys = {name_of(key): key for key in keys}

    async def verify(self, anchors: Sequence[Head] = ()) -> Verdict:
        """Walk everything, as it stands at one moment.

        Args:
            anchors: heads that were kept outside; each must still be in its chain.
        """
        return await self._reader.slow(lambda connection: self._verify(connection, anchors))

    async def heads(self) -> Sequence[Head]:
        """Return the newest link of every chain: what to keep outside."""
        newest = select(lk.chain, func.max(lk.n).label("n")).group_by(lk.chain).subquery()
        both = (lk.chain == newest.c.chain) & (lk.n == newest.c.n)
        query = select(lk.chain, lk.n, lk.hash).join(newest, both).order_by(lk.chain)
        rows = await self._reader.slow(lambda connection: connection.execute(query).all())
        return [Head(*row) for row in rows]

    def _verify(self, connection: Connection, anchors: Sequence[Head]) -> Verdict:
        walk = Walk(connection, self._keys)
        broken = None
        _begin_snapshot(connection)
        try:
            walk.chains_of_links()
            walk.kept_outside(anchors)
            walk.all_accounted_for()
        except BrokenError as error:
            broken = error.found
        finally:
            connection.rollback()
        return Verdict(chains=len(walk.chains), links=walk.links, entries=walk.entries, broken=broken)


class Walk:
    """One walk over the record."""

    def __init__(self, connection: Connection, keys: Mapping[str, bytes]) -> None:
        """Start at the beginning."""
        self._db = connection
        self._keys = keys
        self._key = b""
        self._head: Head | None = None
        self._noted: dict[str, dict[str, bytes]] = defaultdict(dict)
        self._decisions = 0
        self.chains: set[str] = set()
        self.links = 0
        self.entries = 0

    def chains_of_links(self) -> None:
        """Recompute every link of every chain, and every decision that a link tells of."""
        after = ("", -1)
        while True:
            query = select(audit_links).where(tuple_(lk.chain, lk.n) > after).order_by(lk.chain, lk.n).limit(PAGE)
            links = self._db.execute(query).all()
            last = (links[-1].chain, links[-1].n) if len(links) == PAGE else None
            entries = self._entries(after, last)
            for link in links:
                self._link(link, entries.pop((link.chain, link.n), []))
            for (chain, n), orphans in entries.items():
                raise BrokenError(Break(kind="deleted", thing="the link of", ref=orphans[0].ref, chain=chain, n=n))
            if last is None:
                return
            after = last

    def kept_outside(self, anchors: Sequence[Head]) -> None:
        """Find every anchor in its chain: an end that was cut off shows here, and only here."""
        for anchor in anchors:
            found = self._db.scalar(select(lk.hash).where(lk.chain == anchor.chain, lk.n == anchor.n))
            if found != anchor.hash:
                kind: Kind = "deleted" if found is None else "edited"
                raise BrokenError(Break(kind=kind, thing="link", ref=str(anchor.n), chain=anchor.chain, n=anchor.n))

    def all_accounted_for(self) -> None:
        """Compare the trail with the rows it tells of, and find rows that it does not tell of."""
        if self._db.scalar(select(func.count()).select_from(decisions)) != self._decisions:
            told = select(en.ref).where(en.what == "decision", en.ref == decisions.c.screening_id)
            ref = self._db.scalar(select(decisions.c.screening_id).where(~told.exists()).limit(1))
            raise BrokenError(Break(kind="inserted", thing="decision", ref=str(ref)))
        for table in KEYS:
            self._compare(table, self._intakes(table))
        for what, kept in ACCOUNTED.items():
            self._compare(what, ((kept.ref(row), kept.digest(row)) for row in self._all(kept.rows)))

    def _link(self, link: Any, entries: list[Any]) -> None:  # noqa: ANN401 - rows of the two tables
        """Check one link: its place, its entries, its hash; then the decisions it tells of."""
        if self._head is None or self._head.chain != link.chain:
            # A key that is not ours makes a chain that cannot hold.
            self._key = self._keys.get(link.chain.rpartition("-")[2], b"")
            self._head = genesis(self._key, link.chain)
        broken = self._place(link, self._head) or _size(link, entries) or self._hash(link, self._head, entries)
        if broken is not None:
            raise BrokenError(broken)
        self._head = Head(link.chain, link.n, link.hash)
        self.chains.add(link.chain)
        self.links += 1
        self.entries += len(entries)
        self._decided([entry for entry in entries if entry.what == "decision"])
        for entry in entries:
            self._remember(entry)

    def _place(self, link: Any, head: Head) -> Break | None:  # noqa: ANN401
        if link.n != head.n + 1:
            return Break(kind="deleted", thing="link", ref=str(head.n + 1), chain=link.chain, n=head.n + 1)
        if link.prev == head.hash:
            return None
        elsewhere = self._db.scalar(select(lk.n).where(lk.chain == link.chain, lk.hash == link.prev))
        kind: Kind = "edited" if elsewhere is None else "reordered"
        return Break(kind=kind, thing="link", ref=str(link.n), chain=link.chain, n=link.n)

    def _hash(self, link: Any, head: Head, entries: list[Any]) -> Break | None:  # noqa: ANN401
        contents = [contents_of(Line(entry.tenant, entry.what, entry.ref, entry.digest)) for entry in entries]
        if hmac.compare_digest(link_hash(self._key, head, link.at_ms, contents), link.hash):
            return None
        kind: Kind = "reordered" if len(entries) > 1 and unordered(contents) == link.contents else "edited"
        return Break(kind=kind, thing="link", ref=str(link.n), chain=link.chain, n=link.n)

    def _decided(self, entries: list[Any]) -> None:
        """Compare the decisions of a link with their rows."""
        self._decisions += len(entries)
        refs = [entry.ref for entry in entries]
        rows = self._db.execute(select(decisions).where(decisions.c.screening_id.in_(refs))) if refs else ()
        there = {row.screening_id: decision_digest(row._asdict()) for row in rows}
        for entry in entries:
            if there.get(entry.ref) != entry.digest:
                kind: Kind = "edited" if entry.ref in there else "deleted"
                raise BrokenError(Break(kind=kind, thing="decision", ref=entry.ref, chain=entry.chain, n=entry.n))

    def _remember(self, entry: Any) -> None:  # noqa: ANN401
        """Keep what is compared later; of a thing that changes, only its latest state."""
        if entry.what == OPENED and entry.ref:
            chain, _, n = entry.ref.rpartition(":")
            found = self._db.scalar(select(lk.hash).where(lk.chain == chain, lk.n == int(n)))
            if found is None or digest_of(found) != entry.digest:
                raise BrokenError(Break(kind="deleted" if found is None else "edited", thing="chain", ref=chain))
        elif entry.what not in {OPENED, "decision"}:
            self._noted[entry.what][entry.ref] = entry.digest

    def _compare(self, what: str, there: Iterator[tuple[str, bytes]]) -> None:
        noted = _latest(self._noted[what])
        for ref, digest in there:
            if noted.pop(ref, None) != digest:
                kind: Kind = "edited" if ref in self._noted[what] else "inserted"
                raise BrokenError(Break(kind=kind, thing=what, ref=ref))
        for ref in noted:
            raise BrokenError(Break(kind="deleted", thing=what, ref=ref))

    def _intakes(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield the digest of every intake of a table, from its rows."""
        table = metadata.tables[name]
        rows = self._db.execute(select(table).order_by(table.c.intake).execution_options(yield_per=PAGE))
        for intake, group in groupby(rows, key=lambda row: str(row.intake)):
            ordered = sorted((row._asdict() for row in group), key=lambda row: in_order(name, row))
            yield intake, intake_digest(held_fast(name, row) for row in ordered)

    def _all(self, query: Select[Any]) -> Iterator[Any]:
        return iter(self._db.execute(query.execution_options(yield_per=PAGE)))

    def _entries(self, after: tuple[str, int], last: tuple[str, int] | None) -> dict[tuple[str, int], list[Any]]:
        place = tuple_(en.chain, en.n)
        query = select(audit_entries).where(place > after).order_by(en.chain, en.n, en.position)
        rows = self._db.execute(query if last is None else query.where(place <= last))
        grouped: dict[tuple[str, int], list[Any]] = defaultdict(list)
        for row in rows:
            grouped[row.chain, row.n].append(row)
        return grouped


def _begin_snapshot(connection: Connection) -> None:
    """Hold still what is read while others go on writing."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")
    else:
        connection.execution_options(isolation_level="REPEATABLE READ")


def _size(link: Any, entries: list[Any]) -> Break | None:  # noqa: ANN401
    """Say whether a link has the entries that it was closed with."""
    if [entry.position for entry in entries] == list(range(link.size)):
        return None
    kind: Kind = "inserted" if len(entries) > link.size else "deleted"
    return Break(kind=kind, thing="an entry of link", ref=str(link.n), chain=link.chain, n=link.n)


def _latest(noted: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what must be there: of `name#revision` the highest revision, of everything else all."""
    newest: dict[str, tuple[int, str]] = {}
    for ref in noted:
        name, _, revision = ref.rpartition("#")
        place = (int(revision or 0), ref) if name else (0, ref)
        newest[name or ref] = max(place, newest.get(name or ref, place))
    return {ref: noted[ref] for _, ref in newest.values()}
