"""Exceptions of the compiled core become those of w2s with the same code and message."""

from __future__ import annotations

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s import _core
from w2s.errors import DataError, UsageError
from w2s.kernels.core_errors import core_errors, translate


def test_invalid_data_is_a_data_error_with_the_code_of_the_core() -> None:
    with pytest.raises(_core.CoreError) as core:
        _core.top_k(np.array([0.5, np.nan]), 1)
    assert (type(core.value), core.value.code) == (_core.CoreError, "select-nan-score")
    with raises_code("select-nan-score", DataError) as caught, core_errors():
        _core.top_k(np.array([0.5, np.nan]), 1)
    assert str(caught.value) == str(core.value)


def test_invalid_setting_is_a_usage_error_with_the_code_of_the_core() -> None:
    with raises_code("select-share-out-of-range", UsageError), core_errors():
        _core.quantile(np.array([0.5]), 1.5)
    with raises_code("game-unknown", UsageError), core_errors():
        _core.start("go", "startpos")


def test_array_that_is_not_contiguous_is_a_data_error() -> None:
    with raises_code("table-not-contiguous", DataError), core_errors():
        _core.top_k(np.zeros(4)[::2], 1)


def test_text_that_is_not_unicode_is_a_data_error_of_one_line() -> None:
    with raises_code("table-not-unicode", DataError) as caught, core_errors():
        _core.start("chess", "\udcff\n")
    assert "\n" not in str(caught.value)


def test_suffix_follows_the_message() -> None:
    with pytest.raises(_core.CoreError) as core:
        _core.start("chess", "x")
    assert str(translate(core.value, ": 'x'")) == f"{core.value}: 'x'"


def test_every_exception_of_the_core_has_a_code_and_is_a_value_error() -> None:
    assert issubclass(_core.SettingError, _core.CoreError)
    assert issubclass(_core.CoreError, ValueError)
    assert _core.CoreError("made in Python").code == ""
