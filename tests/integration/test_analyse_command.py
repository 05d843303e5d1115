"""``w2s analyse`` on small chains: what it writes and says, what it refuses, and how it resumes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.doubles.chains import chain_run, chain_tables
from tests.doubles.errors import raises_code
from w2s.analysis import MEASURES, analyse
from w2s.cli.app import run
from w2s.errors import UsageError

pytest.importorskip("torch")

FAST = ("difficulty", "map", "gradients", "blind-spots")
COLUMNS = ["id", "round", "seed", "label", "trust", "kept", "correct", "difficulty"]


def tables(nets: Path, **overrides: Any) -> dict[str, Any]:
    usual = {
        "seeds": 2,
        "arms": ["base", "naive", "random", "trust"],
        "oracles": [],
        "keep": {"top": "50%"},
        "train": {"epochs": 3, "batch": 32},
    }
    return chain_tables(nets, **{**usual, **overrides})


@pytest.fixture(scope="module")
def finished(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a chain that nothing has analysed; tests copy it."""
    return chain_run(tmp_path_factory.mktemp("finished") / "run", tables(nets))


@pytest.fixture(scope="module")
def analysed(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with an analysis by all measures."""
    out = copy(finished, tmp_path_factory.mktemp("analysed"))
    analyse(out, rows=40, oracles=("search:depth=2", "search:depth=3"))
    return out


@pytest.fixture
def fresh(finished: Path, tmp_path: Path) -> Path:
    return copy(finished, tmp_path)


def copy(run_folder: Path, place: Path) -> Path:
    return Path(shutil.copytree(run_folder, place / "run"))


def report(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "analysis" / "analysis.json").read_text(encoding="utf-8"))
    return found


def results(out: Path, measure: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Results of a measure by name and group."""
    return {(one["name"], one["group"]): one for one in report(out)["measures"][measure]["results"]}


def written(out: Path) -> dict[str, bytes]:
    """The two files of an analysis."""
    return {name: (out / "analysis" / name).read_bytes() for name in ("analysis.json", "rows.parquet")}


# What it writes ---------------------------------------------------------------------------------------------


def test_every_measure_is_written_with_its_numbers_of_rows_and_a_sentence(analysed: Path) -> None:
    found = report(analysed)
    assert list(found["measures"]) == list(MEASURES)
    assert found["left_out"] == {}
    assert (found["rows"], found["kept"], found["seeds"]) == (240, 120, [0, 1])
    for name, measure in found["measures"].items():
        assert measure["question"] == MEASURES[name].question
        assert measure["meaning"].endswith(".")
        for one in measure["results"]:
            assert one["n"] >= 0
            assert one["seeds"] in (1, 2)
            assert one["low"] is None or one["low"] <= one["high"]


def test_rows_have_the_columns_of_all_measures(analysed: Path) -> None:
    table = pq.read_table(analysed / "analysis" / "rows.parquet")
    added = [column for measure in MEASURES.values() for column in measure.columns]
    assert table.column_names == [*COLUMNS, *(name for name in added if name != "difficulty")]
    assert table.num_rows == 240
    assert table.column("difficulty").null_count == 240  # the examples have no rating
    assert all(table.column(name).null_count == 0 for name in added if name != "difficulty")


def test_kept_rows_are_those_of_the_chain(analysed: Path) -> None:
    table = pq.read_table(analysed / "analysis" / "rows.parquet").to_pydict()
    for seed in (0, 1):
        selected = pq.read_table(analysed / f"round-1/seed-{seed}/trust/selected.parquet").to_pydict()
        rows = zip(table["id"], table["seed"], table["kept"], table["trust"], strict=True)
        kept = {id_: trust for id_, its_seed, is_kept, trust in rows if is_kept and its_seed == seed}
        assert kept == dict(zip(selected["id"], selected["trust"], strict=True))


def test_the_training_of_the_map_is_that_of_the_arm_naive(analysed: Path) -> None:
    for seed in (0, 1):
        place = "student/model.safetensors"
        repeated = analysed / f"analysis/round-1/seed-{seed}/map-training" / place
        assert repeated.read_bytes() == (analysed / f"round-1/seed-{seed}/naive-arm" / place).read_bytes()


def test_the_map_is_mean_and_spread_over_epochs(analysed: Path) -> None:
    place = analysed / "analysis/round-1/seed-0/map-training"
    epochs = [pq.read_table(place / f"epoch-{number}.parquet").column("probability") for number in (1, 2, 3)]
    table = pq.read_table(analysed / "analysis" / "rows.parquet").slice(0, 120)
    probabilities = np.stack([np.asarray(one, np.float64) for one in epochs])
    assert np.asarray(table.column("map_confidence")) == pytest.approx(probabilities.mean(axis=0))
    assert np.asarray(table.column("map_variability")) == pytest.approx(probabilities.std(axis=0))


def test_control_arms_match_what_they_promise(analysed: Path) -> None:
    found = results(analysed, "controls")
    trust = found["purity", "trust"]["value"]
    assert found["purity", "matched-purity"]["value"] == pytest.approx(trust, abs=0.01)
    assert found["mean difficulty", "matched-difficulty"]["value"] == pytest.approx(
        found["mean difficulty", "trust"]["value"], rel=0.2
    )
    assert {name: one["n"] for (name, _), one in found.items()} == {
        "accuracy on test": 80,
        "accuracy minus that of trust": 80,
        "purity": 120,
        "mean difficulty": 120,
        "share of kept rows": 120,
    }


def test_the_accuracy_of_trust_is_that_of_the_chain(analysed: Path) -> None:
    metrics = json.loads((analysed / "metrics.json").read_text())["rounds"][0]["arms"]
    found = results(analysed, "controls")
    for arm in ("trust", "random"):
        assert found["accuracy on test", arm]["value"] == pytest.approx(metrics[arm]["accuracy"]["mean"])
    difference = found["accuracy minus that of trust", "random"]
    assert difference["value"] == pytest.approx(-metrics["random"]["trust_is_better_by"]["mean"])


def test_shares_of_better_equal_and_worse_labels_sum_to_one(analysed: Path) -> None:
    found = results(analysed, "reference")
    for oracle in ("search:depth=2", "search:depth=3"):
        for group in ("kept", "dropped", "random"):
            for margin in (0, 10, 25):
                parts = [
                    found[f"{oracle}, margin {margin}: {what}", group]
                    for what in ("better", "equal", "worse")
                ]
                assert sum(one["value"] for one in parts) == pytest.approx(1)
                assert 0 < parts[0]["n"] <= 80


def test_groups_of_gradients_have_equally_many_rows(analysed: Path) -> None:
    found = results(analysed, "gradients")
    assert {found["effective rank", group]["n"] for group in ("kept", "dropped", "random")} == {80}
    assert 1 < found["effective rank", "kept"]["value"] <= 40
    assert found["effective rank (unit), whole net", "kept"]["n"] == 80


def test_spread_over_seeds_is_shown_by_decile_of_trust(analysed: Path) -> None:
    found = results(analysed, "blind-spots")
    deciles = [one for (name, _), one in found.items() if name == "spread over seeds"]
    assert len(deciles) == 10
    assert sum(one["n"] for one in deciles) == 120


def test_the_chain_is_left_as_it_was(finished: Path, analysed: Path) -> None:
    for path in finished.rglob("*"):
        if path.is_file():
            assert (analysed / path.relative_to(finished)).read_bytes() == path.read_bytes()
    assert run(["chain", "--resume", str(analysed)]) == 0


# The command ------------------------------------------------------------------------------------------------


def test_the_command_prints_tables_in_plain_words(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["analyse", str(fresh), "--measure", "difficulty", "--measure", "gradients", "--seed", "1"]
    assert run([*arguments, "--rows", "20"]) == 0
    captured = capsys.readouterr()
    assert "Does trust keep easy rows?" in captured.out
    assert "round 1: 60 of 120 labels are kept" in captured.out
    assert "[step 3 of 3] round 1, gradients" in captured.err
    assert report(fresh)["seeds"] == [1]
    assert list(report(fresh)["measures"]) == ["difficulty", "gradients"]


def test_json_is_the_file(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyse", str(fresh), "--measure", "difficulty", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == report(fresh)


def test_another_folder_leaves_the_run_alone(fresh: Path, tmp_path: Path) -> None:
    before = set(fresh.rglob("*"))
    arguments = ["analyse", str(fresh), "--measure", "difficulty", "--out", str(tmp_path / "elsewhere")]
    assert run(arguments) == 0
    assert set(fresh.rglob("*")) == before
    assert (tmp_path / "elsewhere" / "analysis.json").exists()


def test_a_folder_that_cannot_be_written_is_refused(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with raises_code("analyse-not-writable", UsageError):
        analyse(fresh, measures=["difficulty"], out=tmp_path / "file" / "analysis")


def test_a_second_analysis_writes_the_same_bytes_and_computes_nothing(analysed: Path) -> None:
    before, said = written(analysed), []
    analyse(analysed, rows=40, oracles=("search:depth=2", "search:depth=3"), begin=said.append)
    assert written(analysed) == before
    assert said == []


def test_analyses_of_a_copied_run_have_the_same_bytes(fresh: Path, analysed: Path) -> None:
    analyse(fresh, rows=40, oracles=("search:depth=2", "search:depth=3"))
    assert written(fresh) == written(analysed)


# Resume -----------------------------------------------------------------------------------------------------


class KillError(Exception):
    """Stands for the end of the process."""


def kill_at(moment: int) -> Callable[..., None]:
    """A callback that raises when it is called for the ``moment``-th time."""
    calls = [0]

    def callback(*_: object) -> None:
        calls[0] += 1
        if calls[0] == moment:
            raise KillError

    return callback


@pytest.mark.parametrize("moment", [1, 4, 9, 14, 20, 27])
def test_a_killed_analysis_ends_with_the_same_bytes(fresh: Path, analysed: Path, moment: int) -> None:
    options: dict[str, Any] = {"rows": 40, "oracles": ("search:depth=2", "search:depth=3")}
    with pytest.raises(KillError):
        analyse(fresh, count=kill_at(moment), **options)
    assert not (fresh / "analysis" / "analysis.json").exists()
    analyse(fresh, **options)
    assert written(fresh) == written(analysed)


# What it refuses --------------------------------------------------------------------------------------------


def test_folders_that_hold_no_chain_are_refused(tmp_path: Path) -> None:
    with raises_code("analyse-not-a-chain", UsageError):
        analyse(tmp_path)
    (tmp_path / "run.toml").write_text('game = "chess"')
    with raises_code("analyse-not-a-chain", UsageError):
        analyse(tmp_path)


def test_unfinished_chains_are_refused_with_their_resume_line(fresh: Path) -> None:
    state = json.loads((fresh / "run.json").read_text())
    (fresh / "run.json").write_text(json.dumps({**state, "complete": False}))
    with raises_code("analyse-unfinished", UsageError) as caught:
        analyse(fresh)
    assert "w2s chain --resume" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"round_number": 2}, "analyse-unknown-round"),
        ({"seed": 7}, "analyse-unknown-seed"),
        ({"measures": ["gradient"]}, "analyse-unknown-measure"),
        ({"rows": 3}, "analyse-too-few-rows"),
        ({"measures": ["reference"], "oracles": ["serach:depth=2"]}, "oracle-unknown"),
    ],
)
def test_wrong_options_are_refused_before_work(fresh: Path, options: dict[str, Any], code: str) -> None:
    with raises_code(code, UsageError):
        analyse(fresh, **options)
    assert not (fresh / "analysis").exists()


