"""Who may do what in the console: one table, from which the pages, the use cases and the test matrix are made."""

from http import HTTPStatus
from typing import Final, Literal, get_args

from msgspec import Struct

from service.errors import Problem

Role = Literal["analyst", "lead", "builder", "auditor", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

Permission = Literal[
    "cases.read",
    "cases.work",
    "cases.escalated",
    "cases.bulk_close",
    "risk.read",
    "explore",
    "reveal",
    "dashboard.read",
    "proposals.propose",
    "proposals.approve",
    "export.decisions",
    "export.subject",
    "export.scores",
    "policy.read",
    "policy.propose",
    "policy.approve",
    "policy.activate",
    "exceptions.write",
    "strictness.write",
    "models.read",
    "audit.read",
    "users.manage",
]
PERMISSIONS: Final[tuple[Permission, ...]] = get_args(Permission)

_A, _L, _B, _U, _D = "analyst", "lead", "builder", "auditor", "admin"
TABLE: Final[dict[Permission, frozenset[str]]] = {
    "cases.read": frozenset({_A, _L, _U}),
    "cases.work": frozenset({_A, _L}),
    "cases.escalated": frozenset({_L}),
    "cases.bulk_close": frozenset({_L}),
    "risk.read": frozenset({_A, _L, _B, _U}),
    "explore": frozenset({_A, _L, _U}),
    "reveal": frozenset({_A, _L, _U}),
    "dashboard.read": frozenset({_A, _L, _B, _U, _D}),
    "proposals.propose": frozenset({_A, _L, _U}),
    "proposals.approve": frozenset({_L}),
    "export.decisions": frozenset({_L, _U}),
    "export.subject": frozenset({_L, _U}),
    "export.scores": frozenset({_U}),
    "policy.read": frozenset({_A, _L, _B, _U}),
    "policy.propose": frozenset({_L, _B}),
    "policy.approve": frozenset({_L}),
    "policy.activate": frozenset({_L, _B}),
    "exceptions.write": frozenset({_L}),
    "strictness.write": frozenset({_L}),
    "models.read": frozenset({_L, _B, _U}),
    "audit.read": frozenset({_U, _D}),
    "users.manage": frozenset({_D}),
}
"""For each permission the roles that have it. An admin manages people and sees no customer; an auditor changes none."""


class Person(Struct, frozen=True, kw_only=True):
    """Who acts: a user of the console, or a service key with the scope `cases`.

    Attributes:
        user_id: the user's id, or `key:` and the key's id.
        tenant: the operator; nothing of another is visible.
        name: by which acts are written down, and by which proposer and approver are told apart.
        role: what they may do.
        regions: provinces (GB/T 2260) whose cases they work on; empty for all.
    """

    user_id: str
    tenant: str
    name: str
    role: Role
    regions: tuple[str, ...] = ()


def may(role: str, permission: Permission) -> bool:
    """Say whether a role has a permission."""
    return role in TABLE[permission]


def require(person: Person, permission: Permission) -> None:
    """Go on only if a person has a permission.

    Raises:
        Problem: 403 `NOT_PERMITTED`.
    """
    if not may(person.role, permission):
        raise Problem(HTTPStatus.FORBIDDEN, "NOT_PERMITTED", f"the role {person.role} does not have {permission}")
