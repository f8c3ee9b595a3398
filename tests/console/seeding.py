"""A data folder that looks like a day's work: requests through the real API, people who enrolled, some cases worked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx
import msgspec
import pyotp

from features.clock import SystemClock
from features.codec import Line, LoggedLabel, LoggedScreening, log_files, raw_lines, read
from service.cli.stories import past_of, stranger, student
from service.loading import Loading
from service.people import Accounts
from service.settings import Settings
from service.wiring import Records, open_records

PASSWORD = "eine-lange-Nacht-7"  # noqa: S105 - of invented people
PEOPLE = {"wang": "analyst", "li": "lead", "zhao": "lead", "chen": "auditor", "admin": "admin", "bu": "builder"}
STORIES = ((student, "d-demo-student", "310000"), (stranger, "d-demo-owner", "440000"))


@dataclass
class Staff:
    """People who enrolled; each code of theirs is used once, so the next is of a later step."""

    secrets: dict[str, str]
    steps: dict[str, int] = field(default_factory=dict)

    def code(self, name: str) -> str:
        """Return a code that was not used yet; the step after this one is accepted as well."""
        now = SystemClock().now_ms() // 30_000
        step = max(now - 1, self.steps.get(name, 0) + 1)
        assert step <= now + 1, "codes were used faster than time gives new ones"
        self.steps[name] = step
        return pyotp.TOTP(self.secrets[name]).at(step * 30)


def enrol(settings: Settings, people: dict[str, str] | None = None, tenant: str = "demo") -> Staff:
    """Make people who can sign in."""
    return anyio.run(_enrol, settings, people or PEOPLE, tenant)


async def _enrol(settings: Settings, people: dict[str, str], tenant: str) -> Staff:
    staff = Staff({})
    async with open_records(settings) as records:
        accounts = Accounts(records.people, records.tokeniser, SystemClock())
        for name, role in people.items():
            _, invitation = await accounts.create(name, role, tenant=tenant, by="tests")
            offered = await accounts.begin_enrolment(name, invitation, "127.0.0.1")
            staff.secrets[name] = offered.secret
            await accounts.finish_enrolment(name, invitation, PASSWORD, staff.code(name), "127.0.0.1")
    return staff


def divided(log: Path, fraud: int, genuine: int) -> tuple[list[Line], list[LoggedScreening]]:
    """Return what becomes history, and the newest requests of either kind, which are asked again."""
    lines = [line for file in log_files(log) for line in read(raw_lines(file))]
    truth = {line.screening_id: line.label for line in lines if isinstance(line, LoggedLabel)}
    newest = [line for line in lines if isinstance(line, LoggedScreening) and line.event.id in truth]
    chosen = [line for line in newest if truth[line.event.id] == "fraud"][-fraud:]
    chosen += [line for line in newest if truth[line.event.id] == "legitimate"][-genuine:]
    ids = {line.event.id for line in chosen}
    return [line for line in lines if _id_of(line) not in ids], [line for line in newest if line.event.id in ids]


def _id_of(line: Line) -> str | None:
    return line.event.id if isinstance(line, LoggedScreening) else getattr(line, "screening_id", None)


def load_past(settings: Settings, past: Sequence[Line], tenant: str = "demo") -> None:
    """Write a history into the record."""

    async def load() -> None:
        async with open_records(settings) as records:
            await Loading(records.book, records.tokeniser).load(tenant, past, lambda _: None)

    anyio.run(load)


def ask(client: httpx.Client, live: Sequence[LoggedScreening]) -> dict[str, str]:
    """Send requests as a carrier does, and the two stories; return screening id -> decision."""
    decided: dict[str, str] = {}
    now_ms = SystemClock().now_ms()
    for build, device, province in STORIES:
        body = build()
        client.post("/v1/events", json={"events": past_of(body, device, province, now_ms)}).raise_for_status()
        decided |= _asked(client.post("/v1/screenings", json=body))
    for line in live:
        decided |= _asked(
            client.post(
                "/v1/screenings",
                content=msgspec.json.encode(line.request),
                headers={"Content-Type": "application/json"},
            )
        )
    return decided


def _asked(answer: httpx.Response) -> dict[str, str]:
    answer.raise_for_status()
    return {answer.json()["screening_id"]: answer.json()["decision"]}


def catch_up(settings: Settings) -> None:
    """Do once what jobs do all the time: read the journal into the index."""

    async def read_journal(records: Records) -> None:
        await records.mentions.catch_up(SystemClock().now_ms())

    async def run() -> None:
        async with open_records(settings) as records:
            await read_journal(records)

    anyio.run(run)
