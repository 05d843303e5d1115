"""What the chain's trust function reads: all evidence that is made, unless it is told otherwise."""

from __future__ import annotations

import pytest

from w2s.chain.config import ChainConfig, Examples, TrustSpec
from w2s.chain.trust_step import build_trust_function


def config(**given: object) -> ChainConfig:
    return ChainConfig(teacher="a", student=("b",), examples=Examples(files=("f",)), **given)


def test_a_probe_reads_all_that_the_chain_makes() -> None:
    assert build_trust_function(config(oracles=())).needs == {"log_prob", "hidden", "afterstate", "student"}


def test_it_reads_a_search_where_an_oracle_searches() -> None:
    assert "search" in build_trust_function(config(oracles=("search:depth=2",))).needs
    assert "search" in build_trust_function(config()).needs
    assert "search" not in build_trust_function(config(oracles=("uci:stockfish",))).needs


def test_nobody_searches_matches_whose_gold_a_search_verifies() -> None:
    played = ChainConfig(teacher="a", student=("b",), source="matches")
    assert played.oracles == ()
    assert "search" not in build_trust_function(played).needs


@pytest.mark.parametrize("name", ["neural", "logistic", "knn", "boosting", "stack"])
def test_what_it_is_told_to_read_wins(name: str) -> None:
    told = build_trust_function(config(trust=TrustSpec(function=name, options={"reads": "hidden"})))
    assert not told.needs & {"afterstate", "student"}
    assert build_trust_function(config(trust=TrustSpec(function=name))).needs >= {
        "hidden",
        "afterstate",
        "student",
    }


def test_a_signal_that_reads_nothing_is_left_as_it_is() -> None:
    assert build_trust_function(config(trust=TrustSpec(function="confidence"))).needs == {"log_prob"}
