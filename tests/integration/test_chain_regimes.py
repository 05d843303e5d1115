"""``w2s chain --regime``: gold of other files, or of another game, scored as any chain is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from w2s.cli.app import run
from w2s.trust import load

pytest.importorskip("torch")

from tests.doubles.chains import GAME, chain_run, chain_tables, metrics, write_chain, write_positions
from tests.doubles.nets import write_policy


def tables(place: Path, **overrides: Any) -> dict[str, Any]:
    usual = {
        "rounds": 2,
        "proposals": None,
        "arms": ["base", "gold", "naive", "random", "confidence", "trust", "gold+trust", "ceiling"],
        "examples": {"files": [f"{place}/examples.parquet"], "gold": 80, "pool": 100, "test": 60},
        "trust": {"function": "logistic", "folds": 2},
        "train": {"epochs": 1},
    }
    return chain_tables(place, **{**usual, **overrides})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nets of two games, and examples of both."""
    folder = tmp_path_factory.mktemp("nets")
    for seed, (name, game) in enumerate((("teacher", GAME), ("student", GAME), ("elsewhere", "othello"))):
        write_policy(folder / name, game, seed)
    for seed, (name, game, rows) in enumerate(
        (("examples", GAME, 170), ("other", GAME, 130), ("othello", "othello", 120))
    ):
        path = folder / f"{name}.parquet"
        write_positions(path, rows, game=game, seed=seed, depth=3, prefix=f"p{seed}-")
    write_chain(folder / "chain.toml", tables(folder))
    return folder


def chain(place: Path, out: Path, *words: str) -> int:
    return run(["chain", str(place / "chain.toml"), "--out", str(out), *words])


def domain(place: Path) -> list[str]:
    words = ["--regime", "ood_domain", "--gold-game", "othello"]
    words += ["--gold-teacher", f"policy:{place}/elsewhere", "--gold-examples", f"{place}/othello.parquet"]
    return words


def ids_of(folder: Path, role: str) -> list[str]:
    rows = pq.read_table(folder / "splits.parquet").to_pylist()
    return [row["id"] for row in rows if row["role"] == role]


def arms_of(found: dict[str, Any]) -> set[str]:
    return set().union(*(round_["arms"] for round_ in found["rounds"]))


