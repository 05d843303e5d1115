"""``w2s trust fit``, ``score`` and ``compare`` as commands, on a small table with everything in it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.doubles.labels import labels, without
from w2s.cli.app import run
from w2s.evidence import read_labels, write_labels
from w2s.metrics import auc

QUICK = ["--set", "width=16", "--set", "batch=32", "--set", "least_steps=80", "--set", "fits=2"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """300 labels, of which the answer is known for about two thirds."""
    found = labels(300)
    known = np.random.default_rng(9).random(300) < 0.67
    correct = pa.array(found.correct, mask=~known)
    write_labels(
        found.with_column("truth", found.correct).with_column("correct", correct), tmp_path / "l.parquet"
    )
    return tmp_path / "l.parquet"


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_fit_then_score_then_filter(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", exc_type=ImportError)
    trust, scored, kept = (str(table.parent / name) for name in ("trust", "scored.parquet", "kept.parquet"))
    fit = ["trust", "fit", str(table), "--gold", "correct", "--function", "neural", "--out", trust, *QUICK]
    assert run([*fit, "--features", "hidden,afterstate", "--json"]) == 0
    summary = json.loads(said(capsys))
    assert summary["needs"] == ["afterstate", "hidden", "log_prob"]
    assert summary["measures"]["auc"]["low"] > 0.6
    assert run(["trust", "score", str(table), "--function", trust, "--out", scored, "--json"]) == 0
    assert json.loads(said(capsys))["out_of_fold"] == summary["gold_rows"]
    before, after = pq.read_table(table), pq.read_table(scored)
    assert after.column_names == [*before.column_names, "trust"]
    assert after.drop_columns("trust").equals(before)
    pool = before.column("correct").is_null().to_numpy()
    trusted, truth = after.column("trust").to_numpy(), before.column("truth").to_numpy()
    assert auc(trusted[pool], truth[pool]) > 0.75
    assert run(["filter", scored, "--score", "trust", "--top", "15%", "--out", kept]) == 0
    right = pq.read_table(kept).column("truth").to_numpy()
    assert right.mean() > truth.mean() + 0.2


def test_gold_rows_keep_their_out_of_fold_scores(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust, scored = table.parent / "trust", table.parent / "scored.parquet"
    assert (
        run(["trust", "fit", str(table), "--gold", "correct", "--function", "knn", "--out", str(trust)]) == 0
    )
    assert run(["trust", "score", str(table), "--function", str(trust), "--out", str(scored)]) == 0
    assert "keep their out-of-fold scores" in said(capsys)
    gold = {row["id"]: row["trust"] for row in pq.read_table(trust / "gold.parquet").to_pylist()}
    rows = pq.read_table(scored).to_pylist()
    assert {row["id"]: row["trust"] for row in rows if row["correct"] is not None} == gold
    assert json.loads((trust / "measures.json").read_text())["gold_rows"] == len(gold)


def test_other_labels_of_the_same_ids_are_scored_again(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trust, other = table.parent / "trust", table.parent / "other.parquet"
    assert (
        run(["trust", "fit", str(table), "--gold", "correct", "--function", "isotonic", "--out", str(trust)])
        == 0
    )
    found = read_labels(table)
    write_labels(found.with_column("label", pa.array(["a7a8q"] * len(found))), other)
    out = str(table.parent / "s.parquet")
    said(capsys)
    assert run(["trust", "score", str(other), "--function", str(trust), "--out", out, "--json"]) == 0
    assert json.loads(said(capsys))["out_of_fold"] == 0


def test_same_seed_writes_the_same_bytes(table: Path) -> None:
    for name in ("a", "b"):
        out = str(table.parent / name)
        fit = ["trust", "fit", str(table), "--gold", "correct", "--function", "logistic", "--out", out]
        assert run([*fit, "--seed", "4"]) == 0
    files = sorted(path.name for path in (table.parent / "a").iterdir())
    assert files == ["gold.parquet", "measures.json", "trust.json", "trust.safetensors"]
    for file in files:
        assert (table.parent / "a" / file).read_bytes() == (table.parent / "b" / file).read_bytes()


def test_compare_measures_functions_and_names_missing_evidence(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    poor = table.parent / "poor"
    poor.mkdir()
    found = without(read_labels(table), "hidden", "afterstate", "student", "samples")
    write_labels(found, poor / "labels.parquet")
    compare = ["trust", "compare", str(poor / "labels.parquet"), "--gold", "correct", "--resamples", "100"]
    names = ["confidence", "crowd", "knn", "logistic", "self_consistency", "search_agreement"]
    compare += [part for name in names for part in ("--function", name)]
    assert run([*compare, "--json"]) == 0
    functions = json.loads(said(capsys))["functions"]
    by_title = {(one["name"], tuple(one["features"])): one for one in functions}
    assert by_title["knn", ("hidden",)]["lacks"] == ["hidden"]
    assert "--hidden" in by_title["knn", ("hidden",)]["remedy"]
    assert by_title["self_consistency", ()]["lacks"] == ["samples"]
    measured = [one for one in functions if one["measures"]]
    areas = [one["measures"]["auc"]["value"] for one in measured]
    assert areas == sorted(areas, reverse=True)
    assert {("confidence", ()), ("logistic", ("search", "peer"))} <= {
        (m["name"], tuple(m["features"])) for m in measured
    }
    for one in measured:
        assert set(one["measures"]) == {"auc", "ece", "brier", "purity@10%", "purity@25%", "purity@50%"}
        assert all(m["low"] <= m["high"] for m in one["measures"].values())
    assert run([*compare[:5], "--function", "logistic", "--function", "knn"]) == 0
    text = said(capsys)
    assert "not compared:\n  logistic(hidden): label with --hidden" in text
    assert "logistic(search,peer)" in text


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["fit", "{table}", "--gold", "nothing", "--out", "{out}"], 3, "no column 'nothing'"),
        (["fit", "{table}", "--gold", "log_prob", "--out", "{out}"], 3, "[label-column-not-boolean]"),
        (
            ["fit", "{table}", "--gold", "correct", "--out", "{out}", "--function", "neurl"],
            2,
            "did you mean neural",
        ),
        (
            ["fit", "{table}", "--gold", "correct", "--out", "{out}", "--set", "width"],
            2,
            "is not name=value",
        ),
        (
            ["fit", "{table}", "--gold", "correct", "--out", "{out}", "--set", "widht=3"],
            2,
            "did you mean 'width'",
        ),
        (
            [
                "fit",
                "{table}",
                "--gold",
                "correct",
                "--out",
                "{out}",
                "--function",
                "logistic",
                "--features",
                "voice",
            ],
            3,
            "logistic needs voice, which these labels do not have",
        ),
        (
            [
                "fit",
                "{table}",
                "--gold",
                "correct",
                "--out",
                "{out}",
                "--function",
                "isotonic",
                "--folds",
                "300",
            ],
            3,
            "too few for 300 folds",
        ),
        (
            ["score", "{table}", "--function", "{out}", "--out", "{out}.parquet"],
            3,
            "w2s trust fit writes it",
        ),
        (["score", "{table}", "--function", "{out}", "--out", "{out}.csv"], 2, "end the name with .parquet"),
        (["score", "{table}", "--function", "{out}", "--out", "{table}"], 2, "already exists"),
        (["compare", "{out}.parquet", "--gold", "correct"], 3, "there is no file"),
    ],
)
def test_invalid_commands_print_one_line(
    table: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    places = {"table": str(table), "out": str(table.parent / "out")}
    assert run(["trust", *(argument.format(**places) for argument in arguments)]) == code
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
    assert not (table.parent / "out").exists()


def test_existing_function_is_replaced_only_with_overwrite(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(table.parent / "trust")
    fit = ["trust", "fit", str(table), "--gold", "correct", "--function", "isotonic", "--out", out]
    assert run(fit) == 0
    assert run(fit) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert run([*fit, "--overwrite", "--folds", "0"]) == 0
    assert not (table.parent / "trust" / "gold.parquet").exists()
