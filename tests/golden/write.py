"""Writes the golden files again: ``python -m tests.golden.write``. Read the difference before keeping it.

Knows nothing about what is in them.
"""

from __future__ import annotations

from pathlib import Path

from tests.golden.playthroughs import PLAYTHROUGHS, written

FOLDER = Path(__file__).resolve().parent


def path_of(name: str) -> Path:
    """The golden file of a game."""
    return FOLDER / f"{name}.txt"


def main() -> None:
    """Write the file of every game."""
    for name in PLAYTHROUGHS:
        path_of(name).write_text(written(name), encoding="utf-8")
        print(path_of(name))


if __name__ == "__main__":
    main()
