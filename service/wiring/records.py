"""The record of one process: the adapters that read and write it, put behind their ports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from features.catalogue import catalogue
from features.clock import Clock, SystemClock
from service.adapters.keyring import SqlKeyring
from service.adapters.links import SignedLinks
from service.adapters.receipts import SignedReceipts
from service.adapters.sealing import Sealer
from service.adapters.secrets_folder import SecretsFolder
from service.adapters.sql_accesses import SqlAccesses
from service.adapters.sql_after import SqlAfterwards
from service.adapters.sql_audit import Trail
from service.adapters.sql_book import SqlBook
from service.adapters.sql_cases import SqlDocket
from service.adapters.sql_challenges import SqlChallenges
from service.adapters.sql_coverage import SqlCoverages
from service.adapters.sql_engine import Database
from service.adapters.sql_faces import SqlFaces, SqlSessions
from service.adapters.sql_journal import SqlJournal
from service.adapters.sql_mentions import SqlMentions
from service.adapters.sql_numbers import SqlNumbers
from service.adapters.sql_otp import SqlCodes
from service.adapters.sql_outbox import SqlAddresses, SqlOutbox
from service.adapters.sql_people import SqlPeople
from service.adapters.sql_proposals import SqlProposals
from service.adapters.sql_reader import Reader
from service.adapters.sql_registry import SqlRegistry
from service.adapters.sql_retention import SqlRetention
from service.adapters.sql_writer import Writer
from service.adapters.tokens import KeyedTokens
from service.migrations import migrate
from service.registry import Releases
from service.settings import Settings


@dataclass
class Records:
    """The record of one process: one writer, its readers, and what is built on them."""

    book: SqlBook
    journal: SqlJournal
    afterwards: SqlAfterwards
    challenges: SqlChallenges
    codes: SqlCodes
    outbox: SqlOutbox
    addresses: SqlAddresses
    links: SignedLinks
    sessions: SqlSessions
    faces: SqlFaces
    sealer: Sealer
    otp_keys: tuple[bytes, ...]
    retention: SqlRetention
    registry: SqlRegistry
    people: SqlPeople
    docket: SqlDocket
    proposals: SqlProposals
    accesses: SqlAccesses
    mentions: SqlMentions
    numbers: SqlNumbers
    coverages: SqlCoverages
    keyring: SqlKeyring
    tokeniser: KeyedTokens
    receipts: SignedReceipts
    releases: Releases


@asynccontextmanager
async def open_records(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Records]:
    """Open the record: secrets, database, writer and readers; the schema must be up to date."""
    secrets, clock = SecretsFolder(settings.secrets_folder), clock or SystemClock()
    database = Database(settings.database_address)
    reader = Reader(database)
    writer = Writer(database, Trail(secrets.ring("audit")[0].secret, clock))
    registry, journal = SqlRegistry(writer, reader, clock), SqlJournal(writer, reader, clock)
    sealer = Sealer(secrets.ring("seal"))
    try:
        yield Records(
            book=SqlBook(writer, reader, sealer, clock),
            journal=journal,
            afterwards=SqlAfterwards(writer, reader),
            challenges=SqlChallenges(writer, reader),
            codes=SqlCodes(writer, reader),
            outbox=SqlOutbox(writer, reader),
            addresses=SqlAddresses(writer, reader, sealer, clock),
            links=SignedLinks(tuple(key.secret for key in secrets.ring("links")), clock),
            sessions=SqlSessions(writer, reader),
            faces=SqlFaces(writer, reader),
            sealer=sealer,
            otp_keys=tuple(key.secret for key in secrets.ring("otp")),
            retention=SqlRetention(writer),
            registry=registry,
            people=SqlPeople(writer, reader, Sealer(secrets.ring("seal"))),
            docket=SqlDocket(writer, reader),
            proposals=SqlProposals(writer, reader),
            accesses=SqlAccesses(writer, reader),
            mentions=SqlMentions(writer, reader, journal),
            numbers=SqlNumbers(reader),
            coverages=SqlCoverages(reader),
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
