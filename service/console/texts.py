"""Texts in both languages, by their key; Chinese first. The tables are in `words_*.py`."""

from typing import Final, Literal

from service.console.words_desk import DESK
from service.console.words_field import FIELD
from service.console.words_page import PAGE

Lang = Literal["zh", "en"]
TEXTS: Final[dict[str, tuple[str, str]]] = {**PAGE, **DESK, **FIELD}
"""Key -> (Chinese, English)."""


def text(key: str, lang: Lang, **values: object) -> str:
    """Return a text; a word of the field that has no entry (a new kind, say) is shown as it is."""
    found = TEXTS.get(key)
    if found is None:
        return key if key.startswith("problem.") else key.partition(".")[2] or key
    words = found[0 if lang == "zh" else 1]
    return words.format(**values) if values else words


def language(*wanted: str | None) -> Lang:
    """Return the last language that was asked for; Chinese when none was."""
    chosen = [lang for lang in wanted if lang in {"zh", "en"}]
    return "en" if chosen and chosen[-1] == "en" else "zh"
