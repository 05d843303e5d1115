"""Where the bundled files are: in ``arenas/`` at the root of a checkout, or in the wheel."""

from __future__ import annotations

from pathlib import Path

from w2s.errors import UsageError


def arenas_folder() -> Path:
    """The folder with the bundled arenas, chains, openings, policies and puzzles.

    Raises:
        UsageError: the folder is missing from both the wheel and the checkout.
    """
    package = Path(__file__).resolve().parent
    for folder in (package.parent.parent / "arenas", package / "arenas"):
        if (folder / "chess.toml").is_file():
            return folder
    raise UsageError(
        "assets-missing", f"the bundled files of w2s are missing next to {package}; reinstall w2s"
    )
