"""Settings of a training: what makes no sense is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import UsageError
from w2s.train import Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.5),
        ("batch", 0),
        ("batch", True),
        ("patience", 0),
        ("seed", -1),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("clip", 0.0),
        ("weight_decay", -0.1),
        ("anchor", float("inf")),
        ("holdout", 1.0),
        ("holdout", -0.1),
        ("schedule", "step"),
        ("loss", "hinge"),
        ("precision", "float16"),
        ("device", "tpu"),
    ],
)
def test_a_setting_out_of_range_is_one_line_that_names_it(name: str, value: Any) -> None:
    with raises_code("train-invalid-setting", UsageError) as caught:
        Settings(**{name: value})
    assert f"training setting {name} must be" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_numbers_of_numpy_are_numbers() -> None:
    assert Settings(learning_rate=np.float64(1e-3), holdout=np.float64(0.1)).holdout == 0.1
