"""Chains whose teacher proposes several labels: trust keeps one of them, other arms see the first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.doubles.chains import chain_run, chain_tables, metrics, weights
from tests.doubles.errors import raises_code
from w2s.chain import ChainConfig
from w2s.cli.app import run

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")


def chained(nets: Path, out: Path, **overrides: Any) -> Path:
    usual = {
        "rounds": 2,
        "oracles": ["search:depth=4"],
        "arms": ["base", "gold", "naive", "random", "confidence", "trust", "gold+trust"],
        "gold_sizes": [60],
        "trust": {"function": "boosting", "folds": 2},
        "keep": {"top": "50%"},
        "train": {"epochs": 1},
    }
    return chain_run(out, chain_tables(nets, **{**usual, **overrides}))


@pytest.fixture(scope="module")
def three(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chained(nets, tmp_path_factory.mktemp("three") / "run", proposals=3)


@pytest.fixture(scope="module")
def one(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chained(nets, tmp_path_factory.mktemp("one") / "run", rounds=1)


def test_arms_without_trust_learn_the_first_candidates(one: Path, three: Path) -> None:
    alone, several = weights(one), weights(three)
    for arm in ("naive", "random", "confidence"):
        students = [name for name in alone if f"round-1/seed-0/{arm}-arm" in name]
        assert students
        assert all(alone[name] == several[name] for name in students)
    (trust,) = (name for name in alone if "round-1/seed-0/trust-arm" in name)
    assert alone[trust] != several[trust]


def test_selected_candidates_are_purer_than_the_teachers_answers(one: Path, three: Path) -> None:
    purity = [metrics(run)["rounds"][0]["trust"]["purity"]["mean"] for run in (one, three)]
    assert purity[1] > purity[0] + 0.2
    assert metrics(three)["rounds"][0]["trust"]["coverage"]["mean"] == 0.5


def test_one_candidate_of_each_example_is_kept(three: Path) -> None:
    for number in (1, 2):
        place = three / f"round-{number}" / "seed-0" / "trust"
        selected = pq.read_table(place / "selected.parquet").to_pydict()
        assert len(set(selected["id"])) == len(selected["id"]) == 60
        scores = pq.read_table(place / "scores.parquet").to_pylist()
        best: dict[str, float] = {}
        for row in scores:
            if row["role"] == "pool":
                name = row["id"].partition("#")[0]
                best[name] = max(row["trust"], best.get(name, 0.0))
        assert len(best) == 120
        assert selected["trust"] == [best[name] for name in selected["id"]]
    manifest = json.loads((three / "round-2" / "manifest.json").read_text())
    assert manifest["seeds"][0]["trust_fitted_on"] == 100


def test_point_of_the_curve_counts_examples(three: Path) -> None:
    (point,) = metrics(three)["budget"]
    assert point["arms"]["gold+trust"]["rows"]["mean"] == 120
    scores = pq.read_table(three / "budget/60/seed-0/trust/scores.parquet").to_pylist()
    gold = {row["id"].partition("#")[0] for row in scores if row["role"] == "gold"}
    assert len(gold) == 60


def test_commands_keep_the_most_trusted_candidates(nets: Path, tmp_path: Path, capsys: Any) -> None:
    labels, scored, best = (str(tmp_path / f"{name}.parquet") for name in ("labels", "scored", "best"))
    examples, teacher = str(nets / "examples.parquet"), f"policy:{nets}/teacher"
    label = ["label", examples, "--game", "connect_four", "--model", teacher, "--proposals", "3", "--hidden"]
    assert run([*label, "--oracle", "search:depth=4", "--out", labels, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["labels"] > 600
    fit = [
        "trust",
        "fit",
        labels,
        "--gold",
        "correct",
        "--function",
        "boosting",
        "--features",
        "hidden,search",
    ]
    assert run([*fit, "--out", str(tmp_path / "trust")]) == 0
    assert run(["trust", "score", labels, "--function", str(tmp_path / "trust"), "--out", scored]) == 0
    assert run(["filter", scored, "--score", "trust", "--top", "1", "--by", "example_id", "--out", best]) == 0
    kept = pq.read_table(best)
    assert kept.num_rows == len(set(kept.column("example_id").to_pylist())) == 300
    first = pq.read_table(labels, filters=[("proposal", "=", 1)])
    assert sum(kept.column("correct").to_pylist()) > sum(first.column("correct").to_pylist()) + 50
    train = ["train", best, "--student", f"policy:{nets}/student", "--epochs", "1"]
    assert run([*train, "--out", str(tmp_path / "student")]) == 0


def test_answers_have_no_proposals(tmp_path: Path) -> None:
    with raises_code("chain-answer-without-options"):
        ChainConfig(task="answer", teacher="hf:a", student="hf:b", proposals=2, examples={"files": ["x"]})
