"""The environment variables of a launcher, and commands that run in one process only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.cli.app import run
from w2s.errors import UsageError
from w2s.train.distributed import process_count, process_rank, require_single_process


def test_without_a_launcher_there_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert (process_count(), process_rank()) == (1, 0)
    require_single_process("a chain")


def test_count_and_rank_are_those_of_the_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "3")
    assert (process_count(), process_rank()) == (4, 3)


def test_an_invalid_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "two")
    with raises_code("train-invalid-launcher", UsageError) as caught:
        process_count()
    assert "WORLD_SIZE is 'two'" in str(caught.value)


def test_a_chain_in_several_processes_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    words = ["chain", "--teacher", "random", "--student", "policy:a", "--examples", "a.csv"]
    assert run([*words, "--out", str(tmp_path / "run")]) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert "a chain runs in one process, not in 2; start it without a launcher" in last
    assert not (tmp_path / "run").exists()
