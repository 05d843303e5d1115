"""Code of users: where it is found, and what is said if it is missing or fails."""

from __future__ import annotations

import logging
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from tests.doubles.plugins import write_plugin
from w2s.callables import code_digest, import_callable, is_callable_name, user_code
from w2s.errors import DataError, UsageError, UserCodeError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def test_module_of_the_working_folder_is_found(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    name = write_plugin(folder, "def rate(x):\n    return 2 * x\nclass Box:\n    add = staticmethod(sum)\n")
    with caplog.at_level(logging.INFO, "w2s"):
        assert import_callable(f"{name}:rate")(3) == 6
    assert f"{name}:rate is code of {folder / name}.py" in caplog.text
    assert import_callable(f"{name}:Box.add")([1, 2]) == 3


def test_command_finds_a_module_of_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "my_rate.py").write_text("def rate(x): return x", encoding="utf-8")
    code = (
        "import sys; sys.path = [path for path in sys.path if path]\n"
        "from w2s.callables import import_callable\nprint(import_callable('my_rate:rate')(7))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "7\n"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("no_such_module:thing", "callable-module-missing"),
        ("json.nothing.more:thing", "callable-module-missing"),
        ("json:nothing", "callable-missing"),
        ("sys:path", "callable-not-callable"),
        ("json", "callable-bad-name"),
        ("../mytrust:rating", "callable-bad-name"),
        ("mytrust.py:rating", "callable-bad-name"),
    ],
)
def test_wrong_names_are_refused(folder: Path, name: str, code: str) -> None:
    with raises_code(code, UsageError) as caught:
        import_callable(name)
    assert repr(name) in str(caught.value)


def test_misspelled_name_has_a_suggestion(folder: Path) -> None:
    with raises_code("callable-missing") as caught:
        import_callable(write_plugin(folder, "def rating(): pass") + ":ratng")
    assert "did you mean rating?" in str(caught.value)


def test_file_that_an_installed_module_hides_is_refused(folder: Path) -> None:
    (folder / "json.py").write_text("def dumps(x): return 'mine'", encoding="utf-8")
    with raises_code("callable-module-hidden", UsageError) as caught:
        import_callable("json:dumps")
    assert str(folder / "json.py") in str(caught.value)


def test_module_that_fails_shows_only_its_own_frames(folder: Path) -> None:
    name = write_plugin(folder, "import no_such_package\n")
    with raises_code("callable-failed", UserCodeError) as caught:
        import_callable(f"{name}:rate")
    cause = caught.value.__cause__
    assert isinstance(cause, ModuleNotFoundError)
    assert [Path(frame.filename).name for frame in traceback.extract_tb(cause.__traceback__)] == [
        f"{name}.py"
    ]


def test_exception_of_user_code_keeps_its_own_frames(folder: Path) -> None:
    fails = import_callable(write_plugin(folder, "def fails():\n    return {}['x']") + ":fails")
    with raises_code("callable-failed", UserCodeError) as caught, user_code("mine:fails"):
        fails()
    assert str(caught.value) == "the code of mine:fails failed: KeyError: 'x'"
    cause = caught.value.__cause__
    assert cause is not None
    assert traceback.extract_tb(cause.__traceback__)[-1].name == "fails"


def test_exception_of_w2s_passes_unchanged() -> None:
    with raises_code("x-y", DataError), user_code("mine:fails"):
        raise DataError("x-y", "no such column")


def test_digest_changes_with_the_file(folder: Path) -> None:
    name = write_plugin(folder, "def rate(): pass")
    before = code_digest(f"{name}:rate")
    (folder / f"{name}.py").write_text("def rate(): return 1", encoding="utf-8")
    assert code_digest(f"{name}:rate") != before
    assert code_digest("sys:exit") == ""
    assert is_callable_name("a.b:c.d")
