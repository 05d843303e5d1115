"""Data sets by name: the grammar, the call to ``datasets``, and what is said when it fails."""

from __future__ import annotations

import doctest
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from w2s.errors import DataError, MissingExtraError, UsageError
from w2s.tasks import read_examples
from w2s.tasks.rows import hub as module
from w2s.tasks.rows.hub import HOMES, HubName, read_name

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


def test_a_set_is_read_by_name_config_and_split_and_runs_no_code(asked: list[tuple[Any, ...]]) -> None:
    (found,) = read_examples("hf:allenai/ai2_arc?config=ARC-Easy&split=test&revision=abc", "choice")
    assert (found.id, found.options, found.gold) == ("q1", ("red", "blue"), ("B",))
    assert asked == [("allenai/ai2_arc", "ARC-Easy", "test", "abc", False)]


def test_a_known_set_needs_no_owner(asked: list[tuple[Any, ...]]) -> None:
    read_examples("hf:arc-challenge", "choice")
    read_examples("hf:SIQA?split=validation", "choice", columns="arc-easy")
    assert asked == [
        ("allenai/ai2_arc", "ARC-Challenge", "train", None, False),
        ("allenai/social_i_qa", None, "validation", "refs/convert/parquet", False),
    ]


def test_a_split_that_is_not_there_is_one_line(asked: list[tuple[Any, ...]]) -> None:
    with pytest.raises(DataError, match=r'cannot read hf:a/b\?split=none: Unknown split "none"') as raised:
        read_examples("hf:a/b?split=none", "choice")
    assert "\n" not in str(raised.value)


def test_rows_without_an_id_are_named_after_the_set(
    asked: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ARC, "id")
    (found,) = read_examples("hf:arc-easy", "choice")
    assert found.id == "ai2_arc-ARC-Easy-train-1"


@pytest.mark.parametrize(
    "name", ["hf:", "hf:?split=train", "hf:a/b?split=", "hf:a/b?spilt=test", "hf:a/b?config="]
)
def test_a_name_that_makes_no_sense_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"write hf:OWNER/NAME\?config=NAME&split=test"):
        read_name(name)


def test_every_known_set_has_a_home_that_can_be_read() -> None:
    assert len(HOMES) >= 6
    for name, home in HOMES.items():
        assert read_name(f"hf:{name}") == read_name(f"hf:{home}")
        assert "/" in read_name(f"hf:{name}").path
    assert read_name("hf:other/set") == HubName("other/set")


def test_without_the_package_its_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'w2s\[models\]'"):
        read_examples("hf:arc-easy", "choice")


def test_moves_are_not_read_by_such_a_name() -> None:
    with pytest.raises(DataError, match="there is no file hf:arc-easy"):
        read_examples("hf:arc-easy")


@pytest.mark.skipif(importlib.util.find_spec("datasets") is None, reason="needs the package datasets")
@pytest.mark.filterwarnings("ignore")  # of what it imports
def test_the_real_package_reads_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    with pytest.raises(DataError, match="cannot read hf:"):
        read_examples(f"hf:{tmp_path / 'nothing'}", "choice")


def test_the_examples_run() -> None:
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed
