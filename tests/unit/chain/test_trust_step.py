"""Trust is fitted, selects labels, and reports its collapse."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.doubles.labels import labels
from tests.doubles.plugins import write_plugin
from w2s.chain.config import ChainConfig
from w2s.chain.context import RunContext
from w2s.chain.example_settings import Examples
from w2s.chain.plan import PlannedTrust
from w2s.chain.settings import Keep, TrustSpec
from w2s.chain.trust_step import (
    TrustSelection,
    TrustSettings,
    best_candidates,
    build_trust_function,
    first_candidates,
    fit_and_select,
)
from w2s.chain.weak_labels import RoundLabels
from w2s.evidence import Labels
from w2s.trust import TrustFunction


def trusted(signal: float, kept: int, pool: int = 400) -> TrustSelection:
    draw = np.random.default_rng(0)
    right = draw.random(400) < 0.5
    gold = 1 / (1 + np.exp(-(draw.normal(size=400) + signal * (right - 0.5))))
    scores = draw.random(pool)
    rows = np.sort(np.argsort(-scores)[:kept])
    several = labels(pool)
    return TrustSelection(several, scores, rows, None, gold, right, float(scores[rows].min()))


def test_auc_at_chance_is_a_collapse_with_and_without_a_cut() -> None:
    for kept in (100, 400):
        why = trusted(0.0, kept).collapse(0)
        assert why is not None
        assert "no better than chance: AUC" in why


def test_purity_is_not_checked_if_all_labels_are_kept() -> None:
    assert trusted(3.0, 400).collapse(0) is None
    assert trusted(3.0, 100).collapse(0) is None


def test_cut_that_gains_no_purity_is_a_collapse() -> None:
    why = trusted(0.5, 399).collapse(0)
    assert why is not None
    assert "may be no purer than all labels" in why


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


def test_most_trusted_candidate_is_selected(tmp_path: Path) -> None:
    gold, pool = proposing(200, 0), proposing(300, 1)
    spec = TrustSpec(function="logistic", folds=3, options={"features": ["log_prob", "search"]})
    settings = TrustSettings(spec, (), Keep(top="50%"))
    context = RunContext(tmp_path, "move", "chess", 0, [], [], print, print)
    step = PlannedTrust(folder="trust", round=1, arm="trust")
    found = fit_and_select(step, context, settings, RoundLabels(gold, pool, ""), 0)
    assert found.labels.example_ids == [f"e{row}" for row in range(300)]
    assert (len(found.rows), len(found.gold_scores)) == (150, 200)
    own = first_candidates(pool)
    assert set(own.table.column("proposal").to_pylist()) == {1}
    assert found.labels.correct.mean() > own.correct.mean() + 0.15
    table = pq.read_table(tmp_path / "trust/scores.parquet").filter(pc.field("role") == "pool")
    scores = dict(zip(table.column("id").to_pylist(), table.column("trust").to_pylist(), strict=True))
    both = np.array(
        [[scores[one], scores[two]] for one, two in zip(pool.ids[::2], pool.ids[1::2], strict=True)]
    )
    assert np.array_equal(both.max(1), found.scores)
    selected = pq.read_table(tmp_path / "trust/selected.parquet")
    assert selected.column("id").to_pylist() == [f"e{row}" for row in found.rows]
    assert (
        selected.column("label").to_pylist()
        == found.labels.take(found.rows).table.column("label").to_pylist()
    )


def test_step_is_repeated_when_code_of_the_user_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    code = "import numpy as np\ndef rate(labels, gold):\n    return np.exp(labels.numbers('log_prob'))\n"
    module = write_plugin(tmp_path, code)
    settings = TrustSettings(TrustSpec(function=f"{module}:rate"), (), Keep(top="50%"))
    context = RunContext(tmp_path, "move", "chess", 0, [], [], print, print)
    step = PlannedTrust(folder="trust", round=1, arm="trust")

    def digest() -> str:
        return fit_and_select(step, context, settings, RoundLabels(labels(60), labels(40), ""), 0).digest

    first = digest()
    assert digest() == first
    (tmp_path / f"{module}.py").write_text(code + "# changed\n", encoding="utf-8")
    assert digest() != first


def test_first_of_equally_trusted_candidates_is_selected() -> None:
    found = proposing(4, 0)
    assert best_candidates(found, np.array([0.5, 0.5, 0.1, 0.2, 0.2, 0.1, 0.0, 0.0])).tolist() == [0, 3, 4, 6]
    one = labels(5)
    assert best_candidates(one, np.zeros(5)).tolist() == [0, 1, 2, 3, 4]
    assert first_candidates(one) is one


def trust_of(chain: ChainConfig) -> TrustFunction:
    return build_trust_function(chain.trust, chain.features)


def reading(**given: object) -> ChainConfig:
    return ChainConfig(teacher="a", student=("b",), examples=Examples(files=("f",)), **given)


def test_probe_reads_all_evidence_of_the_chain() -> None:
    assert trust_of(reading()).needs == {"hidden", "afterstate", "student"}


def test_probe_reads_searches_of_oracles() -> None:
    assert "search" in trust_of(reading(oracles=("search:depth=2",))).needs
    assert "search" not in trust_of(reading()).needs
    assert "search" not in trust_of(reading(oracles=("uci:stockfish",))).needs


def test_matches_have_no_search_evidence_by_default() -> None:
    played = ChainConfig(teacher="a", student=("b",), source="matches")
    assert played.oracles == ()
    assert "search" not in trust_of(played).needs


@pytest.mark.parametrize("name", ["neural", "logistic", "knn", "boosting", "stack"])
def test_option_reads_overrides_the_evidence_of_the_chain(name: str) -> None:
    told = trust_of(reading(trust=TrustSpec(function=name, options={"features": "hidden"})))
    assert not told.needs & {"afterstate", "student"}
    assert trust_of(reading(trust=TrustSpec(function=name))).needs >= {
        "hidden",
        "afterstate",
        "student",
    }


def test_signal_without_option_reads_is_unchanged() -> None:
    assert trust_of(reading(trust=TrustSpec(function="confidence"))).needs == {"log_prob"}
