"""Labelling of files: vectors beside the table, continuing after a kill, and existing files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.doubles.errors import raises_code
from tests.unit.labelling.doubles import CHOICES, Broken, Fickle, Net, mates
from w2s.errors import DataError, UsageError
from w2s.evidence import read_labels
from w2s.labelling import LabelSpec, files, label_file
from w2s.labelling.evidence import as_judge
from w2s.labelling.files import labels_digest
from w2s.models import load_model
from w2s.models.few_shot import labelled_shots


def test_a_duplicate_id_is_refused_before_any_label_and_the_existing_table_stays(tmp_path: Path) -> None:
    out = tmp_path / "labels.parquet"
    label_file(mates(2), LabelSpec(Net()), out)
    before = out.read_bytes()
    twice = [*mates(2), *mates(1)]
    with raises_code("label-duplicate-id", DataError):
        label_file(twice, LabelSpec(Broken()), out, overwrite=True)
    assert out.read_bytes() == before


def test_vectors_are_written_beside_the_table_in_its_order(tmp_path: Path) -> None:
    spec = LabelSpec(Net(), frozenset({"hidden", "afterstate"}), as_judge(Net("student")))
    label_file(mates(), spec, tmp_path / "labels.parquet")
    labels = read_labels(tmp_path / "labels.parquet")
    assert labels.vectors["hidden"].tolist() == [[0.0, 2.0]] * 5
    assert labels.vectors["afterstate"].tolist() == [[3.0]] * 5
    expected = [-2.0, np.log1p(3), -0.5, 1.5, 7.0]
    assert np.allclose(labels.vectors["student"], [expected] * 5, atol=1e-3)
    assert labels.table.column("student_rank").to_pylist() == [3] * 5


def test_a_killed_run_continues_and_writes_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PART_SIZE", 2)
    whole, torn = (tmp_path / name / "labels.parquet" for name in ("whole", "torn"))
    for file in (whole, torn):
        file.parent.mkdir()
    vectors = frozenset({"hidden"})
    label_file(mates(), LabelSpec(Net(), vectors), whole)
    with pytest.raises(KeyboardInterrupt):
        label_file(mates(), LabelSpec(Net(dies_after=3), vectors), torn)
    assert not torn.exists()
    rest = Net()
    label_file(mates(), LabelSpec(rest, vectors), torn)
    assert rest.asked == 3
    for name in ("labels.parquet", "hidden.parquet"):
        assert torn.with_name(name).read_bytes() == whole.with_name(name).read_bytes()
    assert sorted(path.name for path in torn.parent.iterdir()) == ["hidden.parquet", "labels.parquet"]


def test_parts_of_another_model_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PART_SIZE", 2)
    out = tmp_path / "labels.parquet"
    with pytest.raises(KeyboardInterrupt):
        label_file(mates(), LabelSpec(Net("a", dies_after=3)), out)
    other = Net("b")
    label_file(mates(), LabelSpec(other), out)
    assert other.asked == 5


def test_an_existing_table_is_replaced_only_with_overwrite(tmp_path: Path) -> None:
    out = tmp_path / "labels.parquet"
    label_file(mates(), LabelSpec(Net(), frozenset({"hidden"})), out)
    with raises_code("label-out-exists", UsageError) as caught:
        label_file(mates(), LabelSpec(Net()), out)
    assert "--overwrite" in str(caught.value)
    with raises_code("label-vectors-of-other-table", UsageError) as caught:
        label_file(mates(), LabelSpec(Net()), tmp_path / "other.parquet")
    assert "hidden.parquet belongs to labels.parquet" in str(caught.value)
    label_file(mates(2), LabelSpec(Net()), out, overwrite=True)
    labels = read_labels(out)
    assert (len(labels), dict(labels.vectors)) == (2, {})


def test_a_run_killed_between_vectors_and_table_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, spec = tmp_path / "labels.parquet", LabelSpec(Net(), frozenset({"hidden"}))
    (tmp_path / "whole").mkdir()
    label_file(mates(), spec, tmp_path / "whole" / "labels.parquet")
    write = files.write_tables

    def killed(tables: Iterable[pa.Table], path: Path, metadata: Mapping[bytes, bytes] | None = None) -> None:
        if path == out:
            raise KeyboardInterrupt
        write(tables, path, metadata)

    monkeypatch.setattr(files, "write_tables", killed)
    with pytest.raises(KeyboardInterrupt):
        label_file(mates(), spec, out)
    assert out.with_name("hidden.parquet").exists()
    monkeypatch.undo()
    label_file(mates(), spec, out)
    for name in ("labels.parquet", "hidden.parquet"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_parts_without_vectors_are_joined_to_parts_with_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PART_SIZE", 2)
    model = Fickle(nonsense=["c2", "c3"])
    spec = LabelSpec(model, frozenset({"hidden"}), as_judge(Fickle()))
    label_file(CHOICES, spec, tmp_path / "labels.parquet")
    labels = read_labels(tmp_path / "labels.parquet")
    for name, width in (("hidden", 2), ("student", 5)):
        assert labels.vectors[name].shape == (6, width)
        assert np.flatnonzero(np.isnan(labels.vectors[name]).any(axis=1)).tolist() == [2, 3]


def test_a_file_of_null_labels_is_written_and_read(tmp_path: Path) -> None:
    model = Fickle(nonsense=[example.id for example in CHOICES])
    label_file(CHOICES, LabelSpec(model, frozenset({"hidden"})), tmp_path / "labels.parquet")
    labels = read_labels(tmp_path / "labels.parquet")
    assert labels.table.column("label").null_count == 6
    assert np.isnan(labels.vectors["hidden"]).all()


@pytest.mark.slow
def test_evidence_is_in_the_table_and_in_the_digest_of_the_labels(speaker: Path, tmp_path: Path) -> None:
    model = load_model(f"hf:{speaker}")
    spec = LabelSpec(model, evidence=("icl:2", "samples:2"), shots=labelled_shots(CHOICES))
    label_file(CHOICES, spec, tmp_path / "labels.parquet")
    labels = read_labels(tmp_path / "labels.parquet")
    assert {"icl", "self_consistency", "predictive_entropy"} <= set(labels.table.column_names)
    assert all(0 <= value <= 1 for value in labels.table.column("icl").to_pylist())
    others = [
        LabelSpec(model, evidence=("icl:2",), shots=labelled_shots(CHOICES)),
        LabelSpec(model, evidence=spec.evidence, shots=labelled_shots(CHOICES[1:])),
        LabelSpec(model, evidence=spec.evidence, shots=[(CHOICES[0], "B"), *spec.shots[1:]]),
        LabelSpec(model, evidence=spec.evidence, shots=spec.shots, reward="hf:other"),
    ]
    assert len({labels_digest(CHOICES, one, {}) for one in [spec, *others]}) == 5
