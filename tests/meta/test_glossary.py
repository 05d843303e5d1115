"""The glossary has each word once, with one meaning and the module where it lives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROW = re.compile(r"^\| (?P<words>[^|]+) \| (?P<meaning>[^|]+) \| `(?P<where>[^`|]+)` \|$", re.MULTILINE)

FIRST_PAGES = (
    "README.md",
    "docs/tutorial.md",
    "docs/howto/run-a-chain.md",
    "docs/howto/run-an-arena.md",
    "docs/explanation/trust.md",
    "docs/explanation/weak-to-strong.md",
)
"""Pages where readers meet the words for the first time."""
LINKED = {
    "teacher": "teachers?",
    "student": "students?",
    "trust function": "trust functions?",
    "gold": "gold",
    "pool": "pool",
    "evidence": "evidence",
    "proposal": "proposals?",
    "oracle": "oracles?",
    "outside oracle": "outside oracles?",
    "purity": "purity",
    "coverage": "coverage",
    "arm": "arms?",
    "round": r"rounds?(?! robin)",
    "ladder": "ladders?",
    "regime": "regimes?",
    "Recovery": "Recovery",
    "PGR": "PGR",
    "verdict": "verdicts?",
    "regret": "regrets?",
}
"""Words of the glossary, and how a text writes them."""
_NO_PROSE = re.compile(r"^```.*?^```$|`[^`\n]*`|^#[^\n]*$|^\*\*[^*\n]*\*\*", re.MULTILINE | re.DOTALL)
"""Blocks, code, headings and a motto."""
_LINK = re.compile(r"\[([^\]]+)\](?:\([^)]*glossary\.md#([\w-]+)\)|\[([\w-]+)\])")


def rows(root: Path) -> list[tuple[list[str], str, str]]:
    """Words, meaning and place of each row."""
    text = (root / "docs" / "glossary.md").read_text(encoding="utf-8")
    found = [(row["words"].split(", "), row["meaning"], row["where"]) for row in ROW.finditer(text)]
    heads = text.count("| word | meaning | where |")
    assert heads >= 8
    assert len(found) == text.count("\n| ") - heads
    assert len(found) > 120
    return found


def test_each_word_has_one_row(root: Path) -> None:
    counts = Counter(word for words, _, _ in rows(root) for word in words)
    assert [word for word, count in counts.items() if count > 1] == []


def test_each_meaning_is_a_sentence(root: Path) -> None:
    assert [meaning for _, meaning, _ in rows(root) if not re.fullmatch(r"\S.*\.", meaning)] == []


def test_each_place_exists(root: Path) -> None:
    assert [where for _, _, where in rows(root) if not is_place(root, where)] == []


def is_place(root: Path, where: str) -> bool:
    """Whether a path is a crate, or a module or package of ``python/w2s``."""
    path = root / "python" / "w2s" / where
    return (root / where).is_dir() or path.is_dir() or path.with_suffix(".py").is_file()


def test_every_arm_is_in_the_glossary(root: Path) -> None:
    from w2s.chain.arms import ARMS

    known = {word.removesuffix(" (arm)") for words, _, _ in rows(root) for word in words}
    arms = {name for name, arm in ARMS.items() if not arm.function}
    assert len(arms) >= 10
    assert arms <= known


def sections(root: Path) -> dict[str, str]:
    """The anchor of the section of each word."""
    text = (root / "docs" / "glossary.md").read_text(encoding="utf-8")
    found = {}
    for part in text.split("\n## ")[1:]:
        anchor = part.partition("\n")[0].lower().replace(" ", "-")
        found |= {word: anchor for row in ROW.finditer(part) for word in row["words"].split(", ")}
    return found


def unlinked(root: Path, page: str) -> Iterator[str]:
    """Words that the first paragraph with them does not link to their section of the glossary."""
    text = _NO_PROSE.sub("", (root / page).read_text(encoding="utf-8"))
    anchors = sections(root)
    for word, pattern in LINKED.items():
        written = re.compile(rf"\b[{word[0]}{word[0].upper()}]{pattern[1:]}\b")
        first = next((part for part in re.split(r"\n\n+", text) if written.search(part)), None)
        if first is None:
            continue
        links = {(text, anchor or reference) for text, anchor, reference in _LINK.findall(first)}
        if not any(written.search(text) and anchor == anchors[word] for text, anchor in links):
            yield f"{page}: {word}: {' '.join(first.split())[:100]}"


@pytest.mark.parametrize("page", FIRST_PAGES)
def test_first_uses_of_words_are_linked(root: Path, page: str) -> None:
    assert list(unlinked(root, page)) == []
