"""The record of a finished training: what it says about a folder."""

from __future__ import annotations

from pathlib import Path

from tests.doubles.errors import raises_code
from w2s.errors import DataError, UsageError
from w2s.resume import Record
from w2s.train.progress import REPORT, is_finished

TRAINING = Record.of({"rows": [1, 2], "settings": {"epochs": 2}, "seed": 0})


def test_a_folder_is_finished_once_it_has_the_record(tmp_path: Path) -> None:
    assert not is_finished(tmp_path, TRAINING)
    Record(TRAINING.inputs, {"loss": 0.5}).write(tmp_path / REPORT)
    assert is_finished(tmp_path, TRAINING)


def test_another_training_is_refused_with_the_inputs_that_changed(tmp_path: Path) -> None:
    TRAINING.write(tmp_path / REPORT)
    other = Record.of({"rows": [1, 3], "settings": {"epochs": 3}, "seed": 0})
    with raises_code("train-other-training", UsageError) as caught:
        is_finished(tmp_path, other)
    assert f"{tmp_path} holds another training: rows, settings changed" in str(caught.value)


def test_a_damaged_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / REPORT).write_text("{", encoding="utf-8")
    with raises_code("train-report-damaged", DataError):
        is_finished(tmp_path, TRAINING)