def test_gold_of_other_files_is_measured_as_an_estimate(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = ["--regime", "ood_dist", "--gold-examples", f"{place}/other.parquet", "--purity", "0.01"]
    assert chain(place, out, *words) == 0
    shown = capsys.readouterr()
    found = metrics(out)
    assert {id_.split("-")[0] for id_ in ids_of(out, "gold")} == {"p1"}
    assert {id_.split("-")[0] for id_ in [*ids_of(out, "pool"), *ids_of(out, "test")]} == {"p0"}
    assert [len(ids_of(out, role)) for role in ("gold", "pool", "test")] == [80, 100, 60]
    assert arms_of(found) == {"naive", "random", "confidence", "trust", "gold+trust"}
    assert {"base", "teacher", "gold", "ceiling"} <= set(found)
    assert found["regime"] == {
        "name": "ood_dist",
        "gold_examples": [f"{place}/other.parquet"],
        "shift": "gold comes from other files than the pool",
    }
    for round_ in found["rounds"]:
        assert round_["trust"]["measured_on"] == "pool"
        assert round_["trust"]["purity_on_gold"]["estimate"] == "gold comes from other files than the pool"
        assert "is a heuristic, not a guarantee" in round_["trust"]["guarantee"]
    assert "round 1: the certified purity of 0.01 is a heuristic, not a guarantee" in shown.err
    assert "heuristic" not in shown.out
    assert "regime ood_dist: gold comes from other files than the pool" in shown.out


def test_trust_reads_what_two_games_share(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = ["--oracle", "search:depth=1", "--rounds", "2"]
    assert chain(place, out, *domain(place), *words) == 0
    said = capsys.readouterr().err
    found = metrics(out)
    assert all(id_.startswith("othello:p2-") for id_ in ids_of(out, "gold"))
    assert "the arm gold is left out: gold belongs to another game" in said
    assert "the arm gold+trust is left out" in said
    assert arms_of(found) == {"naive", "random", "confidence", "trust"}
    assert found["regime"]["gold_teacher"] == f"policy:{place}/elsewhere"
    for round_ in found["rounds"]:
        assert round_["trust"]["features"] == ["log_prob", "margin", "entropy", "n_options"]
        assert "estimate" in round_["trust"]["purity_on_gold"]
    assert "reads the evidence that gold and pool share: log_prob, margin, entropy, n_options" in said
    models = pq.read_table(out / "gold-labels/labels.parquet").column("model").to_pylist()
    assert set(models) == {f"policy:{place}/elsewhere"}
    assert load(out / "round-1/seed-0/trust").state.facts["layout"]["vectors"] == {}


def test_trust_reads_searches_of_both_games_on_request(place: Path, tmp_path: Path) -> None:
    trust = {"function": "logistic", "folds": 2, "options": {"features": "hidden,search"}}
    chain = tables(place, rounds=1, trust=trust, oracles=["search:depth=1"])
    out = chain_run(tmp_path / "run", chain, *domain(place))
    features = metrics(out)["rounds"][0]["trust"]["features"]
    assert {"search_depth1_regret_cp", "search_depth1_best"} < set(features)
    assert not [name for name in features if name.startswith(("hidden", "student", "afterstate"))]


def test_stop_says_that_it_rests_on_an_estimate(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Trust whose scores carry no information collapses at once.
    isotonic = {"function": "isotonic", "folds": 2}
    file = write_chain(tmp_path / "chain.toml", tables(place, trust=isotonic, stop={"collapse": True}))
    words = ["--top", "100%", *domain(place)]
    assert run(["chain", str(file), "--out", str(tmp_path / "run"), *words]) == 1
    found = metrics(tmp_path / "run")
    assert "(an estimate: gold belongs to another game or task than the pool)" in found["stopped"]["why"]


def test_chain_without_a_shift_reports_none(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--rounds", "1", "--gold-rows", "50", "--test-rows", "20", "--arm", "trust", "--purity", "0.01"]
    assert chain(place, tmp_path / "run", *words) == 0
    shown = capsys.readouterr()
    found = metrics(tmp_path / "run")
    assert "regime" not in found
    assert set(found["rounds"][0]["trust"]).isdisjoint({"guarantee", "features"})
    for word in ("regime", "heuristic", "estimate", "left out"):
        assert word not in shown.err + shown.out


def test_gold_of_pool_or_test_is_left_out_and_reported(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = ["--regime", "ood_dist", "--gold-examples", f"{place}/examples.parquet", "--gold-rows", "40"]
    assert (
        chain(place, out, *words, "--rounds", "1", "--arm", "trust", "--pool-rows", "80", "--test-rows", "40")
        == 0
    )
    assert "120 gold examples are left out" in capsys.readouterr().err
    assert set(ids_of(out, "gold")).isdisjoint([*ids_of(out, "pool"), *ids_of(out, "test")])


def cases() -> Sequence[tuple[list[str], int, str]]:
    other, othello = "{place}/other.parquet", "{place}/othello.parquet"
    given = ["--regime", "ood_dist", "--gold-examples"]
    games = ["--regime", "ood_domain", "--gold-game", "othello", "--gold-examples"]
    net = ["--gold-teacher", "policy:{place}/elsewhere"]
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
        ([*games, othello, "--gold-teacher", "policy:{place}/teacher"], 2, "plays connect_four, not othello"),
        ([*games, othello, "--gold-teacher", "policy:{place}/nobody"], 4, "nobody"),
        ([*games, othello, *net, "--arm", "trust", "--arm", "knn"], 2, "[chain-arm-not-shared]"),
    ]


@pytest.mark.parametrize(("options", "code", "said"), cases())
def test_invalid_option_is_one_line_with_its_code(
    place: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    said: str,
) -> None:
    words = [word.format(place=place) for word in options]
    assert chain(place, tmp_path / "run", *words) == code
    assert said in capsys.readouterr().err.strip().splitlines()[-1]
