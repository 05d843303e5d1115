"""The glossary has each word once, with one meaning and the module where it lives."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROW = re.compile(r"^\| (?P<words>[^|]+) \| (?P<meaning>[^|]+) \| `(?P<where>[^`|]+)` \|$", re.MULTILINE)


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
