"""Incidents: a wave of genuine requests that a carrier has declared, and the signals that it explains.

While a region has an outage or a campus closes, many people fail to sign in, ask for codes again and share addresses.
What the incident explains is read as if it were ordinary; nothing else is, and nothing gets worse by it.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from features.signal import Moment, Signal, Value
from features.windows import Last

LONGEST: Final = timedelta(days=3)
"""An incident ends by itself; one that lasts longer is declared anew."""
MINUTE_MS: Final = 60_000
DECLARED: Final = Last(by="province", of=("incident_declared",), span=LONGEST)
CLEARED: Final = Last(by="province", of=("incident_cleared",), span=LONGEST)
UNTIL: Final = Last(by="province", of=("incident_declared",), span=LONGEST, value="until_min")
"""When the newest declared incident ends, in minutes since 1970."""
READS: Final = (DECLARED, CLEARED, UNTIL)


def active(m: Moment) -> bool:
    """Say whether an incident is declared for the request's province, not cleared since and not over."""
    declared, cleared, until = (m.seen(window) for window in READS)
    if declared is None or (cleared is not None and cleared <= declared):
        return False
    return until is None or m.at_ms < until * MINUTE_MS


def explained(signal: Signal, ordinary: float) -> Signal:
    """Return a signal that an incident explains: while one is active it says no more than what is ordinary.

    Args:
        signal: a number whose risk rises with it.
        ordinary: the most that it says then; None (not known) stays so.
    """
    plain = signal.compute

    def compute(m: Moment) -> Value:
        value = plain(m)
        return min(value, ordinary) if isinstance(value, float) and value > ordinary and active(m) else value

    return replace(signal, reads=(*signal.reads, *READS), compute=compute)
