"""The scripts that make the bundled data: same seed, same bytes; puzzles are puzzles."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import w2s
from w2s.tasks import judge, read_examples

PUZZLES = Path("arenas/puzzles")
SMALL = """
import sys
sys.path.insert(0, "arenas/build")
from pathlib import Path
import positions, puzzles
positions.GAMES_A_SHARD["{game}"] = puzzles.GAMES_A_SHARD = 6
positions.WANTED_POSITIONS["{game}"] = 1
puzzles.BUNDLE = Path(sys.argv[1]) / "bundle"
positions.make(Path(sys.argv[1]), "{game}", 1, 0)
puzzles.make(Path(sys.argv[1]), "{game}", 2, 0)
"""

VALUES = """
import sys
sys.path.insert(0, "arenas/build")
from pathlib import Path
import torch, values
torch.set_num_threads(1)
values.train("{name}", Path(sys.argv[1]) / "head", 0, values.Play(40, 0.5, 1.0, 42))
"""


def made(root: Path, game: str, folder: Path) -> dict[str, str]:
    command = [sys.executable, "-c", SMALL.format(game=game), str(folder)]
    subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=300)
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.parquet"))
    }


@pytest.mark.slow
@pytest.mark.parametrize("game", [pytest.param("chess", marks=pytest.mark.engine), "connect_four"])
def test_same_seed_builds_same_positions_and_puzzles(root: Path, game: str, tmp_path: Path) -> None:
    first = made(root, game, tmp_path / "a")
    assert first == made(root, game, tmp_path / "b")
    assert f"bundle/{game}.parquet" in first
    rows = pq.read_table(tmp_path / "a" / game / "positions-00000.parquet").to_pylist()
    assert len({row["game"] for row in rows}) == 6
    for row in rows:
        state = w2s.game(game).state(row["position"])
        assert state.key == row["key"]
        assert {row["best"], row["played"]} <= set(state.legal_moves())
    found = read_examples(tmp_path / "a" / "bundle" / f"{game}.parquet", game=game)
    assert len(found) == 2
    assert all(one.state.ply > 0 and judge(one, one.gold[0]) for one in found)


@pytest.mark.parametrize("game", ["chess", "connect_four", "othello"])
def test_bundled_puzzles_are_distinct_and_split_by_game(root: Path, game: str) -> None:
    path = root / PUZZLES / f"{game}.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not there: make puzzles")
    found = read_examples(path, game=game)
    assert len({one.state.key for one in found}) == len(found)
    splits = {row["id"]: row["split"] for row in pq.read_table(path, columns=["id", "split"]).to_pylist()}
    sides: dict[str, set[str]] = {}
    for one in found:
        assert judge(one, one.gold[0]), one.id
        sides.setdefault(one.group or "", set()).add(splits[one.id])
    assert set().union(*sides.values()) == {"train", "test"}
    assert all(len(of_game) == 1 for of_game in sides.values())


@pytest.mark.slow
def test_same_seed_gives_the_same_value_head_and_keeps_the_policy(root: Path, tmp_path: Path) -> None:
    load = pytest.importorskip("safetensors.numpy", reason="needs w2s[models]").load_file
    name = "connect_four-small"
    for folder in (tmp_path / "a", tmp_path / "b"):
        command = [sys.executable, "-c", VALUES.format(name=name), str(folder)]
        subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=300)
    weights = [tmp_path / folder / "head" / "net" / "model.safetensors" for folder in ("a", "b")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    before, after = load(root / "arenas/policies" / name / "model.safetensors"), load(weights[0])
    assert any(key.startswith("value_head.") for key in after)
    for key, tensor in after.items():
        if not key.startswith("value_head."):
            assert tensor.dtype == before[key].dtype and tensor.tobytes() == before[key].tobytes()
