"""Settings of a training: invalid values and unknown names are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s.cli.train import _settings
from w2s.errors import UsageError
from w2s.train import PolicyTrainSettings, parse_settings


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
def test_an_invalid_value_is_refused_by_the_name_of_its_setting(name: str, value: Any) -> None:
    with raises_code("train-invalid-setting", UsageError) as caught:
        PolicyTrainSettings(**{name: value})
    assert f"training setting {name} must be" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_numpy_numbers_are_accepted() -> None:
    assert PolicyTrainSettings(learning_rate=np.float64(1e-3), holdout=np.float64(0.1)).holdout == 0.1


def test_settings_of_a_command_line_are_parsed_by_name() -> None:
    found = _settings(
        ["kl=0.1", "save_memory=true", "schedule=constant", "targets=q_proj,v_proj", "group_size=4"]
    )
    assert found == {
        "kl": 0.1,
        "save_memory": True,
        "schedule": "constant",
        "targets": "q_proj,v_proj",
        "group_size": 4,
    }
    assert parse_settings("hf:small", found, 0).kl == 0.1  # type: ignore[union-attr]
    with raises_code("cli-invalid-set", UsageError):
        _settings(["kl"])
    with raises_code("train-unknown-setting", UsageError) as caught:
        parse_settings("hf:small", _settings(["kll=1"]), 0)
    assert "did you mean kl?" in str(caught.value)
