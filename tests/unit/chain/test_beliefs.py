"""What soft targets are made of: models that read solved examples are given those of gold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from w2s.chain import soft_labels
from w2s.chain.soft_labels import label_distributions
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

    def believe(self, examples: Sequence[Example]) -> list[dict[str, float]]:
        return [{label: 1.0 for _, label in self.shown} for _ in examples]

    def close(self) -> None:
        self.closed = True


def test_gold_is_shown_before_a_model_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Sure()
    monkeypatch.setattr(soft_labels, "load_model", lambda *_, **__: model)
    found = label_distributions(tmp_path, "sure", POOL, GOLD, 0, "it")
    assert found == {example.id: {"B": 1.0} for example in POOL}
    assert model.shown == [(GOLD[0], "B")]
    assert model.closed
