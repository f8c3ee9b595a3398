"""The table of signals in the README is the catalogue's."""

import pytest

from features.catalogue import catalogue
from features.table import README, markdown_table, rewritten


def test_the_readme_lists_the_catalogue() -> None:
    """`python -m features.table` mends it."""
    text = README.read_text(encoding="utf-8")
    assert text == rewritten(text, markdown_table(catalogue()))
    assert text.count("\n| `") == len(catalogue().signals)


def test_a_text_without_marks_is_left_alone() -> None:
    """Nothing is overwritten by guess."""
    with pytest.raises(ValueError, match="marks"):
        rewritten("no table here", "table")
