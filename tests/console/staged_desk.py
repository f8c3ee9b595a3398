"""The page of a case in which one text stands in every place that a request can fill."""

from service.answer import Answer, Customer, Degraded, Eligibility, KeptAnswer, ReasonLine, Sentence, Versions
from service.pages import (
    Asked,
    Bar,
    Bilingual,
    CasePage,
    FactorShown,
    Field,
    Graph,
    Happening,
    Node,
    Normal,
    Peers,
    PlaceShown,
    RuleShown,
    Step,
    Why,
)
from service.permissions import Person
from service.ports_cases import CaseEntry, CaseFile, RelatedCase
from service.ports_proposals import Proposal

HOUR = 3_600_000


class StagedDesk:
    """The desk on a stage."""

    x: str
    now_ms: int

    def case(self, **more: str) -> CaseFile:
        """Return a case."""
        raise NotImplementedError

    def proposal(self) -> Proposal:
        """Return a proposal."""
        raise NotImplementedError

    async def page(self, who: Person, case_id: str) -> CasePage:
        """Return the page of a case with the text everywhere."""
        x, now = self.x, self.now_ms
        kept = KeptAnswer(answer=self._answer(), public_reasons=())
        return CasePage(
            case=self.case(),
            asked=Asked(
                screening_id="scr_01",
                request_id=x,
                at_ms=now,
                action=x,
                channel=x,
                reason=x,
                role=x,
                line_masked=x,
                line_token=x,
                number_province=x,
                home_province="440000",
                handling_province="310000",
                tenure_days=1200,
                premium_tier=2,
                linked_services=3,
                prepaid_balance_fen=1200,
                obligations=(Sentence(code=x, en=x, zh=x),),
                fields=(Field(x, x),),
            ),
            why=self._why(),
            normal=self._normal(),
            graph=Graph(
                nodes=(
                    Node(token=x, entity="line", fraud=0, hop=0),
                    Node(token=f"{x}2", entity=x, fraud=2, hop=1),
                ),
                edges=((x, f"{x}2"),),
                cut=True,
            ),
            steps=(Step(source=x, words=Bilingual(x, x)),),
            history=(CaseEntry(entry_id="h", n=1, case_id="cas_01", at_ms=now, by=x, act="note", text=x),),
            related=(RelatedCase(case=self.case(case_id="cas_02"), shared=(x,)),),
            proposals=(self.proposal(),),
            kept=kept,
        )

    def _answer(self) -> Answer:
        x = self.x
        return Answer(
            screening_id="scr_01",
            request_id=x,
            created_at=x,
            decision="hold",
            enforced=True,
            reasons=(),
            challenge=None,
            hold=None,
            eligibility=Eligibility(eligible=True),
            cooling_off=None,
            next_actions=(),
            degraded=Degraded(is_degraded=False),
            receipt=None,
            customer=Customer(en=x, zh=x, appeal_ref=x),
            versions=Versions(model=x, policy=x, catalogue=x),
        )

    def _why(self) -> Why:
        x = self.x
        return Why(
            decision="hold",
            reasons=(ReasonLine(code=x, en=x, zh=x),),
            probability=0.7,
            score=640,
            bars=(
                Bar(feature=x, zh=x, why=x, value=x, log_odds=1.2),
                Bar(feature="b", zh=x, why=x, value=2.0, log_odds=-1),
            ),
            rules=(
                RuleShown(name=x, state="hit", kind="red", then="block", why=x, runbook=Bilingual(x, x), known=False),
            ),
            factors=(FactorShown(factor=x, shown=True, offered=True, spoiled_by=(x,)),),
            evidence=(x,),
            missing=(x,),
            failed=(x,),
            model=x,
            policy=x,
            enforced=False,
        )

    def _normal(self) -> Normal:
        x, now = self.x, self.now_ms
        return Normal(
            timeline=(
                Happening(at_ms=now - HOUR, kind=x, action=x, decision="hold"),
                Happening(at_ms=now, kind="screening", is_this=True),
            ),
            peers=(
                Peers(feature=x, zh=x, value=3.0, count=9, quantiles=(0, 1, 2, 3, 4, 5, 6), shares=(), below=0.5),
                Peers(feature=x, zh=x, value=x, count=9, quantiles=(), shares=((x, 0.7), ("b", 0.3)), below=None),
            ),
            places=(
                PlaceShown(what="home", province="440000", zh=x, latitude=23.1, longitude=113.3),
                PlaceShown(what=x, province="310000", zh=x, latitude=31.2, longitude=121.5),
            ),
            distance_km=1200.0,
            speed_kmh=900.0,
        )

    async def screening_page(self, who: Person, screening_id: str) -> CasePage:
        """Return the page of a screening."""
        return await self.page(who, "cas_01")
