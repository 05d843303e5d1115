"""``w2s chain`` with every arm of gold and trust, and its label-budget curve, on small nets."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.doubles.chains import chain_run, chain_tables, numbers, weights, write_chain
from w2s.cli.app import run

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")


BOTH = ["gold+trust", "gold-then-trust", "trust-then-gold"]
TEACH = {"gold_times": 4, "later_rate": 0.2}


def tables(nets: Path, **overrides: Any) -> dict[str, Any]:
    usual = {
        "seeds": 2,
        "arms": [
            "base",
            "gold",
            "self",
            "trust",
            "gold+trust",
            "gold-then-trust",
            "trust-then-gold",
            "ceiling",
        ],
        "gold_sizes": [90, 40],
        "keep": {"top": "25%"},
        "teach": TEACH,
    }
    return chain_tables(nets, **{**usual, **overrides})


@pytest.fixture(scope="module")
def setting(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chain(tmp_path_factory.mktemp("setting") / "chain.toml", tables(nets))


@pytest.fixture(scope="module")
def whole(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chain_run(tmp_path_factory.mktemp("whole") / "run", tables(nets))


def report(student: Path) -> dict[str, Any]:
    """What a training did."""
    found: dict[str, Any] = json.loads((student / "train.json").read_text())
    return found


def ids(path: Path) -> set[str]:
    return set(pq.read_table(path).column("id").to_pylist())


def test_arms_of_gold_and_trust_are_compared_with_gold(whole: Path) -> None:
    metrics = json.loads((whole / "metrics.json").read_text())
    arms = metrics["rounds"][0]["arms"]
    both = {"gold+trust", "gold-then-trust", "trust-then-gold"}
    assert set(arms) == {"trust", *both}
    assert {arms[arm]["rows"]["mean"] for arm in both} == {130}
    assert metrics["gold"]["rows"]["mean"] == 100
    assert metrics["self"]["rows"]["mean"] == 130
    for found in (*arms.values(), metrics["self"]):
        assert found["better_than_gold_by"]["seeds"] == 2
    assert set(metrics["self"]["trust"]) >= {"auc", "ece", "brier", "purity", "coverage"}


def test_second_stage_uses_the_lower_learning_rate(whole: Path) -> None:
    seed = whole / "round-1/seed-0"
    for arm in ("gold-then-trust", "trust-then-gold"):
        assert report(seed / f"{arm}-arm/student")["settings"]["learning_rate"] == pytest.approx(1e-4)
    assert report(seed / "trust-arm/student")["settings"]["learning_rate"] == 5e-4
    assert report(seed / "trust-then-gold-arm/student")["rows"] == 100
    assert report(seed / "gold-then-trust-arm/student")["rows"] == 30
    assert report(seed / "gold-and-trust-arm/student")["rows"] == 4 * 100 + 30


def test_self_training_labels_gold_out_of_fold(whole: Path) -> None:
    place = next(whole.glob("fixed/*/seed-0/self"))
    roles = pq.read_table(whole / "splits.parquet").to_pydict()
    gold = {id_ for id_, role in zip(roles["id"], roles["role"], strict=True) if role == "gold"}
    folds = [ids(place / f"fold-{fold}/labels/labels.parquet") for fold in (0, 1)]
    assert folds[0] | folds[1] == gold
    assert not folds[0] & folds[1]
    for fold, inside in enumerate(folds):
        assert report(place / f"fold-{fold}/student")["rows"] == 100 - len(inside)
        labelled_by = pq.read_table(place / f"fold-{fold}/labels/labels.parquet").column("model").to_pylist()
        assert set(labelled_by) == {f"policy:{place}/fold-{fold}/student"}
    assert report(place / "arm/student")["rows"] == 30


def test_curve_has_gold_trust_and_both_at_every_point(whole: Path) -> None:
    points = json.loads((whole / "metrics.json").read_text())["budget"]
    assert [point["gold"] for point in points] == [40, 90]
    for point in points:
        arms = point["arms"]
        assert set(arms) == {"gold", "trust", "gold+trust", "gold-then-trust", "trust-then-gold", "self"}
        assert arms["gold"]["rows"]["mean"] == point["gold"]
        assert arms["gold+trust"]["rows"]["mean"] == point["gold"] + 30
        assert all(found["accuracy"]["seeds"] == 2 for found in arms.values())
        assert set(point["trust"]) >= {"auc", "ece", "brier", "purity", "coverage"}


def test_gold_of_a_point_contains_that_of_smaller_ones_and_depends_on_the_seed(whole: Path) -> None:
    def gold(count: int, seed: int) -> set[str]:
        scores = pq.read_table(whole / f"budget/{count}/seed-{seed}/trust/scores.parquet").to_pydict()
        return {id_ for id_, role in zip(scores["id"], scores["role"], strict=True) if role == "gold"}

    assert len(gold(40, 0)) == 40
    assert gold(40, 0) < gold(90, 0)
    assert gold(40, 1) < gold(90, 1)
    assert gold(40, 0) != gold(40, 1)


def test_teacher_labels_once_for_all_points(whole: Path) -> None:
    tables = {path.parent.relative_to(whole) for path in whole.rglob("labels.parquet")}
    by_teacher = {path for path in tables if "self" not in path.parts}
    assert by_teacher == {Path("round-1/labels")}


def test_table_shows_the_curve(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["chain", "--resume", str(whole)]) == 0
    said = capsys.readouterr().out
    assert "better than gold by" in said
    assert said.count("trust-then-gold") == 3
    assert any(line.split()[:2] == ["40", "gold"] for line in said.splitlines())


def test_finished_curve_is_read_from_disk(whole: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*.safetensors")}
    assert run(["chain", "--resume", str(whole)]) == 0
    assert before == {path: path.stat().st_mtime_ns for path in whole.rglob("*.safetensors")}


def test_same_chain_in_another_folder_gives_the_same_numbers_and_weights(
    whole: Path, setting: Path, tmp_path: Path
) -> None:
    assert run(["chain", str(setting), "--out", str(tmp_path / "run")]) == 0
    assert numbers(tmp_path / "run") == numbers(whole)
    assert weights(tmp_path / "run") == weights(whole)


def test_point_on_which_trust_cannot_be_fitted_keeps_gold(
    setting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--gold-sizes", "2", "--seeds", "1", "--arm", "trust", "--out", str(tmp_path / "run")]
    assert run(["chain", str(setting), *words]) == 0
    (point,) = json.loads((tmp_path / "run/metrics.json").read_text())["budget"]
    assert set(point) == {"gold", "arms", "refused"}
    assert set(point["arms"]) == {"gold"}
    assert "2 gold rows: " in capsys.readouterr().out


SMALL = {"seeds": 1, "arms": ["trust", "naive"], "gold_sizes": [40]}


@pytest.mark.parametrize("soft", ["teacher", "trust"])
def test_soft_labels_change_the_student(nets: Path, whole: Path, tmp_path: Path, soft: str) -> None:
    chain_run(tmp_path / "run", tables(nets, **SMALL, teach={**TEACH, "soft": soft}))
    place = "round-1/seed-0/trust-arm/student/model.safetensors"
    assert weights(tmp_path / "run")[place] != weights(whole)[place]


def test_rows_can_be_weighted_instead_of_cut(nets: Path, tmp_path: Path) -> None:
    keep, trust = {"top": "100%", "power": 4}, {"function": "logistic", "folds": 2}
    chain_run(tmp_path / "run", tables(nets, **SMALL, keep=keep, trust=trust))
    kept = pq.read_table(tmp_path / "run/round-1/seed-0/trust/selected.parquet")
    assert kept.num_rows == 120
    given = kept.column("weight").to_numpy()
    assert given.mean() == pytest.approx(1.0)
    assert given.std() > 0


def test_held_back_labels_stop_training_early(nets: Path, tmp_path: Path) -> None:
    train = {"epochs": 3, "batch": 32, "holdout": 0.2}
    chain_run(tmp_path / "run", tables(nets, **{**SMALL, "arms": ["trust"]}, train=train))
    found = report(tmp_path / "run/round-1/seed-0/trust-arm/student")
    assert (found["rows"], found["held_back"]) == (24, 6)
    losses = found["held_back_losses"]
    assert found["best_epoch"] == losses.index(min(losses))


def test_later_trust_is_not_fitted_on_gold_of_the_warm_start(nets: Path, tmp_path: Path) -> None:
    teach = {**TEACH, "warm_start": 0.3}
    out = chain_run(tmp_path / "run", tables(nets, **SMALL, rounds=2, teach=teach))
    warm = next(out.glob("fixed/*/seed-0/warm/student"))
    assert report(warm)["rows"] == 30

    def fitted_on(number: int) -> int:
        scores = pq.read_table(out / f"round-{number}/seed-0/trust/scores.parquet")
        return scores.column("role").to_pylist().count("gold")

    assert (fitted_on(1), fitted_on(2)) == (100, 70)
    first, second = (
        json.loads((out / f"round-{number}/manifest.json").read_text())["seeds"][0] for number in (1, 2)
    )
    assert first["teacher_trained_on"] == {"pool": 0, "gold": 0}
    assert second["teacher_trained_on"] == {"pool": 30, "gold": 30}
    assert (second["trust_fitted_on"], second["rows_in_both"]) == (70, 0)
    assert second["teacher"] == f"policy:{out}/round-1/seed-0/trust-arm/student"
    assert json.loads((out / "metrics.json").read_text())["rounds"][1]["arms"]["trust"]["rows"]["mean"] == 30


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--gold-sizes", "500"], 3, "[chain-gold-size-too-large]"),
        (["--gold-sizes", "ten"], 2, "[chain-invalid-gold-sizes]"),
        (["--gold-sizes", "0"], 2, "gold_sizes"),
        (["--arm", "trust", "--arm", "gold>trust"], 2, "gold-then-trust"),
    ],
)
def test_invalid_option_is_one_line_with_its_code(
    setting: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    said: str,
) -> None:
    assert run(["chain", str(setting), "--out", str(tmp_path / "run"), *options]) == code
    assert said in capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"teach": {"warm_start": 1.5}}, 2, "teach.warm_start"),
        ({"teach": {"gold_times": 0}}, 2, "teach.gold_times"),
        ({"teach": {"later_rate": 0}}, 2, "teach.later_rate"),
        ({"teach": {"soft": "students"}}, 2, "teach.soft"),
        ({"teach": {"warm_starts": 1}}, 2, "did you mean 'warm_start'"),
        ({"trust": {"function": "confidence", "folds": 101}}, 3, "[chain-too-few-groups]"),
    ],
)
def test_invalid_setting_is_one_line_with_its_code(
    nets: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    code: int,
    said: str,
) -> None:
    path = write_chain(tmp_path / "chain.toml", tables(nets, **changes))
    assert run(["chain", str(path), "--out", str(tmp_path / "run")]) == code
    assert said in capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.slow
def test_killed_curve_ends_with_the_same_numbers_and_weights(
    whole: Path, setting: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    words = [sys.executable, "-m", "w2s", "chain", str(setting), "--out", str(out)]
    for seconds in (3, 4, 5, 6, 7):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    subprocess.run(words, check=True, capture_output=True)
    assert numbers(out) == numbers(whole)
    assert weights(out) == weights(whole)


def results(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "arenas/build/results.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_results_are_a_page_with_every_arm_and_how_to_run_it_again(
    root: Path, whole: Path, tmp_path: Path
) -> None:
    page = tmp_path / "results.md"
    for _ in range(2):  # the same page again
        done = results(root, str(whole), "--out", str(page))
        assert done.returncode == 0, done.stderr
    text = page.read_text()
    metrics = json.loads((whole / "metrics.json").read_text())
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    named = {(row[0].removeprefix("| ").strip(), row[1]) for row in rows}
    for arm in metrics["rounds"][0]["arms"]:
        assert {("round 1", arm), ("40", arm), ("90", arm)} <= named
    assert {("", arm) for arm in ("base", "teacher", "gold", "self", "ceiling")} <= {
        (first.strip("| "), second) for first, second in named
    }
    accuracy = metrics["gold"]["accuracy"]
    assert " to ".join(f"{100 * accuracy[end]:.1f}" for end in ("low", "high")) in text
    assert "`w2s chain run.toml --out runs/run`" in text
    assert "seeds 0, 1" in text
    shown = tomllib.loads(text.split("```toml\n")[1].split("```")[0])
    assert shown["gold_sizes"] == [90, 40]
    assert "evidence" not in shown


def test_a_study_is_a_part_of_the_page_as_it_stands(root: Path, tmp_path: Path) -> None:
    study, page = tmp_path / "study.md", tmp_path / "results.md"
    study.write_text("## Settings\n\n| variant | accuracy |\n")
    assert results(root, str(study), "--out", str(page)).returncode == 0
    assert page.read_text().endswith(study.read_text())
    missing = results(root, str(tmp_path / "none.md"), "--out", str(page))
    assert missing.returncode == 2
    assert "or a study.md" in missing.stderr


def test_update_replaces_sections_and_keeps_the_others(root: Path, tmp_path: Path) -> None:
    page, new = tmp_path / "results.md", tmp_path / "new"
    new.mkdir()
    old = ["# Results\n", "## first\n\n1\n", "## second\n\n2\n", "## last\n\n3\n"]
    page.write_text("\n".join(old))
    (new / "second.md").write_text("## second\n\nchanged\n")
    (new / "third.md").write_text("## third\n\nadded\n")
    words = [str(new / name) for name in ("second.md", "third.md")]
    for _ in range(2):  # the same page again
        assert results(root, *words, "--update", "--out", str(page)).returncode == 0
        changed = ["## second\n\nchanged\n", "## third\n\nadded\n"]
        assert page.read_text() == "\n".join([*old[:2], *changed, old[3]])


def test_a_match_is_a_part_of_the_page(root: Path, tmp_path: Path) -> None:
    words = ["--game", "connect_four", "--teacher", "random", "--student", "search:depth=1", "--pairs", "2"]
    assert run(["arena", *words, "--verify-share", "0", "--out", str(tmp_path / "play")]) == 0
    page = tmp_path / "results.md"
    assert results(root, str(tmp_path / "play"), "--out", str(page)).returncode == 0
    rating = json.loads((tmp_path / "play" / "ratings.json").read_text())["ratings"]["with_forfeits"]
    text = page.read_text()
    assert f"4 games, the student won {rating['wins']}, drew {rating['draws']} and lost" in text
    assert "--student search:depth=1 --pairs 2 --seed 0 --verify-share 0 --out runs/play" in text
    assert ", normalised Elo " in text


def test_results_of_what_is_no_finished_chain_are_refused_in_one_line(
    root: Path, whole: Path, tmp_path: Path
) -> None:
    unfinished = tmp_path / "unfinished"
    shutil.copytree(whole, unfinished)
    facts = json.loads((whole / "run.json").read_text())
    (unfinished / "run.json").write_text(json.dumps({**facts, "complete": False}))
    page = tmp_path / "results.md"
    for folder, code, said in (
        (tmp_path / "none", 2, "[results-file-missing]"),
        (unfinished, 3, "[results-run-unfinished]"),
    ):
        done = results(root, str(folder), "--out", str(page))
        assert (done.returncode, len(done.stderr.splitlines())) == (code, 1)
        assert said in done.stderr
        assert not page.exists()
