"""Settings and saved trust functions that make no sense are refused with a code, whatever they hold."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.labels import labels
from tests.doubles.trust_folders import edit_settings
from w2s.arena import load_spec
from w2s.chain.config_file import load_config
from w2s.config import read_toml
from w2s.errors import DataError, UsageError
from w2s.trust import files, load, save, trust_function

READERS: dict[str, Callable[[Path], object]] = {
    "arena": lambda path: load_spec(file=path),
    "arena run": lambda path: load_spec(resume=path.parent),
    "chain": lambda path: load_config(file=path),
    "chain run": lambda path: load_config(resume=path.parent),
}
TEXTS = {
    "brackets": ("pairs = " + "[" * 5_000 + "]" * 5_000, "config-too-deep"),
    "open brackets": ("pairs = " + "[" * 5_000, "config-too-deep"),
    "tables": ("[" + ".".join("a" * 5_000) + "]", "config-too-deep"),
    "fewer tables": ("[" + ".".join("a" * 100) + "]", "config-too-deep"),
    "digits": ("pairs = " + "9" * 5_000, "config-not-toml"),
    "no text": ("pairs = \udcff", "config-not-toml"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("case", TEXTS)
def test_settings_that_no_run_needs_are_refused(tmp_path: Path, reader: str, case: str) -> None:
    text, code = TEXTS[case]
    (tmp_path / "run.toml").write_bytes(text.encode(errors="surrogateescape"))
    with raises_code(code, UsageError) as caught:
        READERS[reader](tmp_path / "run.toml")
    assert "run.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_endless_settings_are_refused() -> None:
    with raises_code("config-file-unreadable", UsageError) as caught:
        read_toml(Path("/dev/zero"))
    assert "larger than 16 MiB" in str(caught.value)


# Trust functions -------------------------------------------------------------------------------------------


def without_arrays(folder: Path) -> None:
    (folder / "trust.safetensors").write_bytes(files._to_safetensors({}))
    digest = hashlib.sha256((folder / "trust.safetensors").read_bytes()).hexdigest()
    edit_settings(folder, lambda found: found.update(sha256=digest))


@pytest.mark.parametrize(
    ("function", "damage", "missing"),
    [
        (
            "logistic",
            lambda folder: edit_settings(folder, lambda found: found["facts"].clear()),
            "'layout' is missing",
        ),
        (
            "logistic",
            lambda folder: edit_settings(folder, lambda found: found["facts"].update(layout=5)),
            "int",
        ),
        ("isotonic", without_arrays, "'without' is missing"),
        ("logistic", without_arrays, "'features.mean' is missing"),
    ],
)
def test_trust_function_without_what_it_learned_is_refused(
    tmp_path: Path, function: str, damage: Callable[[Path], None], missing: str
) -> None:
    save(trust_function(function).fit(labels(80)), tmp_path)
    damage(tmp_path)
    with raises_code("trust-file-invalid", DataError) as caught:
        load(tmp_path).score(labels(9))
    assert missing in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_trees_that_lead_in_a_circle_are_refused() -> None:
    from w2s.trust.boosting import tree_sums

    arrays = {
        "feature": np.zeros(2, np.int32),
        "threshold": np.zeros(2),
        "left": np.array([1, 0], np.int32),
        "right": np.array([1, 0], np.int32),
        "value": np.zeros(2),
        "roots": np.zeros(1, np.int32),
        "common": np.zeros(1),
    }
    with pytest.raises(ValueError, match="cycle"):
        tree_sums(np.zeros((3, 1), np.float32), arrays)


def test_edited_settings_of_a_trust_function_are_refused(tmp_path: Path) -> None:
    save(trust_function("crowd").fit(labels(80)), tmp_path)
    path = tmp_path / "trust.json"
    text = path.read_text()
    for old, new in (('"classes": ', '"classes": 1'), ('"facts"', '"Facts"'), ('"digest"', '"Digest"')):
        assert old in text
        path.write_text(text.replace(old, new))
        with raises_code("trust-file-invalid" if new == '"Facts"' else "trust-file-damaged", DataError):
            load(tmp_path)


@pytest.mark.parametrize("name", ["trust.json", "trust.safetensors"])
def test_pipe_in_the_folder_of_a_trust_function_is_refused(tmp_path: Path, name: str) -> None:
    save(trust_function("isotonic").fit(labels(80)), tmp_path)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with raises_code("trust-file-unreadable", DataError):
        load(tmp_path)


@pytest.mark.parametrize("function", ["logistic", "boosting", "knn"])
def test_features_may_be_as_large_as_numbers_are(function: str) -> None:
    found = labels(200)
    large = np.where(np.arange(200) % 3 == 0, 1e308, np.where(np.arange(200) % 3 == 1, -1.7e308, 1.0))
    found = found.with_column("size", pa.array(large))
    fitted = trust_function(function, features="size,margin").fit(found)
    scores = fitted.score(found)
    assert np.isfinite(scores).all()
    assert scores.std() > 0


def test_settings_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbf" + b'game = "chess"\r\npairs = 3\r\n')
    assert read_toml(path) == {"game": "chess", "pairs": 3}
