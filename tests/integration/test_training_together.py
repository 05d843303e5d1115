"""``w2s train`` in two processes on the CPU: one student, the same again, near that of one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.torch import load_file
from tests.doubles.chains import GAME, positions
from tests.doubles.language import write_language_model
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
def test_two_processes_train_one_student_near_that_of_one(folder: Path) -> None:
    one, two = (train(launch, folder, out) for launch, out in ((ALONE, "one"), (TOGETHER, "two")))
    assert (one.returncode, two.returncode) == (0, 0), two.stderr
    assert len(two.stdout.splitlines()) == 1  # the first speaks for both
    reports = [json.loads((folder / out / "train.json").read_text()) for out in ("one", "two")]
    assert [report["processes"] for report in reports] == [1, 2]
    assert [report["steps"] for report in reports] == [15, 15]
    assert reports[0]["loss"] == pytest.approx(reports[1]["loss"], rel=0.05)
    nets = [from_pretrained(folder / out) for out in ("student", "one", "two")]
    before, alone, together = (torch.cat([p.detach().flatten() for p in net.parameters()]) for net in nets)
    assert float((together - alone).norm()) < 0.5 * float((alone - before).norm())


@pytest.mark.slow
def test_two_processes_give_the_same_bytes_again_and_hold_rows_back(folder: Path) -> None:
    for out in ("a", "b"):
        done = train(TOGETHER, folder, out, "--holdout", "0.2")
        assert done.returncode == 0, done.stderr
    nets = [(folder / out / "model.safetensors").read_bytes() for out in ("a", "b")]
    assert nets[0] == nets[1]
    report = json.loads((folder / "a/train.json").read_text())
    assert (report["rows"], report["held_back"], len(report["held_back_losses"])) == (52, 13, 3)


@pytest.mark.slow
def test_a_training_of_one_process_is_not_gone_on_with_by_two(folder: Path) -> None:
    assert train(ALONE, folder, "c").returncode == 0
    done = train(TOGETHER, folder, "c")
    assert done.returncode != 0
    assert "holds a training of another student, other rows or other settings" in done.stderr


@pytest.mark.slow
def test_a_language_model_is_trained_by_as_many_as_before_and_says_how_to_go_on(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    place = tmp_path_factory.mktemp("speaker")
    write_language_model(place / "student", "llama")
    rows = {"id": ["a", "b", "c"], "question": ["up", "down", "left"], "options": [["x", "y"]] * 3}
    pq.write_table(pa.table({**rows, "label": ["A", "B", "A"]}), place / "labels.parquet")
    words = ["train", str(place / "labels.parquet"), "--task", "choice", "--student", f"hf:{place}/student"]
    words += ["--method", "lora", "--epochs", "1", "--out", str(place / "out")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    two, one = (
        subprocess.run([*launch, *words], env=environment, capture_output=True, text=True, timeout=240)
        for launch in (TOGETHER, ALONE)
    )
    assert two.returncode == 0, two.stderr
    assert "resume with: torchrun --nproc-per-node 2 -m w2s train" in two.stderr
    assert "Warning" not in two.stderr
    assert one.returncode == 2
    assert "holds a training of another student, other rows or other settings" in one.stderr


@pytest.mark.slow
@pytest.mark.parametrize("method", ["full", "lora"])
def test_weights_that_lie_in_parts_learn_as_whole_ones_do_killed_or_not(tmp_path: Path, method: str) -> None:
    write_language_model(tmp_path / "student", "llama")
    done = {
        out: [sharded(tmp_path, out, method, kill, fsdp=fsdp) for kill in kills]
        for out, kills, fsdp in (("whole", [0], False), ("parts", [0], True), ("killed", [3, 0], True))
    }
    assert [codes[-1] for codes in done.values()] == [0, 0, 0]
    assert done["killed"][0] != 0
    name = "model.safetensors" if method == "full" else "adapter_model.safetensors"
    whole, parts = (load_file(tmp_path / out / name) for out in ("whole", "parts"))
    assert {key: weight.shape for key, weight in parts.items()} == {
        key: weight.shape for key, weight in whole.items()
    }
    for key, weight in whole.items():
        torch.testing.assert_close(parts[key], weight, atol=1e-4, rtol=1e-3)
    assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()
    reports = [json.loads((tmp_path / out / "train.json").read_text()) for out in ("whole", "parts")]
    assert reports[0]["loss"] == pytest.approx(reports[1]["loss"], rel=1e-3)
    assert reports[0]["held_back_losses"] == pytest.approx(reports[1]["held_back_losses"], rel=1e-3)


@pytest.mark.slow
def test_rows_that_fill_the_last_pass_of_two_processes_count_for_nothing(tmp_path: Path) -> None:
    write_language_model(tmp_path / "student", "llama")
    code = (
        "import sys; from pathlib import Path; from tests.doubles.learning import choices, settings; "
        "from w2s.train import train; student, out = sys.argv[1:]; how = settings(together=4, epochs=3, "
        "precision='float32', method='full', learning_rate=1e-3); "
        "train(f'hf:{student}?device=cpu', choices(5), how, Path(out))"
    )
    (tmp_path / "it.py").write_text(code, encoding="utf-8")
    usual = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    for out, launch in (("one", [sys.executable]), ("two", TOGETHER[:-2])):
        command = [*launch, str(tmp_path / "it.py"), str(tmp_path / "student"), str(tmp_path / out)]
        subprocess.run(command, env={**os.environ, **usual}, check=True, capture_output=True, timeout=240)
    one, two = (load_file(tmp_path / out / "model.safetensors") for out in ("one", "two"))
    for name, weight in one.items():
        torch.testing.assert_close(two[name], weight, atol=2e-5, rtol=1e-4)


def sharded(place: Path, out: str, method: str, kill_at: int, *, fsdp: bool) -> int:
    """The exit code of a training by two processes; with ``fsdp`` each holds a part of the weights."""
    launch = [*TOGETHER[:-1], "tests.doubles.sharded"]
    words = [str(place / "student"), str(place / out), method, str(kill_at)]
    wanted = {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2"} if fsdp else {}
    wanted |= {"FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP"} if fsdp else {}
    usual = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    environment = {**os.environ, **usual, **wanted}
    return subprocess.run([*launch, *words], env=environment, capture_output=True, timeout=240).returncode
