"""Arms with an own chain: their students teach them, other arms stay the same, and pages name teachers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.doubles.chains import (
    GAME,
    chain_run,
    chain_tables,
    metrics,
    numbers,
    recorded_steps,
    weights,
    write_chain,
)
from tests.doubles.nets import write_policy
from tests.integration.test_chain_plan import results_page
from w2s.chain import estimate, load_config, student, weak_labels
from w2s.cli.app import run

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

ARMS = ["base", "naive", "confidence", "random", "trust"]
OWN = ("naive", "confidence")


def tables(nets: Path, **overrides: Any) -> dict[str, Any]:
    usual = {
        "rounds": 3,
        "arms": ARMS,
        "oracles": ["search:depth=1"],
        "proposals": 2,
        "trust": {"function": "logistic", "folds": 2},
        "train": {"epochs": 2, "batch": 8, "learning_rate": 3e-3},
    }
    return chain_tables(nets, **{**usual, **overrides})


@pytest.fixture(scope="module")
def whole(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    chains = {"same_teacher": True}
    return chain_run(tmp_path_factory.mktemp("whole") / "run", tables(nets, chains=chains))


@pytest.fixture(scope="module")
def shared(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same chain in which the student of trust teaches all arms."""
    return chain_run(tmp_path_factory.mktemp("shared") / "run", tables(nets, chains={"own": []}))


def labelled_by(path: Path) -> str:
    (model,) = set(pq.read_table(path).column("model").to_pylist())
    return str(model)


def test_student_of_an_arm_teaches_its_own_next_round(whole: Path) -> None:
    for number in (2, 3):
        seed, before = whole / f"round-{number}/seed-0", whole / f"round-{number - 1}/seed-0"
        assert labelled_by(seed / "labels/labels.parquet") == f"policy:{before}/trust-arm/student"
        for arm in OWN:
            found = labelled_by(seed / f"{arm}-labels/labels.parquet")
            assert found == f"policy:{before}/{arm}-arm/student"


def test_own_labels_are_those_that_the_arm_reads(whole: Path) -> None:
    naive = pq.read_table(whole / "round-2/seed-0/naive-labels/labels.parquet")
    confidence = pq.read_table(whole / "round-2/seed-0/confidence-labels/labels.parquet")
    assert (naive.num_rows, confidence.num_rows) == (120, 220)  # the pool; gold and pool
    for table in (naive, confidence):
        assert not [name for name in table.column_names if name.startswith(("student", "search"))]
    assert sorted(path.name for path in (whole / "round-2/seed-0/naive-labels").glob("*.parquet")) == [
        "labels.parquet"
    ]


def test_arm_with_the_same_teacher_is_that_of_a_chain_without_own_chains(whole: Path, shared: Path) -> None:
    own, same = weights(whole), weights(shared)
    for number in (2, 3):
        place = f"round-{number}/seed-0"
        for arm in OWN:
            path = "student/model.safetensors"
            before = same[f"{place}/{arm}-arm/{path}"]
            assert own[f"{place}/{arm}-same-teacher-arm/{path}"] == before
            assert own[f"{place}/{arm}-arm/{path}"] != before
    others = [path for path in same if path.startswith("round-1") or not path.count("arm") or "trust" in path]
    assert len(others) > 5
    assert {path: own[path] for path in others} == {path: same[path] for path in others}


