"""What the analysts' console and the routes of cases use, put together over one record."""

from collections.abc import Callable
from dataclasses import dataclass

from features.clock import Clock
from service.casework import Casework
from service.dashboard import Dashboard
from service.desk import Desk
from service.explorer import Explorer
from service.four_eyes import FourEyes
from service.judging import InForce
from service.labelling import Labels
from service.people import Accounts
from service.ports_desk import Standing
from service.settings import Settings
from service.wiring.records import Records


@dataclass(frozen=True)
class Analysts:
    """The use cases of those who look at what was stopped."""

    casework: Casework
    four_eyes: FourEyes
    desk: Desk
    dashboard: Dashboard
    explorer: Explorer
    accounts: Accounts


def analysts_of(
    settings: Settings, records: Records, labels: Labels, in_force: Callable[[], InForce], clock: Clock
) -> Analysts:
    """Put the use cases together.

    Args:
        settings: the mode and the strictness that the dashboard shows.
        records: the record.
        labels: takes what verdicts say.
        in_force: the model and the policy of this moment.
        clock: the clock.
    """
    book, docket, proposals = records.book, records.docket, records.proposals
    mentions, numbers = records.mentions, records.numbers

    def standing() -> Standing:
        force = in_force()
        return Standing(
            model=force.model_version,
            policy=force.policy.version,
            catalogue=force.catalogue.digest,
            mode=settings.mode,
            strictness=settings.strictness,
        )

    return Analysts(
        casework=Casework(docket, labels, clock),
        four_eyes=FourEyes(proposals, book, labels, clock),
        desk=Desk(book, book, docket, proposals, mentions, numbers, in_force),
        dashboard=Dashboard(numbers, records.coverages, standing, clock),
        explorer=Explorer(book, book, mentions, numbers, records.accesses, proposals, records.tokeniser, clock),
        accounts=Accounts(records.people, records.tokeniser, clock),
    )
