"""Identifiers that we give out: sorted by time, unguessable, with a prefix that says what they name."""

import secrets

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TIME_DIGITS = 10
RANDOM_DIGITS = 16


def new_id(prefix: str, at_ms: int) -> str:
    """Return `prefix_` and a ULID: ten digits of milliseconds, sixteen of chance (github.com/ulid/spec)."""
    time_part = "".join(CROCKFORD[(at_ms >> (5 * place)) & 31] for place in reversed(range(TIME_DIGITS)))
    return f"{prefix}_{time_part}{_chance(RANDOM_DIGITS)}"


def appeal_ref() -> str:
    """Return a reference that a customer can read out over the telephone: fifty bits, no letters that look alike."""
    digits = _chance(10)
    return f"LC-{digits[:5]}-{digits[5:]}"


def new_key() -> str:
    """Return a key that nobody used before."""
    return _chance(RANDOM_DIGITS)


def _chance(digits: int) -> str:
    return "".join(secrets.choice(CROCKFORD) for _ in range(digits))
