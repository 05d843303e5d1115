"""Accuracies of models on examples with gold, and their differences."""

from __future__ import annotations

from tests.doubles.errors import raises_code
from tests.unit.labelling.doubles import Broken, Net, mates
from w2s.errors import DataError
from w2s.labelling import evaluate_models
from w2s.models import load_model


def test_models_are_compared_on_the_examples_with_gold() -> None:
    result = evaluate_models(
        mates(9), {"search": load_model("search:depth=2"), "net": Net(), "broken": Broken()}
    )
    assert result.examples == 8
    assert result.accuracy["search"] == (1.0, 1.0, 1.0)
    assert result.accuracy["broken"].value == 0.0
    assert result.failures == {"search": 0, "net": 0, "broken": 8}
    assert result.differences["search", "broken"] == (-1.0, -1.0, -1.0)
    with raises_code("eval-no-gold", DataError):
        evaluate_models(mates(1), {"net": Net()})
