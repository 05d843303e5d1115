"""``w2s chain --regime``: gold of other files, or of another game, scored as any chain is."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s
from w2s.cli.app import run
from w2s.trust import load

pytest.importorskip("torch")

from tests.doubles.nets import write_policy

CHAIN = """
game = "connect_four"
teacher = "policy:{nets}/teacher"
student = "policy:{nets}/student"
rounds = 2
arms = ["base", "gold", "naive", "random", "confidence", "trust", "gold+trust", "ceiling"]

[examples]
files = ["{nets}/examples.parquet"]
gold = 80
pool = 100
test = 60

[trust]
function = "logistic"
folds = 2

[train]
epochs = 1

[stop]
collapse = false
"""


def write_examples(path: Path, game: str, rows: int, seed: int) -> None:
    """Positions of random play, and their best moves by a shallow search."""
    draw = random.Random(seed)
    found: dict[int, tuple[str, str]] = {}
    while len(found) < rows:
        state = w2s.game(game).state()
        for _ in range(draw.randrange(4, 16)):
            if state.outcome() is None:
                state = state.play(draw.choice(state.legal_moves()))
        if state.outcome() is None:
            found[state.key] = (state.position, state.search(depth=3).best or "")
    positions = list(found.values())
    table = {
        "id": [f"p{seed}-{i}" for i in range(rows)],
        "game": [game] * rows,
        "position": [position for position, _ in positions],
        "solutions": [[best] for _, best in positions],
    }
    pq.write_table(pa.table(table), path)


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nets")
    for seed, (name, game) in enumerate(
        (("teacher", "connect_four"), ("student", "connect_four"), ("elsewhere", "othello"))
    ):
        write_policy(folder / name, game, seed)
    write_examples(folder / "examples.parquet", "connect_four", 170, 0)
    write_examples(folder / "other.parquet", "connect_four", 130, 1)
    write_examples(folder / "othello.parquet", "othello", 120, 2)
    (folder / "chain.toml").write_text(CHAIN.format(nets=folder), encoding="utf-8")
    return folder


def chain(nets: Path, out: Path, *words: str) -> int:
    return run(["chain", str(nets / "chain.toml"), "--out", str(out), *words])


def domain(nets: Path) -> list[str]:
    words = ["--regime", "ood_domain", "--gold-game", "othello"]
    words += ["--gold-teacher", f"policy:{nets}/elsewhere", "--gold-examples", f"{nets}/othello.parquet"]
    return words


def ids_of(folder: Path, role: str) -> list[str]:
    rows = pq.read_table(folder / "splits.parquet").to_pylist()
    return [row["id"] for row in rows if row["role"] == role]


def arms_of(metrics: dict[str, Any]) -> set[str]:
    return set().union(*(round_["arms"] for round_ in metrics["rounds"]))


def test_gold_of_other_files_is_scored_as_any_chain(
    nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = ["--regime", "ood_dist", "--gold-examples", f"{nets}/other.parquet", "--purity", "0.01"]
    assert chain(nets, out, *words) == 0
    shown = capsys.readouterr()
    metrics = json.loads((out / "metrics.json").read_text())
    assert {id_.split("-")[0] for id_ in ids_of(out, "gold")} == {"p1"}
    assert {id_.split("-")[0] for id_ in [*ids_of(out, "pool"), *ids_of(out, "test")]} == {"p0"}
    assert [len(ids_of(out, role)) for role in ("gold", "pool", "test")] == [80, 100, 60]
    assert arms_of(metrics) == {"naive", "random", "confidence", "trust", "gold+trust"}
    assert {"base", "teacher", "gold", "ceiling"} <= set(metrics)
    assert metrics["regime"] == {
        "name": "ood_dist",
        "gold_examples": [f"{nets}/other.parquet"],
        "shift": "gold is of other files than the pool",
    }
    for round_ in metrics["rounds"]:
        assert round_["trust"]["measured_on"] == "pool"
        assert round_["trust"]["purity_on_gold"]["estimate"] == "gold is of other files than the pool"
        assert "is a heuristic and no guarantee" in round_["trust"]["guarantee"]
    assert "round 1: the certified purity of 0.01 is a heuristic and no guarantee" in shown.err
    assert "heuristic" not in shown.out
    assert "regime ood_dist: gold is of other files than the pool" in shown.out


def test_gold_of_another_game_lends_what_both_games_have(
    nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = ["--oracle", "search:depth=1", "--rounds", "2"]
    assert chain(nets, out, *domain(nets), *words) == 0
    said = capsys.readouterr().err
    metrics = json.loads((out / "metrics.json").read_text())
    assert all(id_.startswith("othello:p2-") for id_ in ids_of(out, "gold"))
    assert "the arm gold is left out: gold is of another game" in said
    assert "the arm gold+trust is left out" in said
    assert arms_of(metrics) == {"naive", "random", "confidence", "trust"}
    assert metrics["regime"]["gold_teacher"] == f"policy:{nets}/elsewhere"
    for round_ in metrics["rounds"]:
        assert round_["trust"]["features"] == ["log_prob", "margin", "entropy", "n_options"]
        assert "estimate" in round_["trust"]["purity_on_gold"]
    assert "it reads the evidence that gold and pool share: log_prob, margin, entropy, n_options" in said
    models = pq.read_table(out / "gold-labels/labels.parquet").column("model").to_pylist()
    assert set(models) == {f"policy:{nets}/elsewhere"}
    assert load(out / "round-1/seed-0/trust").state.facts["layout"]["vectors"] == {}


def test_trust_reads_a_search_of_both_games_where_it_is_told_to(nets: Path, tmp_path: Path) -> None:
    file = tmp_path / "chain.toml"
    text = (nets / "chain.toml").read_text(encoding="utf-8")
    file.write_text(text.replace("folds = 2", 'folds = 2\noptions = { features = "hidden,search" }'))
    out = tmp_path / "run"
    words = ["--rounds", "1", "--oracle", "search:depth=1", *domain(nets)]
    assert run(["chain", str(file), "--out", str(out), *words]) == 0
    features = json.loads((out / "metrics.json").read_text())["rounds"][0]["trust"]["features"]
    assert {"search_depth1_regret_cp", "search_depth1_best"} < set(features)
    assert not [name for name in features if name.startswith(("hidden", "student", "afterstate"))]


def test_a_stop_says_that_it_rests_on_an_estimate(
    nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "chain.toml"
    text = (nets / "chain.toml").read_text(encoding="utf-8")
    # Trust that nothing can tell apart collapses at once.
    text = text.replace('function = "logistic"', 'function = "isotonic"').replace("collapse = false", "")
    file.write_text(text, encoding="utf-8")
    words = ["--top", "100%", *domain(nets)]
    assert run(["chain", str(file), "--out", str(tmp_path / "run"), *words]) == 1
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert "(an estimate: gold is of another game or task than the pool)" in metrics["stopped"]["why"]


def test_in_distribution_nothing_is_said_of_shifts(
    nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--rounds", "1", "--gold-rows", "50", "--test-rows", "20", "--arm", "trust", "--purity", "0.01"]
    assert chain(nets, tmp_path / "run", *words) == 0
    shown = capsys.readouterr()
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert "regime" not in metrics
    assert set(metrics["rounds"][0]["trust"]).isdisjoint({"guarantee", "features"})
    for word in ("regime", "heuristic", "estimate", "left out"):
        assert word not in shown.err + shown.out


def test_gold_that_pool_or_test_holds_is_left_out_and_said(
    nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = ["--regime", "ood_dist", "--gold-examples", f"{nets}/examples.parquet", "--gold-rows", "40"]
    assert (
        chain(nets, out, *words, "--rounds", "1", "--arm", "trust", "--pool-rows", "80", "--test-rows", "40")
        == 0
    )
    assert "120 gold examples are left out" in capsys.readouterr().err
    assert set(ids_of(out, "gold")).isdisjoint([*ids_of(out, "pool"), *ids_of(out, "test")])


def cases() -> Sequence[tuple[list[str], int, str]]:
    other, othello = "{nets}/other.parquet", "{nets}/othello.parquet"
    given = ["--regime", "ood_dist", "--gold-examples"]
    games = ["--regime", "ood_domain", "--gold-game", "othello", "--gold-examples"]
    net = ["--gold-teacher", "policy:{nets}/elsewhere"]
    return [
        (["--regime", "ood"], 2, "'in_dist', 'ood_dist' or 'ood_domain'"),
        (["--regime", "ood_dist"], 2, "--gold-examples"),
        (["--gold-examples", other], 2, "[chain-regime-missing]"),
        ([*given, other, "--gold-game", "othello"], 2, "[chain-regime-incomplete]"),
        ([*given, "none.parquet"], 3, "none.parquet"),
        ([*given, othello], 3, "[chain-gold-wrong-game]"),
        ([*given, other, "--gold-rows", "900"], 3, "130 examples are too few for 900 gold"),
        ([*games, othello], 2, "--gold-teacher"),
        ([*games, other, *net], 3, "[chain-gold-wrong-game]"),
        ([*games, othello, "--gold-teacher", "policy:{nets}/teacher"], 2, "plays connect_four, not othello"),
        ([*games, othello, "--gold-teacher", "policy:{nets}/nobody"], 4, "nobody"),
        ([*games, othello, *net, "--arm", "trust", "--arm", "knn"], 2, "[chain-arm-not-shared]"),
    ]


@pytest.mark.parametrize(("options", "code", "said"), cases())
def test_what_makes_no_sense_is_one_line_with_its_code(
    nets: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    said: str,
) -> None:
    words = [word.format(nets=nets) for word in options]
    assert chain(nets, tmp_path / "run", *words) == code
    assert said in capsys.readouterr().err.strip().splitlines()[-1]
