"""What is imported when: ``import w2s`` stays light, and the layers hold."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HEAVY = ("torch", "transformers", "pyarrow.dataset", "chess", "matplotlib")


def modules_after(code: str) -> set[str]:
    printed = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint('\\n'.join(sys.modules), file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(printed.stderr.split())


def test_importing_w2s_imports_nothing_heavy() -> None:
    loaded = modules_after("import w2s")
    assert "w2s" in loaded
    assert not loaded & {*HEAVY, "pyarrow", "numpy", "typer", "rich", "pydantic"}


def test_the_help_imports_nothing_heavy() -> None:
    loaded = modules_after("from w2s.cli.app import run\nassert run(['--help']) == 0")
    assert "w2s.cli.app" in loaded
    assert not loaded & {*HEAVY, "pyarrow", "numpy", "pydantic"}


def test_the_public_names_are_there() -> None:
    import w2s

    assert len(w2s.__all__) >= 4
    for name in w2s.__all__:
        assert getattr(w2s, name) is not None
    with pytest.raises(AttributeError, match="public names"):
        _ = w2s.nothing


def test_the_layers_hold(root: Path) -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([tool], cwd=root, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "Analyzed" in found.stdout
    assert "0 broken" in found.stdout


def test_contracts_cover_the_whole_package(root: Path) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    forbidden = [one for one in settings["contracts"] if one["type"] == "forbidden"]
    assert len(forbidden) >= 5
    assert all(one["source_modules"] == ["w2s"] for one in forbidden)
    assert "exclude_type_checking_imports" not in settings


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_only_kernels_imports_the_compiled_core(root: Path) -> None:
    package = root / "python" / "w2s"
    importers = [path for path in package.rglob("*.py") if "w2s._core" in imports(path)]
    assert {path.parent for path in importers} == {package / "kernels"}


def test_only_users_import_the_public_door(root: Path) -> None:
    import w2s

    package = root / "python" / "w2s"
    modules = {path.stem for path in package.iterdir()}
    public = {"w2s"} | {f"w2s.{name}" for name in w2s.__all__ if name not in modules}
    found = {str(path.relative_to(package)): imports(path) & public for path in package.rglob("*.py")}
    assert len(public) >= 4
    assert len(found) > 200
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.slow
def test_the_stubs_describe_the_built_module(root: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "w2s._core"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout
    assert "Success" in found.stdout
