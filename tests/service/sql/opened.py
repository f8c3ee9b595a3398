"""A record that is put together as `wiring` does it, on whichever database a test asks for."""

from typing import Any

from sqlalchemy import text

from features.clock import FixedClock
from service.adapters.keyring import SqlKeyring
from service.adapters.sealing import Sealer
from service.adapters.secrets_folder import SecretsFolder
from service.adapters.sql_after import SqlAfterwards
from service.adapters.sql_audit import Trail
from service.adapters.sql_book import SqlBook
from service.adapters.sql_cases import SqlDocket
from service.adapters.sql_challenges import SqlChallenges
from service.adapters.sql_engine import Database
from service.adapters.sql_journal import SqlJournal
from service.adapters.sql_otp import SqlCodes
from service.adapters.sql_reader import Reader
from service.adapters.sql_registry import SqlRegistry
from service.adapters.sql_retention import SqlRetention
from service.adapters.sql_verify import AuditDesk
from service.adapters.sql_writer import WAITING, Writer
from service.adapters.tokens import KeyedTokens


class Record:
    """One process's record."""

    def __init__(self, url: str, secrets: SecretsFolder, clock: FixedClock, *, waiting: int = WAITING) -> None:
        """Open it."""
        self.url, self.clock = url, clock
        self.database = Database(url)
        self.reader = Reader(self.database)
        self.audit_keys = [key.secret for key in secrets.ring("audit")]
        self.trail = Trail(self.audit_keys[-1], clock)
        self.writer = Writer(self.database, self.trail, waiting=waiting)
        self.sealer = Sealer(secrets.ring("seal"))
        self.book = SqlBook(self.writer, self.reader, self.sealer, clock)
        self.afterwards = SqlAfterwards(self.writer, self.reader)
        self.challenges = SqlChallenges(self.writer, self.reader)
        self.codes = SqlCodes(self.writer, self.reader)
        self.journal = SqlJournal(self.writer, self.reader, clock)
        self.retention = SqlRetention(self.writer)
        self.registry = SqlRegistry(self.writer, self.reader, clock)
        self.docket = SqlDocket(self.writer, self.reader)
        self.keys = SqlKeyring(self.writer, self.reader, clock)
        self.audit = AuditDesk(self.reader, self.audit_keys)
        self.tokens = KeyedTokens(secrets.ring("index"))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a question in plain SQL finds."""
        return self.reader.now(lambda db: [tuple(row) for row in db.execute(text(sql))])

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - a table's name

    def change(self, *statements: str) -> None:
        """Change the database as somebody might who has its password, and the triggers out of the way."""
        engine = Database(self.url).writer
        with engine.begin() as db:
            for statement in statements:
                db.execute(text(statement))
        engine.dispose()

    async def close(self) -> None:
        """Close it."""
        await self.writer.close()
        self.reader.close()
        self.database.close()
