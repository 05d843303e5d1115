"""``w2s chain --source matches`` on small nets: pools are played, gold is verified, roles never mix."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from w2s.cli.app import run
from w2s.tasks import read_examples

pytest.importorskip("torch")

from tests.doubles.chains import (
    chain_run,
    chain_tables,
    metrics,
    numbers,
    write_chain,
    write_positions,
)
from w2s.chain.data.matches import MatchRequest, arena_spec
from w2s.chain.settings import Matches

MATCHES = {"games": 40, "oracle": "search:depth=3"}


def tables(nets: Path, **overrides: Any) -> dict[str, Any]:
    usual = {
        "source": "matches",
        "rounds": 2,
        "proposals": None,
        "arms": ["base", "gold", "random", "confidence", "trust", "gold+trust", "ceiling"],
        "matches": MATCHES,
        "examples": {"gold": 100, "pool": 60, "test": 40},
        "trust": {"function": "isotonic", "folds": 2},
        "train": {"epochs": 1, "checkpoint_s": 0},
    }
    return chain_tables(nets, **{**usual, **overrides})


@pytest.fixture(scope="module")
def setting(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chain(tmp_path_factory.mktemp("setting") / "chain.toml", tables(nets))


@pytest.fixture(scope="module")
def whole(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chain_run(tmp_path_factory.mktemp("whole") / "run", tables(nets, seeds=2))


def roles(folder: Path) -> dict[str, dict[str, Any]]:
    """Rows of a set of matches by id, keys among them."""
    path = folder / "matches/examples.parquet"
    given = pq.read_table(path).column("role").to_pylist()
    return {
        example.id: {"role": role, "key": example.state.key, "group": example.group, "gold": example.gold}
        for role, example in zip(given, read_examples(path), strict=True)
    }


def test_first_round_gives_all_splits_and_verifies_gold_and_test(whole: Path) -> None:
    rows = roles(whole / "round-1")
    counts = {role: sum(row["role"] == role for row in rows.values()) for role in ("gold", "pool", "test")}
    assert counts == {"gold": 100, "pool": 60, "test": 40}
    for row in rows.values():
        assert bool(row["gold"]) == (row["role"] != "pool")
    by_game: dict[str, set[str]] = {}
    for row in rows.values():
        by_game.setdefault(row["group"], set()).add(row["role"])
    assert all(len(held) == 1 for held in by_game.values())
    assert len({row["key"] for row in rows.values()}) == len(rows)


def test_later_pools_share_no_position_with_gold_and_test(whole: Path) -> None:
    first = roles(whole / "round-1")
    held = {row["key"] for row in first.values() if row["role"] != "pool"}
    ids = set(first)
    for seed in (0, 1):
        rows = roles(whole / f"round-2/seed-{seed}")
        assert {row["role"] for row in rows.values()} == {"pool"}
        assert len(rows) == 60
        assert held.isdisjoint({row["key"] for row in rows.values()})
        assert ids.isdisjoint(rows)
        ids |= set(rows)


def test_trained_student_plays_the_untrained_one_in_the_next_matches(whole: Path, nets: Path) -> None:
    (first,), second = (round_["pool"] for round_ in metrics(whole)["rounds"])
    assert first["teacher"].endswith("/teacher")
    assert [facts["teacher"] for facts in second] == [
        f"policy:{whole}/round-1/seed-{seed}/trust-arm/student" for seed in (0, 1)
    ]
    assert {facts["student"] for facts in [first, *second]} == {f"policy:{nets}/student"}
    assert first["oracle"] == "search:depth=3"
    assert first["distinct"] <= first["with_a_choice"] <= first["positions"]


def test_ceiling_is_left_out_if_the_pool_has_no_answers(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["chain", "--resume", str(whole)]) == 0
    said = capsys.readouterr().err
    assert "the arm ceiling is left out: the pool's answers are unknown" in said
    assert "play 40 games" not in said
    found = metrics(whole)
    assert "ceiling" not in found
    assert [round_["trust"]["measured_on"] for round_ in found["rounds"]] == ["gold", "gold"]
    assert "estimate" not in found["rounds"][0]["trust"]["purity_on_gold"]
    assert "matches of the first round" in found["rounds"][1]["trust"]["purity_on_gold"]["estimate"]


def test_same_seed_gives_the_same_numbers_in_another_folder(
    whole: Path, setting: Path, tmp_path: Path
) -> None:
    out = tmp_path / "elsewhere"
    assert run(["chain", str(setting), "--seeds", "2", "--out", str(out)]) == 0
    assert numbers(out) == numbers(whole)
    assert roles(out / "round-2/seed-1") == roles(whole / "round-2/seed-1")


def test_verified_pool_has_a_ceiling_and_a_purity(nets: Path, tmp_path: Path) -> None:
    verified = tables(nets, rounds=1, matches={**MATCHES, "verify_pool": True})
    out = chain_run(tmp_path / "run", verified)
    assert "ceiling" in metrics(out)
    assert metrics(out)["rounds"][0]["trust"]["measured_on"] == "pool"
    assert {row["role"] for row in roles(out / "round-1").values() if not row["gold"]} == set()


def test_positions_of_matches_join_the_pool_of_files(nets: Path, tmp_path: Path) -> None:
    write_positions(tmp_path / "examples.parquet", 200)
    mixed = {
        "matches": {"games": 20, "positions": 50},
        "examples": {"files": [f"{tmp_path}/examples.parquet"], "gold": 80, "pool": 60, "test": 40},
        "arms": ["base", "naive", "trust", "ceiling"],
        "keep": {"top": "100%"},
    }
    out = chain_run(tmp_path / "run", tables(nets, **mixed))
    found = metrics(out)
    assert found["ceiling"]["rows"]["mean"] == 60  # only the rows whose answers are known
    assert [round_["arms"]["naive"]["rows"]["mean"] for round_ in found["rounds"]] == [110, 110]
    assert [round_["trust"]["measured_on"] for round_ in found["rounds"]] == ["answered pool"] * 2
    files = {example.state.key for example in read_examples(tmp_path / "examples.parquet")}
    pools = [roles(out / folder) for folder in ("round-1", "round-2/seed-0")]
    for pool in pools:
        assert len(pool) == 50
        assert files.isdisjoint({row["key"] for row in pool.values()})
    assert set(pools[0]).isdisjoint(pools[1])


def test_nets_play_without_looking_ahead() -> None:
    request = MatchRequest("round-1", "policy:a?nodes=9&label=policy", "policy:b", 0, {"pool": 1})
    spec = arena_spec("connect_four", Matches(games=2), request)
    assert spec.players == {"teacher": "policy:a?temperature=1", "student": "policy:b?temperature=1"}


@pytest.mark.parametrize("soft", ["teacher", "trust"])
def test_soft_labels_are_of_the_pool_of_their_round(nets: Path, tmp_path: Path, soft: str) -> None:
    teach = {"soft": soft, "warm_start": 0.3}
    out = chain_run(tmp_path / "run", tables(nets, arms=["trust"], teach=teach))
    before = {path: path.stat().st_mtime_ns for path in out.rglob("step.json")}
    assert len(before) > 8
    assert run(["chain", "--resume", str(out)]) == 0
    assert before == {path: path.stat().st_mtime_ns for path in out.rglob("step.json")}


def test_curve_is_measured_on_the_first_pool(setting: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["--rounds", "1", "--arm", "trust", "--gold-sizes", "60,100", "--out", str(out)]
    assert run(["chain", str(setting), *words]) == 0
    points = json.loads((out / "metrics.json").read_text())["budget"]
    assert [point["gold"] for point in points] == [60, 100]
    assert all("trust" in point["arms"] for point in points)


def test_certified_purity_of_later_rounds_is_called_a_heuristic(
    setting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = ["--purity", "0.01", "--arm", "trust", "--out", str(out)]
    assert run(["chain", str(setting), *words]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "heuristic" in line]
    assert len(said) == 1
    assert said[0].startswith("round 2: the certified purity of 0.01 is a heuristic, not a guarantee")
    rounds = json.loads((out / "metrics.json").read_text())["rounds"]
    assert "guarantee" not in rounds[0]["trust"]
    assert "heuristic" in rounds[1]["trust"]["guarantee"]


@pytest.mark.slow
def test_chain_killed_in_matches_ends_with_the_same_numbers(
    whole: Path, setting: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    words = [sys.executable, "-c", "import sys; from w2s.cli.app import run; sys.exit(run(sys.argv[1:]))"]
    words += ["chain", str(setting), "--seeds", "2", "--out", str(out)]
    draw = random.Random(2)
    kills = 0
    for _ in range(8):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=draw.uniform(1.5, 5))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    assert kills > 0
    subprocess.run(words, check=True, capture_output=True)
    assert numbers(out) == numbers(whole)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--games", "3"], 2, "[chain-odd-games]"),
        (["--gold-rows", "5000"], 3, "5000 gold with a known answer; play more games (--games)"),
        (["--games", "2", "--gold-rows", "5", "--test-rows", "40"], 3, "request fewer (--test)"),
        (["--examples", "puzzles.csv"], 2, "[chain-matches-with-files]"),
        (["--source", "files"], 2, "[chain-matches-without-source]"),
        (["--gold-oracle", "serch:depth=4"], 2, "[oracle-unknown]"),
        (["--gold-oracle", "search:depth=3", "--oracle", "search:depth=3"], 2, "[chain-oracle-leaks-gold]"),
        (["--gold-oracle", "exact:nodes=1"], 3, "with a known answer"),
        (["--teacher", "policy:nobody"], 4, "nobody"),
        (["--game", "othello"], 2, "plays connect_four, not othello"),
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


def test_missing_openings_are_one_line(nets: Path, tmp_path: Path, capsys: Any) -> None:
    missing = tables(nets, matches={**MATCHES, "openings": "none.txt"})
    file = write_chain(tmp_path / "chain.toml", missing)
    assert run(["chain", str(file), "--out", str(tmp_path / "run")]) == 2
    assert "[arena-openings-missing]" in capsys.readouterr().err.strip().splitlines()[-1]
