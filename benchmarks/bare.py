"""Builds and loads ``bare_cozy``, the plain cozy-chess loop that w2s is measured against."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from functools import cache
from importlib.machinery import ExtensionFileLoader
from pathlib import Path
from types import ModuleType

from benchmarks.figure import SkippedError

MANIFEST = Path(__file__).parent / "bare_cozy" / "Cargo.toml"
_ROOT = Path(__file__).resolve().parents[1]
_LIBRARIES = ("libbare_cozy.so", "libbare_cozy.dylib", "bare_cozy.dll")


def cozy_version() -> str:
    """The version of cozy-chess that the lock file of the peer names."""
    lines = MANIFEST.with_name("Cargo.lock").read_text(encoding="utf-8").splitlines()
    return lines[lines.index('name = "cozy-chess"') + 1].split('"')[1]


@cache
def bare() -> ModuleType:
    """The module, built first where its sources are newer.

    Raises:
        SkippedError: there is no cargo.
    """
    if shutil.which("cargo") is None:
        raise SkippedError("needs cargo to build its peer, benchmarks/bare_cozy")
    target = Path(os.environ.get("CARGO_TARGET_DIR", _ROOT / "target"))
    command = ["cargo", "build", "--release", "--locked", "--quiet", "--manifest-path", str(MANIFEST)]
    subprocess.run([*command, "--target-dir", str(target)], check=True)
    path = next(target / "release" / name for name in _LIBRARIES if (target / "release" / name).exists())
    loader = ExtensionFileLoader("bare_cozy", str(path))
    spec = importlib.util.spec_from_file_location("bare_cozy", path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
