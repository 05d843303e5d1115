"""Data sets by name: the grammar, the call to ``datasets``, and what is said when it fails."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError, MissingExtraError, UsageError
from w2s.tasks import read_examples
from w2s.tasks.rows.hub import KNOWN_DATASETS, HubName, parse_hub_name

ARC = {
    "id": "q1",
    "question": "Which?",
    "choices": {"text": ["red", "blue"], "label": ["A", "B"]},
    "answerKey": "B",
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """A double of the package: it gives one row of ARC and writes down what it was asked."""
    calls: list[tuple[Any, ...]] = []

    def load_dataset(
        path: str,
        name: str | None = None,
        *,
        split: str,
        revision: str | None,
        trust_remote_code: bool | None = None,
    ) -> list[dict[str, Any]]:
        calls.append((path, name, split, revision, trust_remote_code))
        if split == "none":
            raise ValueError('Unknown split "none".\nShould be one of ["train"].')
        return [ARC]

    double = ModuleType("datasets")
    double.load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", double)
    return calls


def test_dataset_is_read_by_name_config_and_split_without_remote_code(asked: list[tuple[Any, ...]]) -> None:
    (found,) = read_examples("hf:allenai/ai2_arc?config=ARC-Easy&split=test&revision=abc", "choice")
    assert (found.id, found.options, found.gold) == ("q1", ("red", "blue"), ("B",))
    assert asked == [("allenai/ai2_arc", "ARC-Easy", "test", "abc", False)]


def test_known_dataset_needs_no_owner(asked: list[tuple[Any, ...]]) -> None:
    read_examples("hf:arc-challenge", "choice")
    read_examples("hf:SIQA?split=validation", "choice", columns="arc-easy")
    assert asked == [
        ("allenai/ai2_arc", "ARC-Challenge", "train", None, False),
        ("allenai/social_i_qa", None, "validation", "refs/convert/parquet", False),
    ]


def test_missing_split_is_an_error_of_one_line(asked: list[tuple[Any, ...]]) -> None:
    with raises_code("hf-dataset-unreadable", DataError) as raised:
        read_examples("hf:a/b?split=none", "choice")
    assert 'hf:a/b?split=none: Unknown split "none"' in str(raised.value)
    assert "\n" not in str(raised.value)


def test_rows_without_id_are_named_after_the_dataset(
    asked: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ARC, "id")
    (found,) = read_examples("hf:arc-easy", "choice")
    assert found.id == "ai2_arc-ARC-Easy-train-1"


@pytest.mark.parametrize(
    "name", ["hf:", "hf:?split=train", "hf:a/b?split=", "hf:a/b?spilt=test", "hf:a/b?config="]
)
def test_invalid_dataset_name_is_refused(name: str) -> None:
    with raises_code("hf-invalid-dataset-name", UsageError) as raised:
        parse_hub_name(name)
    assert "hf:OWNER/NAME?config=NAME&split=test" in str(raised.value)


def test_every_known_dataset_name_can_be_parsed() -> None:
    assert len(KNOWN_DATASETS) >= 6
    for name, home in KNOWN_DATASETS.items():
        assert parse_hub_name(f"hf:{name}") == parse_hub_name(f"hf:{home}")
        assert "/" in parse_hub_name(f"hf:{name}").path
    assert parse_hub_name("hf:other/set") == HubName("other/set")


def test_missing_datasets_package_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'w2s\[models\]'"):
        read_examples("hf:arc-easy", "choice")


def test_moves_are_not_read_from_published_datasets() -> None:
    with raises_code("task-file-missing", DataError):
        read_examples("hf:arc-easy")


@pytest.mark.skipif(importlib.util.find_spec("datasets") is None, reason="needs the package datasets")
@pytest.mark.filterwarnings("ignore")  # of what it imports
def test_real_datasets_package_reads_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = tmp_path / "set"
    folder.mkdir()
    rows = [ARC | {"id": f"q{number}"} for number in range(3)]
    (folder / "test.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    found = read_examples(f"hf:{folder}?split=test", "choice")
    assert [one.id for one in found] == ["q0", "q1", "q2"]
    assert all(one.gold == ("B",) for one in found)
    with raises_code("hf-dataset-unreadable", DataError):
        read_examples(f"hf:{tmp_path / 'nothing'}", "choice")
