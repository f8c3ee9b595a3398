"""The audit trail: every committed batch is one link of a chain, so that nothing can be changed without being seen.

One chain for every process that writes, so that writers never wait for one another. A link's hash is an HMAC over the
link before it and the digests of what the batch wrote, under a key that is not in the database: whoever can write the
database cannot forge the chain. The first link of a chain names the newest link of an earlier chain, which holds the
chains together. A cut-off end is seen only against an anchor kept outside (`sql_verify`).
"""

import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection, insert, select

from features.clock import Clock
from service.adapters.sql_tables import EVERYBODY, audit_entries, audit_links

Atom = str | bytes | int | float | bool | None
OPENED: Final = "chain"
"""What the first entry of a chain is called; its `ref` is `<chain>:<n>` of the link that it names."""


class Line(Struct, frozen=True):
    """One line of the trail: what was written, whose, and the digest of it."""

    tenant: str
    what: str
    ref: str
    digest: bytes


class Head(Struct, frozen=True):
    """The newest link of a chain; kept outside, it shows later that nothing was cut off."""

    chain: str
    n: int
    hash: bytes


class Trail:
    """The chain of this process; used by the writing thread alone."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        """Begin a new chain, named after the moment, chance and the key.

        Args:
            key: the newest of the ring `audit`, kept outside the database.
            clock: for the times of links.
        """
        self._key = key
        self._clock = clock
        self.chain = f"{clock.now_ms():013d}-{secrets.token_hex(4)}-{name_of(key)}"
        self._noted: list[Line] = []
        self._head: Head | None = None
        self._next: Head | None = None
        self._sure = True

    def note(self, tenant: str, what: str, ref: str, digest: bytes) -> None:
        """Note one thing that the open transaction writes."""
        self._noted.append(Line(tenant, what, ref, digest))

    def link(self, connection: Connection) -> None:
        """Write what was noted as one link, in the open transaction; nothing noted, nothing written."""
        if not self._noted:
            return
        head = self._head if self._sure else _head_of(connection, self.chain)
        if head is None:
            head = genesis(self._key, self.chain)
            self._noted.insert(0, _opening(connection, self.chain))
        n, at_ms = head.n + 1, self._clock.now_ms()
        contents = [contents_of(line) for line in self._noted]
        seal = link_hash(self._key, head, at_ms, contents)
        link = {"chain": self.chain, "n": n, "at_ms": at_ms, "size": len(contents), "prev": head.hash, "hash": seal}
        connection.execute(insert(audit_links), {**link, "contents": unordered(contents)})
        connection.execute(insert(audit_entries), [self._row(n, at) for at in range(len(self._noted))])
        self._next = Head(self.chain, n, seal)

    def done(self) -> None:
        """Go on from the new link: the transaction is committed."""
        self._head, self._next = self._next or self._head, None
        self._sure = True
        self._noted.clear()

    def undone(self) -> None:
        """Forget the link: the transaction failed. Whether it did after all is read from the database next time."""
        self._next = None
        self._sure = False
        self._noted.clear()

    def _row(self, n: int, position: int) -> dict[str, Atom]:
        return {"chain": self.chain, "n": n, "position": position, **asdict(self._noted[position])}


def digest_of(*atoms: Atom) -> bytes:
    """Return the SHA-256 of values in a way that no other values give: each with its kind and its length."""
    found = sha256()
    for atom in atoms:
        kind, raw = _raw(atom)
        found.update(b"%c%d:" % (kind, len(raw)))
        found.update(raw)
    return found.digest()


def contents_of(line: Line) -> bytes:
    """Return the digest of one line of the trail."""
    return digest_of(line.tenant, line.what, line.ref, line.digest)


def unordered(contents: Sequence[bytes]) -> bytes:
    """Return a digest of a link's lines whatever their order: tells a change of order from a change."""
    return digest_of(*sorted(contents))


def name_of(key: bytes) -> str:
    """Return by what a chain names its key: tells nothing of it."""
    return hmac.digest(key, b"lastcall name of an audit key", "sha256")[:4].hex()


def genesis(key: bytes, chain: str) -> Head:
    """Return what the first link of a chain follows."""
    return Head(chain, -1, hmac.digest(key, digest_of("lastcall chain v1", chain), "sha256"))


def link_hash(key: bytes, head: Head, at_ms: int, contents: Sequence[bytes]) -> bytes:
    """Return the hash of the link that follows a head: HMAC-SHA256 over its place, its time and its lines in order."""
    return hmac.digest(key, digest_of(head.chain, head.n + 1, at_ms, head.hash, *contents), "sha256")


def _raw(atom: Atom) -> tuple[int, bytes]:
    match atom:
        case None:
            return ord("n"), b""
        case bytes():
            return ord("b"), atom
        case str():
            return ord("s"), atom.encode()
        case float():
            return ord("f"), atom.hex().encode()
        case _:
            return ord("i"), b"%d" % atom


def _head_of(connection: Connection, chain: str) -> Head | None:
    newest = (
        select(audit_links.c.chain, audit_links.c.n, audit_links.c.hash)
        .where(audit_links.c.chain == chain)
        .order_by(audit_links.c.n.desc())
        .limit(1)
    )
    row = connection.execute(newest).first()
    return None if row is None else Head(*row)


def _opening(connection: Connection, chain: str) -> Line:
    """Return the first entry of a chain: it names the newest link of the youngest chain before it."""
    before = (
        select(audit_links.c.chain, audit_links.c.n, audit_links.c.hash)
        .where(audit_links.c.chain < chain)
        .order_by(audit_links.c.chain.desc(), audit_links.c.n.desc())
        .limit(1)
    )
    row = connection.execute(before).first()
    if row is None:
        return Line(EVERYBODY, OPENED, "", digest_of(None))
    return Line(EVERYBODY, OPENED, f"{row.chain}:{row.n}", digest_of(row.hash))
