"""What a chain's configuration refuses, and what it holds where nothing is said."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.doubles.errors import raises_code
from w2s.chain.arms import default_arms
from w2s.chain.config import ChainConfig
from w2s.chain.example_settings import Examples
from w2s.config import parse_config
from w2s.errors import UsageError

CHAIN: dict[str, Any] = {"teacher": "random", "student": "policy:a", "examples": {"files": ["a.csv"]}}


def test_default_chain_has_no_curve_and_no_staged_arms() -> None:
    found = parse_config(ChainConfig, CHAIN, "the chain")
    assert found.arms == default_arms()
    assert " ".join(found.arms) == "base gold naive random confidence margin trust gold+trust ceiling"
    assert not {"self", "gold-then-trust", "trust-then-gold"} & set(found.arms)
    assert found.gold_sizes == ()
    assert (found.teach.soft, found.teach.warm_start, found.teach.gold_times) == ("none", 0.0, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"teach": {"warm_start": 1}, "rounds": 2}, "chain-warm-start-all-gold"),
        ({"teach": {"warm_start": -0.1}}, "teach.warm_start"),
        ({"teach": {"softness": 1}}, "did you mean 'soft'"),
        ({"gold_sizes": [100, 0]}, "gold_sizes.1"),
        ({"keep": {"top": "25%", "purity": 0.9}}, "chain-keep-two-rules"),
        ({"keep": {"power": -1}}, "keep.power"),
        ({"evidence": ["hidden:3"]}, "chain-unknown-evidence"),
        ({"evidence": ["samples:0"]}, "label-evidence-number"),
        ({"chains": {"own": ["naives"]}}, "chain-unknown-arm"),
        ({"chains": {"own": ["entropy"]}}, "chain-own-chain-without-arm"),
        ({"chains": {"own": ["gold+trust"]}}, "chain-own-chain-impossible"),
        ({"chains": {"own": ["naive", "naive"]}}, "chain-duplicate-name"),
    ],
)
def test_invalid_value_is_refused_with_its_key(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_config(ChainConfig, {**CHAIN, **given}, "the chain")
    assert said in f"{refused.value} [{refused.value.code}]"


def test_single_round_may_warm_start_on_all_gold() -> None:
    given = {**CHAIN, "teach": {"warm_start": 1}, "rounds": 1}
    assert parse_config(ChainConfig, given, "the chain").teach.warm_start == 1


@pytest.mark.parametrize(
    ("given", "own"),
    [
        ({}, ("naive", "confidence")),
        ({"arms": ["trust", "naive"]}, ("naive",)),
        ({"arms": ["trust", "random"]}, ()),
        ({"chains": {"own": []}}, ()),
        ({"chains": {"own": ["random", "trust"]}}, ("random",)),
    ],
)
def test_naive_and_confidence_have_own_chains_by_default(given: dict[str, Any], own: tuple[str, ...]) -> None:
    found = parse_config(ChainConfig, {**CHAIN, **given}, "the chain")
    assert found.own_chains == own
    assert parse_config(ChainConfig, found.model_dump(exclude_none=True), "again") == found


SEARCHES = ["search:depth=2", "search:depth=3"]


@pytest.mark.parametrize(
    ("given", "proposals"),
    [
        ({"teacher": "policy:b"}, 1),
        ({"teacher": "policy:b", "oracles": SEARCHES}, 3),
        ({"teacher": "lc0:maia.pb.gz", "oracles": SEARCHES}, 3),
        ({"teacher": "random", "oracles": SEARCHES}, 1),
        ({"teacher": "search:depth=1", "oracles": SEARCHES}, 1),
        ({"teacher": "no reference?", "oracles": SEARCHES}, 1),
        ({"teacher": "policy:b", "oracles": [], "proposals": 2}, 2),
        ({"teacher": "policy:b", "source": "matches", "examples": {}}, 1),
        ({"teacher": "hf:b", "task": "choice"}, 1),
        ({"teacher": "policy:b", "oracles": SEARCHES, "proposals": 1}, 1),
    ],
)
def test_nets_of_moves_propose_three_labels_if_oracles_are_evidence(
    given: dict[str, Any], proposals: int
) -> None:
    found = parse_config(ChainConfig, {**CHAIN, **given}, "the chain")
    assert found.proposals == proposals
    assert parse_config(ChainConfig, found.model_dump(exclude_none=True), "again") == found


@pytest.mark.parametrize(
    "teacher", ["policy:b", "lc0:maia.pb.gz?nodes=200", "policy:b?think=6,6&dtype=float32"]
)
def test_no_outside_oracle_is_evidence_by_default(teacher: str) -> None:
    found = parse_config(ChainConfig, {**CHAIN, "teacher": teacher}, "the chain")
    assert found.oracles == ()
    assert ("deliberation" in found.evidence) == ("?" in teacher)
    options = teacher.partition("?")[2]
    assert found.teacher_of(2) == "policy:a" + (f"?{options}" if options else "")


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
def test_contradictory_sources_are_refused(tables: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_config(ChainConfig, {**PAIR, **tables}, "the chain")
    assert said in f"{refused.value} [{refused.value.code}]"
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("asked", [{"gold_sizes": [10]}, {"teach": {"warm_start": 0.5}}])
def test_gold_of_another_game_cannot_be_learned(asked: dict[str, Any]) -> None:
    domain = {"gold_examples": ["a"], "gold_game": "othello", "gold_teacher": "policy:c"}
    tables = {**PAIR, **FILES, "regime": {"name": "ood_domain", **domain}, **asked}
    with raises_code("chain-gold-not-learnable", UsageError):
        parse_config(ChainConfig, tables, "the chain")


def test_regime_survives_its_toml() -> None:
    tables = {**PAIR, **FILES, "regime": {"name": "ood_dist", "gold_examples": ["a.epd"]}}
    first = parse_config(ChainConfig, tables, "the chain")
    assert parse_config(ChainConfig, tomllib.loads(first.to_toml()), "again") == first


@pytest.mark.parametrize(
    ("tables", "code"),
    [
        ({"gold": 5, "pool": 5, "test": ["t.jsonl"]}, "chain-examples-files-missing"),
        ({"files": ["a"], "gold": ["a"], "pool": ["b"], "test": ["c"]}, "chain-examples-files-twice"),
        ({"files": ["a"], "sets": [{"files": ["b"]}]}, "chain-examples-sets-mixed"),
        ({"gold": 7, "sets": [{"files": ["b"]}]}, "chain-examples-sets-mixed"),
        ({"files": ["a"], "test": {"files": []}}, "config-invalid-value"),
        ({"files": ["a"], "test": {"files": ["b"], "rows": 0}}, "config-invalid-value"),
    ],
)
def test_contradictory_data_sets_are_refused(tables: dict[str, Any], code: str) -> None:
    with raises_code(code, UsageError):
        parse_config(Examples, tables, "examples")


def test_data_sets_survive_their_toml() -> None:
    sets = [
        {"files": ["a"], "gold": 3, "test": {"files": ["b"], "rows": 4, "column_mapping": {"question": "q"}}}
    ]
    chain = parse_config(
        ChainConfig, {"task": "choice", "teacher": "a", "student": "b", "examples": {"sets": sets}}, "it"
    )
    again = parse_config(ChainConfig, tomllib.loads(chain.to_toml()), "it")
    assert again == chain
    assert again.digest() == chain.digest()
    assert again.examples.gold_rows == 3


def test_gold_rows_of_a_regime_are_those_of_all_sets() -> None:
    regime = {"name": "ood_dist", "gold_examples": ["c"]}
    given = {"task": "choice", "teacher": "a", "student": "b", "regime": regime}
    sets = [{"files": ["a"], "gold": 3}, {"files": ["b"], "gold": 4}]
    assert parse_config(ChainConfig, {**given, "examples": {"sets": sets}}, "it").examples.gold_rows == 7
    with raises_code("chain-regime-gold-files", UsageError):
        parse_config(ChainConfig, {**given, "examples": {"sets": [{"files": ["a"], "gold": ["g"]}]}}, "it")
