"""A chain whose evidence contains the answers of gold stops before any training, unless that is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doubles.chains import chain_tables, recorded_steps, write_chain
from w2s.chain import weak_labels
from w2s.cli.app import run
from w2s.evidence import Labels

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")


@pytest.fixture
def setting(nets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A chain in which the margin of every label says whether it is right; about half of them are."""
    read = weak_labels.read_labels

    def poison(path: Path) -> Labels:
        labels = read(path)
        right = np.random.default_rng(1).random(len(labels)) < 0.5
        leak = np.where(right, 0.9, 0.1).astype(np.float32)
        return labels.with_column("correct", right).with_column("margin", leak)

    monkeypatch.setattr(weak_labels, "read_labels", poison)
    examples: dict[str, Any] = {"files": [f"{nets}/examples.parquet"], "gold": 150, "pool": 60, "test": 30}
    tables = chain_tables(nets, examples=examples, arms=["base", "gold", "trust"], evidence=["hidden"])
    return write_chain(tmp_path / "chain.toml", tables)


def test_chain_stops_with_the_name_of_the_column(
    setting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["chain", str(setting), "--out", str(tmp_path / "run")]) == 3
    said = capsys.readouterr().err.splitlines()[-1]
    assert "[trust-target-leakage]" in said
    assert "margin" in said
    assert "--allow-leakage margin" in said
    assert recorded_steps(tmp_path / "run") == {"round-1/labels"}


def test_chain_runs_if_the_column_is_allowed(setting: Path, tmp_path: Path) -> None:
    words = ["chain", str(setting), "--out", str(tmp_path / "run"), "--allow-leakage", "margin"]
    assert run(words) == 0
    assert "round-1/seed-0/trust-arm" in recorded_steps(tmp_path / "run")
