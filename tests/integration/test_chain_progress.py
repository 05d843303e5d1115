"""A running chain tells how far it is and writes what it has measured; an interrupted one loses nothing."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.chains import chain_run, chain_tables, metrics, numbers, weights, write_chain
from w2s.chain import ChainConfig, ChainReport
from w2s.chain import run as run_chain
from w2s.cli.app import run
from w2s.cli.progress import StepProgress
from w2s.config import parse_config

pytest.importorskip("torch")

ARMS = ["base", "gold", "naive", "trust", "ceiling"]


def tables(nets: Path, **overrides: Any) -> dict[str, Any]:
    usual = {"rounds": 2, "seeds": 2, "arms": ARMS, "gold_sizes": [40]}
    return chain_tables(nets, **{**usual, **overrides})


@pytest.fixture(scope="module")
def setting(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chain(tmp_path_factory.mktemp("setting") / "chain.toml", tables(nets))


@pytest.fixture(scope="module")
def whole(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chain_run(tmp_path_factory.mktemp("whole") / "run", tables(nets))


def positions(said: str) -> list[tuple[int, int]]:
    """The number of each finished step and of all steps."""
    found = re.findall(r"^\[step (\d+) of (\d+)\]", said, re.MULTILINE)
    return [(int(step), int(steps)) for step, steps in found]


def test_every_step_has_a_line_with_its_number_and_every_arm_its_accuracy(
    nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = chain_run(tmp_path / "run", tables(nets))
    said = capsys.readouterr().err
    steps = len(list(out.rglob("step.json")))
    assert positions(said) == [(step, steps) for step in range(1, steps + 1)]
    arm = r"\] round 2 of 2, seed 1, trust, taught by trust: \d+\.\d % right \(\d+\.\d to \d+\.\d\)"
    assert len(re.findall(arm, said)) == 1
    assert re.search(r"\] round 2 of 2, seed 0, naive, taught by naive: \d", said)
    assert re.search(r"\] 40 gold rows, seed 0, gold: \d", said)
    assert re.search(r"\] seed 1, ceiling: \d+\.\d % right", said)
    assert "less than a minute left" in said


def test_a_finished_chain_is_told_in_one_line(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    shutil.copytree(whole, out)
    before = (out / "metrics.json").read_bytes()
    assert run(["chain", "--resume", str(whole)]) == 0
    first, second, *rest = capsys.readouterr().err.splitlines()
    steps = len(list(whole.rglob("step.json")))
    assert first.startswith("resume with: ")
    assert second == f"{steps} of {steps} steps are already finished"
    assert rest == [f"{whole / 'metrics.json'} holds every number"]
    assert (whole / "metrics.json").read_bytes() == before


def test_metrics_are_written_after_every_arm_in_the_schema_of_the_end(
    nets: Path, whole: Path, tmp_path: Path
) -> None:
    out, written = tmp_path / "run", []

    def show(_: ChainReport) -> None:
        written.append(metrics(out))

    run_chain(parse_config(ChainConfig, tables(nets), "it"), out, show=show)
    final = numbers(out)
    assert final == numbers(whole)
    assert final["complete"] is True
    assert [found["complete"] for found in written] == [False] * len(written)
    assert "best_round" not in written[-1]
    arms = [sorted(_arms(found)) for found in written]
    assert all(set(before) <= set(after) for before, after in itertools.pairwise(arms))
    assert len(written) == 2 + 4 + 4 + 4 + 6  # tests, references, two rounds, the curve
    of_one_seed = next(
        found for found in written if found["rounds"] and "trust" in found["rounds"][0]["arms"]
    )
    assert of_one_seed["rounds"][0]["arms"]["trust"]["accuracy"]["seeds"] == 1
    assert final["rounds"][0]["arms"]["trust"]["accuracy"]["seeds"] == 2
    for name, measures in _arms(written[-1]).items():
        assert set(measures) == set(_arms(metrics(out))[name])


def _arms(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The measures of all arms by round and name."""
    references = {name: found[name] for name in ("base", "teacher", "gold", "ceiling") if name in found}
    rounds = {f"{one['round']} {arm}": its for one in found["rounds"] for arm, its in one["arms"].items()}
    points = {
        f"{one['gold']} gold rows {arm}": its
        for one in found.get("budget", ())
        for arm, its in one["arms"].items()
    }
    return references | rounds | points


def interruption(after: int) -> Callable[[StepProgress, str], None]:
    """Presses Ctrl-C when so many steps are finished."""
    say, told = StepProgress.say, []

    def interrupt(line: StepProgress, text: str) -> None:
        say(line, text)
        told.extend(positions(text))
        if len(told) == after:
            raise KeyboardInterrupt

    return interrupt


@pytest.mark.parametrize("after", [1, 9, 20])
def test_ctrl_c_shows_the_table_so_far_and_resuming_ends_with_the_same_numbers(
    setting: Path,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    after: int,
) -> None:
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(StepProgress, "say", interruption(after))
        assert run(["chain", str(setting), "--out", str(out)]) == 130
    found = capsys.readouterr()
    assert found.out == ""
    *_, hint, error = found.err.splitlines()
    assert hint == f"resume with: w2s chain --resume {out}"
    assert error.startswith("error: interrupted")
    assert ("measured so far:" in found.err) == (after > 1)
    if after > 1:
        assert metrics(out)["complete"] is False
    assert run(["chain", "--resume", str(out)]) == 0
    resumed = capsys.readouterr().err
    steps = len(list(whole.rglob("step.json")))
    assert f"\n{after} of {steps} steps are already finished\n" in resumed
    assert positions(resumed) == [(step, steps) for step in range(after + 1, steps + 1)]
    assert numbers(out) == numbers(whole)
    assert weights(out) == weights(whole)


def test_one_model_can_teach_itself_by_request(
    nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = tables(nets, teacher=f"policy:{nets}/student", seeds=1, gold_sizes=[], rounds=1)
    file = write_chain(tmp_path / "chain.toml", same)
    assert run(["chain", str(file), "--out", str(tmp_path / "run")]) == 2
    assert "add --self-training" in capsys.readouterr().err
    assert run(["chain", str(file), "--self-training", "--out", str(tmp_path / "run")]) == 0
    assert "self-training: teacher and student are one model" in capsys.readouterr().out
    found = metrics(tmp_path / "run")
    assert found["self_training"] is True
    assert found["base"]["accuracy"] == found["teacher"]["accuracy"]


def test_a_quick_chain_says_its_numbers_and_options_override_them(
    nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_chain(tmp_path / "chain.toml", tables(nets, rounds=3))
    words = ["--quick", "--test-rows", "70", "--rounds", "1", "--out", str(tmp_path / "run")]
    assert run(["chain", str(file), *words]) == 0
    assert capsys.readouterr().err.startswith("--quick: 1 round, 1 seed, 100 gold, 120 pool, 70 test rows\n")
    assert len(metrics(tmp_path / "run")["rounds"]) == 1
    assert "budget" not in metrics(tmp_path / "run")
