"""Rows: how a decision, an event, a past screening and a label are laid into their tables, and read back.

The log line and the answer are kept as compressed JSON: one definition for wire, log and store, and small enough to
keep for years. Digests are taken here too, over exactly what is laid down.
"""

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from math import log2
from typing import Any, Final, TypeVar

import msgspec

from features.codec import LoggedLabel, LoggedScreening
from features.derived import overridden
from features.event import Event
from service.adapters.packing import DamagedRecordError, pack, unpack
from service.adapters.sealing import Sealer
from service.adapters.sql_audit import Atom, digest_of
from service.answer import KeptAnswer, keep, recall
from service.ports import Entry
from service.ports_outbox import NOTICE

T = TypeVar("T")
Row = dict[str, Any]
"""A row by its columns; the values are what the columns of `sql_tables` hold."""

DECIDED: Final = "screening.decided"
DOUBLING_MS: Final = 7_200_000

SEALED_COLUMNS: Final = (
    "screening_id",
    "tenant",
    "idem_key",
    "fingerprint",
    "request_id",
    "event_id",
    "created_ms",
    "known_ms",
    "seq",
    "region",
    "klass",
    "action",
    "channel",
    "decision",
    "degraded",
    "degraded_only",
    "line",
    "party",
    "device",
    "model",
    "policy",
    "probability",
    "appeal_ref",
    "record",
    "answer",
    "private_digest",
    "parent",
)
"""What the trail holds fast of a decision. Not `private`, which may be erased, nor `lifted_ms`, which changes."""

_event = msgspec.json.Decoder(Event)
_screening = msgspec.json.Decoder(LoggedScreening)
_encoder = msgspec.json.Encoder()


class _AgentAlone(msgspec.Struct, frozen=True):
    override: bool | None = None


class _RequestAlone(msgspec.Struct, frozen=True):
    agent: _AgentAlone = _AgentAlone()


class _EventAlone(msgspec.Struct, tag="screening"):
    """The event of a screening's log line and whether an agent overrode a check, without reading the rest."""

    event: Event
    request: _RequestAlone


_event_alone = msgspec.json.Decoder(_EventAlone)


def decision_row(entry: Entry, sealer: Sealer) -> Row:
    """Return the row of a decision; plain numbers and places go into the sealed column and nowhere else."""
    answer, event = entry.kept.answer, entry.logged.event
    place = f"decisions|private|{entry.screening_id}"
    private = sealer.seal(_encoder.encode(entry.private), place=place) if entry.private else None
    return {
        "screening_id": entry.screening_id,
        "tenant": entry.tenant,
        "idem_key": entry.key,
        "fingerprint": entry.fingerprint,
        "request_id": entry.logged.request.request_id,
        "event_id": event.id,
        "created_ms": entry.created_ms,
        "known_ms": event.known_ms,
        "seq": highest_seq(event),
        "region": entry.region,
        "klass": entry.klass,
        "action": entry.logged.request.action,
        "channel": entry.logged.request.channel,
        "decision": answer.decision,
        "degraded": answer.degraded.is_degraded,
        "degraded_only": entry.degraded_only,
        "lifted_ms": None,
        "line": event.keys.get("line"),
        "party": event.keys.get("party"),
        "device": event.keys.get("device"),
        "model": answer.versions.model,
        "policy": answer.versions.policy,
        "probability": None if entry.logged.probability is None else float(entry.logged.probability),
        "appeal_ref": entry.appeal_ref,
        "record": pack(_encoder.encode(entry.logged)),
        "answer": pack(keep(entry.kept)),
        "private": private,
        "private_digest": sha256(private or b"").digest(),
        "parent": entry.parent,
    }


def case_row(entry: Entry) -> Row | None:
    """Return the row of the case that a decision opens, if it opens one."""
    case = entry.case
    if case is None:
        return None
    return {
        "case_id": case.case_id,
        "tenant": entry.tenant,
        "screening_id": entry.screening_id,
        "region": entry.region,
        "queue": case.queue,
        "state": "open",
        "opened_ms": entry.created_ms,
        "due_ms": case.due_ms,
        "expires_ms": case.expires_ms,
        "expected_harm_fen": case.expected_harm_fen,
        "origin": "hold" if entry.kept.answer.decision == "hold" else "sample",
        "rank_ms": rank_ms(case.due_ms, case.expected_harm_fen),
        **{name: entry.logged.event.keys.get(name) for name in ("line", "party", "device")},
    }


