"""The only file that names adapters: it puts one behind each port, opens them in order and closes them again."""

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
from features.windows import Plan
from model.bundle import BundleRefusedError
from model.policy import Policy
from service.adapters.embedded_valkey import EmbeddedValkey, EmbeddedValkeyError
from service.adapters.keyring import SqlKeyring
from service.adapters.receipts import SignedReceipts
from service.adapters.redis_client import velocity_client
from service.adapters.redis_velocity import RedisVelocity
from service.adapters.sealing import Sealer
from service.adapters.secrets_folder import SecretsError, SecretsFolder, write_private
from service.adapters.sql_after import SqlAfterwards
from service.adapters.sql_audit import Trail
from service.adapters.sql_book import SqlBook
from service.adapters.sql_challenges import SqlChallenges
from service.adapters.sql_engine import AddressError, Database
from service.adapters.sql_journal import SqlJournal
from service.adapters.sql_reader import Reader
from service.adapters.sql_registry import SqlRegistry
from service.adapters.sql_retention import Ends, SqlRetention
from service.adapters.sql_writer import Writer
from service.adapters.tokens import KeyedTokens
from service.composing import Composer
from service.intake import Intake
from service.judging import InForce
from service.labelling import Labelling
from service.migrations import migrate
from service.ports import StoreDownError
from service.redeem import Redeeming
from service.registry import Releases
from service.rescreening import Rescreening
from service.screening import Rules, Screening, World
from service.settings import Settings
from service.status import Counter
from service.stepup import StepUp

logger = logging.getLogger(__name__)

LOOK_FOR_MODELS_EVERY_S: Final = 0.5
FillableVelocity = RedisVelocity
Retention = SqlRetention
__all__ = [
    "AddressError",
    "EmbeddedValkeyError",
    "Ends",
    "FillableVelocity",
    "Records",
    "Retention",
    "SecretsError",
    "Service",
    "open_records",
    "open_service",
    "write_private",
]


@dataclass(frozen=True)
class Part:
    """Whether a part can be used, and what it says of itself."""

    ok: bool
    detail: str


@dataclass
class Records:
    """The record of one process: one writer, its readers, and what is built on them."""

    book: SqlBook
    journal: SqlJournal
    afterwards: SqlAfterwards
    challenges: SqlChallenges
    retention: SqlRetention
    registry: SqlRegistry
    keyring: SqlKeyring
    tokeniser: KeyedTokens
    receipts: SignedReceipts
    releases: Releases


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
    redeeming: Redeeming
    labelling: Labelling
    counter: Counter
    force: InForce

    @property
    def book(self) -> SqlBook:
        """The record of decisions."""
        return self.records.book

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
async def open_records(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Records]:
    """Open the record: secrets, database, writer and readers; the schema must be up to date."""
    secrets, clock = SecretsFolder(settings.secrets_folder), clock or SystemClock()
    database = Database(settings.database_address)
    reader = Reader(database)
    writer = Writer(database, Trail(secrets.ring("audit")[0].secret, clock))
    registry = SqlRegistry(writer, reader, clock)
    try:
        yield Records(
            book=SqlBook(writer, reader, Sealer(secrets.ring("seal")), clock),
            journal=SqlJournal(writer, reader, clock),
            afterwards=SqlAfterwards(writer, reader),
            challenges=SqlChallenges(writer, reader),
            retention=SqlRetention(writer),
            registry=registry,
            keyring=SqlKeyring(writer, reader, clock),
            tokeniser=KeyedTokens(secrets.ring("index")),
            receipts=SignedReceipts(secrets.ring("receipt")),
            releases=Releases(registry, catalogue(), settings.bundles_folder, settings.trusted_folder),
        )
    finally:
        await writer.close()
        reader.close()
        database.close()


def prepare(settings: Settings) -> None:
    """Make the data folder, for us alone, and bring the database up to date.

    Raises:
        AddressError: the database's address cannot be used.
        StoreDownError: the database cannot be reached.
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.trusted_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    migrate(settings.database_address)


def catalogue_plan() -> Plan:
    """Return the windows that are kept."""
    return catalogue().plan


def embedded_store(settings: Settings) -> EmbeddedValkey:
    """Return the embedded velocity store of a data folder; it is not started."""
    return EmbeddedValkey(settings.data / "valkey")


def velocity_address(settings: Settings) -> str:
    """Return where the velocity store is."""
    return settings.redis_url or embedded_store(settings).url


def open_velocity(settings: Settings, deadline: timedelta | None = None) -> RedisVelocity:
    """Return a client of the velocity store; nothing is connected yet."""
    span = deadline or settings.velocity_deadline
    return RedisVelocity(velocity_client(velocity_address(settings), span), catalogue().plan, span)


@asynccontextmanager
async def open_service(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Service]:
    """Open everything that an API worker needs, and close it again in the opposite order."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        records = await stack.enter_async_context(open_records(settings, clock))
        velocity = open_velocity(settings)
        stack.push_async_callback(velocity.close)
        force = InForce(catalogue(), Policy.load(settings.policy, catalogue()), scorer=None)
        service = _assembled(settings, records, velocity, force, clock)
        await stack.enter_async_context(_running(service.follow_registry()))
        yield service


def _assembled(settings: Settings, records: Records, velocity: RedisVelocity, force: InForce, clock: Clock) -> Service:
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
    service = Service(
        settings=settings,
        records=records,
        velocity=velocity,
        screening=Screening(world, rules, composer),
        intake=Intake(records.book, records.journal, velocity, records.tokeniser, clock),
        rescreening=Rescreening(world, rules, composer, records.challenges),
        stepup=StepUp(records.challenges, clock),
        redeeming=Redeeming(records.book, records.afterwards, records.receipts, records.tokeniser, clock),
        labelling=Labelling(records.book, records.journal, records.afterwards, velocity, clock),
        counter=Counter(records.book, records.afterwards),
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
