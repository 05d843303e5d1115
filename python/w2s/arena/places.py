"""The bundled arenas by name.

Knows nothing about what is in them.
"""

from __future__ import annotations

from pathlib import Path

from w2s.assets import arenas_folder


def bundled_arenas() -> dict[str, Path]:
    """The bundled TOML files by name."""
    return {path.stem: path for path in sorted(arenas_folder().glob("*.toml"))}
