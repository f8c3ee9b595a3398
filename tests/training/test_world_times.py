"""The world's times and places: seasons, outages, shared addresses, and clerks who serve honest people and thieves."""

from collections import Counter, defaultdict
from datetime import UTC, datetime

import pytest

from features.codec import LoggedEvent, LoggedLabel, LoggedScreening
from tests.training.worlds import PLACES, THIEVES, judged, world
from training.simulate import simulate
from training.world.season import season_of
from training.world.stage import DAY_MS

HOUR_MS = 3_600_000
SIZE = {"days": 40, "per_day": 300, "fraud_rate": 0.25}
SEED = 21


def at(*when: int) -> int:
    """Return a moment, by the clock of Greenwich."""
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("when", "season"),
    [
        ((2026, 2, 16), "spring_festival"),
        ((2027, 2, 6), "spring_festival"),
        ((2026, 3, 20), "ordinary"),
        ((2026, 6, 20), "campus_closing"),
        ((2026, 9, 1), "term_begins"),
        ((2026, 10, 7, 15), "holiday"),
        ((2026, 10, 7, 17), "ordinary"),
        ((2026, 11, 11), "sales"),
    ],
)
def test_seasons_go_by_the_calendar_in_china(when: tuple[int, ...], season: str) -> None:
    """Midnight in China ends a holiday, not midnight in Greenwich."""
    assert season_of(at(*when)) == season


def mix(until_ms: int) -> Counter[str]:
    """Return who came in two weeks."""
    lines = simulate(days=14, per_day=150, seed=8, until_ms=until_ms, atlas=PLACES)
    return Counter(str(line.persona) for line in lines if isinstance(line, LoggedLabel))


def test_students_come_in_june_and_migrants_before_the_spring_festival() -> None:
    """So a model meets weeks that are not like those it learned from."""
    june, march, february = mix(at(2026, 7, 1)), mix(at(2026, 3, 31)), mix(at(2026, 2, 18))
    assert june["student"] > 2 * march["student"]
    assert february["migrant"] / february.total() > 1.5 * march["migrant"] / march.total()
    assert february["enterprise"] < max(1, march["enterprise"])
    assert june.total() > march.total() > february.total()


def incidents() -> list[tuple[str, int, int]]:
    """Return where and from when to when incidents were declared."""
    open_since: dict[str, int] = {}
    found = []
    for line in world(SEED, **SIZE):
        if isinstance(line, LoggedEvent) and line.event.kind.startswith("incident_"):
            province, known_ms = line.event.keys["province"], line.event.known_ms
            if line.event.kind == "incident_declared":
                open_since[province] = known_ms
            elif province in open_since:
                found.append((province, open_since.pop(province), known_ms))
    return found


def test_outages_are_declared_and_cleared_as_incidents() -> None:
    """Every other day somewhere, for some hours."""
    spans = [until_ms - since_ms for _, since_ms, until_ms in incidents()]
    assert len(spans) >= 8
    assert all(0 < span < 2 * DAY_MS for span in spans)
    assert len({province for province, _, _ in incidents()}) >= 5


def test_while_something_is_out_codes_and_books_fail_oftener_for_everybody() -> None:
    """Inside a declared incident a missing code or a failed comparison says little; outside of one it is rarer."""
    spans = incidents()
    trouble: dict[tuple[bool, bool], list[bool]] = defaultdict(list)
    for line, by_thief in judged(world(SEED, **SIZE)):
        request, now_ms = line.request, line.event.known_ms
        here = request.subscriber.handling_province
        inside = any(place == here and since_ms <= now_ms < until_ms for place, since_ms, until_ms in spans)
        failed = request.otp.status in {"not_sent", "expired", "not_possible"} or request.sync.state == "failed"
        trouble[inside, by_thief].append(failed)
    assert len(trouble[True, False]) > 25
    for by_thief in (False, True):
        rate = {inside: sum(found) / len(found) for inside, found in trouble.items() if inside[1] is by_thief}
        assert rate[True, by_thief] > 1.3 * rate[False, by_thief]


def test_one_address_has_many_behind_it() -> None:
    """A mobile network's gateway (CGNAT) and a campus carry honest people and thieves alike; a household's few."""
    people: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for line, _ in judged(world(SEED, **SIZE)):
        if line.request.network.ip is not None and line.request.subscriber.party_id is not None:
            kind = line.facts.ip_kind or "unknown"
            people[kind][line.request.network.ip].add(line.request.subscriber.party_id)
    behind = {kind: sum(map(len, found.values())) / len(found) for kind, found in people.items()}
    assert behind["mobile"] > 4 * behind["broadband"]
    assert behind["edu"] > 1


def test_clerks_shops_and_phones_are_shared_by_honest_people_and_thieves() -> None:
    """Who serves a thief serves others as well; now and then so does a phone, as the one on a shop's counter."""
    served: dict[str, dict[str, set[bool]]] = defaultdict(lambda: defaultdict(set))
    lines_of: dict[str, set[str]] = defaultdict(set)
    for line, by_thief in judged(world(SEED, **SIZE)):
        for entity in ("agent", "store"):
            if entity in line.event.keys:
                served[entity][line.event.keys[entity]].add(by_thief)
        if not by_thief and line.request.device.id is not None:
            lines_of[line.request.device.id].add(line.request.subscriber.msisdn)
    for found in served.values():
        thieves = [kinds for kinds in found.values() if True in kinds]
        assert sum(False in kinds for kinds in thieves) / len(thieves) > 0.8
    assert sum(len(lines) > 1 for lines in lines_of.values()) > 20


def test_gangs_share_accounts_numbers_and_phones_and_burn_them() -> None:
    """Several victims have one target, one contact or one phone in common, for weeks at most."""
    for entity in ("target", "contact", "device"):
        seen: dict[str, list[int]] = defaultdict(list)
        lines: dict[str, set[str]] = defaultdict(set)
        for line, by_thief in judged(world(SEED, **SIZE)):
            name = line.event.keys.get(entity)
            if by_thief and name is not None:
                seen[name].append(line.event.known_ms)
                lines[name].add(line.request.subscriber.msisdn)
        shared = [name for name, found in lines.items() if len(found) > 1]
        assert len(shared) > 10, entity
        spans = sorted(max(seen[name]) - min(seen[name]) for name in shared)
        assert spans[len(spans) // 2] < 14 * DAY_MS


def test_labels_come_late() -> None:
    """Thefts are told after days, some after weeks, and never before half an hour has passed."""
    asked = {line.event.id: line.event.known_ms for line in world(SEED, **SIZE) if isinstance(line, LoggedScreening)}
    labels = [line for line in world(SEED, **SIZE) if isinstance(line, LoggedLabel)]
    late = sorted(line.at_ms - asked[line.screening_id] for line in labels if line.label == "fraud")
    assert late[0] >= HOUR_MS // 2
    assert 1 * DAY_MS < late[len(late) // 2] < 7 * DAY_MS
    assert late[int(0.98 * len(late))] > 20 * DAY_MS
    wrong = [line for line in labels if line.label == "legitimate" and line.persona in THIEVES]
    assert 0.005 < len(wrong) / len(late) < 0.05
