"""What people wrote and the trail tells of: for each kind of entry its rows, its name in the trail and its digest."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, select

from service.adapters.keyring import key_digest, key_ref
from service.adapters.sql_accesses import access_digest
from service.adapters.sql_case_changes import case_digest, case_ref, entry_digest, release_digest
from service.adapters.sql_people import user_digest, user_ref
from service.adapters.sql_proposals import proposal_digest, proposal_ref
from service.adapters.sql_registry import bundle_digest, bundle_ref
from service.adapters.sql_tables import registry, service_keys
from service.adapters.sql_tables_cases import accesses, case_history, cases, proposals, releases
from service.adapters.sql_tables_people import users


class Kept(NamedTuple):
    """A kind of thing: the query of its rows, what the trail calls one, and what it holds of it."""

    rows: Select[Any]
    ref: Callable[[Any], str]
    digest: Callable[[Any], bytes]


ACCOUNTED: Final[dict[str, Kept]] = {
    "registry": Kept(select(registry), bundle_ref, bundle_digest),
    "key": Kept(select(service_keys), key_ref, key_digest),
    # A case that nobody has touched is told of by the decision that opened it.
    "case": Kept(select(cases).where(cases.c.revision > 0), case_ref, case_digest),
    "case_history": Kept(select(case_history), lambda row: str(row.entry_id), entry_digest),
    "release": Kept(select(releases), lambda row: str(row.release_id), release_digest),
    "proposal": Kept(select(proposals), proposal_ref, proposal_digest),
    "access": Kept(select(accesses), lambda row: str(row.access_id), access_digest),
    "user": Kept(select(users), user_ref, user_digest),
}
