"""What a chain's configuration refuses, and what it holds where nothing is said."""

from __future__ import annotations

from typing import Any

import pytest

from w2s.chain.arms import default_arms
from w2s.chain.config import ChainConfig
from w2s.config import build
from w2s.errors import UsageError

CHAIN: dict[str, Any] = {"teacher": "random", "student": "policy:a", "examples": {"files": ["a.csv"]}}


def test_arms_of_gold_and_trust_and_the_curve_are_off_by_default() -> None:
    found = build(ChainConfig, CHAIN, "the chain")
    assert found.arms == default_arms
    assert not {"self", "gold-then-trust", "trust-then-gold"} & set(found.arms)
    assert found.budget == ()
    assert (found.teach.soft, found.teach.warm_start, found.teach.gold_times) == ("none", 0.0, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"teach": {"warm_start": 1}, "rounds": 2}, "chain-warm-start-all-gold"),
        ({"teach": {"warm_start": -0.1}}, "teach.warm_start"),
        ({"teach": {"softness": 1}}, "did you mean 'soft'"),
        ({"budget": [100, 0]}, "budget.1"),
        ({"keep": {"top": "25%", "purity": 0.9}}, "chain-keep-two-rules"),
        ({"keep": {"power": -1}}, "keep.power"),
        ({"evidence": ["hidden:3"]}, "chain-unknown-evidence"),
        ({"evidence": ["samples:0"]}, "label-evidence-number"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_key(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        build(ChainConfig, {**CHAIN, **given}, "the chain")
    assert said in f"{refused.value} [{refused.value.code}]"


def test_a_warm_start_on_all_gold_is_one_round() -> None:
    given = {**CHAIN, "teach": {"warm_start": 1}, "rounds": 1}
    assert build(ChainConfig, given, "the chain").teach.warm_start == 1


@pytest.mark.parametrize(
    ("given", "proposals"),
    [
        ({"teacher": "policy:b"}, 3),
        ({"teacher": "lc0:maia.pb.gz"}, 3),
        ({"teacher": "random"}, 1),
        ({"teacher": "search:depth=1"}, 1),
        ({"teacher": "no reference?"}, 1),
        ({"teacher": "policy:b", "oracles": []}, 1),
        ({"teacher": "policy:b", "oracles": [], "proposals": 2}, 2),
        ({"teacher": "policy:b", "source": "matches", "examples": {}}, 1),
        ({"teacher": "hf:b", "task": "choice"}, 1),
        ({"teacher": "policy:b", "proposals": 1}, 1),
    ],
)
def test_nets_of_moves_propose_three_where_searches_are_evidence(
    given: dict[str, Any], proposals: int
) -> None:
    found = build(ChainConfig, {**CHAIN, **given}, "the chain")
    assert found.proposals == proposals
    assert build(ChainConfig, found.model_dump(exclude_none=True), "again") == found
