"""The file of all texts is complete: help, messages of Python and Rust, and every error code."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.build import error_page, texts
from docs.build.rust_messages import read_messages

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("texts") / "texts.txt"
    texts.write(path)
    return path.read_text(encoding="utf-8")


def test_help_is_grouped_by_command(written: str) -> None:
    section = written.partition("== w2s trust score\n")[2].partition("\n== ")[0]
    assert "Score labels with a fitted trust function" in section
    assert "--score: Name of the column of scores." in section


def test_a_message_has_its_line_code_and_fields(written: str) -> None:
    section = written.partition("== python/w2s/tables/source.py\n")[2].partition("\n== ")[0]
    assert "[table-unknown-column] there is no column {name}{hint}" in section
    assert all(line[0].isdigit() for line in section.splitlines() if line)


def test_a_rust_message_has_the_code_of_its_variant(written: str) -> None:
    section = written.partition("== rust/w2s-core/src/select/error.rs\n")[2].partition("\n== ")[0]
    assert "[select-nan-score] score {index} is NaN" in section


def test_every_listed_code_occurs(written: str) -> None:
    codes = error_page.listed_codes()
    assert len(codes) > 300
    assert [code for code in sorted(codes) if f"[{code}]" not in written] == []


def test_every_code_of_the_core_occurs(written: str) -> None:
    for code in ("certify-bad-grid", "game-ambiguous-move", "votes-bad-prior", "table-encrypted"):
        assert f"[{code}]" in written


def test_rust_errors_have_their_code_and_exception() -> None:
    source = """
        #[error("unknown view {name:?}")]
        pub struct UnknownView { name: String }
impl UnknownView {
    pub fn code(&self) -> &'static str {
        "game-unknown-view"
    }
    pub fn is_setting(&self) -> bool {
        true
    }
}
        // "a comment is not a message"
        data_error("table-bad-offsets", "the offsets do not fit")
    """
    assert read_messages(source) == [
        (2, "game-unknown-view", "UsageError", "unknown view {name:?}"),
        (13, "table-bad-offsets", "DataError", "the offsets do not fit"),
    ]
