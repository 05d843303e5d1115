"""Exceptions: codes, messages and exit codes."""

from __future__ import annotations

import pickle

import pytest

from w2s.errors import DataError, MissingExtraError, UsageError, W2sError


@pytest.mark.parametrize(
    "error",
    [DataError("table-empty-row", "row 3 is empty"), MissingExtraError("training", "models")],
    ids=["data", "extra"],
)
def test_exception_of_another_process_keeps_its_code(error: W2sError) -> None:
    found = pickle.loads(pickle.dumps(error))
    assert type(found) is type(error)
    assert (found.code, str(found), found.exit_code) == (error.code, str(error), error.exit_code)


def test_message_is_the_text_of_the_exception() -> None:
    error = UsageError("filter-no-rule", "give one rule")
    assert str(error) == "give one rule"
    assert error.code == "filter-no-rule"
    assert error.exit_code == 2


def test_missing_extra_names_its_install_command() -> None:
    error = MissingExtraError("training", "models")
    assert error.code == "missing-extra-models"
    assert "pip install 'w2s[models]'" in str(error)
