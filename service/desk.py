"""The use case: one page of a case, which says what is asked, why it was stopped, what is normal, and what to do."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from service.answer import Contribution
from service.errors import not_found
from service.graphs import graph_of
from service.judging import InForce
from service.pages import CasePage, Graph, Happening, Normal
from service.parts import asked_of, number_in, peers_of, places_of, rules_of, steps_of, why_of
from service.permissions import Person, may, require
from service.ports import Book, Found
from service.ports_cases import CaseFile, Docket
from service.ports_desk import Mentions, Numbers
from service.ports_proposals import Proposals

PAST: Final = 60
"""How much of a line's past is shown."""
COMPARED: Final = 6
"""How many signals are compared with the peers': those that added the most."""
PEERS: Final = 300
SCREENING: Final = "screening"


class Private(Protocol):
    """Opens what was sealed with a decision."""

    async def private(self, tenant: str, screening_id: str) -> dict[str, str | float]:
        """Return the plain parts; empty when there are none any more."""
        ...


class Desk:
    """Puts pages together."""

    def __init__(  # noqa: PLR0913 - each is a port of its own
        self,
        book: Book,
        private: Private,
        docket: Docket,
        proposals: Proposals,
        mentions: Mentions,
        numbers: Numbers,
        in_force: Callable[[], InForce],
    ) -> None:
        """Take the record, what opens its sealed part, the cases, the index, the counts, and what is in force."""
        self._book = book
        self._private = private
        self._docket = docket
        self._proposals = proposals
        self._mentions = mentions
        self._numbers = numbers
        self._in_force = in_force

    async def page(self, who: Person, case_id: str) -> CasePage:
        """Return the page of a case.

        Raises:
            Problem: 403 for who may not read cases, 404 for a case of another tenant or region.
        """
        require(who, "cases.read")
        case = await self._docket.case(who.tenant, case_id)
        if case is None or (who.regions and case.region not in who.regions):
            raise not_found("case")
        found = await self._book.screening(who.tenant, case.screening_id)
        if found is None:
            raise not_found("screening")
        return await self._page(who, found, case)

    async def screening_page(self, who: Person, screening_id: str) -> CasePage:
        """Return the page of a screening, with its case if it opened one."""
        require(who, "cases.read")
        found = await self._found(who, screening_id)
        return await self._page(who, found, await self._docket.case_of(who.tenant, screening_id))

    async def graph(self, who: Person, screening_id: str, *, hops: int = 2) -> Graph:
        """Return how a screening hangs together with others, one or two steps away; capped."""
        require(who, "cases.read")
        found = await self._found(who, screening_id)
        return await graph_of(self._mentions, who.tenant, found.logged.event.keys, hops)

    async def _page(self, who: Person, found: Found, case: CaseFile | None) -> CasePage:
        force, risk = self._in_force(), may(who.role, "risk.read")
        contributions = await self._contributions(found, force)
        number = (await self._private.private(who.tenant, found.screening_id)).get("msisdn")
        rules = rules_of(found.kept, force.policy)
        open_ones = await self._proposals.proposals(who.tenant)
        return CasePage(
            case=case,
            asked=asked_of(found, number if isinstance(number, str) else None),
            why=why_of(found.kept, contributions, force.policy, force.catalogue, risk=risk),
            normal=await self._normal(who, found, contributions if risk else (), force),
            graph=await graph_of(self._mentions, who.tenant, found.logged.event.keys, 1),
            steps=steps_of(rules, found.kept.answer),
            history=tuple(await self._docket.history(who.tenant, case.case_id)) if case else (),
            related=tuple(await self._docket.related(who.tenant, case.case_id)) if case else (),
            proposals=tuple(proposal for proposal in open_ones if proposal.subject == found.screening_id),
            kept=found.kept,
        )

    async def _normal(self, who: Person, found: Found, contributions: Sequence[Contribution], force: InForce) -> Normal:
        row, request = found.logged.row or {}, found.logged.request
        strongest = sorted(contributions, key=lambda bar: -abs(bar.log_odds))[:COMPARED]
        names = [bar.feature for bar in strongest]
        others = await self._numbers.peers(who.tenant, request.action, names, PEERS) if names else {}
        return Normal(
            timeline=await self._timeline(who, found),
            peers=peers_of(row, others, force.catalogue),
            places=places_of(found.logged),
            distance_km=found.logged.facts.distance_km,
            speed_kmh=number_in(row, "location.speed_kmh"),
        )

    async def _timeline(self, who: Person, found: Found) -> tuple[Happening, ...]:
        """Return what happened to the line, the newest first: reported events, and what was decided on it."""
        line = found.logged.event.keys.get("line")
        if line is None:
            return ()
        decided = await self._numbers.line_past(who.tenant, line, PAST)
        named = await self._mentions.of(who.tenant, [line], each=PAST)
        happenings = [
            Happening(
                at_ms=past.created_ms,
                kind=SCREENING,
                screening_id=past.screening_id,
                action=past.action,
                decision=past.decision,
                is_this=past.screening_id == found.screening_id,
            )
            for past in decided
        ]
        happenings += [
            Happening(at_ms=mention.at_ms, kind=mention.kind)
            for mention in named
            # Our own screenings stand there already, with what was decided; those of an imported log do not.
            if mention.kind != SCREENING or not mention.event_id.startswith("scr:")
        ]
        return tuple(sorted(happenings, key=lambda happening: -happening.at_ms)[:PAST])

    async def _contributions(self, found: Found, force: InForce) -> Sequence[Contribution]:
        """Return what each signal added, as it was kept; for an allow, which does without, as the same model says."""
        answer, row = found.kept.answer, found.logged.row
        kept = answer.risk.contributions if answer.risk else ()
        if kept or row is None or force.scorer is None or force.model_version != answer.versions.model:
            return kept
        made = await asyncio.to_thread(force.scorer.contributions, row)
        return [Contribution(feature=one.feature, value=one.value, log_odds=one.log_odds) for one in made]

    async def _found(self, who: Person, screening_id: str) -> Found:
        found = await self._book.screening(who.tenant, screening_id)
        if found is None or (who.regions and not _within(who, found)):
            raise not_found("screening")
        return found


def _within(who: Person, found: Found) -> bool:
    subscriber = found.logged.request.subscriber
    return (subscriber.handling_province or subscriber.home_province or "") in who.regions
