"""Under a shift a certified purity is a heuristic, gold an estimate, and trust reads what both games have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import w2s
from tests.doubles.labels import labels
from w2s.chain import shift
from w2s.chain.config import ChainConfig
from w2s.chain.settings import TrustSpec
from w2s.evidence import Labels

FILES = {"examples": {"files": ["puzzles.csv"]}}
DIST = {**FILES, "regime": {"name": "ood_dist", "gold_examples": ["sts.epd"]}}
DOMAIN = {
    **FILES,
    "regime": {
        "name": "ood_domain",
        "gold_examples": ["o.parquet"],
        "gold_game": "othello",
        "gold_teacher": "policy:c",
    },
}
MATCHES = {"source": "matches"}
PURE = {"keep": {"purity": 0.9}}


def config(**tables: Any) -> ChainConfig:
    return ChainConfig.model_validate({"teacher": "policy:a", "student": "policy:b", **tables})


@pytest.mark.parametrize(
    ("tables", "shifts"),
    [(FILES, [False, False]), (MATCHES, [False, True]), (DIST, [True, True]), (DOMAIN, [True, True])],
)
def test_certified_purity_is_a_heuristic_under_a_shift(tables: dict[str, Any], shifts: list[bool]) -> None:
    for number, shifted in enumerate(shifts, 1):
        assert (shift.shift_of_round(config(**tables), number) is not None) == shifted
        assert shift.exchangeability_warning(config(**tables), number) is None
        said = shift.exchangeability_warning(config(**tables, **PURE), number)
        assert (said is not None and "0.9 is a heuristic, not a guarantee" in said) == shifted


def with_search(found: Labels, *, known: bool = True) -> Labels:
    values = np.arange(len(found)) if known else [None] * len(found)
    return found.with_column("search_depth2_regret_cp", pa.array(values, pa.int32()))


def test_only_columns_of_both_are_shared_and_no_vectors() -> None:
    gold, pool = with_search(labels(40)), with_search(labels(60, seed=1), known=False)
    pool = pool.with_column("correct", pa.array([None] * len(pool), pa.bool_()))
    first, second = shift.shared_columns(gold, pool)
    assert first.table.column_names == second.table.column_names
    assert first.vectors == second.vectors == {}
    assert {"id", "label", "log_prob", "correct"} <= set(first.table.column_names)
    assert "search_depth2_regret_cp" not in first.table.column_names
    assert first.ids == gold.ids


def test_replies_of_the_pool_are_kept_if_gold_has_none() -> None:
    said = ["so 1"] * 60
    pool = labels(60, seed=1).with_column("raw", pa.array(said, pa.string()))
    gold = labels(40).with_column("raw", pa.nulls(40, pa.string()))
    _, second = shift.shared_columns(gold, pool)
    assert second.table.column("raw").to_pylist() == said


def test_trust_function_is_limited_to_the_evidence_of_gold() -> None:
    gold, pool = shift.shared_columns(with_search(labels(80)), with_search(labels(60, seed=1)))
    spec = TrustSpec(function="logistic", options={"features": "hidden,search,student"})
    found = shift.shared_features(spec, gold)
    assert found.options["features"] == ["search"]
    assert "search_depth2_regret_cp" in shift.features_read(found, gold)
    scores = w2s.trust_function(found.function, **found.options).fit(gold).score(pool)
    assert len(scores) == len(pool)
    fixed = TrustSpec(function="isotonic")
    assert shift.shared_features(fixed, gold) == fixed
    assert shift.features_read(fixed, gold) == ("log_prob",)
