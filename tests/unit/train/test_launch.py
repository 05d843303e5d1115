"""What a launcher says in the environment, and what is done with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.cli.app import run
from w2s.errors import UsageError
from w2s.train.launch import process_count, process_rank, refuse_several


def test_without_a_launcher_there_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert (process_count(), process_rank()) == (1, 0)
    refuse_several("a chain")


def test_what_a_launcher_says_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "3")
    assert (process_count(), process_rank()) == (4, 3)


def test_nonsense_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "two")
    with raises_code("train-invalid-launcher", UsageError) as caught:
        process_count()
    assert "WORLD_SIZE is 'two'" in str(caught.value)


def test_a_chain_is_refused_in_several_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    words = ["chain", "--teacher", "random", "--student", "policy:a", "--examples", "a.csv"]
    assert run([*words, "--out", str(tmp_path / "run")]) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert "a chain runs in one process, not in 2; start it without a launcher" in last
    assert not (tmp_path / "run").exists()


def test_processes_share_a_step_without_overlap() -> None:
    pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
    import numpy as np

    from w2s.train.policy.processes import Processes

    rows = np.arange(7)
    shares = [Processes(3, rank).share(rows) for rank in range(3)]
    assert [share.tolist() for share in shares] == [[0, 1, 2], [3, 4], [5, 6]]
    assert Processes().share(rows).tolist() == rows.tolist()
    assert len(Processes(3, 2).share(np.arange(1))) == 0
