"""Locks: rows that a batch is about to change are held in one order for all processes, so nobody waits in a circle."""

from collections.abc import Iterable

from sqlalchemy import Column, Connection, select


def hold(connection: Connection, key: Column[str], ids: Iterable[str]) -> None:
    """Hold the rows with these keys until the transaction ends.

    SQLite has one writer at a time and knows no row locks; SQLAlchemy leaves the words out there.
    """
    wanted = select(key).where(key.in_(sorted(set(ids)))).order_by(key)
    connection.execute(wanted.with_for_update()).all()
