"""A province is a region inside an operator: it filters queues, and hides nothing from windows, lists and the graph."""

from collections import Counter
from pathlib import Path

from tests.builders import number, request
from tests.e2e.cluster import Caller
from tests.e2e.conftest import key_for
from tests.e2e.test_stories import codes

PROVINCES = ("110000", "310000", "320000", "330000", "340000", "350000", "370000", "440000", "500000", "510000")


def test_a_farm_that_works_ten_provinces_is_seen_whole(caller: Caller) -> None:
    """Three lines in each province, one phone: no province alone sees more than three, and together it is a farm."""
    device = f"d-farm-{number()}"
    decisions: list[tuple[str, str]] = []
    for turn in range(3):
        for province in PROVINCES:
            body = request(
                {
                    "action": "close_remote",
                    "subscriber": {"home_province": "650000", "handling_province": province},
                    "device": {"id": device},
                }
            )
            answer = caller.screen(body)
            decisions.append((province, answer["decision"]))
        assert turn or len({place for place, _ in decisions}) == len(PROVINCES)
    assert set(Counter(place for place, _ in decisions).values()) == {3}
    stopped = {place for place, decision in decisions if decision in {"hold", "block"}}
    assert stopped == set(PROVINCES)
    assert "allow" not in {decision for _, decision in decisions[10:]}
    assert "MANY_LINES_ONE_DEVICE" in codes(answer)


def test_another_operator_sees_nothing_of_it(caller: Caller, url: str, data: Path) -> None:
    """Tokens differ by operator, so even the same phone is another one there."""
    device = f"d-farm-{number()}"
    for _ in range(12):
        farm = caller.screen(request({"device": {"id": device}}))
    assert farm["decision"] in {"hold", "block"}
    south = Caller(url, key_for(data, tenant="south"))
    answer = south.screen(request({"device": {"id": device}}))
    assert "MANY_LINES_ONE_DEVICE" not in codes(answer)
    assert south.client.get(f"/v1/screenings/{farm['screening_id']}").status_code == 404
