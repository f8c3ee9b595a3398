"""Numbers, addresses and distances against places that are known."""

import msgspec
import pytest

from features.places import Address, Places
from features.provinces import PROVINCES, capitals_apart_km, code_of, great_circle_km
from features.request import ScreeningRequest
from tests.builders import Body, request

PLACES = Places()


def facts(patch: Body) -> Body:
    """Return the facts of a request, without what is not known."""
    found: Body = msgspec.to_builtins(PLACES.facts(msgspec.convert(request(patch), ScreeningRequest)))
    return found


@pytest.mark.parametrize(
    ("msisdn", "province"),
    [
        ("+8613800138000", "110000"),
        ("+8617320000000", "310000"),
        ("+8600000000000", None),
        ("+12025550123", None),
        ("t1_AAAAAAAAAAAAAAAAAAAAAA", None),
    ],
)
def test_numbers(msisdn: str, province: str | None) -> None:
    """By their block; another country's number and a token belong nowhere."""
    found, _ = PLACES.number(msisdn)
    if msisdn == "+8617320000000":
        # A block that a coarser table puts into Beijing with all of its neighbours.
        assert found not in {None, "110000"}
    else:
        assert found == province


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("114.114.114.114", Address("CN", "320000", "unknown")),
        ("183.232.231.172", Address("CN", "440000", "mobile")),
        ("202.96.209.133", Address("CN", "310000", "broadband")),
        ("223.5.5.5", Address("CN", "330000", "datacenter")),
        ("2409:8000::1", Address("CN", "110000", "mobile")),
        ("203.0.113.7", Address()),
        ("10.0.0.1", Address()),
        ("not an address", Address()),
        (None, Address()),
    ],
)
def test_addresses(plain: str | None, expected: Address) -> None:
    """Public ones by the table; private, documentation and broken ones are not known."""
    assert PLACES.address(plain) == expected


def test_addresses_abroad_have_a_country_and_no_province() -> None:
    """Only the country counts."""
    assert (PLACES.address("8.8.8.8").country, PLACES.address("8.8.8.8").province) == ("US", None)


def test_distance_by_positions_less_both_accuracies() -> None:
    """Shanghai to Guangzhou is about 1,210 km."""
    place = {"latitude": 31.2304, "longitude": 121.4737, "line_latitude": 23.1291, "line_longitude": 113.2644}
    found = facts({"location": place | {"accuracy_m": 30}})
    assert found["distance_source"] == "position"
    assert 1200 < found["distance_km"] < 1215
    assert facts({"location": place | {"accuracy_m": 2_000_000}})["distance_km"] == 0.0
    assert found["requester_cell"] != found["line_cell"]


def test_distance_by_provinces_when_positions_are_missing() -> None:
    """The line's phone in Guangdong, the request in Shanghai; and both in one province."""
    far = facts({"subscriber": {"handling_province": "310000"}, "location": {"visited_province": "440000"}})
    assert far["distance_source"] == "province"
    assert far["distance_km"] == pytest.approx(capitals_apart_km("310000", "440000"))
    assert facts({"location": {"visited_province": "440000"}})["distance_km"] == 0.0
    assert "distance_km" not in facts({"location": {"visited_province": None}})


def test_provinces() -> None:
    """Names with and without their endings; distances of capitals."""
    assert code_of("广东省") == code_of("广东") == "440000"
    assert code_of("内蒙古自治区") == "150000"
    assert code_of("加利福尼亚") is None
    assert 1050 < great_circle_km(39.90, 116.41, 31.23, 121.47) < 1080
    assert capitals_apart_km("110000", "999999") is None
    assert len({province.code for province in PROVINCES}) == len(PROVINCES) == 34


@pytest.mark.parametrize("province", ["110000", "440000", "540000"])
def test_invented_numbers_and_addresses_belong_where_they_should(province: str) -> None:
    """What the simulated world draws from looks up right."""
    assert all(PLACES.number(f"+86{block}0000")[0] == province for block in PLACES.numbers_of(province))
    drawn = PLACES.addresses_of(province, "broadband")
    assert len(drawn) > 50
    assert all(PLACES.address(address).province == province for address in drawn)
