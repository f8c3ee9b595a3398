"""What is done with cases, inside one transaction: each change with its line of history and its entry in the trail."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from service.adapters.sql_audit import Trail, digest_of
from service.adapters.sql_rows import outbox_row
from service.adapters.sql_tables import decisions, outbox
from service.adapters.sql_tables_cases import case_history, cases, releases
from service.ids import new_id
from service.ports_cases import Act, CaseEntry, CaseFile, CaseRefusedError, Change, Decided, Release, Verdicts

c: Final = cases.c
FIELDS: Final = CaseFile.__struct_fields__
CASE: Final = select(*(c[name] for name in FIELDS))
WORKABLE: Final = frozenset({"open", "snoozed"})
NOBODYS: Final[Mapping[str, None]] = {"taken_by": None, "taken_until_ms": None}
CASE_DECIDED: Final = "case.decided"
HOLD_RELEASED: Final = "hold.released"


class Taking(Protocol):
    """A wish to take a case."""

    @property
    def tenant(self) -> str:
        """Whose case."""
        ...

    @property
    def by(self) -> str:
        """Who takes it."""
        ...

    @property
    def now_ms(self) -> int:
        """When."""
        ...

    @property
    def until_ms(self) -> int:
        """Until when."""
        ...


def case_in(row: Any) -> CaseFile:  # noqa: ANN401 - a row of `CASE`, perhaps with more columns
    """Return the case of a row."""
    return CaseFile(**{name: getattr(row, name) for name in FIELDS})


def case_digest(row: Any) -> bytes:  # noqa: ANN401 - a row or a case
    """Return what the trail holds of a case's state."""
    return digest_of(*(getattr(row, name) for name in FIELDS))


def case_ref(row: Any) -> str:  # noqa: ANN401 - a row or a case
    """Return what the trail calls a case's state: each change has its number."""
    return f"{row.case_id}#{row.revision}"


def entry_digest(row: Any) -> bytes:  # noqa: ANN401 - a row of the history
    """Return what the trail holds of a line of history."""
    return digest_of(row.entry_id, row.case_id, row.n, row.at_ms, row.by, row.act, row.text)


def locked(connection: Connection, tenant: str, case_ids: Iterable[str]) -> dict[str, CaseFile]:
    """Return cases, and hold them until the transaction ends: in one order, so that nobody waits in a circle."""
    query = CASE.where(c.tenant == tenant, c.case_id.in_(sorted(case_ids))).order_by(c.case_id).with_for_update()
    return {row.case_id: case_in(row) for row in connection.execute(query)}


def workable(found: CaseFile | None, by: str, now_ms: int) -> CaseFile:
    """Return a case that a person may change now.

    Raises:
        CaseRefusedError: there is none, it is closed, or somebody else has it.
    """
    if found is None:
        raise CaseRefusedError("NOT_FOUND", "there is no such case")
    if found.state not in WORKABLE or found.expires_ms <= now_ms:
        raise CaseRefusedError("CASE_CLOSED", f"this case is {found.state} or its hold has ended")
    if not is_free(found, by, now_ms):
        raise CaseRefusedError("CASE_TAKEN", f"{found.taken_by} is working on this case")
    return found


def is_free(case: CaseFile, by: str, now_ms: int) -> bool:
    """Say whether a person may work on a case: nobody else has it."""
    return case.taken_by in {None, by} or (case.taken_until_ms or 0) <= now_ms


def write(connection: Connection, change: Change, trail: Trail) -> CaseFile:
    """Write a change that is permitted: the row, its line of history, both in the trail; return the case as it is."""
    values = {**change.values, "revision": c.revision + 1}
    connection.execute(update(cases).where(c.case_id == change.case_id).values(values))
    entry = {name: getattr(change, name) for name in ("entry_id", "case_id", "at_ms", "by", "act", "text")}
    entry["entry_id"] = entry["entry_id"] or new_id("hst", change.at_ms)
    case = case_in(connection.execute(CASE.where(c.case_id == change.case_id)).one())
    line = CaseEntry(**{**entry, "n": case.revision})
    connection.execute(insert(case_history), {"tenant": change.tenant, **msgspec.structs.asdict(line)})
    trail.note(change.tenant, "case", case_ref(case), case_digest(case))
    trail.note(change.tenant, "case_history", line.entry_id, entry_digest(line))
    return case


