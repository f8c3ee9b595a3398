"""The use case: a face check of our own, from the consent to the verdict; pictures come and are forgotten.

It is optional, by separate consent, and never the only way; refusing it costs nothing. What is kept until the verdict
are numbers under seal, afterwards the verdict alone. It is no certified presentation attack detection (ISO/IEC 30107),
and a match by itself never moves a request towards allow: it is a factor beside another.
"""

import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from random import Random
from typing import Final, Literal, Protocol

import msgspec
from msgspec import Struct

from features.clock import Clock, milliseconds, rfc3339
from features.request import Liveness
from model.factors import FACE_MATCHES
from model.liveness import FAULTS, NOTICE, Frame, Verdict, draw_steps, judge
from service.errors import Problem, not_found
from service.ids import new_id
from service.measuring import down, measured, row_of
from service.ports import Book
from service.ports_faces import Faces, FaceVault, TemplateLostError, from_ours
from service.ports_liveness import EnrolledFaces, Session, Sessions
from service.ports_stepup import Challenge, Challenges, FactorDone
from service.stepup import challenge_of, check_takes

LIFE: Final = timedelta(minutes=5)
FACTOR: Final = "face_liveness"
LENGTH: Final = struct.Struct(">I")


class OpenSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a face check needs: a challenge that offers it, and the person's own consent to it."""

    challenge_id: str
    consent: Literal["granted", "declined", "not_asked"]


class Opened(Struct, frozen=True, kw_only=True):
    """What the client shows: the nonce, and the steps in their order."""

    session_id: str
    nonce: str
    steps: tuple[str, ...]
    expires_at: str
    notice: str = NOTICE


class Taken(Struct, frozen=True, kw_only=True):
    """How a batch of pictures was taken."""

    accepted: int
    final: bool


