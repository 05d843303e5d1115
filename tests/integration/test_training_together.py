"""``w2s train`` in two processes on the CPU: reproducible, and near the student of one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.torch import load_file

from tests.doubles.chains import GAME, positions
from tests.doubles.encoders import write_encoder
from tests.doubles.language import write_language_model
from tests.doubles.language_training import weights as hashes
from tests.doubles.nets import write_policy

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

if not (torch.distributed.is_available() and torch.distributed.is_gloo_available()):
    pytest.skip("needs a torch with gloo", allow_module_level=True)

from w2s.models.policy.files import from_pretrained  # noqa: E402

ROWS = 65
ALONE = [sys.executable, "-m", "w2s"]
TOGETHER = [
    sys.executable,
    "-m",
    "torch.distributed.run",
    "--standalone",
    "--nproc-per-node",
    "2",
    "-m",
    "w2s",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student and a table of labels; the last batch of an epoch has one row: one process has none."""
    place = tmp_path_factory.mktemp("together")
    write_policy(place / "student", GAME)
    found = positions(ROWS)
    table = {
        "id": [f"p{i}" for i in range(ROWS)],
        "game": [GAME] * ROWS,
        "position": [position for position, _ in found],
        "label": [best for _, best in found],
    }
    pq.write_table(pa.table(table), place / "labels.parquet")
    return place


