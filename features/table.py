"""The table of signals in `features/README.md`, made from the catalogue: `python -m features.table` writes it anew."""

from pathlib import Path
from typing import Final

from features.catalogue import Catalogue, catalogue
from features.signal import Signal

README: Final = Path(__file__).with_name("README.md")
BEGIN: Final = "<!-- signals: made by `python -m features.table` -->"
END: Final = "<!-- end of signals -->"
HEAD: Final = (
    "| signal | 名称 | who says it | risk | read by | windows | when it is missing |\n|---|---|---|---|---|---|---|"
)


def markdown_table(signals: Catalogue) -> str:
    """Return every signal as a row of a Markdown table."""
    return "\n".join([HEAD, *(_row(signal) for signal in signals.signals.values())])


def rewritten(text: str, table: str) -> str:
    """Return a text with the table between its marks replaced.

    Raises:
        ValueError: the marks are not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        message = "the marks of the table are missing"
        raise ValueError(message)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _row(signal: Signal) -> str:
    windows = " ".join(f"`{window.name.replace('|', '/')}`" for window in signal.reads)
    read_by = ", ".join(sorted(signal.use))
    return (
        f"| `{signal.versioned}` | {signal.zh} | {signal.origin} | {signal.risk} | {read_by} | {windows} |"
        f" {signal.missing} |"
    )


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8"), markdown_table(catalogue())), encoding="utf-8")
