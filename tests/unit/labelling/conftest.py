"""A small language model, made once; nothing goes to a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.language import write_language_model


@pytest.fixture(scope="session")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a causal model of random weights."""
    pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("TOKENIZERS_PARALLELISM", "false")
        yield write_language_model(tmp_path_factory.mktemp("speaker"))