def train(launch: list[str], folder: Path, out: str, *more: str) -> subprocess.CompletedProcess[str]:
    words = ["train", str(folder / "labels.parquet"), "--student", f"policy:{folder}/student"]
    words += ["--out", str(folder / out), "--batch", "16", "--device", "cpu", "--epochs", "3", *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run([*launch, *words], env=environment, capture_output=True, text=True, timeout=240)


@pytest.mark.slow
def test_two_processes_train_nearly_the_student_of_one(folder: Path) -> None:
    one, two = (train(launch, folder, out) for launch, out in ((ALONE, "one"), (TOGETHER, "two")))
    assert (one.returncode, two.returncode) == (0, 0), two.stderr
    assert two.stdout.count("was trained on") == 1  # the first speaks for both
    reports = [json.loads((folder / out / "train.json").read_text()) for out in ("one", "two")]
    assert [report["processes"] for report in reports] == [1, 2]
    assert [report["steps"] for report in reports] == [15, 15]
    assert reports[0]["loss"] == pytest.approx(reports[1]["loss"], rel=0.05)
    nets = [from_pretrained(folder / out) for out in ("student", "one", "two")]
    before, alone, together = (torch.cat([p.detach().flatten() for p in net.parameters()]) for net in nets)
    assert float((together - alone).norm()) < 0.5 * float((alone - before).norm())


@pytest.mark.slow
def test_two_processes_are_reproducible_and_hold_out_rows(folder: Path) -> None:
    for out in ("a", "b"):
        done = train(TOGETHER, folder, out, "--holdout", "0.2")
        assert done.returncode == 0, done.stderr
    nets = [(folder / out / "model.safetensors").read_bytes() for out in ("a", "b")]
    assert nets[0] == nets[1]
    report = json.loads((folder / "a/train.json").read_text())
    assert (report["rows"], report["held_back"], len(report["held_back_losses"])) == (52, 13, 3)


@pytest.mark.slow
def test_a_training_of_one_process_is_not_resumed_by_two(folder: Path) -> None:
    assert train(ALONE, folder, "c").returncode == 0
    done = train(TOGETHER, folder, "c")
    assert done.returncode != 0
    assert "[train-other-training]" in done.stderr


@pytest.mark.slow
def test_a_language_model_is_resumed_by_the_same_number_of_processes(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    place = tmp_path_factory.mktemp("speaker")
    write_language_model(place / "student", "llama")
    rows = {"id": ["a", "b", "c"], "question": ["up", "down", "left"], "options": [["x", "y"]] * 3}
    pq.write_table(pa.table({**rows, "label": ["A", "B", "A"]}), place / "labels.parquet")
    words = ["train", str(place / "labels.parquet"), "--task", "choice", "--student", f"hf:{place}/student"]
    words += ["--finetuning", "lora", "--epochs", "1", "--out", str(place / "out")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    two, one = (
        subprocess.run([*launch, *words], env=environment, capture_output=True, text=True, timeout=240)
        for launch in (TOGETHER, ALONE)
    )
    assert two.returncode == 0, two.stderr
    assert "resume with: torchrun --nproc-per-node 2 -m w2s train" in two.stderr
    assert "Warning" not in two.stderr
    assert one.returncode == 2
    assert "[train-other-training]" in one.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("family", "method"), [("gemma3", "full"), ("llama", "lora")])
def test_sharded_weights_are_trained_like_whole_ones_killed_or_not(
    tmp_path: Path, family: str, method: str
) -> None:
    write_language_model(tmp_path / "student", family)
    how = {"finetuning": method, "micro_batch": 2, "holdout": 0.2}
    assert teach(tmp_path, "whole", "choices:20", how) == 0
    assert teach(tmp_path, "parts", "choices:20", how, fsdp=True) == 0
    assert teach(tmp_path, "killed", "choices:20", how, kill_at=3, fsdp=True) != 0
    assert teach(tmp_path, "killed", "choices:20", how, fsdp=True) == 0
    whole, parts = (learned(tmp_path / out) for out in ("whole", "parts"))
    assert list(parts) == list(whole)  # a weight that is tied is written once
    for name, weight in whole.items():
        torch.testing.assert_close(parts[name], weight, atol=1e-4, rtol=1e-3)
    assert hashes(tmp_path / "killed") == hashes(tmp_path / "parts")
    reports = [json.loads((tmp_path / out / "train.json").read_text()) for out in ("whole", "parts")]
    assert reports[0]["loss"] == pytest.approx(reports[1]["loss"], rel=1e-3)
    assert reports[0]["held_back_losses"] == pytest.approx(reports[1]["held_back_losses"], rel=1e-3)


@pytest.mark.slow
def test_padding_rows_of_the_last_pass_do_not_count(tmp_path: Path) -> None:
    write_language_model(tmp_path / "student", "llama")
    how = {"micro_batch": 4, "epochs": 3, "finetuning": "full", "learning_rate": 1e-3}
    for out, count in (("one", 1), ("two", 2)):
        assert teach(tmp_path, out, "choices:5", how, processes=count) == 0
    one, two = (learned(tmp_path / out) for out in ("one", "two"))
    for name, weight in one.items():
        torch.testing.assert_close(two[name], weight, atol=2e-5, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "how", "kill_at"),
    [
        ("choices:21", {"micro_batch": 2, "finetuning": "full", "learning_rate": 1e-3}, 5),
        ("answers:5", {"objective": "grpo", "group_size": 4, "new_tokens": 6}, 5),
    ],
)
def test_two_processes_killed_in_a_later_epoch_resume_to_the_same_bytes(
    tmp_path: Path, rows: str, how: dict[str, Any], kill_at: int
) -> None:
    if "objective" in how:
        pytest.importorskip("trl", reason="needs trl: pip install 'w2s[rl]'")
    write_language_model(tmp_path / "student", "llama", chat=True)
    assert teach(tmp_path, "whole", rows, how) == 0
    assert teach(tmp_path, "killed", rows, how, kill_at=kill_at) != 0
    assert teach(tmp_path, "killed", rows, how) == 0
    assert hashes(tmp_path / "killed") == hashes(tmp_path / "whole")


@pytest.mark.slow
def test_an_encoder_with_fsdp_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_encoder(tmp_path / "student")
    assert teach(tmp_path, "out", "choices:8", {"finetuning": "full"}, fsdp=True) != 0
    assert "encoders cannot be trained with FSDP; launch without --use_fsdp" in capfd.readouterr().err


def teach(
    place: Path,
    out: str,
    rows: str,
    how: dict[str, Any],
    *,
    processes: int = 2,
    kill_at: int = 0,
    fsdp: bool = False,
) -> int:
    """The exit code of a training; with ``fsdp`` each process holds a part of the weights."""
    alone = [sys.executable, "-m", "tests.doubles.torchrun_training"]
    launch = alone if processes == 1 else [*TOGETHER[:-1], "tests.doubles.torchrun_training"]
    words = [str(place / "student"), str(place / out), rows, str(kill_at), json.dumps(how)]
    wanted = {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2"} if fsdp else {}
    wanted |= {"FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP"} if fsdp else {}
    usual = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    environment = {**os.environ, **usual, **wanted}
    return subprocess.run([*launch, *words], env=environment, timeout=240).returncode


def learned(folder: Path) -> dict[str, torch.Tensor]:
    (path,) = folder.glob("*.safetensors")
    return dict(sorted(load_file(path).items()))
