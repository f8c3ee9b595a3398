"""A console on a stage: its use cases are played by stand-ins that answer with whatever texts a test puts in.

So every field that an analyst sees can hold something hostile, also those that the API would never let in.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from features.catalogue import catalogue
from features.clock import SystemClock
from model.policy import Policy
from service.console.context import Console
from service.console.mount import mount
from service.errors import Problem
from service.explorer import FoundOut
from service.judging import InForce
from service.pages import Happening
from service.permissions import Person, Role
from service.ports_cases import CaseFile
from service.ports_desk import (
    Board,
    Coverage,
    DecisionLine,
    Flow,
    Friction,
    QueueState,
    Rate,
    Staffing,
    Standing,
)
from service.ports_people import Session, User
from service.ports_proposals import Proposal
from tests.console.staged_desk import HOUR, StagedDesk
from tests.e2e.cluster import free_port

TOKEN = "a-session"  # noqa: S105 - nobody else knows it


class Stage(StagedDesk):
    """Everything that the console shows, with one text in each place that a request or a person can fill."""

    def __init__(self, text: str = "无", role: Role = "lead") -> None:
        """Put a text into every field."""
        self.x = text
        self.now_ms = SystemClock().now_ms()
        self.role: Role = role
        self.open = True
        self.events: list[str] = []
        self.disabled: list[str] = []

    def person(self) -> Person:
        """Whoever is signed in."""
        return Person(user_id="usr_1", tenant="demo", name="wang", role=self.role)

    # accounts
    async def who(self, token: str) -> Session | None:
        """Let the one session in while it is open."""
        if token != TOKEN or not self.open:
            return None
        return Session(person=self.person(), started_ms=self.now_ms, expires_ms=self.now_ms + HOUR, csrf="c")

    async def touch(self, token: str) -> None:
        """Note that somebody did something."""
        self.events.append("touch")

    async def sign_out(self, token: str) -> None:
        """End the session."""
        self.open = False

    async def users(self, tenant: str | None = None) -> list[User]:
        """Return one user."""
        user = User(
            user_id="u", tenant="demo", name=self.x, role="analyst", state="active", regions=(self.x,), created_ms=0
        )
        return [user]

    async def disable(self, name: str, *, by: str) -> None:
        """Note that somebody was disabled."""
        self.disabled.append(name)

    # casework
    def case(self, **more: Any) -> CaseFile:
        """Return a case."""
        values: dict[str, Any] = {
            "case_id": "cas_01",
            "tenant": "demo",
            "screening_id": "scr_01",
            "region": self.x,
            "queue": self.x,
            "origin": "hold",
            "state": "open",
            "level": 1,
            "opened_ms": self.now_ms - HOUR,
            "due_ms": self.now_ms + HOUR,
            "expires_ms": self.now_ms + 9 * HOUR,
            "expected_harm_fen": 123_400,
            "rank_ms": 0,
            "taken_by": "wang",
            "taken_until_ms": self.now_ms + HOUR,
        }
        return CaseFile(**{**values, **more})

    async def queue(self, who: Person, wanted: Any, *, skip: int = 0, limit: int = 50) -> list[CaseFile]:
        """Return two cases."""
        return [self.case(), self.case(case_id="cas_02", taken_by=self.x)]

    async def note(self, who: Person, case_id: str, text: str) -> CaseFile:
        """Note that a note was left."""
        self.events.append(f"note:{text}")
        return self.case()

    async def escalate(self, who: Person, case_id: str, text: str) -> CaseFile:
        """Refuse in words that come from outside."""
        raise Problem(HTTPStatus.CONFLICT, "NEW_CODE", self.x)

    # four eyes
    def proposal(self) -> Proposal:
        """Return a proposal."""
        return Proposal(
            proposal_id="prp_1",
            tenant="demo",
            kind="release_block",
            subject=self.x,
            payload={},
            reason=self.x,
            proposer=self.x,
            proposed_ms=self.now_ms,
            expires_ms=self.now_ms + HOUR,
            note=self.x,
            decided_by=self.x,
        )

    async def proposals(self, who: Person, *, state: Any = "open") -> list[Proposal]:
        """Return one proposal."""
        return [self.proposal()]

    # explorer
    async def search(self, who: Person, entity: Any, what: str) -> FoundOut:
        """Find something."""
        x = self.x
        line = DecisionLine(
            screening_id=x,
            request_id=x,
            created_ms=self.now_ms,
            action=x,
            channel=x,
            region=x,
            decision="hold",
            degraded=False,
            line=x,
            party=x,
            device=x,
            model=x,
            policy=x,
            probability=0.5,
        )
        return FoundOut(
            entity="line",
            token=x,
            frauds=1,
            happenings=(Happening(at_ms=self.now_ms, kind=x),),
            decisions=(line,),
        )

    # dashboard
    async def board(self, who: Person, span: Any, bucket: Any = "day") -> Board:
        """Return numbers."""
        x, now = self.x, self.now_ms
        return Board(
            since_ms=now - 24 * HOUR,
            until_ms=now,
            bucket="day",
            flow=(Flow(start_ms=now, decision="hold", count=3), Flow(start_ms=now, decision="allow", count=9)),
            friction=tuple(
                Friction(by=by, name=x, total=9, challenged=2, held=1, blocked=1)
                for by in ("action", "channel", "slice")
            ),
            sampled=9,
            queues=(
                QueueState(
                    queue=x, open=3, snoozed=0, taken=1, escalated=1, breached=1, oldest_ms=now - HOUR, harm_fen=99
                ),
            ),
            overrides_by_agent=(Rate(who=x, count=1, total=2),),
            releases_by_analyst=(Rate(who=x, count=1, total=2),),
            fraud_stopped=3,
            loss_fen=100,
            recovered_fen=200,
            coverage=Coverage(allowed=10, redeemed=9, executed=10),
            degraded_minutes=2,
            standing=Standing(model=x, policy=x, catalogue=x, mode="enforce", strictness="raised"),
        )

    async def staffing(self, who: Person, threshold: float) -> Staffing:
        """Return numbers."""
        return Staffing(threshold=threshold, cases_per_day=4, now_per_day=3, minutes_per_case=6, people=0.2)

    def console(self) -> Console:
        """Return the console with this stage behind every use case."""
        force = InForce(catalogue(), Policy.load(None, catalogue()), None)
        play: Any = self
        return Console(play, play, play, play, play, play, lambda: force, SystemClock())


@contextmanager
def staged(stage: Stage) -> Iterator[str]:
    """Serve a stage until the block ends; yields its address."""
    app = FastAPI()
    mount(app, stage.console)
    server = uvicorn.Server(uvicorn.Config(app, port=free_port(), log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.config.port}"
    for _ in range(400):
        try:
            if httpx.get(f"{address}/console/sign-in").is_success:
                break
        except httpx.TransportError:
            time.sleep(0.05)
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join(10)