def rank_ms(due_ms: int, harm_fen: int) -> int:
    """Return a case's place in its queue, the smallest first: when it is due, brought forward by what may be lost.

    Every doubling of the expected harm counts as much as two hours less time left. The order of two cases does not
    change while they wait, so an index holds it; and how long a case has waited has no part in it.
    """
    return due_ms - round(DOUBLING_MS * log2(max(harm_fen, 1)))


def challenge_row(entry: Entry) -> Row | None:
    """Return the row of the challenge that a decision offers, if it offers one."""
    challenge = entry.challenge
    if challenge is None:
        return None
    return {
        "challenge_id": challenge.challenge_id,
        "tenant": entry.tenant,
        "screening_id": entry.screening_id,
        "digest": challenge.digest,
        "any_of": _encoder.encode(challenge.any_of).decode(),
        "state": "open",
        "opened_ms": entry.created_ms,
        "expires_ms": challenge.expires_ms,
    }


def message_row(entry: Entry) -> Row:
    """Return the message that tells the outside of a decision: its id and the verdict, no identity and no score."""
    told = {"screening_id": entry.screening_id, "decision": entry.kept.answer.decision}
    return outbox_row(f"msg_{entry.screening_id}", entry.tenant, DECIDED, told, entry.created_ms)


def notice_row(entry: Entry) -> Row | None:
    """Return the message by which the owner hears of a closure that was allowed; None where there is none."""
    if entry.kept.answer.receipt is None or entry.klass != "irreversible":
        return None
    told = {"screening_id": entry.screening_id}
    return outbox_row(f"msg_notice_{entry.screening_id}", entry.tenant, NOTICE, told, entry.created_ms)


def outbox_row(message_id: str, tenant: str, kind: str, told: Mapping[str, str | None], at_ms: int) -> Row:
    """Return the row of a message that is promised now and goes out at once."""
    row = {"message_id": message_id, "tenant": tenant, "kind": kind, "payload": _encoder.encode(told).decode()}
    return {**row, "state": "waiting", "attempts": 0, "next_ms": at_ms}


def event_row(tenant: str, event: Event, intake: str) -> Row:
    """Return the row of a reported event."""
    seq, raw = highest_seq(event), _encoder.encode(event)
    row = {"tenant": tenant, "event_id": event.id, "kind": event.kind, "known_ms": event.known_ms, "seq": seq}
    return {**row, "intake": intake, "applied_ms": None, "event": raw}


def past_row(tenant: str, past: LoggedScreening, intake: str) -> Row:
    """Return the row of a screening of an imported log."""
    seq, record = highest_seq(past.event), pack(_encoder.encode(past))
    row = {"tenant": tenant, "event_id": past.event.id, "known_ms": past.event.known_ms, "seq": seq}
    return {**row, "intake": intake, "record": record}


def label_row(tenant: str, label: LoggedLabel, intake: str) -> Row:
    """Return the row of a label."""
    return {"tenant": tenant, "intake": intake, **msgspec.structs.asdict(label)}


def highest_seq(event: Event) -> int:
    """Return the event's highest place in any order of the velocity store; of a history, when it became known."""
    return max((seq for _, seq in event.stamps.values()), default=event.known_ms)


def screening_in(record: bytes) -> LoggedScreening:
    """Return the log line of a `record` column; one that was damaged is `StoreDownError`, as in the next two."""
    return _read(_screening.decode, unpack(record))


def answer_in(answer: bytes) -> KeptAnswer:
    """Return the answer of an `answer` column."""
    return _read(recall, unpack(answer))


def event_in(raw: bytes) -> Event:
    """Return the event of an `event` column."""
    return _read(_event.decode, raw)


def events_in(record: bytes) -> tuple[Event, ...]:
    """Return the events of a `record` column: the screening's own, and the override that is remembered beside it."""
    found = _read(_event_alone.decode, unpack(record))
    return (found.event, overridden(found.event)) if found.request.agent.override else (found.event,)


def decision_digest(row: Mapping[str, Any]) -> bytes:
    """Return what the trail holds of a decision."""
    return digest_of(*(row[name] for name in SEALED_COLUMNS))


def intake_digest(contents: Iterable[Iterable[Atom]]) -> bytes:
    """Return what the trail holds of a report or an import: the digest of its rows, in the order of their ids."""
    return digest_of(*(digest_of(*content) for content in contents))


def _read(decode: Callable[[bytes], T], raw: bytes) -> T:
    try:
        return decode(raw)
    except msgspec.MsgspecError as error:
        raise DamagedRecordError(type(error).__name__) from None
