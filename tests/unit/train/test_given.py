"""Settings of a training from a command line."""

from __future__ import annotations

import pytest

from tests.doubles.errors import raises_code
from w2s.cli.train import _settings
from w2s.errors import UsageError
from w2s.train import settings_of


def test_any_setting_can_be_named() -> None:
    found = _settings(["kl=0.1", "save_memory=true", "schedule=constant", "targets=q_proj,v_proj", "group=4"])
    assert found == {
        "kl": 0.1,
        "save_memory": True,
        "schedule": "constant",
        "targets": "q_proj,v_proj",
        "group": 4,
    }
    assert settings_of("hf:small", found, 0).kl == 0.1  # type: ignore[union-attr]
    with pytest.raises(UsageError, match="--set takes NAME=VALUE, not 'kl'"):
        _settings(["kl"])
    with raises_code("train-unknown-setting", UsageError) as caught:
        settings_of("hf:small", _settings(["kll=1"]), 0)
    assert "did you mean kl?" in str(caught.value)
