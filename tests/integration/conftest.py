"""Inputs that several chains share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the nets ``teacher`` and ``student`` and ``examples.parquet``; tests only read it."""
    pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
    from tests.doubles.chains import write_nets

    return write_nets(tmp_path_factory.mktemp("nets"))
