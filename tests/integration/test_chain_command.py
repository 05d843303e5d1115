"""``w2s chain`` on small nets: every arm is measured; a killed chain ends with the same numbers."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.doubles.chains import chain_run, chain_tables, metrics, numbers, weights, write_chain
from tests.doubles.errors import raises_code
from tests.doubles.nets import write_policy
from w2s.chain.config_file import load_config
from w2s.cli.app import run
from w2s.config import read_toml
from w2s.errors import UsageError
from w2s.resume import RunFolder

pytest.importorskip("torch")

ARMS = ["base", "gold", "naive", "random", "confidence", "search_agreement", "trust", "gold+trust", "ceiling"]
NEURAL = {
    "function": "neural",
    "folds": 2,
    "options": {"epochs": 3, "fits": 1, "width": 16, "blocks": 1},
}


def tables(nets: Path, **overrides: Any) -> dict[str, Any]:
    usual = {
        "rounds": 2,
        "seeds": 2,
        "oracles": ["search:depth=2"],
        "proposals": 2,
        "arms": ARMS,
        "trust": NEURAL,
        "train": {"epochs": 1, "checkpoint_s": 0},
    }
    return chain_tables(nets, **{**usual, **overrides})


@pytest.fixture(scope="module")
def setting(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chain(tmp_path_factory.mktemp("setting") / "chain.toml", tables(nets))


@pytest.fixture(scope="module")
def whole(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chain_run(tmp_path_factory.mktemp("whole") / "run", tables(nets))


def test_every_arm_is_measured_with_intervals(whole: Path) -> None:
    found = metrics(whole)
    assert [round_["round"] for round_ in found["rounds"]] == [1, 2]
    for arm in ("base", "teacher", "gold", "ceiling"):
        accuracy = found[arm]["accuracy"]
        assert 0 <= accuracy["low"] <= accuracy["mean"] <= accuracy["high"] <= 1
    for round_ in found["rounds"]:
        arms = round_["arms"]
        assert set(arms) == {"naive", "random", "confidence", "search_agreement", "trust", "gold+trust"}
        assert arms["naive"]["rows"]["mean"] == 120
        assert {arms[arm]["rows"]["mean"] for arm in ("random", "confidence", "trust")} == {30}
        assert arms["gold+trust"]["rows"]["mean"] == 130
        assert set(round_["trust"]) >= {"auc", "ece", "brier", "purity", "coverage"}
        for its in arms.values():
            assert its["accuracy"]["seeds"] == 2
            assert its["recovery"]["mean"] is not None or "gap too small" in its["recovery"]["refused"]


def test_next_teacher_is_the_student_of_trust(whole: Path) -> None:
    assert metrics(whole)["rounds"][1]["teacher"] == [
        f"policy:{whole}/round-1/seed-{seed}/trust-arm/student" for seed in (0, 1)
    ]


def test_splits_are_disjoint_and_only_pool_labels_are_kept(whole: Path) -> None:
    roles = pq.read_table(whole / "splits.parquet").to_pydict()
    by_role = {role: {i for i, r in zip(*roles.values(), strict=True) if r == role} for role in roles["role"]}
    assert {role: len(ids) for role, ids in by_role.items()} == {"gold": 100, "pool": 120, "test": 80}
    kept = set(pq.read_table(whole / "round-1/seed-0/trust/selected.parquet").column("id").to_pylist())
    assert len(kept) == 30
    assert kept <= by_role["pool"]


def test_finished_chain_is_read_from_disk(whole: Path, setting: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*.safetensors")}
    assert run(["chain", "--resume", str(whole)]) == 0
    assert before == {path: path.stat().st_mtime_ns for path in whole.rglob("*.safetensors")}


@pytest.mark.slow
def test_chain_killed_20_times_ends_with_the_same_numbers_and_weights(
    whole: Path, setting: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    words = [str(Path(sys.executable).with_name("w2s")), "chain", str(setting), "--out", str(out)]
    draw = random.Random(1)
    kills = 0
    for _ in range(20):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=draw.uniform(2, 6))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    assert kills > 0
    subprocess.run(words, check=True, capture_output=True)
    assert numbers(out) == numbers(whole)
    assert weights(out) == weights(whole)


def is_writing_student(out: Path) -> bool:
    """Whether a part of a student is on the disk; folders may vanish while this looks."""
    return any(
        name.startswith(".") and "part" in name
        for folder, folders, files in os.walk(out)
        if Path(folder).name == "student"
        for name in [*folders, *files]
    )


@pytest.mark.slow
def test_kill_while_a_checkpoint_is_written_loses_nothing(whole: Path, setting: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = [str(Path(sys.executable).with_name("w2s")), "chain", str(setting), "--out", str(out)]
    for _ in range(3):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not is_writing_student(out):
            time.sleep(0.0005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(words, check=True, capture_output=True)
    assert weights(out) == weights(whole)


def test_another_seed_gives_other_numbers(whole: Path, setting: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["--seed", "7", "--seeds", "1", "--rounds", "1", "--arm", "trust", "--out", str(out)]
    assert run(["chain", str(setting), *words]) == 0
    first = weights(whole)["round-1/seed-0/trust-arm/student/model.safetensors"]
    assert weights(out)["round-1/seed-7/trust-arm/student/model.safetensors"] != first


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--student", "policy:{nets}/teacher"], 2, "[chain-student-is-teacher]"),
        (["--arm", "trust", "--arm", "confidance"], 2, "[chain-unknown-arm]"),
        (["--arm", "naive"], 2, "[chain-arm-trust-missing]"),
        (["--gold-rows", "5000"], 3, "[chain-too-few-examples]"),
        (["--gold-rows", "3"], 3, "gold"),
        (["--pool-rows", "0"], 2, "pool"),
        (["--top", "0%"], 2, "[chain-keep-nothing]"),
        (["--trust", "nural"], 2, "did you mean neural"),
        (["--teacher", "policy:{nets}/nobody"], 4, "nobody"),
        (["--student", "random"], 2, "[train-student-cannot-learn]"),
    ],
)
def test_invalid_option_is_one_line_with_its_code(
    nets: Path,
    setting: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    said: str,
) -> None:
    words = [word.format(nets=nets) for word in options]
    assert run(["chain", str(setting), "--out", str(tmp_path / "run"), *words]) == code
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert said in last


def test_arm_without_its_evidence_is_refused_before_training(
    setting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--arm", "gold", "--arm", "trust", "--arm", "peer_agreement", "--out", str(tmp_path / "run")]
    assert run(["chain", str(setting), *words]) == 3
    assert "the arm peer_agreement needs peer" in capsys.readouterr().err.strip().splitlines()[-1]
    assert not list((tmp_path / "run").rglob("*.safetensors"))


def test_another_configuration_in_the_same_folder_is_refused(
    whole: Path, setting: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["chain", str(setting), "--rounds", "9", "--out", str(whole)]) == 2
    assert "rounds (2 → 9)" in capsys.readouterr().err


def test_damaged_net_is_one_line(nets: Path, setting: Path, tmp_path: Path, capsys: Any) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_bytes((nets / "student/config.json").read_bytes())
    (broken / "model.safetensors").write_bytes((nets / "student/model.safetensors").read_bytes()[:-9])
    words = ["--student", f"policy:{broken}", "--out", str(tmp_path / "run")]
    assert run(["chain", str(setting), *words]) == 3
    assert "damaged" in capsys.readouterr().err.strip().splitlines()[-1]


def split_files(nets: Path, folder: Path, **changed: pa.Table) -> dict[str, Any]:
    """The chain with a file of examples for each split; those that are named hold another table."""
    table = pq.read_table(nets / "examples.parquet")
    parts = {"gold": table.slice(0, 100), "pool": table.slice(100, 120), "test": table.slice(220)} | changed
    for name, rows in parts.items():
        pq.write_table(rows, folder / f"{name}.parquet")
    return tables(nets, examples={name: [f"{folder}/{name}.parquet"] for name in parts})


def test_overlapping_splits_are_refused(nets: Path, tmp_path: Path, capsys: Any) -> None:
    table = pq.read_table(nets / "examples.parquet")
    path = write_chain(tmp_path / "chain.toml", split_files(nets, tmp_path, test=table.slice(99, 80)))
    assert run(["chain", str(path), "--out", str(tmp_path / "run")]) == 3
    assert "gold and test share the id 'p99'" in capsys.readouterr().err.strip().splitlines()[-1]


def test_position_under_two_ids_is_an_overlap(nets: Path, tmp_path: Path, capsys: Any) -> None:
    table = pq.read_table(nets / "examples.parquet")
    again = table.slice(0, 80).set_column(0, "id", pa.array([f"other{i}" for i in range(80)]))
    path = write_chain(tmp_path / "chain.toml", split_files(nets, tmp_path, test=again))
    assert run(["chain", str(path), "--out", str(tmp_path / "run")]) == 3
    assert "gold and test share the position or question of" in capsys.readouterr().err


def test_gold_of_one_class_is_one_line(nets: Path, tmp_path: Path, capsys: Any) -> None:
    from w2s.models import Want, load_model
    from w2s.tasks import read_examples

    examples = read_examples(nets / "examples.parquet", game="connect_four")[:100]
    answers = load_model(f"policy:{nets}/teacher").answer(examples, Want())
    table = pq.read_table(nets / "examples.parquet").slice(0, 100)
    always = table.set_column(3, "solutions", pa.array([[answer.label] for answer in answers]))
    path = write_chain(tmp_path / "chain.toml", split_files(nets, tmp_path, gold=always))
    assert run(["chain", str(path), "--out", str(tmp_path / "run")]) == 3
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert "right" in last
    assert "gold" in last


def test_net_of_another_game_is_one_line(nets: Path, setting: Path, tmp_path: Path, capsys: Any) -> None:
    write_policy(tmp_path / "othello", "othello")
    words = ["--teacher", f"policy:{tmp_path}/othello", "--out", str(tmp_path / "run")]
    assert run(["chain", str(setting), *words]) == 2
    assert "plays othello, not connect_four" in capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.data
def test_truncated_weights_of_lc0_are_one_line(
    setting: Path, tmp_path: Path, data: Path, capsys: Any
) -> None:
    whole = (data / "maia" / "maia-1100.pb.gz").read_bytes()
    (tmp_path / "half.pb.gz").write_bytes(whole[: len(whole) // 2])
    words = ["--teacher", f"lc0:{tmp_path}/half.pb.gz", "--out", str(tmp_path / "run")]
    assert run(["chain", str(setting), *words]) == 3
    assert "half.pb.gz" in capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--trust", "neurall"], "did you mean neural?"),
        (["--top", "200%"], "a share is at most 100%"),
    ],
)
def test_invalid_option_is_refused_before_labelling_by_run_and_estimate(
    nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    file, out = write_chain(tmp_path / "chain.toml", tables(nets)), tmp_path / "run"
    assert run(["chain", str(file), "--out", str(out), *options]) == 2
    assert said in capsys.readouterr().err
    assert not (out / "round-1").exists()
    assert run(["chain", str(file), "--estimate", *options]) == 2
    assert said in capsys.readouterr().err


def test_folder_without_results_takes_another_configuration(nets: Path, tmp_path: Path) -> None:
    file = write_chain(tmp_path / "chain.toml", tables(nets))
    folder = RunFolder(tmp_path / "run", "chain")
    folder.open(load_config(file=file))
    folder.open(load_config(file=file, options={"rounds": 1}))
    assert read_toml(folder.config)["rounds"] == 1
    (folder.path / "fixed").mkdir()
    (folder.path / "fixed" / "step.json").write_text("{}", encoding="utf-8")
    with raises_code("run-folder-other-configuration", UsageError) as caught:
        folder.open(load_config(file=file))
    assert "rounds" in str(caught.value)


def test_each_labelling_is_reported_once_after_the_resume_line(
    nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = write_chain(tmp_path / "chain.toml", tables(nets)), tmp_path / "run"
    command = ["chain", str(file), "--out", str(out), "--arm", "naive", "--arm", "trust"]
    assert run(command) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"resume with: w2s chain --resume {out}"
    labelled = [re.sub(r".*\] (.*), labels:.*", r"\1", line) for line in said if ", labels:" in line]
    assert labelled == ["round 1 of 2", "round 2 of 2, seed 0", "round 2 of 2, seed 1"]
    assert run(command) == 0
    assert ", labels:" not in capsys.readouterr().err


def test_later_student_of_a_ladder_is_not_measured_by_the_first(
    nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_policy(tmp_path / "other", "connect_four", seed=9)
    ladder = [f"policy:{nets}/student", f"policy:{tmp_path}/other"]
    chain = tables(nets, student=ladder, seeds=1, arms=["base", "gold", "trust", "ceiling"])
    out = chain_run(tmp_path / "run", chain)
    assert "does not learn" not in capsys.readouterr().err
    first, second = metrics(out)["rounds"]
    measured = {"recovery", "pgr", "better_than_gold_by"}
    assert first["student"] != second["student"]
    assert measured <= set(first["arms"]["trust"])
    assert not measured & set(second["arms"]["trust"])
    chain_run(tmp_path / "one", chain, "--rounds", "1")
    assert "other cannot be trained: the chain ends with round 1" in capsys.readouterr().err
