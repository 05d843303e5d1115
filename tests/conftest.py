"""Skips tests of what this machine lacks, with the reason, and marks the tests of slow folders."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
SLOW_FOLDERS = (
    "integration",
    "unit/chain/estimate",
    "unit/models/hf",
    "unit/models/model_size",
    "unit/models/uci",
    "unit/train/language",
)
"""Folders below tests whose tests are slow: whole commands, engines, and what imports transformers."""
DATA = Path(os.environ.get("W2S_DATA", ROOT / "data"))

# CI judges the change and not the luck of the draw: there examples come from a fixed seed.
settings.register_profile("w2s", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("w2s")


collect_ignore_glob = ["doubles/*"]
"""Files without tests, some of which import much."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave slow folders out before they are imported, where their tests would be deselected."""
    if config.option.markexpr != "not slow":
        return None
    return any(collection_path == ROOT / "tests" / folder for folder in SLOW_FOLDERS) or None


def has_stockfish() -> bool:
    return shutil.which("stockfish") is not None or Path("/usr/games/stockfish").exists()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = {
        "data": None if DATA.is_dir() else "needs public data: set W2S_DATA to its folder",
        "engine": None if has_stockfish() else "needs Stockfish (Debian: apt-get install stockfish)",
    }
    for item in items:
        if any(item.path.is_relative_to(ROOT / "tests" / folder) for folder in SLOW_FOLDERS):
            item.add_marker(pytest.mark.slow)
        for mark, reason in missing.items():
            if reason and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def data() -> Path:
    """Real inputs that nobody on this project wrote; tests that use it are marked ``data``."""
    return DATA
