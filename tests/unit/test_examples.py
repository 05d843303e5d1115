"""The examples in the docstrings of the numbers run, and print what they say."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = [
    "w2s.aggregation",
    "w2s.certification",
    "w2s.crowds",
    "w2s.metrics.calibration",
    "w2s.metrics.label_quality",
    "w2s.metrics.ranking",
    "w2s.metrics.recovery",
    "w2s.selection.functions",
    "w2s.selection.rule",
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