def take_one(connection: Connection, wish: Taking, case_id: str, trail: Trail) -> CaseFile:
    """Take one case that is free, or keep one's own."""
    workable(locked(connection, wish.tenant, [case_id]).get(case_id), wish.by, wish.now_ms)
    values = {
        "taken_by": wish.by,
        "taken_until_ms": wish.until_ms,
        "first_taken_ms": func.coalesce(c.first_taken_ms, wish.now_ms),
        "state": "open",
        "wake_ms": None,
    }
    return write(connection, _change(wish.tenant, case_id, wish.by, wish.now_ms, "taken", values=values), trail)


def change_one(connection: Connection, change: Change, trail: Trail) -> CaseFile:
    """Change one case."""
    found = locked(connection, change.tenant, [change.case_id]).get(change.case_id)
    if found is None or not change.whoever_has_it:
        workable(found, change.by, change.at_ms)
    return write(connection, change, trail)


def merge_one(connection: Connection, change: Change, into: str, trail: Trail) -> CaseFile:
    """Merge a case, and those merged into it, into another."""
    found = locked(connection, change.tenant, [change.case_id, into])
    child = workable(found.get(change.case_id), change.by, change.at_ms)
    parent = workable(found.get(into), change.by, change.at_ms)
    if into == change.case_id:
        raise CaseRefusedError("CASE_CLOSED", "a case cannot be merged into itself")
    return _merged(connection, change, child, parent, trail)


def close_all(connection: Connection, change: Change, case_ids: Sequence[str], trail: Trail) -> int:
    """Merge all of some cases that are open and nobody else's into one; return how many."""
    found = locked(connection, change.tenant, [*case_ids, change.case_id])
    parent = workable(found.pop(change.case_id, None), change.by, change.at_ms)
    open_ones = [
        case
        for case in found.values()
        if case.state in WORKABLE and case.expires_ms > change.at_ms and is_free(case, change.by, change.at_ms)
    ]
    for case in open_ones:
        parent = _merged(
            connection, msgspec.structs.replace(change, case_id=case.case_id), case, parent, trail, result="parent"
        )
    return len(open_ones)


def decide_one(connection: Connection, decided: Decided, trail: Trail) -> Verdicts:
    """Write a verdict on a case and on those merged into it."""
    merged = connection.scalars(
        select(c.case_id).where(c.merged_into == decided.case_id, c.tenant == decided.tenant, c.state == "merged")
    )
    found = locked(connection, decided.tenant, [decided.case_id, *merged])
    workable(found.get(decided.case_id), decided.by, decided.at_ms)
    ordered = [found.pop(decided.case_id), *found.values()]
    written = tuple(_decided(connection, decided, case, trail) for case in ordered)
    freed = [_released(connection, decided, case, trail) for case in ordered]
    return Verdicts(cases=written, releases=tuple(release for release in freed if release is not None))


def message(connection: Connection, case: CaseFile, kind: str, at_ms: int, told: Mapping[str, str]) -> None:
    """Promise a message to the outside; a case promises each kind once."""
    message_id = f"msg_{case.case_id}_{kind.replace('.', '_')}"
    whole = {"case_id": case.case_id, "screening_id": case.screening_id, **told}
    connection.execute(insert(outbox), outbox_row(message_id, case.tenant, kind, whole, at_ms))


