"""The use case: one page of a case, which says what is asked, why it was stopped, what is normal, and what to do."""

from collections.abc import Callable

from service.judging import InForce
from service.pages import CasePage, Graph
from service.permissions import Person
from service.ports import Book
from service.ports_cases import Docket
from service.ports_desk import Mentions, Numbers
from service.ports_proposals import Proposals


class Desk:
    """Puts pages together."""

    def __init__(  # noqa: PLR0913 - each is a port of its own
        self,
        book: Book,
        docket: Docket,
        proposals: Proposals,
        mentions: Mentions,
        numbers: Numbers,
        in_force: Callable[[], InForce],
    ) -> None:
        """Take the record, the cases, the index, the counts, and what is in force (for the words of rules)."""
        self._book = book
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
        raise NotImplementedError

    async def graph(self, who: Person, screening_id: str, *, hops: int = 1) -> Graph:
        """Return how a screening hangs together with others, one or two steps away; capped."""
        raise NotImplementedError
