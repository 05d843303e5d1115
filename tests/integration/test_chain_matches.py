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

from tests.doubles.chains import numbers
from tests.doubles.nets import write_policy

CHAIN = """
game = "connect_four"
source = "matches"
teacher = "policy:{nets}/teacher"
student = "policy:{nets}/student"
rounds = 2
arms = ["base", "gold", "random", "confidence", "trust", "gold+trust", "ceiling"]

[matches]
games = 40
oracle = "search:depth=3"

[examples]
gold = 100
pool = 60
test = 40

[trust]
function = "isotonic"
folds = 2

[train]
epochs = 1
checkpoint_s = 0

[stop]
collapse = false
"""


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    nets = tmp_path_factory.mktemp("nets")
    for seed, name in enumerate(("teacher", "student")):
        write_policy(nets / name, "connect_four", seed)
    path = nets / "chain.toml"
    path.write_text(CHAIN.format(nets=nets), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(setting: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    assert run(["chain", str(setting), "--seeds", "2", "--out", str(out)]) == 0
    return out


def roles(folder: Path) -> dict[str, dict[str, Any]]:
    """Rows of a set of matches by id, keys among them."""
    path = folder / "matches/examples.parquet"
    given = pq.read_table(path).column("role").to_pylist()
    return {
        example.id: {"role": role, "key": example.state.key, "group": example.group, "gold": example.gold}
        for role, example in zip(given, read_examples(path), strict=True)
    }


def test_the_first_round_gives_all_roles_and_gold_and_test_are_verified(whole: Path) -> None:
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


def test_later_pools_are_new_positions_that_neither_gold_nor_test_holds(whole: Path) -> None:
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


def test_the_next_matches_are_played_by_the_trained_student_and_the_untrained_one(
    whole: Path, setting: Path
) -> None:
    metrics = json.loads((whole / "metrics.json").read_text())
    (first,), second = (round_["pool"] for round_ in metrics["rounds"])
    assert first["teacher"].endswith("/teacher")
    assert [facts["teacher"] for facts in second] == [
        f"policy:{whole}/round-1/seed-{seed}/trust-arm/student" for seed in (0, 1)
    ]
    assert {facts["student"] for facts in [first, *second]} == {f"policy:{setting.parent}/student"}
    assert first["oracle"] == "search:depth=3"
    assert first["distinct"] <= first["with_a_choice"] <= first["positions"]


def test_what_needs_the_pools_answers_is_left_out_and_said(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["chain", "--resume", str(whole)]) == 0
    said = capsys.readouterr().err
    assert "the arm ceiling is left out: the pool's answers are unknown" in said
    assert "play 40 games" not in said
    metrics = json.loads((whole / "metrics.json").read_text())
    assert "ceiling" not in metrics
    assert [round_["trust"]["measured_on"] for round_ in metrics["rounds"]] == ["gold", "gold"]
    assert "estimate" not in metrics["rounds"][0]["trust"]["purity_on_gold"]
    assert "first round's matches" in metrics["rounds"][1]["trust"]["purity_on_gold"]["estimate"]


def test_the_same_seed_gives_the_same_numbers_wherever_the_run_lies(
    whole: Path, setting: Path, tmp_path: Path
) -> None:
    out = tmp_path / "elsewhere"
    assert run(["chain", str(setting), "--seeds", "2", "--out", str(out)]) == 0
    assert numbers(out) == numbers(whole)
    assert roles(out / "round-2/seed-1") == roles(whole / "round-2/seed-1")


def test_a_verified_pool_has_a_ceiling_and_its_purity(setting: Path, tmp_path: Path) -> None:
    file = tmp_path / "verified.toml"
    text = setting.read_text(encoding="utf-8").replace("games = 40", "games = 40\nverify_pool = true")
    file.write_text(text, encoding="utf-8")
    out = tmp_path / "run"
    assert run(["chain", str(file), "--rounds", "1", "--out", str(out)]) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert "ceiling" in metrics
    assert metrics["rounds"][0]["trust"]["measured_on"] == "pool"
    assert {row["role"] for row in roles(out / "round-1").values() if not row["gold"]} == set()


@pytest.mark.parametrize("soft", ["teacher", "trust"])
def test_soft_labels_are_of_the_pool_of_their_round(setting: Path, tmp_path: Path, soft: str) -> None:
    file = tmp_path / "soft.toml"
    text = setting.read_text(encoding="utf-8")
    file.write_text(f'{text}\n[teach]\nsoft = "{soft}"\nwarm_start = 0.3\n', encoding="utf-8")
    out = tmp_path / "run"
    assert run(["chain", str(file), "--arm", "trust", "--out", str(out)]) == 0
    before = {path: path.stat().st_mtime_ns for path in out.rglob("step.json")}
    assert len(before) > 8
    assert run(["chain", "--resume", str(out)]) == 0
    assert before == {path: path.stat().st_mtime_ns for path in out.rglob("step.json")}


def test_a_budget_is_measured_on_the_first_pool(setting: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["--rounds", "1", "--arm", "trust", "--gold-sizes", "60,100", "--out", str(out)]
    assert run(["chain", str(setting), *words]) == 0
    points = json.loads((out / "metrics.json").read_text())["budget"]
    assert [point["gold"] for point in points] == [60, 100]
    assert all("trust" in point["arms"] for point in points)


def test_a_certified_purity_of_later_rounds_is_called_a_heuristic(
    setting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = ["--purity", "0.01", "--arm", "trust", "--out", str(out)]
    assert run(["chain", str(setting), *words]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "heuristic" in line]
    assert len(said) == 1
    assert said[0].startswith("round 2: the certified purity of 0.01 is a heuristic and no guarantee")
    rounds = json.loads((out / "metrics.json").read_text())["rounds"]
    assert "guarantee" not in rounds[0]["trust"]
    assert "heuristic" in rounds[1]["trust"]["guarantee"]


@pytest.mark.slow
def test_killed_while_it_plays_it_ends_with_the_same_numbers(
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
        (["--games", "2", "--gold-rows", "5", "--test-rows", "40"], 3, "ask for fewer (--test)"),
        (["--examples", "puzzles.csv"], 2, "[chain-matches-with-files]"),
        (["--source", "files"], 2, "[chain-matches-without-source]"),
        (["--gold-oracle", "serch:depth=4"], 2, "[oracle-unknown]"),
        (["--gold-oracle", "search:depth=3", "--oracle", "search:depth=3"], 2, "[chain-oracle-leaks-gold]"),
        (["--gold-oracle", "exact:nodes=1"], 3, "with a known answer"),
        (["--teacher", "policy:nobody"], 4, "nobody"),
        (["--game", "othello"], 2, "plays connect_four, not othello"),
    ],
)
def test_what_makes_no_sense_is_one_line_with_its_code(
    setting: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    said: str,
) -> None:
    assert run(["chain", str(setting), "--out", str(tmp_path / "run"), *options]) == code
    assert said in capsys.readouterr().err.strip().splitlines()[-1]


def test_openings_that_are_not_there_are_one_line(setting: Path, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "chain.toml"
    text = setting.read_text(encoding="utf-8").replace("games = 40", 'games = 40\nopenings = "none.txt"')
    file.write_text(text, encoding="utf-8")
    assert run(["chain", str(file), "--out", str(tmp_path / "run")]) == 2
    assert "[arena-openings-missing]" in capsys.readouterr().err.strip().splitlines()[-1]
