"""``w2s trust fit``, ``score`` and ``compare`` as commands, on a small table with everything in it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tests.doubles.labels import labels, without
from tests.doubles.plugins import write_plugin
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
    assert summary["needs"] == ["afterstate", "hidden"]
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
    assert files == ["gold.parquet", "measures.json", "step.json", "trust.json", "trust.safetensors"]
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
        (["compare", "{out}.parquet", "--gold", "correct"], 3, "[table-missing-file]"),
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
    assert run([*fit, "--seed", "1"]) == 2
    assert "made with other seed: give --overwrite" in capsys.readouterr().err
    assert run([*fit, "--overwrite", "--folds", "0"]) == 0
    assert not (table.parent / "trust" / "gold.parquet").exists()


@pytest.mark.parametrize("folds", ["5", "0"])
def test_fit_again_finds_it_finished(table: Path, capsys: pytest.CaptureFixture[str], folds: str) -> None:
    out = table.parent / "trust"
    fit = ["trust", "fit", str(table), "--gold", "correct", "--function", "knn", "--out", str(out)]
    fit += ["--folds", folds, "--json"]
    assert run(fit) == 0
    first, before = json.loads(said(capsys)), (out / "trust.json").stat()
    assert run(fit) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out) == first | {"done_before": True}
    assert "already finished; nothing was done" in captured.err
    assert (out / "trust.json").stat() == before
    table.write_bytes(table.with_name("hidden.parquet").read_bytes())
    assert run(fit) == 2
    assert "made with other labels" in capsys.readouterr().err


def test_a_function_that_was_exchanged_is_not_taken_for_a_finished_one(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = table.parent / "trust"
    fit = ["trust", "fit", str(table), "--gold", "correct", "--function", "knn", "--out", str(out)]
    assert run(fit) == 0
    (out / "trust.json").write_text((out / "trust.json").read_text() + " ")
    assert run(fit) == 2
    assert "[trust-output-exists]" in capsys.readouterr().err


def test_score_again_finds_it_finished(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust, out = table.parent / "trust", table.parent / "scored.parquet"
    fit = ["trust", "fit", str(table), "--gold", "correct", "--function", "knn", "--out", str(trust)]
    score = ["trust", "score", str(table), "--function", str(trust), "--out", str(out), "--json"]
    assert run(fit) == 0
    said(capsys)
    assert run(score) == 0
    first, before = json.loads(said(capsys)), out.read_bytes()
    assert run(score) == 0
    assert json.loads(said(capsys)) == first | {"done_before": True}
    assert run([*score, "--score", "other"]) == 2
    assert "made with other score:" in capsys.readouterr().err
    assert run([*fit, "--seed", "1", "--overwrite"]) == 0
    said(capsys)
    assert run(score) == 2
    assert "made with other function:" in capsys.readouterr().err
    assert out.read_bytes() == before


# Labels and functions of a user ----------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a table of two numbers, without log_prob."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    draw = np.random.default_rng(0)
    conf = draw.random(300)
    right = pa.array(draw.random(300) < conf, mask=np.arange(300) >= 200)
    columns = {"id": np.arange(300), "label": ["a"] * 300, "conf": conf, "length": draw.integers(1, 50, 300)}
    pyarrow.csv.write_csv(pa.table({**columns, "correct": right}), "own.csv")
    return tmp_path


def test_labels_of_a_user_need_no_log_prob(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit = ["trust", "fit", "own.csv", "--gold", "correct", "--function", "logistic", "--out", "t", "--json"]
    assert run([*fit, "--features", "conf,length"]) == 0
    assert json.loads(said(capsys))["measures"]["auc"]["low"] > 0.6
    assert run(["trust", "score", "own.csv", "--function", "t", "--out", "s.parquet"]) == 0
    assert "200 of them are gold rows" in said(capsys)
    assert pq.read_schema("s.parquet").names == ["id", "label", "conf", "length", "correct", "trust"]
    assert run(fit) == 2  # the folder is there
    assert run([*fit, "--overwrite"]) == 3
    assert "for example --features conf,length" in capsys.readouterr().err
    assert run([*fit, "--overwrite", "--features", "conf,correct"]) == 2
    assert run([*fit, "--overwrite", "--features", "conf,label"]) == 3
    assert "[trust-text-feature]" in capsys.readouterr().err
    fit[fit.index("logistic")] = "isotonic"
    assert run([*fit, "--overwrite"]) == 3
    assert "for example --set column=conf" in capsys.readouterr().err
    assert run([*fit, "--overwrite", "--set", "column=conf"]) == 0


def test_compare_without_evidence_names_the_one_thing(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare = ["trust", "compare", "own.csv", "--gold", "correct", "--resamples", "10"]
    assert run(compare) == 3
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.endswith("for example --features conf,length [trust-nothing-comparable]")
    assert run([*compare, "--function", "reward"]) == 3
    assert "reward: label with --evidence reward" in capsys.readouterr().err
    functions = [part for name in ("logistic", "knn", "margin") for part in ("--function", name)]
    assert run([*compare, *functions, "--features", "conf,length"]) == 0
    text = said(capsys)
    assert "logistic(conf,length)" in text
    assert "not compared:\n  margin" in text


def test_rows_without_ids_are_recognised_in_their_own_file_only(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pyarrow.csv.read_csv("own.csv").drop_columns(["id"])
    pyarrow.csv.write_csv(table, "bare.csv")
    pyarrow.csv.write_csv(table.slice(1), "other.csv")
    fit = ["trust", "fit", "bare.csv", "--gold", "correct", "--function", "logistic", "--features", "conf"]
    assert run([*fit, "--out", "t"]) == 0
    for name, count in (("bare.csv", 200), ("other.csv", 0)):
        said(capsys)
        score = ["trust", "score", name, "--function", "t", "--out", f"{name}.parquet", "--json"]
        assert run(score) == 0
        assert json.loads(said(capsys))["out_of_fold"] == count


def test_plain_function_is_fitted_scored_and_filtered(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = write_plugin(
        own,
        "def rating(labels, gold, power=1.0):\n"
        "    share = gold.correct[gold.numbers('conf') > 0.5].mean()\n"
        "    return labels.numbers('conf') ** power * share\n"
        "def fails(labels):\n    return labels.nothing\n",
    )
    fit = ["trust", "fit", "own.csv", "--gold", "correct", "--out", "t"]
    assert run([*fit, "--function", f"{name}:rating", "--set", "power=2"]) == 0
    score = ["trust", "score", "own.csv", "--function", "t", "--out", "s.parquet"]
    assert run(score) == 2
    assert f"give {name}:rating again with --allow" in capsys.readouterr().err
    assert run([*score, "--allow", f"{name}:rating"]) == 0
    assert run(["filter", "s.parquet", "--score", "trust", "--top", "10%", "--out", "k.parquet"]) == 0
    assert pq.read_table("k.parquet").column("conf").to_numpy().min() > 0.8
    assert run(["trust", "compare", "own.csv", "--gold", "correct", "--function", f"{name}:rating"]) == 0
    capsys.readouterr()
    assert run([*fit, "--overwrite", "--function", f"{name}:fails"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert f'File "{own / name}.py", line 5, in fails' in lines[-4] + lines[-3] + lines[-5]
    assert lines[-1].startswith(f"error: the code of {name}:fails failed: AttributeError")
    assert not any("w2s/" in line for line in lines)
