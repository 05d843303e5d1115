"""The steps that an estimate lists are the steps that a run records; an arm is one row of a table."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.doubles.chains import (
    GAME,
    chain_run,
    chain_tables,
    language_tables,
    metrics,
    recorded_steps,
    write_positions,
    write_questions,
)
from tests.doubles.nets import write_policy
from w2s.chain import ChainConfig, estimate, load_config, student
from w2s.chain.arms import ARMS, Arm, Curve
from w2s.chain.training_data import ALL_LABELS, TRUSTED
from w2s.cli.app import run
from w2s.config import parse_config

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

STAGED = ["gold+trust", "gold-then-trust", "trust-then-gold"]
EXAMPLES = {"gold": 80, "pool": 60, "test": 30}
MATCHES = {"source": "matches", "matches": {"games": 40, "oracle": "search:depth=2"}, "proposals": None}
PLAYED = {"examples": {"gold": 40, "pool": 40, "test": 20}, **MATCHES}


@pytest.fixture(scope="module")
def place(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nets, a second student, a net and examples of another game, and language models."""
    from tests.doubles.language import write_language_model

    folder = tmp_path_factory.mktemp("place")
    shutil.copytree(nets, folder, dirs_exist_ok=True)
    write_policy(folder / "other", GAME, seed=9)
    write_policy(folder / "elsewhere", "othello", seed=2)
    write_positions(folder / "othello.parquet", 100, game="othello", depth=1, prefix="o")
    (folder / "speakers").mkdir()
    for seed, name in enumerate(("teacher", "student")):
        write_language_model(folder / "speakers" / name, seed=seed)
    write_questions(folder / "speakers")
    return folder


def tables(place: Path, overrides: Mapping[str, Any]) -> dict[str, Any]:
    examples = {"files": [f"{place}/examples.parquet"], **EXAMPLES}
    return chain_tables(place, **{"examples": examples, **overrides})


def speakers(place: Path, overrides: Mapping[str, Any]) -> dict[str, Any]:
    return language_tables(place / "speakers", "choice", **overrides)


def ladder(place: Path) -> list[str]:
    return [f"policy:{place}/student", f"policy:{place}/other"]


def untrained_copy(reference: str, rows: object, settings: object, out: Path, **_: object) -> str:
    """Stands for a training: the student as it is."""
    kind, _, source = reference.partition("?")[0].partition(":")
    shutil.copytree(source, out)
    return f"{kind}:{out}"


def planned_steps(config: ChainConfig) -> set[str]:
    return {folder for step in estimate(config, None)["steps"] for folder in step["folders"]}


def same_steps(out: Path) -> None:
    """Planned and recorded steps are equal, and so are the rows of trainings."""
    config = load_config(resume=out)
    assert planned_steps(config) == recorded_steps(out)
    if config.teach.gold_times > 1 or config.keep.purity is not None or config.source == "matches":
        return  # numbers of rows that are recorded otherwise, or only known afterwards
    for step in estimate(config, None)["steps"]:
        for folder in step["folders"] if step["step"] == "train" else ():
            assert json.loads((out / folder / "step.json").read_text())["rows"] == step["rows"]


NETS: dict[str, dict[str, Any]] = {
    "default arms, two seeds and rounds": {"seeds": 2, "rounds": 2, "arms": None},
    "staged arms and self": {"seeds": 2, "arms": ["self", "trust", *STAGED, "ceiling"]},
    "curve with self and warm start": {
        "arms": ["self", "trust", "trust-then-gold"],
        "gold_sizes": [40, 60],
        "teach": {"warm_start": 0.5},
    },
    "curve, two seeds": {"seeds": 2, "gold_sizes": [40], "teach": {"gold_times": 2}},
    "soft labels of the teacher": {
        "rounds": 2,
        "seeds": 2,
        "arms": ["naive", "trust"],
        "teach": {"soft": "teacher"},
        "gold_sizes": [40],
    },
    "control of soft labels": {"rounds": 2, "arms": ["self-labels", "trust"], "teach": {"soft": "trust"}},
    "control of hard labels": {"rounds": 2, "arms": ["self-labels", "trust"]},
    "own chains of two seeds, and the same teacher": {
        "rounds": 3,
        "seeds": 2,
        "arms": ["naive", "confidence", "random", "trust"],
        "chains": {"own": ["naive", "random"], "same_teacher": True},
        "teach": {"soft": "teacher", "warm_start": 0.25},
    },
    "audit": {
        "rounds": 2,
        "seeds": 2,
        "stop": {"collapse": False, "decline": True, "audit": 0.25},
        "teach": {"warm_start": 0.25},
    },
    "one teacher for all arms": {"rounds": 2, "arms": ["naive", "trust"], "chains": {"own": []}},
    "proposals with searches": {"rounds": 2, "proposals": 3, "oracles": ["search:depth=2"]},
    "matches": {**PLAYED, "rounds": 2, "seeds": 2, "teach": {"soft": "trust"}, "arms": ["trust", "ceiling"]},
    "verified matches": {
        **PLAYED,
        "matches": {**MATCHES["matches"], "verify_pool": True},
        "arms": ["trust", "ceiling"],
    },
    "matches that join a pool": {
        "source": "matches",
        "rounds": 2,
        "seeds": 2,
        "matches": {"games": 20, "positions": 30},
        "proposals": None,
        "arms": ["naive", "trust", "ceiling", "self-labels"],
    },
    "purity": {"keep": {"purity": 0.01}, "arms": ["trust", "random"]},
}


