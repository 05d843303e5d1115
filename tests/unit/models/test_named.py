"""A folder that holds a net names it; everything else is a reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from w2s.errors import UsageError
from w2s.models.named import read_reference


def test_the_folder_of_a_net_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "students" / "a"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert str(read_reference("students/a")) == "policy:students/a"
    assert read_reference("students/a?temperature=0.5").options == {"temperature": "0.5"}
    assert read_reference(str(folder)).target == str(folder)


def test_a_reference_stays_what_it_is() -> None:
    assert str(read_reference("search:depth=3")) == "search:depth=3"
    assert read_reference("policy:students/a").target == "students/a"


@pytest.mark.parametrize("text", ["", "students/none", "x/" * 50_000, "~nobody-here/net", "a\0b/c"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_reference(text)
