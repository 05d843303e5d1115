"""Saving and loading: nothing damaged, and no code that was not allowed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.labels import labels
from w2s.errors import DataError, UsageError
from w2s.trust import load, save, trust_function

OURS = "tests.unit.trust.test_registry:squared"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(trust_function("logistic").fit(labels(80)), tmp_path / "trust")
    return tmp_path / "trust"


def test_damaged_file_is_refused(folder: Path) -> None:
    arrays = folder / "trust.safetensors"
    whole = arrays.read_bytes()
    for damaged in (whole[:-1], whole[:-9] + b"\x01" * 9, b""):
        arrays.write_bytes(damaged)
        with raises_code("trust-file-damaged", DataError) as caught:
            load(folder)
        assert str(arrays) in str(caught.value)
    arrays.unlink()
    with raises_code("trust-file-unreadable", DataError):
        load(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": "other"}', '{"format": "w2s-trust-1"}'])
def test_invalid_settings_are_refused(folder: Path, text: str) -> None:
    (folder / "trust.json").write_text(text)
    with raises_code("trust-file-invalid", DataError):
        load(folder)


def test_missing_folder_names_the_command(tmp_path: Path) -> None:
    with raises_code("trust-file-missing", DataError) as caught:
        load(tmp_path)
    assert "w2s trust fit" in str(caught.value)


def test_unfitted_function_is_not_saved(tmp_path: Path) -> None:
    with raises_code("trust-not-fitted", UsageError):
        save(trust_function("logistic"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_callable_is_loaded_only_if_allowed(tmp_path: Path) -> None:
    fitted = trust_function(OURS, power=3).fit(labels(40))
    save(fitted, tmp_path)
    with raises_code("trust-code-not-allowed", UsageError) as caught:
        load(tmp_path)
    assert repr(OURS) in str(caught.value)
    loaded = load(tmp_path, allow=OURS)
    assert loaded.options.model_dump() == {"power": 3.0}
    assert np.array_equal(loaded.score(labels(9)), fitted.score(labels(9)))


def test_saved_files_are_json_and_safetensors(folder: Path) -> None:
    found = json.loads((folder / "trust.json").read_text())
    assert found["function"] == "logistic"
    assert found["needs"] == ["hidden"]
    assert sorted(path.name for path in folder.iterdir()) == ["trust.json", "trust.safetensors"]


@pytest.mark.slow
def test_scoring_imports_neither_torch_nor_scikit_learn(tmp_path: Path) -> None:
    pytest.importorskip("torch", exc_type=ImportError)
    pytest.importorskip("sklearn", exc_type=ImportError)
    quick = {"neural": {"width": 8, "least_steps": 0, "epochs": 2, "fits": 1}, "boosting": {"trees": 5}}
    for name, options in quick.items():
        save(trust_function(name, **options).fit(labels(80)), tmp_path / name)
    code = (
        "import sys; from tests.doubles.labels import labels; from w2s.trust import load\n"
        f"for name in {list(quick)}: load({str(tmp_path)!r} + '/' + name).score(labels(9))\n"
        "print(sorted({'torch', 'sklearn', 'scipy', 'w2s.trust.neural'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['w2s.trust.neural']"