@pytest.mark.parametrize("name", NETS)
def test_run_records_the_steps_of_the_estimate(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(student, "train", untrained_copy)
    same_steps(chain_run(tmp_path / "run", tables(place, NETS[name])))


def test_run_of_a_ladder_records_the_steps_of_the_estimate(place: Path, tmp_path: Path) -> None:
    """With real trainings: soft labels by trust, a warm start and staged arms of two students."""
    overrides = {
        "student": ladder(place),
        "rounds": 2,
        "arms": ["base", "gold", "self", "trust", "gold-then-trust"],
        "teach": {"soft": "trust", "warm_start": 0.25},
        "gold_sizes": [40],
    }
    same_steps(chain_run(tmp_path / "run", tables(place, overrides)))


def test_run_with_gold_of_another_game_records_the_steps_of_the_estimate(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(student, "train", untrained_copy)
    regime = {
        "name": "ood_domain",
        "gold_examples": [f"{place}/othello.parquet"],
        "gold_game": "othello",
        "gold_teacher": f"policy:{place}/elsewhere",
    }
    arms = ["base", "gold", "naive", "confidence", "trust", "gold+trust"]
    overrides = {"rounds": 2, "arms": arms, "regime": regime, "proposals": 2, "oracles": ["search:depth=1"]}
    same_steps(chain_run(tmp_path / "run", tables(place, overrides)))


def test_run_of_choices_records_the_steps_of_the_estimate(place: Path, tmp_path: Path) -> None:
    """With real trainings."""
    pytest.importorskip("peft", reason="needs peft: pip install 'w2s[models]'")
    overrides = {"arms": ["base", "gold", "self", "trust", "gold+trust"], "gold_sizes": [20]}
    out = chain_run(tmp_path / "run", speakers(place, overrides))
    assert planned_steps(load_config(resume=out)) == recorded_steps(out)


def test_run_of_choices_with_two_seeds_records_the_steps_of_the_estimate(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(student, "train", untrained_copy)
    overrides = {"rounds": 2, "seeds": 2, "teach": {"soft": "teacher"}, "evidence": ["student", "icl:2"]}
    out = chain_run(tmp_path / "run", speakers(place, overrides))
    assert planned_steps(load_config(resume=out)) == recorded_steps(out)


def test_majority_of_samples_is_an_arm_with_labels_of_its_own(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(student, "train", untrained_copy)
    overrides = {
        "rounds": 2,
        "arms": ["majority", "self_consistency", "trust"],
        "chains": {"own": ["majority", "self_consistency"]},
        "evidence": ["hidden", "student", "samples:5"],
    }
    out = chain_run(tmp_path / "run", speakers(place, overrides))
    assert planned_steps(load_config(resume=out)) == recorded_steps(out)
    labels = pq.read_table(out / "round-2/seed-0/majority-labels/labels.parquet").to_pydict()
    assert len(labels["majority"]) == 32
    assert set(labels["majority"]) == {"A", "B"}
    assert "student_log_prob" not in labels


def test_new_arm_is_one_row_of_the_table(
    place: Path,
    tmp_path: Path,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(student, "train", untrained_copy)
    row = Arm(
        "trust-then-all",
        "the most trusted labels, then all",
        ((TRUSTED,), (ALL_LABELS,)),
        per_round=True,
        curve=Curve.CHOSEN,
    )
    monkeypatch.setitem(ARMS, row.name, row)
    chain = tables(place, {"arms": ["base", "gold", "trust", row.name, "ceiling"], "gold_sizes": [40]})
    config = parse_config(ChainConfig, chain, "the chain")
    (learned,) = {arm["learned_rows"] for arm in estimate(config, None)["arms"] if row.name in arm["arm"]}
    assert learned == EXAMPLES["pool"]
    out = chain_run(tmp_path / "run", chain)
    shown = capsys.readouterr().out
    same_steps(out)
    found = metrics(out)
    for arms in (found["rounds"][0]["arms"], found["budget"][0]["arms"]):
        assert arms[row.name]["rows"]["mean"] == EXAMPLES["pool"] + EXAMPLES["pool"] // 4
        assert {"recovery", "pgr", "better_than_gold_by"} <= set(arms[row.name])
    assert shown.count(row.name) == 2
    assert results_page(root, out).count(f"| {row.name} |") == 2
    assert run(["chain", str(tmp_path / "run.toml"), "--arm", "trust", "--arm", "nothing", "--estimate"]) == 2
    assert row.name in capsys.readouterr().err


def test_staged_arm_may_have_an_own_chain(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first stage is not that of another arm, whose labels are others; its trust is its own."""
    monkeypatch.setattr(student, "train", untrained_copy)
    stages = ((ALL_LABELS,), (TRUSTED,))
    for name in ("all-then-trust", "trust-after-all"):
        monkeypatch.setitem(
            ARMS, name, Arm(name, "all labels, then the most trusted", stages, per_round=True)
        )
    overrides = {
        "rounds": 2,
        "arms": ["naive", "trust", "all-then-trust", "trust-after-all"],
        "chains": {"own": ["naive", "all-then-trust"]},
        "teach": {"soft": "trust"},
    }
    out = chain_run(tmp_path / "run", tables(place, overrides))
    same_steps(out)
    assert {step for step in recorded_steps(out) if step.startswith("round-2/")} == {
        f"round-2/seed-0/{step}"
        for step in (
            "labels",
            "trust",
            "naive-labels",
            "naive-arm",
            "trust-arm",
            "all-then-trust-labels",
            "all-then-trust-trust",
            "all-then-trust-arm-stage-1",
            "all-then-trust-arm",
            "naive-same-teacher-arm",  # the first stage of the next arm
            "trust-after-all-arm",
        )
    }


def results_page(root: Path, out: Path) -> str:
    """The page of results, which a script of the checkout writes."""
    spec = importlib.util.spec_from_file_location("results", root / "arenas/build/results.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page: str = module.page([out])
    return page
