"""When trust has collapsed: by its AUC, and by the purity of what is kept where something is cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.doubles.labels import labels
from w2s.chain.config import ChainConfig
from w2s.chain.trust_step import TrustSelection, best_candidates, first_candidates, fit_and_select
from w2s.evidence import Labels


def trusted(signal: float, kept: int, pool: int = 400) -> TrustSelection:
    draw = np.random.default_rng(0)
    right = draw.random(400) < 0.5
    gold = 1 / (1 + np.exp(-(draw.normal(size=400) + signal * (right - 0.5))))
    scores = draw.random(pool)
    rows = np.sort(np.argsort(-scores)[:kept])
    several = labels(pool)
    return TrustSelection(several, scores, rows, None, gold, right, float(scores[rows].min()))


def test_trust_no_better_than_chance_has_collapsed_cut_or_not() -> None:
    for kept in (100, 400):
        why = trusted(0.0, kept).collapse(0)
        assert why is not None
        assert "no better than chance: AUC" in why


def test_where_nothing_is_cut_purity_says_nothing() -> None:
    assert trusted(3.0, 400).collapse(0) is None
    assert trusted(3.0, 100).collapse(0) is None


def test_a_cut_that_keeps_hardly_purer_labels_has_collapsed() -> None:
    why = trusted(0.5, 399).collapse(0)
    assert why is not None
    assert "hardly purer than all labels" in why


def proposing(n: int, seed: int) -> Labels:
    """Two labels of each of n examples, of which one may be right; the evidence tells which."""
    found = labels(2 * n, seed=seed)
    names = [f"e{row // 2}" for row in range(2 * n)]
    columns = {
        "id": [f"{name}{'#2' if row % 2 else ''}" for row, name in enumerate(names)],
        "example_id": names,
        "group": names,
        "proposal": pa.array([1 + row % 2 for row in range(2 * n)], pa.int32()),
    }
    for name, values in columns.items():
        found = found.with_column(name, values)
    return found


def config(**more: object) -> ChainConfig:
    trust = {"function": "logistic", "folds": 3, "options": {"reads": ["log_prob", "search"]}}
    return ChainConfig(teacher="random", student="policy:x", trust=trust, **more)  # type: ignore[arg-type]


def test_of_several_proposals_the_most_trusted_counts(tmp_path: Path) -> None:
    gold, pool = proposing(200, 0), proposing(300, 1)
    found, _ = fit_and_select(tmp_path, config(keep={"top": "50%"}), gold, pool, 0, None)
    assert found.labels.example_ids == [f"e{row}" for row in range(300)]
    assert (len(found.rows), len(found.gold_scores)) == (150, 200)
    own = first_candidates(pool)
    assert set(own.table.column("proposal").to_pylist()) == {1}
    assert found.labels.correct.mean() > own.correct.mean() + 0.15
    table = pq.read_table(tmp_path / "scores.parquet").filter(pc.field("role") == "pool")
    scores = dict(zip(table.column("id").to_pylist(), table.column("trust").to_pylist(), strict=True))
    both = np.array(
        [[scores[one], scores[two]] for one, two in zip(pool.ids[::2], pool.ids[1::2], strict=True)]
    )
    assert np.array_equal(both.max(1), found.scores)
    selected = pq.read_table(tmp_path / "selected.parquet")
    assert selected.column("id").to_pylist() == [f"e{row}" for row in found.rows]
    assert (
        selected.column("label").to_pylist()
        == found.labels.take(found.rows).table.column("label").to_pylist()
    )


def test_of_equally_trusted_proposals_the_first_counts() -> None:
    found = proposing(4, 0)
    assert best_candidates(found, np.array([0.5, 0.5, 0.1, 0.2, 0.2, 0.1, 0.0, 0.0])).tolist() == [0, 3, 4, 6]
    one = labels(5)
    assert best_candidates(one, np.zeros(5)).tolist() == [0, 1, 2, 3, 4]
    assert first_candidates(one) is one
