"""People on both databases: who gets in, who does not, and who is out at once."""

import asyncio

import pyotp
import pytest
from argon2 import PasswordHasher

from service.adapters.sql_people import SqlPeople
from service.errors import Problem
from service.people import STEP_S, Accounts, Enrolment, SignedIn
from service.permissions import PERMISSIONS, ROLES, TABLE, may
from service.ports_records import RefusedError
from tests.service.sql.records import TENANT, Record

pytestmark = pytest.mark.anyio

PASSWORD = "four-Herons_over-91-Lakes"  # noqa: S105 - of an invented person
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
def accounts(record: Record) -> Accounts:
    """Accounts over a record, with passwords that are quick to hash."""
    return Accounts(SqlPeople(record.writer, record.reader, record.sealer), record.tokens, record.clock, CHEAP)


async def enrolled(record: Record, accounts: Accounts, name: str = "wang", role: str = "analyst") -> Enrolment:
    """Let somebody enrol and return what their code generator knows."""
    _, invitation = await accounts.create(name, role, tenant=TENANT, by="tests")
    offered = await accounts.begin_enrolment(name, invitation, HERE)
    await accounts.finish_enrolment(name, invitation, PASSWORD, code(record, offered), HERE)
    record.clock.at_ms += STEP_S * 1000
    return offered


