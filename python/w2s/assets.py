"""Where the bundled arenas lie: at the root of a checkout, or in the wheel.

Knows nothing about what is in them.
"""

from __future__ import annotations

from pathlib import Path

from w2s.errors import UsageError


def arenas_folder() -> Path:
    """The folder with one TOML per game.

    Raises:
        UsageError: neither the wheel nor a checkout has it.
    """
    package = Path(__file__).resolve().parent
    for folder in (package.parent.parent / "arenas", package / "arenas"):
        if (folder / "chess.toml").is_file():
            return folder
    raise UsageError(
        "assets-missing", f"the bundled files of w2s are missing next to {package}; reinstall w2s"
    )
