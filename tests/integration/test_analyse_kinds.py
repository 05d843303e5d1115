"""``w2s analyse`` on chains of other kinds: what it measures, and what it leaves out with which reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.chains import (
    GAME,
    chain_run,
    chain_tables,
    language_tables,
    write_positions,
    write_questions,
)
from tests.doubles.nets import write_policy
from w2s.analysis import AnalysisReport, analyse

pytest.importorskip("torch")

ALL = {"difficulty", "map", "controls", "reference", "gradients", "blind-spots"}
NETS: Mapping[str, dict[str, Any]] = {
    "warm start": {"teach": {"warm_start": 0.5}},
    "weights": {"keep": {"top": "50%", "power": 2.0}},
    "proposals": {
        "proposals": 3,
        "oracles": ["search:depth=2"],
        "trust": {"function": "logistic", "folds": 2},
    },
    "holdout": {"train": {"epochs": 3, "batch": 32, "holdout": 0.3, "patience": 1}},
}


def small(nets: Path, **overrides: Any) -> dict[str, Any]:
    usual = {"arms": ["base", "trust"], "oracles": [], "keep": {"top": "50%"}}
    return chain_tables(nets, **{**usual, **overrides})


def measured(report: AnalysisReport) -> set[str]:
    """Names of the measures, after a check that every one says something."""
    for one in report.measures:
        assert one.results
        assert len(one.meaning) > 20
    return {one.name for one in report.measures}


@pytest.mark.parametrize("kind", NETS)
def test_chains_of_nets_have_every_measure(kind: str, nets: Path, tmp_path: Path) -> None:
    out = chain_run(tmp_path / "run", small(nets, **NETS[kind]))
    found = analyse(out, rows=20, oracles=["search:depth=2"])
    assert measured(found) == ALL


def test_few_kept_rows_leave_out_gradients(nets: Path, tmp_path: Path) -> None:
    found = analyse(chain_run(tmp_path / "run", small(nets, keep={"top": "5"})), oracles=["search:depth=2"])
    assert measured(found) == ALL - {"gradients"}
    assert "at least 8 kept" in found.left_out["gradients"]


def test_every_round_is_measured_with_its_own_teacher(nets: Path, tmp_path: Path) -> None:
    arms = ["base", "naive", "random", "trust"]  # the arm naive has its own teacher in round 2
    out = chain_run(tmp_path / "run", small(nets, rounds=2, arms=arms))
    first = analyse(out, measures=["difficulty", "blind-spots"])
    second = analyse(out, measures=["difficulty", "blind-spots"], round_number=2)
    assert (first.round, second.round) == (1, 2)
    assert first.measures[0].results != second.measures[0].results


def test_matches_without_answers_of_the_pool_have_no_reference(nets: Path, tmp_path: Path) -> None:
    tables = small(
        nets,
        source="matches",
        rounds=2,
        matches={"games": 40, "oracle": "search:depth=3"},
        examples={"gold": 60, "pool": 60, "test": 40},
        oracles=None,
    )
    out = chain_run(tmp_path / "run", tables)
    for number in (1, 2):
        found = analyse(out, rows=20, round_number=number)
        assert measured(found) == {"difficulty", "map", "gradients", "blind-spots"}
        assert {name: "not known" in why for name, why in found.left_out.items()} == {
            "controls": True,
            "reference": True,
        }


def test_gold_of_another_game_gives_no_gold_gradient(nets: Path, tmp_path: Path) -> None:
    write_policy(tmp_path / "elsewhere", "othello", 2)
    write_positions(tmp_path / "othello.parquet", 110, game="othello", depth=2, prefix="o")
    regime = {
        "name": "ood_domain",
        "gold_game": "othello",
        "gold_teacher": f"policy:{tmp_path}/elsewhere",
        "gold_examples": [f"{tmp_path}/othello.parquet"],
    }
    out = chain_run(tmp_path / "run", small(nets, regime=regime, game=GAME))
    (found,) = analyse(out, measures=["gradients"], rows=20).measures
    assert not [one for one in found.results if "gold" in one.name]


def test_a_teacher_without_probabilities_leaves_out_blind_spots(nets: Path, tmp_path: Path) -> None:
    tables = small(
        nets, teacher="search:depth=1", evidence=["student"], trust={"function": "logistic", "folds": 2}
    )
    found = analyse(chain_run(tmp_path / "run", tables), rows=20, oracles=["search:depth=2"])
    assert measured(found) == ALL - {"blind-spots"}
    assert "gives no probability" in found.left_out["blind-spots"]


def test_soft_labels_leave_out_control_arms(nets: Path, tmp_path: Path) -> None:
    out = chain_run(tmp_path / "run", small(nets, teach={"soft": "trust"}))
    found = analyse(out, rows=20, oracles=["search:depth=2"])
    assert "soft labels" in found.left_out["controls"]


# Language models --------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture(scope="module")
def speakers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random language models, and questions of both tasks."""
    pytest.importorskip("peft", reason="needs peft: pip install 'w2s[models]'")
    from tests.doubles.language import write_language_model

    folder = tmp_path_factory.mktemp("speakers")
    for seed, name in enumerate(("teacher", "student")):
        write_language_model(folder / name, seed=seed)
    write_questions(folder)
    return folder


def test_choices_of_language_models_have_what_needs_no_net(speakers: Path, tmp_path: Path) -> None:
    out = chain_run(tmp_path / "run", language_tables(speakers, "choice", arms=["base", "trust"]))
    found = analyse(out, rows=20)
    assert measured(found) == {"difficulty", "controls", "blind-spots"}
    groups = {one.group for one in found.measures[1].results}
    assert groups == {"trust", "matched-difficulty", "matched-purity"}
    assert found.left_out["reference"] == "oracles judge moves, and the task is choice"
    assert "is not a policy net" in found.left_out["gradients"]
