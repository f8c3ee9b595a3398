"""The seasons: campuses close in June, migrants go home for the Spring Festival, shops are empty on holidays."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, Literal

from features.clock import CHINA, moment

Season = Literal["ordinary", "campus_closing", "term_begins", "holiday", "spring_festival", "sales"]

SPRING_FESTIVALS: Final = (
    date(2023, 1, 22),
    date(2024, 2, 10),
    date(2025, 1, 29),
    date(2026, 2, 17),
    date(2027, 2, 6),
    date(2028, 1, 26),
    date(2029, 2, 13),
    date(2030, 2, 3),
    date(2031, 1, 23),
    date(2032, 2, 11),
)
SPANS: Final[tuple[tuple[tuple[int, int], tuple[int, int], Season], ...]] = (
    ((5, 1), (5, 5), "holiday"),
    ((6, 10), (7, 10), "campus_closing"),
    ((8, 25), (9, 15), "term_begins"),
    ((10, 1), (10, 7), "holiday"),
    ((11, 8), (11, 12), "sales"),
)
VOLUME: Final[Mapping[Season, float]] = {"holiday": 0.8, "spring_festival": 0.75, "campus_closing": 1.15, "sales": 1.1}
"""How many more or fewer ask than on an ordinary day."""
MIX: Final[Mapping[Season, Mapping[str, float]]] = {
    "campus_closing": {"student": 3.5, "parent": 1.5},
    "term_begins": {"student": 1.6, "parent": 2.0},
    "holiday": {"traveller": 2.5, "lost_phone": 1.5, "enterprise": 0.1, "elderly": 0.7, "migrant": 1.3},
    "spring_festival": {"traveller": 2.5, "migrant": 2.2, "enterprise": 0.1, "coached": 1.5, "elderly": 1.4},
    "sales": {"churner": 1.8, "everyday": 1.2},
}
"""How much more common a persona is; the rest stay as they are."""
AROUND: Final = (timedelta(days=12), timedelta(days=7))


def season_of(at_ms: int) -> Season:
    """Return the season of a moment, by the calendar in China."""
    day = moment(at_ms).astimezone(CHINA).date()
    if any(festival - AROUND[0] <= day <= festival + AROUND[1] for festival in SPRING_FESTIVALS):
        return "spring_festival"
    here = (day.month, day.day)
    return next((season for first, last, season in SPANS if first <= here <= last), "ordinary")
