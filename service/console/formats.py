"""How times, spans, amounts, places and tokens are written; times are China's, as the queues' clocks are."""

from datetime import datetime
from typing import Final

from features.clock import CHINA, moment, to_ms
from features.provinces import BY_CODE
from features.signal import Value

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
_SHORT_TOKEN: Final = 14
_MANY: Final = 10_000


def when(at_ms: int | None) -> str:
    """Return a moment to the minute in China's time."""
    return "" if at_ms is None else moment(at_ms).astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def clock(at_ms: int) -> str:
    """Return a moment without its year."""
    return moment(at_ms).astimezone(CHINA).strftime("%m-%d %H:%M")


def span(ms: int, lang: str) -> str:
    """Return a span in its two largest units; one that is over carries a minus."""
    sign, ms = ("-" if ms < 0 else ""), abs(ms)
    days, hours, minutes = ms // DAY_MS, ms % DAY_MS // HOUR_MS, ms % HOUR_MS // MINUTE_MS
    units = ("天", "时", "分") if lang == "zh" else ("d", "h", "min")
    pairs = [pair for pair in zip((days, hours, minutes), units, strict=True) if pair[0]][:2] or [(0, units[2])]
    return sign + " ".join(f"{number} {unit}" for number, unit in pairs)


def yuan(fen: int | None) -> str:
    """Return an amount in yuan."""
    return "" if fen is None else f"¥{fen / 100:,.2f}".removesuffix(".00")


def fen_of(text: str) -> int | None:
    """Return what was typed as yuan in fen; nothing for nothing.

    Raises:
        ValueError: it is no amount.
    """
    words = text.strip().replace(",", "").removeprefix("¥")
    if not words:
        return None
    amount = round(float(words) * 100)
    if amount < 0:
        raise ValueError(text)
    return amount


def province(code: str | None, lang: str) -> str:
    """Return a province's name beside its code; an unknown code stays as it is."""
    found = BY_CODE.get(code or "")
    if found is None:
        return code or "—"
    return found.zh if lang == "zh" else f"{found.iso} {found.zh}"


def value(raw: Value) -> str:
    """Return a signal's value shortly."""
    if raw is None:
        return "—"
    if isinstance(raw, str):
        return raw
    if raw == int(raw):
        return f"{int(raw):,}" if abs(raw) >= _MANY else str(int(raw))
    return f"{raw:,.1f}" if abs(raw) >= 100 else f"{raw:.3g}"  # noqa: PLR2004 - three digits are enough


def short(token: str | None) -> str:
    """Return the beginning of a token, enough to tell it from others on a page."""
    if token is None:
        return "—"
    return token if len(token) <= _SHORT_TOKEN else f"{token[:_SHORT_TOKEN]}…"


def share(of: float | None) -> str:
    """Return a share in per cent."""
    return "—" if of is None else f"{100 * of:.1f}%"


def span_days(days: int, lang: str) -> str:
    """Return many days as years and days."""
    years, rest = divmod(days, 365)
    if lang == "zh":
        return (f"{years} 年 " if years else "") + f"{rest} 天"
    return (f"{years} y " if years else "") + f"{rest} d"


def day(at_ms: int) -> str:
    """Return the day of a moment in China."""
    return moment(at_ms).astimezone(CHINA).strftime("%Y-%m-%d")


def ms_of_day(text: str) -> int:
    """Return when a day begins in China.

    Raises:
        ValueError: it is no day.
    """
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=CHINA))
