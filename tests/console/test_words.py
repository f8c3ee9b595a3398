"""Every text stands in both languages, and every word of the field that a page can show has its text."""

import re
from pathlib import Path
from typing import get_args

import pytest

from features.event import ENTITIES, KINDS
from features.vocabulary import Action, Channel, Klass, Reason, Role
from model.factors import FACTORS, SPOILERS
from model.outcome import RANK
from service.console.texts import TEXTS, language, text
from service.permissions import PERMISSIONS, ROLES
from service.ports_cases import Act, CaseLabel, CaseState, Refusal, Verdict
from service.ports_desk import Subject
from service.ports_people import UserState
from service.ports_proposals import ProposalKind, ProposalState

PAGES = Path(__file__).parents[2] / "service" / "console"
KNOWN = re.compile(r'(?:\bt|text|told|_figure|_tile)\((?:at, )?"([a-z_]+\.[a-zA-Z_]+)"')
CHINESE = re.compile(r"[\u4e00-\u9fff]")

FIELD = {
    "action": get_args(Action),
    "channel": get_args(Channel),
    "klass": get_args(Klass),
    "reason": get_args(Reason),
    "requester": get_args(Role),
    "permission": PERMISSIONS,
    "role": ROLES,
    "decision": tuple(RANK),
    "verdict": get_args(Verdict),
    "label": get_args(CaseLabel),
    "state": get_args(CaseState),
    "act": get_args(Act),
    "entity": get_args(Subject),
    "kind": KINDS,
    "factor": FACTORS,
    "spoiler": tuple(spoiler.name for spoiler in SPOILERS),
    "user_state": get_args(UserState),
    "proposal": get_args(ProposalKind),
    "proposal_state": get_args(ProposalState),
    "problem": get_args(Refusal),
}


@pytest.mark.parametrize("prefix", sorted(FIELD))
def test_every_word_of_the_field_has_its_text(prefix: str) -> None:
    """So that no analyst reads a code."""
    assert [word for word in FIELD[prefix] if f"{prefix}.{word}" not in TEXTS] == []


def test_every_text_that_a_page_asks_for_is_there() -> None:
    """A key without an entry would be shown as it is."""
    asked = {key for file in PAGES.glob("*.py") for key in KNOWN.findall(file.read_text())}
    assert len(asked) > 150
    assert sorted(asked - set(TEXTS)) == []


def test_texts_stand_in_both_languages() -> None:
    """Chinese has Chinese letters, English has none; values that are filled in are the same."""
    same = {"nav.other_language", "comma"}
    assert [key for key, (zh, _) in TEXTS.items() if not CHINESE.search(zh) and key not in same] == []
    assert [key for key, (_, en) in TEXTS.items() if CHINESE.search(en) and key not in same] == []
    slots = re.compile(r"\{(\w+)\}")
    assert [key for key, (zh, en) in TEXTS.items() if set(slots.findall(zh)) != set(slots.findall(en))] == []


def test_a_word_without_a_text_is_shown_as_it_is() -> None:
    """Such as a new kind of event, or a problem with a sentence of its own."""
    assert text("kind.something_new", "zh") == "something_new"
    assert text("problem.NEW", "zh") == "problem.NEW"
    assert text("decision.hold", "en") == "Hold"


def test_chinese_is_first() -> None:
    """Nobody who asked for nothing reads English; the last wish counts."""
    assert language(None) == "zh"
    assert language("fr", "<script>") == "zh"
    assert language("zh", "en") == "en"


def test_entities_of_the_graph_have_words_or_are_shown() -> None:
    """Prefixes, provinces and cells are no nodes."""
    assert {name for name in ENTITIES if f"entity.{name}" not in TEXTS} == {"prefix", "province", "cell"}
