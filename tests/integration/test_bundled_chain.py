"""The bundled chains: what they name is there, fits their game, and a small part of each runs to its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from w2s.assets import arenas_folder
from w2s.chain.config_file import load_config
from w2s.chain.data.files import load_splits
from w2s.cli.app import run
from w2s.kernels import game_names

pytest.importorskip("torch")

GAMES = sorted(path.stem for path in (arenas_folder() / "chains").glob("*.toml"))


def test_every_game_has_its_chain() -> None:
    assert sorted(game_names()) == GAMES


@pytest.mark.parametrize("game", GAMES)
def test_a_bundled_chain_names_what_is_there(game: str) -> None:
    from w2s.models.policy.model_card import bundled_policies

    config = load_config(options={"game": game})
    models = {reference.partition("?")[0] for reference in (config.teacher, *config.student)}
    assert models <= {f"policy:{net.name}" for net in bundled_policies()}
    found = load_splits(config.examples, game=game, seed=config.seed)
    counts = config.examples.counts
    assert {role: len(getattr(found, role)) for role in counts} == dict(counts)


@pytest.mark.slow
@pytest.mark.parametrize("game", GAMES)
def test_a_small_part_of_a_bundled_chain_runs(game: str, tmp_path: Path) -> None:
    sizes = ["--gold-rows", "500", "--pool-rows", "300", "--test-rows", "200", "--rounds", "1"]
    arms = [word for arm in ("base", "random", "trust") for word in ("--arm", arm)]
    games = ["--games", "10"] if load_config(options={"game": game}).source == "matches" else []
    assert run(["chain", "--game", game, *sizes, *games, *arms, "--out", str(tmp_path / "run")]) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["rounds"][0]["trust"]["auc"]["mean"] > 0.5
    assert set(metrics["rounds"][0]["arms"]) == {"random", "trust"}
