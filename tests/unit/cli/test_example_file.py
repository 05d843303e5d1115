"""The column mapping of a command: a name, a TOML file, or KEY=COLUMN pairs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.cli.example_file import parse_column_mapping, read_file
from w2s.errors import UsageError
from w2s.tasks import ChoiceExample


def test_mapping_reads_options_from_several_columns(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text(json.dumps({"q": "2+2?", "A": "3", "B": "4", "C": "5", "key": "B"}) + "\n")
    mapping = "question=q,options=A,options=B,options=C,answer=key,answer_is=letter"
    (found,) = read_file(path, "choice", "chess", "error", mapping)
    assert isinstance(found, ChoiceExample)
    assert (found.question, found.options, found.gold) == ("2+2?", ("3", "4", "5"), ("B",))


@pytest.mark.parametrize("text", ["question=", "=q", "question=q,,answer=a", "question=q,answer"])
def test_invalid_mapping_is_refused(text: str) -> None:
    with raises_code("cli-invalid-column-mapping", UsageError) as caught:
        parse_column_mapping(text)
    assert "question=q,answer=a" in str(caught.value)


def test_unknown_key_of_a_mapping_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text(json.dumps({"q": "2+2?", "a": "4"}) + "\n")
    with raises_code("config-unknown-key", UsageError) as caught:
        read_file(path, "answer", "chess", "error", "qestion=q")
    assert "did you mean 'question'?" in str(caught.value)


def test_missing_column_names_the_option(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text(json.dumps({"q": "2+2?", "a": "4"}) + "\n")
    with raises_code("task-missing-column") as caught:
        read_file(path, "answer", "chess", "error", None)
    assert "--column-mapping question=COLUMN" in str(caught.value)
