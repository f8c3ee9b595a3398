"""Face checks: the pool, the vault and the record behind their ports, by the settings."""

from typing import TypeAlias

from features.clock import Clock
from service.adapters.face_pool import FacePool
from service.adapters.face_vault import SealedFaces
from service.adapters.no_faces import NoFaces
from service.enrolment import Enrolment
from service.liveness import FaceWorld, LivenessChecks
from service.settings import Settings
from service.wiring.records import Records

Pool: TypeAlias = FacePool | NoFaces


def pool_of(settings: Settings) -> Pool:
    """Return who measures pictures; nobody where face checks are off."""
    return NoFaces() if settings.faces == "off" else FacePool()


def checks_of(records: Records, pool: Pool, clock: Clock) -> LivenessChecks:
    """Return the face checks."""
    return LivenessChecks(
        FaceWorld(
            book=records.book,
            challenges=records.challenges,
            sessions=records.sessions,
            faces=records.faces,
            pool=pool,
            vault=SealedFaces(records.sealer),
            closing=records.sealer,
            clock=clock,
        )
    )


def enrolment_of(settings: Settings, records: Records, pool: Pool, clock: Clock) -> Enrolment:
    """Return the keeper of faces."""
    vault = SealedFaces(records.sealer)
    on = settings.faces == "enrolment"
    return Enrolment(records.faces, pool, vault, records.tokeniser, clock, on=on)