def code(record: Record, offered: Enrolment, steps: int = 0) -> str:
    """Return what the code generator shows, some steps from now."""
    return pyotp.TOTP(offered.secret).at(record.clock.at_ms // 1000 + steps * STEP_S)


async def signed_in(record: Record, accounts: Accounts, offered: Enrolment) -> SignedIn:
    """Sign somebody in."""
    return await accounts.sign_in(offered.name, PASSWORD, code(record, offered), HERE)


async def test_somebody_enrols_and_signs_in(record: Record, accounts: Accounts) -> None:
    """The address for the code generator names the service; nothing that opens a door is in the database."""
    offered = await enrolled(record, accounts)
    assert offered.uri.startswith("otpauth://totp/Lastcall:wang?")
    session = await signed_in(record, accounts, offered)
    person = session.session.person
    assert (person.name, person.role, person.tenant) == ("wang", "analyst", TENANT)
    found = await accounts.who(session.token)
    assert found is not None
    assert (found.person, found.csrf) == (person, session.session.csrf)
    stored = str(record.rows("SELECT * FROM users")) + str(record.rows("SELECT * FROM sessions"))
    for secret in (PASSWORD, offered.secret, session.token):
        assert secret not in stored
    assert "$argon2id$" in stored
    assert (await record.audit.verify()).broken is None


@pytest.mark.parametrize("wrong", ["name", "password", "code", "letters"])
async def test_which_of_them_was_wrong_is_not_told(record: Record, accounts: Accounts, wrong: str) -> None:
    """The answer is the same."""
    offered = await enrolled(record, accounts)
    given = {"name": "wang", "password": PASSWORD, "code": code(record, offered), "address": HERE}
    bad = {"name": {"name": "nobody"}, "password": {"password": "x"}, "code": {"code": "000000"}}
    given |= bad.get(wrong, {"code": "１２３４５６"})
    with pytest.raises(Problem) as caught:
        await accounts.sign_in(**given)
    assert (caught.value.status, caught.value.code) == (401, "SIGN_IN_REFUSED")


async def test_a_code_works_once(record: Record, accounts: Accounts) -> None:
    """Of sixteen who show one code at once one is let in; nor is an earlier one taken after it."""
    offered = await enrolled(record, accounts)
    shown, before = code(record, offered), code(record, offered, -1)
    tried = await asyncio.gather(
        *(accounts.sign_in("wang", PASSWORD, shown, f"203.0.113.{n}") for n in range(16)), return_exceptions=True
    )
    assert sum(isinstance(found, SignedIn) for found in tried) == 1
    for again in (shown, before):
        with pytest.raises(Problem, match="SIGN_IN_REFUSED"):
            await accounts.sign_in("wang", PASSWORD, again, ELSEWHERE)
    record.clock.at_ms += STEP_S * 1000
    assert await signed_in(record, accounts, offered)


async def test_guessing_is_slowed_down_however_many_guess_at_once(record: Record, accounts: Accounts) -> None:
    """Five are free; the owner comes in from elsewhere meanwhile; waiting grows, and ends."""
    offered = await enrolled(record, accounts)
    tried = await asyncio.gather(
        *(accounts.sign_in("wang", f"guess-{n}", "000000", ELSEWHERE) for n in range(32)), return_exceptions=True
    )
    codes = [found.code for found in tried if isinstance(found, Problem)]
    assert codes.count("SIGN_IN_REFUSED") == 5
    assert codes.count("TOO_MANY_ATTEMPTS") == 27
    assert await signed_in(record, accounts, offered)
    record.clock.at_ms += 30_000
    with pytest.raises(Problem) as caught:
        await accounts.sign_in("wang", "guess", "000000", ELSEWHERE)
    assert caught.value.code == "SIGN_IN_REFUSED"
    with pytest.raises(Problem) as caught:
        await accounts.sign_in("wang", PASSWORD, code(record, offered), ELSEWHERE)
    assert (caught.value.code, caught.value.retry_after_s) == ("TOO_MANY_ATTEMPTS", 60)
    record.clock.at_ms += 60_000
    assert await accounts.sign_in("wang", PASSWORD, code(record, offered), ELSEWHERE)


async def test_one_address_that_tries_many_names_is_slowed_down(record: Record, accounts: Accounts) -> None:
    """Whatever the names."""
    for n in range(20):
        with pytest.raises(Problem, match="SIGN_IN_REFUSED"):
            await accounts.sign_in(f"name-{n}", "x", "000000", HERE)
    with pytest.raises(Problem, match="TOO_MANY_ATTEMPTS"):
        await accounts.sign_in("another", "x", "000000", HERE)


async def test_who_is_disabled_is_out_at_once(record: Record, accounts: Accounts) -> None:
    """In every session, and in other processes too, which read the same rows; being enabled brings none back."""
    offered = await enrolled(record, accounts)
    session = await signed_in(record, accounts, offered)
    await accounts.disable("wang", by="admin")
    assert await accounts.who(session.token) is None
    record.clock.at_ms += STEP_S * 1000
    with pytest.raises(Problem, match="SIGN_IN_REFUSED"):
        await signed_in(record, accounts, offered)
    await accounts.enable("wang", by="admin")
    assert await accounts.who(session.token) is None
    record.clock.at_ms += STEP_S * 1000
    assert await signed_in(record, accounts, offered)


async def test_a_session_ends(record: Record, accounts: Accounts) -> None:
    """When it is idle for half an hour, after ten hours whatever happens, and when its owner says so."""
    offered = await enrolled(record, accounts)
    idle = await signed_in(record, accounts, offered)
    record.clock.at_ms += 29 * 60_000
    assert await accounts.who(idle.token) is not None
    record.clock.at_ms += 60_000
    assert await accounts.who(idle.token) is None
    busy = await signed_in(record, accounts, offered)
    for _ in range(29):
        record.clock.at_ms += 20 * 60_000
        await accounts.touch(busy.token)
        assert await accounts.who(busy.token) is not None
    record.clock.at_ms += 20 * 60_000
    assert await accounts.who(busy.token) is None
    third = await signed_in(record, accounts, offered)
    await accounts.sign_out(third.token)
    assert await accounts.who(third.token) is None
    assert await accounts.who("made up") is None


async def test_a_change_of_role_is_in_force_at_the_next_click(record: Record, accounts: Accounts) -> None:
    """Without signing in again."""
    offered = await enrolled(record, accounts)
    session = await signed_in(record, accounts, offered)
    await accounts.change("wang", "lead", ["440000", "310000"], by="admin")
    found = await accounts.who(session.token)
    assert found is not None
    assert (found.person.role, found.person.regions) == ("lead", ("440000", "310000"))


async def test_an_invitation_works_once_and_for_three_days(record: Record, accounts: Accounts) -> None:
    """A weak password or a wrong code does not use it up."""
    _, invitation = await accounts.create("li", "lead", tenant=TENANT, by="tests")
    offered = await accounts.begin_enrolment("li", invitation, HERE)
    assert await accounts.begin_enrolment("li", invitation, HERE) == offered
    for weak in ("short", "li-is-my-name-and-more", "aaaaaaaaaaaaaaaa", "x" * 200):
        with pytest.raises(Problem, match="PASSWORD_TOO_WEAK"):
            await accounts.finish_enrolment("li", invitation, weak, code(record, offered), f"{HERE}{len(weak)}")
    with pytest.raises(Problem, match="SIGN_IN_REFUSED"):
        await accounts.finish_enrolment("li", invitation, PASSWORD, "000000", ELSEWHERE)
    await accounts.finish_enrolment("li", invitation, PASSWORD, code(record, offered), ELSEWHERE)
    with pytest.raises(Problem, match="SIGN_IN_REFUSED"):
        await accounts.begin_enrolment("li", invitation, HERE)
    _, late = await accounts.create("zhao", "lead", tenant=TENANT, by="tests")
    record.clock.at_ms += 72 * 3_600_000
    with pytest.raises(Problem, match="SIGN_IN_REFUSED"):
        await accounts.begin_enrolment("zhao", late, HERE)


async def test_a_reset_takes_everything_away(record: Record, accounts: Accounts) -> None:
    """The sessions end; the old password opens nothing; a disabled user who never enrolled stays out."""
    offered = await enrolled(record, accounts)
    session = await signed_in(record, accounts, offered)
    invitation = await accounts.reset("wang", by="admin")
    assert await accounts.who(session.token) is None
    record.clock.at_ms += STEP_S * 1000
    with pytest.raises(Problem, match="SIGN_IN_REFUSED"):
        await signed_in(record, accounts, offered)
    anew = await accounts.begin_enrolment("wang", invitation, HERE)
    assert anew.secret != offered.secret
    await accounts.disable("wang", by="admin")
    with pytest.raises(RefusedError, match="never enrolled"):
        await accounts.enable("wang", by="admin")


async def test_names_and_roles_that_cannot_be(record: Record, accounts: Accounts) -> None:
    """A sentence says what to mend."""
    await accounts.create("wang", "analyst", tenant=TENANT, by="tests")
    with pytest.raises(RefusedError, match="is taken"):
        await accounts.create("wang", "lead", tenant="south", by="tests")
    for name in ("W", "Wang", "wang li", "9wang", ""):
        with pytest.raises(RefusedError, match="small letters"):
            await accounts.create(name, "lead", tenant=TENANT, by="tests")
    with pytest.raises(RefusedError, match="no role king"):
        await accounts.create("king", "king", tenant=TENANT, by="tests")
    with pytest.raises(RefusedError, match="no user nobody"):
        await accounts.disable("nobody", by="tests")
    assert [user.name for user in await accounts.users(TENANT)] == ["wang"]


async def test_a_role_that_was_raised_in_the_database_is_seen(record: Record, accounts: Accounts) -> None:
    """The trail knows who was what."""
    await enrolled(record, accounts)
    record.change("UPDATE users SET role = 'admin'")
    broken = (await record.audit.verify()).broken
    assert broken is not None
    assert (broken.kind, broken.thing) == ("edited", "user")


def test_the_table_of_permissions_is_whole() -> None:
    """Every permission is somebody's, every role may do something, and power over people sees no customer."""
    assert set(TABLE) == set(PERMISSIONS)
    for permission in PERMISSIONS:
        assert TABLE[permission] <= set(ROLES)
        assert TABLE[permission]
    assert {role for role in ROLES for permission in PERMISSIONS if may(role, permission)} == set(ROLES)
    seen = {"cases.read", "explore", "reveal", "export.subject", "export.decisions"}
    assert not [permission for permission in seen if may("admin", permission)]  # type: ignore[arg-type]
    changed = {"cases.work", "proposals.approve", "policy.approve", "policy.activate", "users.manage"}
    assert not [permission for permission in changed if may("auditor", permission)]  # type: ignore[arg-type]
