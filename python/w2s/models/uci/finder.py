"""Finding engine programs on this machine: on PATH, and in the folders where distributions put games."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from w2s.errors import ModelError
from w2s.models.reference import local_path

FOLDERS = ("/usr/games", "/usr/local/games", "/usr/local/bin", "/opt/homebrew/bin")
"""Searched after PATH, in this order. Debian puts ``/usr/games`` on the PATH of login shells only."""

NAMES = (
    "stockfish",
    "fairy-stockfish",
    "lc0",
    "berserk",
    "ethereal",
    "fruit",
    "glaurung",
    "komodo",
    "rubichess",
    "toga2",
)
"""Programs known to speak UCI without an argument."""


def find_engines() -> list[Path]:
    """Paths of the engines with a known name, in the order of :data:`NAMES`; no engine is started."""
    return [Path(path) for name in NAMES if (path := _which(name)) is not None]


def resolve(program: str) -> str:
    """The path of a program, given by name or path.

    Raises:
        ModelError: the program does not exist; the message says where it was searched and how to get it.
    """
    if os.sep in program or (os.altsep is not None and os.altsep in program):
        path = local_path(program)
        if path.is_file() and os.access(path, os.X_OK):
            return str(path.absolute())
        raise ModelError("uci-engine-not-found", f"the engine {program!r} {_why_not(path)}")
    path_found = _which(program)
    if path_found is not None:
        return path_found
    raise ModelError(
        "uci-engine-not-found",
        f"no engine {program!r} on PATH or in {', '.join(FOLDERS)}; {_remedy(program)}",
    )


def _why_not(path: Path) -> str:
    if path.is_dir():
        return "is a folder; name the program in it"
    return "is not executable; run chmod +x on it" if path.is_file() else "does not exist; check the path"


def _which(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(FOLDERS))


def _remedy(program: str) -> str:
    if program.startswith("stockfish"):
        return "install it (Debian, Ubuntu: apt-get install stockfish; macOS: brew install stockfish)"
    others = ", ".join(path.name for path in find_engines())
    here = f"; found here: {others}" if others else ""
    return f"install it, or write the path to the program (uci:/path/to/{program}?nodes=1000){here}"
