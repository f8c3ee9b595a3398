"""`INSERT ... ON CONFLICT DO NOTHING`, which both databases have and SQLAlchemy spells per database."""

from typing import TypeAlias

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Insert: TypeAlias = sqlite.Insert | postgresql.Insert


def insert_new(connection: Connection, table: Table, *unique: str) -> Insert:
    """Return an insert that leaves out rows whose `unique` columns are there already."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing(index_elements=list(unique))
    return postgresql.insert(table).on_conflict_do_nothing(index_elements=list(unique))