def test_chain_without_own_chains_has_the_steps_and_pages_of_one_teacher(
    root: Path, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = recorded_steps(shared)
    assert not [step for step in steps if step.endswith("-labels")]
    assert {step for step in steps if step.startswith("round-3/")} == {
        f"round-3/seed-0/{name}" for name in ("labels", "trust", *(f"{arm}-arm" for arm in ARMS[1:]))
    }
    assert all("teachers" not in one for one in metrics(shared)["rounds"])
    assert "arms" not in json.loads((shared / "round-2/manifest.json").read_text())["seeds"][0]
    assert run(["chain", "--resume", str(shared)]) == 0
    assert "teacher" not in capsys.readouterr().out.splitlines()[0]
    assert "| arm | rows |" in results_page(root, shared)


def test_teacher_of_every_arm_is_named(root: Path, whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = metrics(whole)["rounds"]
    assert "teachers" not in first
    before = whole / "round-2/seed-0"
    assert {arm: one["student_of"] for arm, one in third["teachers"].items()} == {
        "naive": "naive",
        "naive (same teacher)": "trust",
        "confidence": "confidence",
        "confidence (same teacher)": "trust",
        "random": "trust",
        "trust": "trust",
    }
    assert third["teachers"]["naive"]["models"] == [f"policy:{before}/naive-arm/student"]
    assert third["teacher"] == third["teachers"]["random"]["models"]
    assert set(third["arms"]) == set(third["teachers"]) == set(second["arms"])
    for arm in third["arms"]:
        assert ("trust_is_better_by" in third["arms"][arm]) == (arm != "trust")
    assert run(["chain", "--resume", str(whole)]) == 0
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert shown[0][:4] == ["round", "arm", "teacher", "rows"]
    assert ["3", "naive", "naive"] in [line[:3] for line in shown]
    assert ["1", "naive", "teacher"] in [line[:3] for line in shown]
    assert ["3", "random", "trust"] in [line[:3] for line in shown]
    assert "| round 3 | naive (same teacher) | trust | 120 |" in results_page(root, whole)


def test_manifest_has_each_teacher_and_what_trained_it(whole: Path) -> None:
    seeds = json.loads((whole / "round-3/manifest.json").read_text())["seeds"]
    assert [one["arms"] for one in seeds] == [
        ["naive (same teacher)", "confidence (same teacher)", "random", "trust"],
        ["naive"],
        ["confidence"],
    ]
    assert [one["teacher_trained_on"]["pool"] for one in seeds] == [30, 120, 30]
    assert [one["trust_fitted_on"] for one in seeds] == [100, 0, 100]


def test_estimate_counts_the_labels_of_own_chains(whole: Path, shared: Path) -> None:
    def arms(out: Path) -> dict[tuple[object, object, object], dict[str, Any]]:
        found = estimate(load_config(resume=out), None)["arms"]
        return {(one["round"], one["arm"], one["teacher"]): one for one in found}

    own, same = arms(whole), arms(shared)
    for number in (2, 3):
        assert own[number, "labels by naive", None]["labels"] == 120
        assert own[number, "labels by confidence", None]["labels"] == 220
        assert own[number, "naive", "naive"]["learned_rows"] == 120
        assert own[number, "naive (same teacher)", "trust"]["learned_rows"] == 120
    assert all(teacher is None for _, _, teacher in same)
    assert not [arm for _, arm, _ in same if str(arm).startswith("labels by")]


@pytest.mark.parametrize("broken", OWN)
def test_labels_of_an_own_chain_depend_on_its_own_student_only(
    nets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """One arm's student is replaced in round 1: the labels of all other chains keep their bytes."""
    write_policy(tmp_path / "other", GAME, seed=9)
    train = student.train

    def poison(*arguments: Any, **options: Any) -> str:
        model, out = train(*arguments, **options), Path(arguments[3])
        if out.parent.name == f"{broken}-arm" and "round-1" in out.parts:
            shutil.copy(tmp_path / "other/model.safetensors", out)
        return model

    def labels(name: str) -> dict[str, bytes]:
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)  # the tables name models by relative paths
        config = write_chain(Path("run.toml"), tables(nets))
        assert run(["chain", str(config), "--out", "run"]) == 0
        return {str(path.parent): path.read_bytes() for path in Path("run").rglob("labels.parquet")}

    before = labels("whole")
    with monkeypatch.context() as patch:
        patch.setattr(student, "train", poison)
        after = labels("poisoned")
    changed = {path for path in before if before[path] != after[path]}
    assert before.keys() == after.keys()
    assert f"run/round-2/seed-0/{broken}-labels" in changed
    assert changed <= {f"run/round-{number}/seed-0/{broken}-labels" for number in (2, 3)}


@pytest.mark.parametrize("place", ["round-2/seed-0/naive-labels", "round-3/seed-0/confidence-labels"])
def test_chain_that_ended_in_an_own_chain_continues_with_the_same_bytes(
    nets: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    out, label_file = tmp_path / "run", weak_labels.label_file
    setting = write_chain(tmp_path / "run.toml", tables(nets, chains={"same_teacher": True}))

    def interrupt(examples: Any, spec: Any, path: Path, **options: Any) -> bool:
        if path.parent == out / place:
            raise KeyboardInterrupt
        return label_file(examples, spec, path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(weak_labels, "label_file", interrupt)
        assert run(["chain", str(setting), "--out", str(out)]) == 130
    assert not (out / place / "step.json").exists()
    assert run(["chain", "--resume", str(out)]) == 0
    assert numbers(out) == numbers(whole)
    assert weights(out) == weights(whole)
    record = json.loads((out / place / "step.json").read_text())
    assert set(record["inputs"]) >= {"examples", "teacher", "teacher_training", "evidence"}


def test_options_name_own_chains(nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    setting = write_chain(tmp_path / "chain.toml", tables(nets))

    def said(*options: str) -> str:
        assert run(["chain", str(setting), "--estimate", *options]) == 0
        return capsys.readouterr().out

    assert "labels by naive" in said()
    assert "labels by confidence" in said()
    assert "labels by" not in said("--own-chain", "none")
    only = said("--own-chain", "random", "--same-teacher")
    assert "labels by random" in only
    assert "labels by naive" not in only
    assert "random (same teacher)" in only
    assert run(["chain", str(setting), "--own-chain", "base", "--estimate"]) == 2
    assert "[chain-own-chain-impossible]" in capsys.readouterr().err
