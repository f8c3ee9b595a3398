"""Numbers, addresses and distances against places that are known."""

from pathlib import Path

import maxminddb
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.addresses import Address, of_region
from features.places import Places
from features.provinces import PROVINCES, capitals_apart_km, code_of, great_circle_km
from features.request import ScreeningRequest
from features.subject import subnet_of
from tests.builders import Body, request
from tests.features.maxmind import database

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
    found = PLACES.number(msisdn).province
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
        ("240e:3b0:1000::1", Address("CN", "110000", "broadband")),
        ("::ffff:114.114.114.114", Address("CN", "320000", "unknown")),
        ("240e:3b0:1000::1%eth0", Address("CN", "110000", "broadband")),
        ("168.95.1.1", Address("CN", "710000")),
        ("100.64.0.1", Address()),
        ("::1", Address()),
        ("2408:ffff::1", Address()),
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


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("中国台湾|台湾省|台北市|专线用户", Address("CN", "710000")),
        ("中国香港||| 电讯盈科", Address("CN", "810000")),
        ("孟加拉国|||专线用户", Address("ZZ")),
        ("|||专线用户", Address()),
        ("亚太地区|0|0|0", Address()),
        ("0|0|内网IP|内网IP", Address()),
        ("中国|0|0|0", Address("CN", None, "unknown")),
        ("中国", Address("CN", None, "unknown")),
        ("", Address()),
    ],
)
def test_regions(region: str, expected: Address) -> None:
    """What the table leaves open is not known; a place that it cannot name is not taken for abroad."""
    assert of_region(region) == expected


@given(plain=st.text(max_size=20) | st.ip_addresses().map(str))
def test_whatever_is_asked_has_an_answer(plain: str) -> None:
    """No text and no address makes a look-up fail: a request must not fail by its address."""
    assert isinstance(PLACES.address(plain), Address)
    for found in (PLACES.number(plain), PLACES.number(f"+86{plain}")):
        assert (found.province is None) == (found.confidence is None)


CITY = {"country": {"iso_code": "CN"}, "subdivisions": [{"iso_code": "GD"}]}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (CITY, Address("CN", "440000", "mobile")),
        ({"country": {"iso_code": "SG"}}, Address("SG", None, "mobile")),
        ({"country": {"iso_code": "HK"}}, Address("CN", "810000", "mobile")),
        ({"connection_type": "Cable/DSL"}, Address("CN", "440000", "broadband")),
        ({"connection_type": "Corporate"}, Address("CN", "440000", "mobile")),
        ({"is_anonymous": True, "is_hosting_provider": True}, Address("CN", "440000", "datacenter")),
        ({"is_anonymous": True}, Address("CN", "440000", "mobile")),
        (CITY | {"traits": {"is_hosting_provider": True}}, Address("CN", "440000", "datacenter")),
        ({}, Address("CN", "440000", "mobile")),
    ],
)
def test_an_operators_own_database_is_asked_first(tmp_path: Path, record: Body, expected: Address) -> None:
    """What it leaves open is taken from the built-in table, but no province of another country."""
    assert Places(database(tmp_path, record)).address("183.232.231.172") == expected


def test_a_database_without_ipv6_leaves_ipv6_to_the_table(tmp_path: Path) -> None:
    """Asking it all the same would fail, and the request with it."""
    places = Places(database(tmp_path, {"country": {"iso_code": "SG"}}, ip_version=4))
    assert places.address("2409:8000::1") == Address("CN", "110000", "mobile")
    assert places.address("183.232.231.172").country == "SG"


def test_a_database_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    """Not at the first request."""
    with pytest.raises(OSError, match="missing"):
        Places(tmp_path / "missing.mmdb")
    (tmp_path / "text.mmdb").write_text("not a database")
    with pytest.raises(maxminddb.InvalidDatabaseError):
        Places(tmp_path / "text.mmdb")


@pytest.mark.parametrize("consent", ["declined", "not_asked", None])
def test_a_position_without_consent_is_not_looked_at(consent: str | None) -> None:
    """Neither cell nor distance; how far apart provinces are is no position of anybody."""
    place = {"latitude": 31.2304, "longitude": 121.4737, "line_latitude": 23.1291, "line_longitude": 113.2644}
    found = facts({"location": place | {"consent": consent}})
    assert "requester_cell" not in found
    assert found["distance_source"] == "province"
    assert found["distance_km"] == 0.0


def test_where_the_requester_is() -> None:
    """As the carrier states it; else by a household's address; a mobile network's address says too little."""
    at_home, on_the_road = "202.96.209.133", "183.232.231.172"
    for ip in (at_home, on_the_road):
        said = facts({"subscriber": {"handling_province": "320000"}, "network": {"ip": ip}})
        assert said["requester_province"] == "320000"
    silent = {"subscriber": {"handling_province": None}}
    assert facts(silent | {"network": {"ip": at_home}})["requester_province"] == "310000"
    assert "requester_province" not in facts(silent | {"network": {"ip": on_the_road}})


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
    assert all(PLACES.number(f"+86{block}0000").province == province for block in PLACES.numbers_of(province))
    drawn = PLACES.addresses_of(province, "broadband")
    assert len(drawn) > 50
    assert all(PLACES.address(address).province == province for address in drawn)


def test_what_a_look_up_is_worth_is_said() -> None:
    """Which table knew it, and whether a gateway that serves half a country stands behind it."""
    home = facts({"network": {"ip": "202.96.209.133"}})
    assert (home["ip_source"], home["ip_confidence"], home["ip_city"]) == ("ip2region", "high", "上海市")
    assert (home["number_source"], home["number_confidence"]) == ("prefix_table", "high")
    roaming = facts({"network": {"ip": "183.232.231.172"}})
    assert (roaming["ip_province"], roaming["ip_confidence"]) == ("440000", "low")
    assert not {"ip_source", "ip_confidence"} & set(facts({"network": {"ip": "10.0.0.1"}}))


@pytest.mark.parametrize("msisdn", ["+861380013800", "+86138001380000", "+8612345678901", "+8610101010101"])
def test_what_cannot_be_a_number_belongs_nowhere(msisdn: str) -> None:
    """Too short, too long, or in no block of the numbering plan."""
    assert PLACES.number(msisdn) == (None, None, None)


@pytest.mark.parametrize(
    ("plain", "kept"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1%eth0", "2001:db8:1:2::/64"),
        ("t1_token", "t1_token"),
        (None, None),
    ],
)
def test_a_subscriber_cannot_hide_within_their_own_network(plain: str | None, kept: str | None) -> None:
    """Every address of one IPv6 network is remembered as one, and both spellings of an IPv4 address too."""
    assert subnet_of(plain) == kept
