"""Files of an estimate are read once, however often their rows are asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from w2s.chain.config import ChainConfig
from w2s.chain.estimate import dataset_sizes
from w2s.config import parse_config


def test_each_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [{"id": f"q{n}", "question": f"{n}?", "options": ["a", "b"], "answer": "A"} for n in range(40)]
    for name in ("pool", "test"):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    read: list[str] = []

    def counting(file: str, *given: Any) -> Any:
        read.append(Path(file).stem)
        return actual(file, *given)

    actual = dataset_sizes._read
    monkeypatch.setattr(dataset_sizes, "_read", counting)
    tables = {"teacher": "hf:a", "student": "hf:b", "task": "choice", "evidence": ["hidden"]}
    examples = {"files": [str(tmp_path / "pool.jsonl")], "gold": 10, "pool": 20}
    own = {"test": [str(tmp_path / "test.jsonl"), str(tmp_path / "gone.jsonl")]}
    files = dataset_sizes.DatasetFiles(
        parse_config(ChainConfig, {**tables, "examples": {**examples, **own}}, "it")
    )
    found, notes = files.rows_by_split()
    assert found == {"gold": 10, "pool": 20, "test": dataset_sizes.ASSUMED}
    assert len(notes) == 1
    some, missing = files.some_examples()
    assert (len(some), missing) == (40, [])
    assert sorted(read) == ["gone", "pool", "test"]
