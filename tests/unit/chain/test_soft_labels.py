"""What soft targets are made of: models that read solved examples are given those of gold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s.chain import soft_labels
from w2s.chain.context import RunContext
from w2s.chain.plan import PlannedDistributions
from w2s.chain.soft_labels import label_distributions, smooth_by_trust
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
