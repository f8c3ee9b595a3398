"""A running service: the use cases with the adapters that they use, and what follows the registry."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from anyio import to_thread

from features.catalogue import catalogue
from features.clock import Clock, SystemClock
from features.places import Places
from model.bundle import BundleRefusedError
from model.policy import Policy
from service.adapters.keyring import SqlKeyring
from service.adapters.links import SignedLinks
from service.adapters.receipts import SignedReceipts
from service.adapters.redis_velocity import RedisVelocity
from service.adapters.sql_book import SqlBook
from service.adapters.webhooks import HttpWebhooks
from service.casework import Casework
from service.composing import Composer
from service.enrolment import Enrolment
from service.intake import Intake
from service.judging import InForce
from service.labelling import Labelling
from service.liveness import LivenessChecks
from service.notify import Messenger
from service.otp import OneTimePasswords
from service.ports import StoreDownError
from service.redeem import Redeeming
from service.remembering import Remembering
from service.rescreening import DoneWithUs, Rescreening
from service.screening import Rules, Screening, World
from service.settings import Settings
from service.status import Counter
from service.stepup import StepUp
from service.wiring.analysts import Analysts, analysts_of
from service.wiring.faces import Pool, checks_of, enrolment_of, pool_of
from service.wiring.gateways import ClosableGateway, gateway_of, webhooks_of
from service.wiring.records import Records, open_records
from service.wiring.velocity import open_velocity

logger = logging.getLogger(__name__)

LOOK_FOR_MODELS_EVERY_S: Final = 0.5


@dataclass(frozen=True)
class Part:
    """Whether a part can be used, and what it says of itself."""

    ok: bool
    detail: str


@dataclass
class Service:
    """A running service: what the routes use."""

    settings: Settings
    records: Records
    velocity: RedisVelocity
    screening: Screening
    intake: Intake
    rescreening: Rescreening
    stepup: StepUp
    otp: OneTimePasswords
    liveness: LivenessChecks
    enrolment: Enrolment
    redeeming: Redeeming
    labelling: Labelling
    analysts: Analysts
    counter: Counter
    messenger: Messenger
    force: InForce

    @property
    def casework(self) -> Casework:
        """Working on cases."""
        return self.analysts.casework

    @property
    def book(self) -> SqlBook:
        """The record of decisions."""
        return self.records.book

    @property
    def links(self) -> SignedLinks:
        """The signer of links to owners."""
        return self.records.links

    @property
    def keyring(self) -> SqlKeyring:
        """Who may call."""
        return self.records.keyring

    @property
    def receipts(self) -> SignedReceipts:
        """The signer of receipts."""
        return self.records.receipts

    async def readiness(self) -> dict[str, Part]:
        """Ask every part whether it can be used now."""
        try:
            await self.book.ping()
            database = Part(ok=True, detail="writes")
        except StoreDownError:
            database = Part(ok=False, detail="cannot be written")
        warm = await self.velocity.warm()
        version = self.force.model_version
        return {
            "database": database,
            "velocity": Part(ok=warm, detail="warm" if warm else "cold or down: irreversible requests are held"),
            "model": Part(ok=version is not None, detail=version or "none: irreversible requests are held"),
            "policy": Part(ok=True, detail=self.force.policy.version),
        }

    async def follow_registry(self) -> None:
        """Take up the model that the registry says is in force; a refused one changes nothing. Runs until cancelled."""
        refused: str | None = None
        while True:
            try:
                bundle = await self.records.registry.active()
                if bundle is not None and bundle.version not in {self.force.model_version, refused}:
                    refused = bundle.version
                    scorer = await to_thread.run_sync(self.records.releases.load, bundle)
                    self.force = InForce(self.force.catalogue, self.force.policy, scorer)
                    refused = None
                    logger.info("model in force", extra={"model": scorer.version})
            except BundleRefusedError as error:
                logger.error("a model was refused", extra={"code": error.code})  # noqa: TRY400 - the code says it
            except StoreDownError:
                logger.warning("the registry cannot be read; the model in force goes on")
            await asyncio.sleep(LOOK_FOR_MODELS_EVERY_S)


@asynccontextmanager
async def open_service(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Service]:
    """Open everything that an API worker needs, and close it again in the opposite order."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        records = await stack.enter_async_context(open_records(settings, clock))
        velocity = open_velocity(settings)
        stack.push_async_callback(velocity.close)
        force = InForce(catalogue(), Policy.load(settings.policy, catalogue()), scorer=None)
        gateway = gateway_of(settings)
        stack.push_async_callback(gateway.close)
        webhooks = webhooks_of(settings, clock)
        stack.push_async_callback(webhooks.close)
        pool = pool_of(settings)
        stack.push_async_callback(pool.close)
        service = _assembled(settings, records, velocity, gateway, webhooks, pool, force, clock)
        await stack.enter_async_context(_running(service.follow_registry()))
        yield service


def _assembled(  # noqa: PLR0913 - all that a service is made of
    settings: Settings,
    records: Records,
    velocity: RedisVelocity,
    gateway: ClosableGateway,
    webhooks: HttpWebhooks,
    pool: Pool,
    force: InForce,
    clock: Clock,
) -> Service:
    composer = Composer(
        records.receipts,
        timedelta(seconds=settings.receipt_s),
        enforced=settings.mode == "enforce",
        public_url=settings.public_url,
    )
    rules = Rules(
        velocity_deadline=settings.velocity_deadline,
        sticky=timedelta(hours=settings.sticky_h),
        strictness=settings.strictness,
    )
    world = World(
        book=records.book,
        velocity=velocity,
        places=Places(settings.ip_database),
        tokeniser=records.tokeniser,
        clock=clock,
        in_force=lambda: service.force,
    )
    remembering = Remembering(records.book, records.journal, velocity)
    done = DoneWithUs(records.challenges, records.codes, records.sessions)
    labelling = Labelling(records.book, records.afterwards, remembering, clock)
    service = Service(
        settings=settings,
        records=records,
        velocity=velocity,
        screening=Screening(world, rules, composer),
        intake=Intake(remembering, records.tokeniser, clock),
        rescreening=Rescreening(world, rules, composer, done),
        stepup=StepUp(records.challenges, clock),
        otp=OneTimePasswords(
            records.book,
            records.challenges,
            records.codes,
            gateway,
            remembering,
            clock,
            records.otp_keys,
            settings.otp_per_minute,
        ),
        liveness=checks_of(records, pool, clock),
        enrolment=enrolment_of(settings, records, pool, clock),
        redeeming=Redeeming(records.book, records.afterwards, records.receipts, records.tokeniser, clock),
        labelling=labelling,
        analysts=analysts_of(settings, records, labelling, lambda: service.force, clock),
        counter=Counter(records.book, records.afterwards),
        messenger=Messenger(
            records.outbox,
            records.addresses,
            webhooks,
            gateway,
            records.book,
            records.links,
            clock,
            settings.public_url,
        ),
        force=force,
    )
    return service


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
