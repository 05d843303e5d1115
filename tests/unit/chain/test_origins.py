"""Origins that contradict each other are one line with the remedy."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.errors import raises_code
from w2s.chain import config_file
from w2s.chain.config import ChainConfig
from w2s.chain.config_file import load_config
from w2s.config import build
from w2s.errors import UsageError

PAIR = {"teacher": "policy:a", "student": "policy:b"}
FILES = {"examples": {"files": ["puzzles.csv"]}}
MATCHES = {"source": "matches"}


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"source": "games"}, "'files' or 'matches'"),
        ({**MATCHES, **FILES}, "chain-matches-with-files"),
        ({**MATCHES, "matches": {"games": 7}}, "chain-odd-games"),
        ({**MATCHES, "matches": {"games": 0}}, "matches.games: Input should be greater than 0"),
        ({**MATCHES, "matches": {"margin_cp": -1}}, "matches.margin_cp"),
        ({**MATCHES, "matches": {"game": 2}}, "matches.game is not a known key; did you mean 'games'?"),
        ({**MATCHES, "oracles": ["search:depth=4"]}, "chain-oracle-leaks-gold"),
        ({**FILES, "matches": {"games": 8}}, "chain-matches-without-source"),
        ({**FILES, "regime": {"name": "ood"}}, "regime.name: Input should be"),
        ({**FILES, "regime": {"gold_examples": ["a.epd"]}}, "chain-regime-missing"),
        ({**FILES, "regime": {"name": "ood_dist"}}, "chain-regime-incomplete"),
        (
            {**FILES, "regime": {"name": "ood_dist", "gold_examples": ["a.epd"], "gold_game": "othello"}},
            "chain-regime-incomplete",
        ),
        (
            {**FILES, "regime": {"name": "ood_domain", "gold_examples": ["a"], "gold_game": "othello"}},
            "chain-gold-teacher-missing",
        ),
        (
            {
                **FILES,
                "regime": {
                    "name": "ood_domain",
                    "gold_examples": ["a"],
                    "gold_game": "chess",
                    "gold_teacher": "policy:c",
                },
            },
            "chain-regime-same-domain",
        ),
        (
            {
                "examples": {"gold": ["a"], "pool": ["b"], "test": ["c"]},
                "regime": {"name": "ood_dist", "gold_examples": ["d"]},
            },
            "chain-regime-gold-files",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(tables: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        build(ChainConfig, {**PAIR, **tables}, "the chain")
    assert said in f"{refused.value} [{refused.value.code}]"
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("asked", [{"budget": [10]}, {"teach": {"warm_start": 0.5}}])
def test_nobody_learns_gold_of_another_game(asked: dict[str, Any]) -> None:
    domain = {"gold_examples": ["a"], "gold_game": "othello", "gold_teacher": "policy:c"}
    tables = {**PAIR, **FILES, "regime": {"name": "ood_domain", **domain}, **asked}
    with raises_code("chain-gold-not-learnable", UsageError):
        build(ChainConfig, tables, "the chain")


def test_matches_need_no_examples_and_files_do() -> None:
    assert load_config(options={**PAIR, **MATCHES}).matches.games == 200
    with raises_code("chain-no-examples", UsageError):
        load_config(options={**PAIR})


def test_without_models_the_bundled_pair_plays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundled = tmp_path / "chess.toml"
    bundled.write_text(
        'teacher = "policy:a"\nstudent = "policy:b"\n[examples]\nfiles = ["p.parquet"]\ngold = 7\n'
    )
    monkeypatch.setattr(config_file, "bundled_chain", lambda game: bundled)
    found = load_config(options=MATCHES)
    assert (found.teacher, found.examples.files, found.examples.gold) == ("policy:a", (), 7)
    assert load_config(options={}).examples.files == ("p.parquet",)


def test_a_regime_is_read_back_from_its_toml() -> None:
    tables = {**PAIR, **FILES, "regime": {"name": "ood_dist", "gold_examples": ["a.epd"]}}
    first = build(ChainConfig, tables, "the chain")
    assert build(ChainConfig, tomllib.loads(first.to_toml()), "again") == first
