"""The use case: a person's face is kept as a closed template, by separate consent, until a stated day or their word.

Off unless an operator switches it on. Of a picture 128 numbers are kept and nothing else; they open in their row alone.
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final

from msgspec import Meta, Struct

from features.clock import FUTURE_TOLERANCE, Clock, milliseconds, rfc3339, to_ms
from features.vocabulary import Id
from model.face import unfit
from service.errors import Problem
from service.measuring import measured, row_of
from service.ports import Tokeniser
from service.ports_faces import Faces, FaceVault
from service.ports_liveness import EnrolledFaces, Face

KEEP_FACES: Final = timedelta(days=365)


class Consent(Struct, frozen=True, kw_only=True):
    """A separate consent to keep a template: which text was agreed to, and when."""

    version: Annotated[str, Meta(min_length=1, max_length=64)]
    at: datetime


class Enrolled(Struct, frozen=True, kw_only=True):
    """Until when a template is kept."""

    enrolled: bool
    expires_at: str


class Enrolment:
    """Keeps and erases templates."""

    def __init__(  # noqa: PLR0913 - a face touches as much
        self,
        faces: EnrolledFaces,
        pool: Faces,
        vault: FaceVault,
        tokeniser: Tokeniser,
        clock: Clock,
        *,
        on: bool,
    ) -> None:
        """Take the record, who measures, the vault, the maker of tokens, the clock, and whether it is switched on."""
        self._faces = faces
        self._pool = pool
        self._vault = vault
        self._tokeniser = tokeniser
        self._clock = clock
        self._on = on

    async def enrol(self, tenant: str, party_id: str, picture: bytes, consent: Consent) -> Enrolled:
        """Keep a template of one face, by separate consent.

        Raises:
            Problem: 409 when enrolment is off, or the consent cannot be; 422 for a picture that shows not one face.
        """
        now_ms, consent_ms = self._clock.now_ms(), to_ms(consent.at)
        if not self._on:
            raise Problem(HTTPStatus.CONFLICT, "ENROLMENT_OFF", "this operator keeps no faces")
        if consent_ms > now_ms + milliseconds(FUTURE_TOLERANCE):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "OCCURRED_IN_FUTURE", "this time has not come", path="at")
        seen = await measured(self._pool, 0, picture)
        wrong = unfit(seen)
        if wrong is not None:
            detail = "send a picture of one face, near, straight and with open eyes"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, wrong, detail, path="picture")
        party = self._tokeniser.token(tenant, "party", party_id)
        expires_ms = now_ms + milliseconds(KEEP_FACES)
        await self._faces.enrol(
            Face(
                tenant=tenant,
                party=party,
                template=self._vault.seal(seen.template, row=row_of(tenant, party)),
                consent_version=consent.version,
                consent_ms=consent_ms,
                enrolled_ms=now_ms,
                expires_ms=expires_ms,
            )
        )
        return Enrolled(enrolled=True, expires_at=rfc3339(expires_ms))

    async def erase(self, tenant: str, party_id: Id) -> bool:
        """Erase a template at once, whenever its owner says so; return whether there was one."""
        return await self._faces.erase(tenant, self._tokeniser.token(tenant, "party", party_id))
