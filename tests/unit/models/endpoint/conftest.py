"""No test sees the key or the cache of the user who runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.models.endpoint import doubles


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this test's cache."""
    for name in ("W2S_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(doubles, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"