def release(connection: Connection, wish: Release, trail: Trail) -> Release | None:
    """Write a release: line, class and action are the decision's own, and its verdict sticks no longer."""
    d = decisions.c
    ours = (d.tenant == wish.tenant) & (d.screening_id == wish.screening_id)
    about = connection.execute(select(d.line, d.klass, d.action).where(ours)).first()
    if about is None or about.line is None:
        return None
    whole = msgspec.structs.replace(wish, line=about.line, klass=about.klass, action=about.action)
    connection.execute(insert(releases), msgspec.structs.asdict(whole))
    connection.execute(update(decisions).where(ours).values(lifted_ms=wish.from_ms))
    trail.note(wish.tenant, "release", wish.release_id, release_digest(whole))
    return whole


def release_digest(row: Any) -> bytes:  # noqa: ANN401 - a row or a release
    """Return what the trail holds of a release."""
    return digest_of(*(getattr(row, name) for name in Release.__struct_fields__))


def _merged(  # noqa: PLR0913 - two cases and a change
    connection: Connection, change: Change, child: CaseFile, parent: CaseFile, trail: Trail, *, result: str = "child"
) -> CaseFile:
    """Merge a child into a parent, which takes the more pressing place of the two."""
    own = (c.merged_into == child.case_id) & (c.tenant == change.tenant)
    values = {"state": "merged", "merged_into": parent.case_id, "wake_ms": None, **NOBODYS}
    for grandchild in connection.scalars(select(c.case_id).where(own)).all():
        moved = _change(change.tenant, grandchild, change.by, change.at_ms, "merged", parent.case_id)
        write(connection, msgspec.structs.replace(moved, values=values), trail)
    written = write(connection, msgspec.structs.replace(change, values=values), trail)
    pressing = {"rank_ms": min(parent.rank_ms, child.rank_ms)}
    told = _change(change.tenant, parent.case_id, change.by, change.at_ms, "merged", child.case_id, values=pressing)
    after = write(connection, told, trail)
    return written if result == "child" else after


def _decided(connection: Connection, decided: Decided, case: CaseFile, trail: Trail) -> CaseFile:
    """Decide one case; what was lost is said of the case that was asked for alone."""
    main = case.case_id == decided.case_id
    values = {
        "state": "decided",
        "verdict": decided.verdict,
        "label": decided.label,
        "loss_fen": decided.loss_fen if main else None,
        "recovered_fen": decided.recovered_fen if main else None,
        "decided_ms": decided.at_ms,
        "decided_by": decided.by,
        "wake_ms": None,
        "taken_until_ms": None,
    }
    change = _change(decided.tenant, case.case_id, decided.by, decided.at_ms, "decided", decided.note, values=values)
    entry_id = decided.entry_id if main else ""
    written = write(connection, msgspec.structs.replace(change, entry_id=entry_id), trail)
    message(connection, written, CASE_DECIDED, decided.at_ms, {"verdict": decided.verdict})
    return written


def _released(connection: Connection, decided: Decided, case: CaseFile, trail: Trail) -> Release | None:
    if decided.release_until_ms is None:
        return None
    if decided.verdict == "release" and case.origin == "hold":
        message(connection, case, HOLD_RELEASED, decided.at_ms, {})
    wish = Release(
        release_id=new_id("rel", decided.at_ms),
        tenant=decided.tenant,
        line="",
        klass="",
        action="",
        lowers_to="allow" if decided.verdict == "release" else "challenge",
        screening_id=case.screening_id,
        from_ms=decided.at_ms,
        until_ms=decided.release_until_ms,
        released_by=decided.by,
        case_id=case.case_id,
    )
    return release(connection, wish, trail)


def _change(  # noqa: PLR0913 - what a change says
    tenant: str, case_id: str, by: str, at_ms: int, act: Act, text: str = "", *, values: dict[str, Any] | None = None
) -> Change:
    return Change(
        tenant=tenant, case_id=case_id, by=by, at_ms=at_ms, act=act, text=text, entry_id="", values=values or {}
    )
