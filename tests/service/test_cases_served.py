"""A case from end to end in the running application: a request is held, a person decides, and the line goes on."""

from collections.abc import Iterator

import anyio
import httpx
import pytest

from service.permissions import Person
from service.settings import Settings
from service.wiring import Service, open_service
from tests.builders import long_known, request
from tests.service.served import data_folder, key_of, served
from tests.service.test_api import bearer

LEAD = Person(user_id="usr_1", tenant="north", name="zhao", role="lead")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data folder with the small model."""
    return data_folder(tmp_path_factory.mktemp("cases"))


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[httpx.Client]:
    """The application, called with a key that may ask and work on cases."""
    with served(settings) as opened:
        opened.headers.update(bearer(key_of(settings, "screen", "events", "risk:read", "cases")))
        yield opened


def test_a_held_request_is_released_and_its_page_tells_all(client: httpx.Client, settings: Settings) -> None:
    """The case is the hold's, the release is the line's, the verdict is a label, and the page shows the history."""
    body = request({"requester": {"role": "heir", "document_status": "pending"}})
    client.post("/v1/events", json={"events": long_known(body)})
    held = client.post("/v1/screenings", json=body).json()
    assert held["decision"] == "hold"
    taken = client.post("/v1/cases/next").json()
    assert (taken["case_id"], taken["screening_id"]) == (held["hold"]["case_id"], held["screening_id"])
    said = {"verdict": "release", "note": "papers seen"}
    done = client.post(f"/v1/cases/{taken['case_id']}/decision", json=said).json()
    assert done["releases"][0]["action"] == body["action"]

    async def looked() -> None:
        async with open_service(settings) as service:
            await _look(service, taken["case_id"], body["subscriber"]["msisdn"])

    anyio.run(looked)


async def _look(service: Service, case_id: str, msisdn: str) -> None:
    """Look at what the console would show of the case."""
    analysts = service.analysts
    await service.records.mentions.catch_up(10**15)
    page = await analysts.desk.page(LEAD, case_id)
    assert [line.act for line in page.history] == ["taken", "decided"]
    assert page.case is not None
    assert (page.case.label, page.case.decided_by) == ("legitimate", "tests")
    assert page.asked.line_masked == f"{msisdn[:6]}****{msisdn[-4:]}"
    assert page.why.rules[0].state == "hit"
    assert page.steps[0].words.zh
    kinds = {happening.kind for happening in page.normal.timeline}
    assert kinds == {"screening", "device_enrolled", "login_succeeded"}
    assert await analysts.explorer.reveal(LEAD, page.asked.screening_id, "msisdn", "call back") == msisdn
    assert (await analysts.explorer.search(LEAD, "line", msisdn)).decisions[0].screening_id == page.asked.screening_id
    counts = await service.records.journal.counts()
    assert counts.labels == 1
