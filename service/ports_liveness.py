"""Ports of face checks of our own: sessions with what was measured in them, and enrolled faces."""

from typing import Literal, Protocol

from msgspec import Struct

State = Literal["open", "passed", "failed", "inconclusive"]


class Session(Struct, frozen=True, kw_only=True):
    """A face check that was asked for.

    Attributes:
        session_id: its name.
        tenant: whose.
        challenge_id: the challenge that it belongs to.
        line: the token of the line.
        party: the token of the person on record, whose face is compared; None when nobody is named.
        nonce: shown by the client, so that a film of another session does not fit.
        steps: what to do, in order.
        consent: how the person agreed.
        state: how it stands.
        opened_ms: since when.
        expires_ms: until when pictures are taken.
        result: the verdict as JSON, once there is one.
    """

    session_id: str
    tenant: str
    challenge_id: str
    line: str
    party: str | None
    nonce: str
    steps: tuple[str, ...]
    consent: str
    state: State
    opened_ms: int
    expires_ms: int
    result: str | None = None


class Face(Struct, frozen=True, kw_only=True):
    """An enrolled face: a closed template, by separate consent, until a moment."""

    tenant: str
    party: str
    template: bytes
    consent_version: str
    consent_ms: int
    enrolled_ms: int
    expires_ms: int


class Sessions(Protocol):
    """The record of face checks. When it fails none is opened and nothing counts: 503."""

    async def open(self, session: Session) -> None:
        """Write a new session."""
        ...

    async def session(self, tenant: str, session_id: str) -> Session | None:
        """Return a session; another tenant's is None."""
        ...

    async def add(self, tenant: str, session_id: str, measured: bytes, now_ms: int) -> int | None:
        """Add what was measured, closed; return how many bytes there are, None when the session takes nothing more."""
        ...

    async def measures(self, tenant: str, session_id: str) -> bytes:
        """Return all that was measured, closed, in the order in which it came."""
        ...

    async def finish(self, tenant: str, session_id: str, state: State, result: str) -> bool:
        """Write the verdict, once, and erase what was measured; False when there is one already."""
        ...

    async def newest(self, tenant: str, root: str) -> Session | None:
        """Return the newest finished session of a request, over all its looks."""
        ...


class EnrolledFaces(Protocol):
    """The record of enrolled faces. When it fails there is no face to compare: other ways are open."""

    async def enrol(self, face: Face) -> None:
        """Write a face, in place of an earlier one."""
        ...

    async def face(self, tenant: str, party: str, now_ms: int) -> Face | None:
        """Return a face that may still be used."""
        ...

    async def erase(self, tenant: str, party: str) -> bool:
        """Erase a face; return whether there was one."""
        ...

    async def count(self, tenant: str) -> int:
        """Return how many faces are kept: what an impact assessment asks."""
        ...