class Outcome(Struct, frozen=True, kw_only=True):
    """How a face check stands."""

    session_id: str
    status: Literal["open", "expired", "passed", "failed", "inconclusive"]
    match: float | None = None
    steps_done: tuple[str, ...] = ()
    spoof_score: float | None = None
    flags: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    notice: str = NOTICE


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, and when the client says it was taken."""

    content: bytes
    at_ms: int


@dataclass(frozen=True, slots=True)
class Film:
    """A batch of pictures of a session; with the last one come the times at which each step was shown."""

    pictures: Sequence[Picture]
    final: bool
    shown_ms: Sequence[int] = ()


class Closing(Protocol):
    """Closes bytes so that they open at their place alone."""

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """Close."""
        ...

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """Open."""
        ...


@dataclass(frozen=True, kw_only=True)
class FaceWorld:
    """What face checks need of the world, each behind its port."""

    book: Book
    challenges: Challenges
    sessions: Sessions
    faces: EnrolledFaces
    pool: Faces
    vault: FaceVault
    closing: Closing
    clock: Clock


class LivenessChecks:
    """Runs face checks."""

    def __init__(self, world: FaceWorld, chance: Random | None = None) -> None:
        """Take the world; another source of chance is for tests."""
        self._world = world
        self._chance = chance or secrets.SystemRandom()

    async def open(self, tenant: str, said: OpenSession) -> Opened:
        """Open a session at a challenge that offers a face check.

        Raises:
            Problem: 404 for another tenant's; 409 without consent, or for what was not offered or has ended; 503 when
                nothing can be measured here.
        """
        challenge = await challenge_of(self._world.challenges, tenant, said.challenge_id)
        if said.consent != "granted":
            detail = "a face check needs the person's consent; refusing costs nothing, take another way on"
            raise Problem(HTTPStatus.CONFLICT, "CONSENT_NEEDED", detail, path="consent")
        now_ms = self._world.clock.now_ms()
        check_takes(challenge, FACTOR, now_ms)
        if not await self._world.pool.ready():
            raise down(30)
        session = await self._session(challenge, now_ms)
        await self._world.sessions.open(session)
        return Opened(
            session_id=session.session_id,
            nonce=session.nonce,
            steps=session.steps,
            expires_at=rfc3339(session.expires_ms),
        )

    async def take(self, tenant: str, session_id: str, film: Film) -> Taken:
        """Measure pictures and forget them; with the last batch the check is judged.

        Raises:
            Problem: 404 for another tenant's; 409 when the session is over; 422 for a picture that is not looked at,
                naming which and why; 503 with `Retry-After` when too many wait.
        """
        session = await self._found(tenant, session_id)
        now_ms = self._world.clock.now_ms()
        if session.state != "open" or now_ms >= session.expires_ms:
            raise _over()
        frames = [await self._frame(place, picture) for place, picture in enumerate(film.pictures)]
        if frames:
            place = _place(session_id)
            closed = self._world.closing.seal(msgspec.json.encode(frames), place=place)
            now_ms = self._world.clock.now_ms()
            if await self._world.sessions.add(tenant, session_id, LENGTH.pack(len(closed)) + closed, now_ms) is None:
                raise _over()
        if film.final:
            await self._judge(session, film.shown_ms)
        return Taken(accepted=len(frames), final=film.final)

    async def outcome(self, tenant: str, session_id: str) -> Outcome:
        """Return how a check stands.

        Raises:
            Problem: 404 for another tenant's.
        """
        session = await self._found(tenant, session_id)
        if session.result is None:
            over = self._world.clock.now_ms() >= session.expires_ms
            return Outcome(session_id=session_id, status="expired" if over else "open")
        verdict = msgspec.json.decode(session.result, type=Verdict)
        return Outcome(
            session_id=session_id,
            status=verdict.status,
            match=verdict.match,
            steps_done=verdict.steps_done,
            spoof_score=verdict.spoof_score,
            flags=verdict.flags,
            hints=tuple(FAULTS[flag].zh for flag in verdict.flags),
        )

    async def _session(self, challenge: Challenge, now_ms: int) -> Session:
        found = await self._world.book.screening(challenge.tenant, challenge.root)
        if found is None:
            raise not_found("challenge")
        keys = found.logged.event.keys
        return Session(
            session_id=new_id("liv", now_ms),
            tenant=challenge.tenant,
            challenge_id=challenge.challenge_id,
            line=keys["line"],
            party=keys.get("party"),
            nonce=secrets.token_urlsafe(12),
            steps=draw_steps(self._chance),
            consent="granted",
            state="open",
            opened_ms=now_ms,
            expires_ms=min(now_ms + milliseconds(LIFE), challenge.expires_ms),
        )

    async def _frame(self, place: int, picture: Picture) -> Frame:
        return Frame(picture.at_ms, await measured(self._world.pool, place, picture.content))

    async def _judge(self, session: Session, shown_ms: Sequence[int]) -> None:
        now_ms = self._world.clock.now_ms()
        closed = await self._world.sessions.measures(session.tenant, session.session_id)
        verdict = judge(
            self._frames(session.session_id, closed),
            session.steps,  # type: ignore[arg-type]  # they were drawn from the steps that there are
            enrolled=await self._enrolled(session, now_ms),
            shown_ms=shown_ms,
            lasted=timedelta(milliseconds=now_ms - session.opened_ms),
        )
        result = msgspec.json.encode(verdict).decode()
        if not await self._world.sessions.finish(session.tenant, session.session_id, verdict.status, result):
            raise _over()
        shows_who = verdict.status == "passed" and (verdict.match or 0.0) >= FACE_MATCHES
        if verdict.status != "inconclusive" and (shows_who or verdict.status == "failed"):
            await self._world.challenges.add(session.tenant, _factor(session, now_ms, passed=shows_who))

    def _frames(self, session_id: str, closed: bytes) -> list[Frame]:
        frames: list[Frame] = []
        while closed:
            (length,) = LENGTH.unpack(closed[: LENGTH.size])
            part, closed = closed[LENGTH.size : LENGTH.size + length], closed[LENGTH.size + length :]
            frames += msgspec.json.decode(self._world.closing.open(part, place=_place(session_id)), type=list[Frame])
        return frames

    async def _enrolled(self, session: Session, now_ms: int) -> tuple[float, ...] | None:
        if session.party is None:
            return None
        face = await self._world.faces.face(session.tenant, session.party, now_ms)
        if face is None:
            return None
        try:
            return self._world.vault.open(face.template, row=row_of(session.tenant, session.party))
        except TemplateLostError:
            return None

    async def _found(self, tenant: str, session_id: str) -> Session:
        session = await self._world.sessions.session(tenant, session_id)
        if session is None:
            raise not_found("session")
        return session


def told_liveness(session: Session) -> Liveness:
    """Return how a finished check went as the signals of a request."""
    return from_ours(session.session_id, msgspec.json.decode(session.result or "", type=Verdict))


def _factor(session: Session, now_ms: int, *, passed: bool) -> FactorDone:
    return FactorDone(
        challenge_id=session.challenge_id,
        factor=FACTOR,
        result="passed" if passed else "failed",
        source="ours",
        performed_by="lastcall",
        reference=session.session_id,
        at_ms=now_ms,
        said_ms=now_ms,
    )


def _place(session_id: str) -> str:
    return f"liveness_sessions|measures|{session_id}"


def _over() -> Problem:
    return Problem(HTTPStatus.CONFLICT, "SESSION_OVER", "this check is judged or has run out; open another")
