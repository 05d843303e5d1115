"""The check for overused phrases finds them, also across lines, and reads the files that it should."""

from __future__ import annotations

import pytest

from docs.build import prose

ROWS = prose.read_phrases("# a comment\n\\bgoes? on\\b => continues [rust/*]\n\\bby hand\\b => manually\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A run goes on.", [(1, "goes on", "continues")]),
        ("one\n# The run goes\n# on.", [(2, "goes on", "continues")]),
        ("//! Counted by\n//! hand.", [(1, "by hand", "manually")]),
        ("Goes on, BY HAND", [(1, "Goes on", "continues"), (1, "BY HAND", "manually")]),
        ("The run continues.", []),
    ],
)
def test_phrases_are_found_with_their_line(text: str, expected: list[tuple[int, str, str]]) -> None:
    assert list(prose.find(text, ROWS)) == expected


def test_a_row_names_the_files_in_which_its_phrase_may_stay() -> None:
    assert [one.allowed for one in ROWS] == [("rust/*",), ()]


def test_a_line_that_is_not_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="not PATTERN => ADVICE: goes on"):
        prose.read_phrases("goes on")


def test_help_messages_docstrings_and_pages_are_checked() -> None:
    names = {path.relative_to(prose.ROOT).as_posix() for path in prose.checked_files()}
    assert {"README.md", "docs/tutorial.md", "python/w2s/cli/label.py", "rust/w2s-core/src/lib.rs"} <= names
    assert "docs/benchmarks.md" not in names
    assert len(names) > 400


def test_the_list_of_phrases_is_valid() -> None:
    assert len(prose.read_phrases(prose.PHRASES.read_text(encoding="utf-8"))) > 15
