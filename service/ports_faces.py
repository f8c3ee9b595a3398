"""Ports of the face check: who measures pictures, who keeps templates, and a certified vendor who does it all instead.

None of them decides anything. When any of them fails the face is simply not among the ways to show who asks: the other
ways stay open, nothing is counted against the person, and nothing moves towards allow.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, Protocol

from msgspec import Meta, Struct

from features.request import Liveness
from model.face import Measured
from model.liveness import Verdict

RefusalCode = Literal[
    "NOT_JPEG_OR_PNG",
    "TOO_MANY_BYTES",
    "TOO_MANY_PIXELS",
    "TOO_SMALL",
    "BROKEN",
    "TRAILING_DATA",
    "ANIMATED",
    "TOO_MUCH_METADATA",
    "POLYGLOT",
    "COLOUR_MODE",
    "TOO_MANY_SCANS",
    "TOO_HEAVY",
]
"""Why a picture is not looked at. They name what to mend and nothing of what was in the picture."""

Share = Annotated[float, Meta(ge=0, le=1)]


class Refused(Struct, frozen=True):
    """A picture that is not looked at; the caller sends another (HTTP 4xx)."""

    code: RefusalCode


class FacesBusyError(Exception):
    """Too many pictures wait already: come again later (HTTP 429 or 503 with Retry-After); nothing was done."""

    def __init__(self, retry_after_s: int) -> None:
        """Say when to come again."""
        super().__init__("queue_full")
        self.retry_after_s = retry_after_s


class FacesDownError(Exception):
    """Pictures cannot be measured here now: offer the ways without. `not_started`, `ended` or `none`, safe to log."""


class Faces(Protocol):
    """Measures pictures of faces, apart from the process that answers requests. Without it no face is checked."""

    async def measure(self, picture: bytes) -> Measured | Refused:
        """Measure one picture and forget it.

        When it fails the picture counts as not sent: the session stays open until it expires, other ways are offered.

        Raises:
            FacesBusyError: the queue is full.
            FacesDownError: the measuring process died of something that is not the picture, or cannot be started.
        """
        ...

    async def ready(self) -> bool:
        """Say whether pictures can be measured; while not, `face_liveness` is not offered. Never raises."""
        ...


class FaceVault(Protocol):
    """Closes a template so that it opens in its own row alone. When it fails there is no template, so no match."""

    def seal(self, template: Sequence[float], *, row: str) -> bytes:
        """Return the closed template; when it cannot be closed nothing is kept.

        Raises:
            NotAFaceError: these are not 128 finite numbers.
        """
        ...

    def open(self, sealed: bytes, *, row: str) -> tuple[float, ...]:
        """Return the 128 numbers; one that does not open is as good as erased: the person enrols anew.

        Raises:
            TemplateLostError: it was not closed for this row, or by a key that is gone.
        """
        ...


class TemplateLostError(Exception):
    """A template on record does not open: changed, moved, or its key is gone. `closed` or `another_kind`."""


class VendorDownError(Exception):
    """The vendor does not answer in time, or not in a way that can be read: other ways are offered."""


class VendorVerdict(Struct, frozen=True, kw_only=True):
    """What a certified vendor says of a face check that it did itself.

    Attributes:
        provider: its name and version.
        passed: whether it takes the person for alive and for who is on its record.
        match_score: 0 to 1.
        pad_score: 0 to 1, 1 is alive.
        pad_level: what it was certified for (ISO/IEC 30107-3, iBeta's levels).
        latencies_ms: how long each step took, where it tells.
        virtual_camera: whether it saw one, where it tells.
    """

    provider: Annotated[str, Meta(min_length=1, max_length=64)]
    passed: bool
    match_score: Share | None = None
    pad_score: Share | None = None
    pad_level: Literal["none", "ibeta_l1", "ibeta_l2", "other"] = "none"
    latencies_ms: tuple[Annotated[int, Meta(ge=0, le=600_000)], ...] = ()
    virtual_camera: bool | None = None


class LivenessVendor(Protocol):
    """A certified vendor whose score is taken in place of ours. Without one, ours is all there is."""

    async def verdict(self, tenant: str, session_id: str, reference: str) -> VendorVerdict | None:
        """Fetch the vendor's verdict on a session; None when it has none yet.

        When it fails the session stays open until it expires and counts neither for nor against.

        Args:
            tenant: whose session it is.
            session_id: ours, that the vendor was given; a verdict on another session must not be returned.
            reference: the vendor's own number of the check.

        Raises:
            VendorDownError: no answer in time, or one that cannot be read.
        """
        ...


OURS = "lastcall"


def from_ours(session_id: str, verdict: Verdict) -> Liveness:
    """Return our verdict as the group of a screening that a request would bring from a vendor."""
    return Liveness(
        session_id=session_id,
        consent="granted",
        provider=OURS,
        match_score=verdict.match,
        pad_score=round(1.0 - verdict.spoof_score, 4) if verdict.status != "inconclusive" else None,
        pad_level=verdict.pad_level,
        challenge_latency_ms=verdict.latencies_ms or None,
    )


def from_vendor(session_id: str, verdict: VendorVerdict) -> Liveness:
    """Return a vendor's verdict as the group of a screening; what it did not pass has no live person in it."""
    return Liveness(
        session_id=session_id,
        consent="granted",
        provider=verdict.provider,
        match_score=verdict.match_score,
        pad_score=verdict.pad_score if verdict.passed else 0.0,
        pad_level=verdict.pad_level,
        challenge_latency_ms=verdict.latencies_ms or None,
        virtual_camera=verdict.virtual_camera,
    )