def test_changed_examples_are_refused(fresh: Path) -> None:
    splits = pq.read_table(fresh / "splits.parquet")
    pq.write_table(splits.slice(1), fresh / "splits.parquet")
    with raises_code("analyse-examples-changed"):
        analyse(fresh)


def test_missing_examples_are_refused_with_the_remedy(nets: Path, tmp_path: Path) -> None:
    examples = shutil.copy(nets / "examples.parquet", tmp_path / "examples.parquet")
    own = tables(nets, examples={"files": [str(examples)], "gold": 100, "pool": 120, "test": 80}, seeds=1)
    out = chain_run(tmp_path / "run", own)
    (tmp_path / "examples.parquet").unlink()
    with raises_code("analyse-examples-unreadable") as caught:
        analyse(out)
    assert "working folder" in str(caught.value)


def test_measures_that_a_run_cannot_have_are_left_out_with_the_reason(nets: Path, tmp_path: Path) -> None:
    keeps_all = chain_run(tmp_path / "all", tables(nets, seeds=1, keep={"top": "100%"}))
    found = analyse(keeps_all, measures=["difficulty", "blind-spots"])
    assert [one.name for one in found.measures] == ["difficulty", "blind-spots"]
    with raises_code("analyse-measure-impossible", UsageError) as caught:
        analyse(keeps_all, measures=["gradients"])
    assert "one group has 0" in str(caught.value)
    found = analyse(keeps_all, rows=20)
    assert set(found.left_out) == {"controls", "gradients"}


def test_without_torch_only_oracles_measure(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("w2s.analysis.measures.find_spec", lambda _: None)
    found = analyse(fresh, rows=20, oracles=["search:depth=2"])
    assert [one.name for one in found.measures] == ["reference"]
    assert all("pip install" in why for why in found.left_out.values())
