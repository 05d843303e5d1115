"""What soft targets are made of: models that read solved examples are given those of gold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s.chain import soft_labels
from w2s.chain.context import RunContext
from w2s.chain.plan import PlannedDistributions
from w2s.chain.soft_labels import improve, improved_targets, label_distributions, smooth_by_trust
from w2s.tasks import ChoiceExample, Example

GOLD = [ChoiceExample("g", "Gold?", ("x", "y"), ("B",))]
POOL = [ChoiceExample(f"p{i}", f"{i}?", ("x", "y")) for i in range(3)]


class Sure:
    reference = "sure"
    closed = False

    def __init__(self) -> None:
        self.shown: list[tuple[Example, str]] = []

    def show(self, solved: Sequence[tuple[Example, str]]) -> None:
        self.shown = [*solved]

    def distributions(self, examples: Sequence[Example]) -> list[dict[str, float]]:
        return [{label: 1.0 for _, label in self.shown} for _ in examples]

    def close(self) -> None:
        self.closed = True


def test_model_is_shown_gold_before_it_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Sure()
    context = RunContext(tmp_path, "choice", "chess", 0, [], GOLD, print, print)
    step = PlannedDistributions(folder="distributions", round=1, arm="soft labels", model="sure")
    monkeypatch.setattr(soft_labels, "load_model", lambda *_, **__: model)
    found = label_distributions(step, context, "sure", POOL, GOLD, {})
    assert found == {example.id: {"B": 1.0} for example in POOL}
    assert model.shown == [(GOLD[0], "B")]
    assert model.closed


@given(st.floats(0, 1), st.lists(st.floats(0.01, 1), min_size=2, max_size=7))
def test_label_gets_its_trust_and_the_other_labels_keep_their_proportions(
    trust: float, shares: list[float]
) -> None:
    belief = {f"{place}": share / sum(shares) for place, share in enumerate(shares)}
    found = smooth_by_trust("0", trust, belief)
    assert found["0"] == trust
    assert sum(found.values()) == pytest.approx(1.0)
    for move in list(belief)[2:]:
        assert found[move] * belief["1"] == pytest.approx(found["1"] * belief[move])


def test_single_option_is_certain() -> None:
    assert smooth_by_trust("0", 0.3, {"0": 1.0}) == {"0": 1.0}


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(-1, 1)), min_size=1, max_size=7), st.floats(0.1, 30))
def test_improvement_is_the_best_policy_at_its_divergence(
    rows: list[tuple[float, float]], gain: float
) -> None:
    """No policy has a larger mean value minus its divergence from the student's policy over the gain."""
    total = sum(share for share, _ in rows)
    policy = {f"{place}": share / total for place, (share, _) in enumerate(rows)}
    values = {f"{place}": value for place, (_, value) in enumerate(rows)}
    found = improve(policy, values, gain)

    def worth(one: Mapping[str, float]) -> float:
        divergence = sum(prob * math.log(prob / policy[move]) for move, prob in one.items() if prob)
        return sum(prob * values[move] for move, prob in one.items()) - divergence / gain

    assert sum(found.values()) == pytest.approx(1.0)
    uniform = dict.fromkeys(policy, 1 / len(policy))
    for other in (policy, uniform, *({move: 1.0} for move in policy)):
        assert worth(found) >= worth(other) - 1e-9


def test_policy_improves_only_where_the_label_gains_more_than_the_threshold() -> None:
    prior = {"p": {"a": 0.6, "b": 0.4}}
    values = {"p": {"a": 0.0, "b": 0.3}}
    assert improved_targets(prior, values, 10, 0.3)("p", "b") is prior["p"]
    assert improved_targets(prior, values, 10, 0.0)("p", "a") is prior["p"]
    found = improved_targets(prior, values, 10, 0.29)("p", "b")
    assert found == improve(prior["p"], values["p"], 10)
    assert found["b"] > 0.9
